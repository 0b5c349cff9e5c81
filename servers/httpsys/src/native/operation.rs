//! Operations of the kernel: they own what the kernel reads and writes, and outlive those who wait for them.

use std::{
    any::Any,
    cell::UnsafeCell,
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use windows_sys::Win32::{
    Foundation::{ERROR_IO_PENDING, HANDLE},
    System::IO::{CancelIoEx, OVERLAPPED},
};

use super::{handle::QueueHandle, port::CompletionPort};
use crate::driver::Win32Error;

/// How an operation has ended.
#[derive(Debug)]
pub(super) struct Completion<B> {
    /// 0 is success.
    pub(super) code: u32,
    /// How many bytes were read or written, or would have had to.
    pub(super) bytes: u32,
    /// What the kernel was given; it does not touch it any more.
    pub(super) buffers: B,
}

/// An operation that has begun. Dropping this cancels it.
pub(super) struct Operation<B: Send + 'static> {
    shared: Arc<Shared>,
    queue: Arc<QueueHandle>,
    is_detached: bool,
    buffers: PhantomData<B>,
}

/// What becomes of an operation that ends when nobody waits any more.
pub(super) type Orphan<B> = Box<dyn FnOnce(Completion<B>) + Send>;

#[repr(C)]
struct Shared {
    /// First: the kernel's pointer is that of the whole.
    overlapped: UnsafeCell<OVERLAPPED>,
    state: Mutex<State>,
    /// Its thread runs as long as anything is under way.
    _port: Arc<CompletionPort>,
}

type Buffers = Box<dyn Any + Send>;

type AnyOrphan = Box<dyn FnOnce(u32, u32, Buffers) + Send>;

enum State {
    Running { buffers: Buffers, waiting: Waiting, orphan: Option<AnyOrphan> },
    Ended { code: u32, bytes: u32, buffers: Buffers, orphan: Option<AnyOrphan> },
    Taken,
}

enum Waiting {
    NotYet,
    Waker(Waker),
    Nobody,
}

impl<B: Send + 'static> Operation<B> {
    /// Begins an operation: `call` hands the kernel what `buffers` own, and pointers into them must stay good when
    /// `buffers` are moved. The `u32` is for the number of bytes, if it succeeds at once.
    pub(super) fn start(
        queue: &Arc<QueueHandle>,
        buffers: B,
        call: impl FnOnce(HANDLE, *mut OVERLAPPED, &mut u32) -> u32,
    ) -> Self {
        Self::start_with_orphan(queue, buffers, None, call)
    }

    /// As [`start`](Self::start); `orphan` is told of the end if that was not told otherwise when this is dropped.
    pub(super) fn start_with_orphan(
        queue: &Arc<QueueHandle>,
        buffers: B,
        orphan: Option<Orphan<B>>,
        call: impl FnOnce(HANDLE, *mut OVERLAPPED, &mut u32) -> u32,
    ) -> Self {
        let orphan = orphan.map(|orphan| {
            Box::new(move |code, bytes, buffers: Buffers| {
                if let Ok(buffers) = buffers.downcast() {
                    orphan(Completion { code, bytes, buffers: *buffers });
                }
            }) as AnyOrphan
        });
        let shared = Arc::new(Shared {
            overlapped: UnsafeCell::new(OVERLAPPED::default()),
            state: Mutex::new(State::Running {
                buffers: Box::new(buffers),
                waiting: Waiting::NotYet,
                orphan,
            }),
            _port: Arc::clone(queue.port()),
        });
        // The kernel's share; it comes back with the completion.
        let overlapped = Arc::into_raw(Arc::clone(&shared)).cast_mut().cast::<OVERLAPPED>();
        let mut bytes = 0;
        let code = match queue.with(|handle| call(handle, overlapped, &mut bytes)) {
            Ok(code) => code,
            Err(error) => error.code(),
        };
        let is_under_way = code == ERROR_IO_PENDING || (code == 0 && !queue.skips_port_on_success());
        if !is_under_way {
            // SAFETY: the kernel has ended it without a completion, so its share is ours again.
            unsafe { complete(overlapped, code, bytes) };
        }
        Self { shared, queue: Arc::clone(queue), is_detached: false, buffers: PhantomData }
    }

    /// Waits for the end, which is told once.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<Completion<B>> {
        let mut state = self.shared.state();
        if let State::Running { waiting, .. } = &mut *state {
            match waiting {
                Waiting::Waker(waker) => waker.clone_from(cx.waker()),
                Waiting::NotYet | Waiting::Nobody => *waiting = Waiting::Waker(cx.waker().clone()),
            }
            return Poll::Pending;
        }
        let State::Ended { code, bytes, buffers, .. } = std::mem::replace(&mut *state, State::Taken) else {
            unreachable!("an operation's end is told once");
        };
        let buffers =
            buffers.downcast().unwrap_or_else(|_| unreachable!("the buffers are those it began with"));
        Poll::Ready(Completion { code, bytes, buffers: *buffers })
    }

    /// Lets it go on with nobody waiting, and `orphan` be told.
    pub(super) fn detach(mut self) {
        self.is_detached = true;
    }

    /// Asks the kernel to end it early.
    pub(super) fn cancel(&self) {
        if matches!(*self.shared.state(), State::Running { .. }) {
            let overlapped = self.shared.overlapped.get();
            // An operation that has ended meanwhile is not found, which is as good.
            // SAFETY: the handle is open, and the OVERLAPPED is there as long as `shared` is.
            let _ = self.queue.with(|handle| unsafe { CancelIoEx(handle, overlapped) });
        }
    }
}

