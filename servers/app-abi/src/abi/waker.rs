//! [`Waker`]: std's, whose layout is no contract, as a C structure.

use std::{
    ffi::c_void,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::Arc,
    task::{self, Context, RawWaker, RawWakerVTable, Wake},
};

/// Wakes a task of the other side.
#[repr(C)]
#[derive(Debug)]
pub struct Waker {
    data: *const c_void,
    clone: unsafe extern "C" fn(*const c_void) -> Self,
    wake_by_ref: unsafe extern "C" fn(*const c_void),
    drop: unsafe extern "C" fn(*const c_void),
}

// SAFETY: who makes one promises that its functions may be called on any thread.
unsafe impl Send for Waker {}
// SAFETY: as above.
unsafe impl Sync for Waker {}

impl Waker {
    /// One that is borrowed from `waker`, and good for as long.
    pub(crate) fn borrowed(waker: &task::Waker) -> Self {
        Self { data: ptr::from_ref(waker).cast(), clone, wake_by_ref, drop: nothing }
    }

    /// Polls with this waker, of which clones are made only if they are asked for.
    pub(crate) fn with_context<T>(&self, poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let raw = RawWaker::new(ptr::from_ref(self).cast(), &BORROWED);
        // SAFETY: the functions of `BORROWED` keep to the contract while `self` is there, which it is for longer.
        let waker = ManuallyDrop::new(unsafe { task::Waker::from_raw(raw) });
        poll(&mut Context::from_waker(&waker))
    }

    fn none() -> Self {
        unsafe extern "C" fn clone(_: *const c_void) -> Waker {
            Waker::none()
        }
        Self { data: ptr::null(), clone, wake_by_ref: nothing, drop: nothing }
    }

    fn wake(&self) {
        // SAFETY: the data is the one that belongs to the function.
        unsafe { (self.wake_by_ref)(self.data) }
    }
}

impl Clone for Waker {
    fn clone(&self) -> Self {
        // SAFETY: the data is the one that belongs to the function.
        unsafe { (self.clone)(self.data) }
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        // SAFETY: the data is the one that belongs to the function, and is dropped once.
        unsafe { (self.drop)(self.data) }
    }
}

impl Wake for Waker {
    fn wake(self: Arc<Self>) {
        Self::wake(&self);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        Self::wake(self);
    }
}

unsafe extern "C" fn clone(data: *const c_void) -> Waker {
    // SAFETY: the data is a waker, borrowed or boxed.
    let waker = unsafe { &*data.cast::<task::Waker>() };
    let cloned = catch_unwind(AssertUnwindSafe(|| Box::new(waker.clone())));
    cloned.map_or_else(
        |_| Waker::none(),
        |waker| Waker { data: Box::into_raw(waker).cast_const().cast(), clone, wake_by_ref, drop: free },
    )
}

unsafe extern "C" fn wake_by_ref(data: *const c_void) {
    // SAFETY: the data is a waker, borrowed or boxed.
    let waker = unsafe { &*data.cast::<task::Waker>() };
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake_by_ref()));
}

unsafe extern "C" fn free(data: *const c_void) {
    // SAFETY: `clone` made it of such a box.
    let waker = unsafe { Box::from_raw(data.cast_mut().cast::<task::Waker>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
}

unsafe extern "C" fn nothing(_: *const c_void) {}

/// A waker over a borrowed [`Waker`] of the other side.
static BORROWED: RawWakerVTable = RawWakerVTable::new(own, wake, wake, |_| {});

unsafe fn own(data: *const ()) -> RawWaker {
    // SAFETY: `with_context` gave it.
    let waker = unsafe { &*data.cast::<Waker>() };
    Arc::new(waker.clone()).into()
}

unsafe fn wake(data: *const ()) {
    // SAFETY: `with_context` gave it.
    unsafe { &*data.cast::<Waker>() }.wake();
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{self, Wake},
    };

    use super::Waker;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_clone_outlives_the_borrowed_waker_and_is_freed() {
        let count = Arc::<Count>::default();
        let clone = {
            let waker = task::Waker::from(Arc::clone(&count));
            Waker::borrowed(&waker).with_context(|cx| {
                cx.waker().wake_by_ref();
                cx.waker().clone()
            })
        };
        let other = clone.clone();
        clone.wake();
        other.wake_by_ref();
        drop(other);
        assert_eq!(count.0.load(Ordering::Relaxed), 3);
        assert_eq!(Arc::strong_count(&count), 1);
    }
}