impl<B: Send + 'static> Future for Operation<B> {
    type Output = Completion<B>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Self::poll(&mut self, cx)
    }
}

impl<B: Send + 'static> Unpin for Operation<B> {}

impl<B: Send + 'static> Drop for Operation<B> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        match &mut *state {
            State::Running { waiting, .. } => {
                *waiting = Waiting::Nobody;
                drop(state);
                if !self.is_detached {
                    self.cancel();
                }
            }
            State::Ended { .. } => {
                let ended = std::mem::replace(&mut *state, State::Taken);
                drop(state);
                if let State::Ended { code, bytes, buffers, orphan: Some(orphan) } = ended {
                    orphan(code, bytes, buffers);
                }
            }
            State::Taken => {}
        }
    }
}

impl<B: Send + 'static> fmt::Debug for Operation<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_running = matches!(*self.shared.state(), State::Running { .. });
        f.debug_struct("Operation").field("is_running", &is_running).finish_non_exhaustive()
    }
}

/// Tells of an end, and takes the kernel's share back.
///
/// # Safety
/// `overlapped` is one that [`Operation::start`] gave the kernel, which has done with it; once for each.
pub(super) unsafe fn complete(overlapped: *mut OVERLAPPED, code: u32, bytes: u32) {
    // SAFETY: made by `Arc::into_raw` of a `Shared`, whose first field is the OVERLAPPED.
    let shared = unsafe { Arc::from_raw(overlapped.cast_const().cast::<Shared>()) };
    let mut state = shared.state();
    let State::Running { buffers, waiting, orphan } = std::mem::replace(&mut *state, State::Taken) else {
        return;
    };
    if matches!(waiting, Waiting::Nobody) {
        drop(state);
        if let Some(orphan) = orphan {
            orphan(code, bytes, buffers);
        }
        return;
    }
    *state = State::Ended { code, bytes, buffers, orphan };
    drop(state);
    if let Waiting::Waker(waker) = waiting {
        waker.wake();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: the OVERLAPPED is the kernel's alone.
unsafe impl Send for Shared {}
// SAFETY: likewise.
unsafe impl Sync for Shared {}

/// What callers are told: the end of a connection has one code.
pub(super) fn error(code: u32) -> Win32Error {
    use windows_sys::Win32::Foundation::ERROR_NETNAME_DELETED;

    if code == ERROR_NETNAME_DELETED { Win32Error::CONNECTION_INVALID } else { Win32Error::from_code(code) }
}
