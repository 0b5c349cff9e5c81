//! [`Source`]: a request's body, or a response with its application, to be polled.

use std::{
    fmt,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    task::{Context, Poll},
};

use super::{Event, Frame, Object, Stream, Waker, code, event::Kept, guard};

/// An object of the other side that is polled for events.
#[repr(C)]
pub struct Source {
    object: Object,
    table: *const SourceTable,
}

/// The functions of a [`Source`].
#[repr(C)]
#[derive(Debug)]
pub struct SourceTable {
    poll: unsafe extern "C" fn(Object, *const Waker, *mut Event) -> i32,
    upgraded: unsafe extern "C" fn(Object, Stream) -> i32,
    drop: unsafe extern "C" fn(Object),
}

/// What is behind a [`Source`] on the side that made it.
pub(crate) trait Produce: Send + 'static {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Frame>;

    /// The connection, after a head that is an upgrade.
    fn upgraded(&mut self, stream: Stream) {
        drop(stream);
    }
}

// SAFETY: what is behind it is `Send`, as `Produce` asks, and is called by one thread at a time.
unsafe impl Send for Source {}

impl Source {
    pub(crate) fn new<P: Produce>(producer: P) -> Self {
        let object = Box::new(Held { producer, kept: Kept::default() });
        Self { object: Box::into_raw(object).cast(), table: &Table::<P>::TABLE }
    }

    /// What the caller gives a function to write a source to.
    #[cfg_attr(not(feature = "load"), allow(dead_code, reason = "the worker's side"))]
    pub(crate) const fn none() -> Self {
        Self { object: ptr::null_mut(), table: ptr::null() }
    }

    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Frame> {
        // SAFETY: whoever made it gave a table that stays.
        let Some(table) = (unsafe { self.table.as_ref() }) else { return Poll::Ready(Frame::Failed) };
        let waker = Waker::borrowed(cx.waker());
        let mut event = Event::EMPTY;
        // SAFETY: the object is the one that belongs to the table; nobody else calls it, for this is borrowed mutably.
        match unsafe { (table.poll)(self.object, &raw const waker, &raw mut event) } {
            code::PENDING => Poll::Pending,
            // SAFETY: it has just been described.
            kind => Poll::Ready(unsafe { event.read(kind) }),
        }
    }

    #[cfg_attr(not(feature = "load"), allow(dead_code, reason = "the worker's side"))]
    pub(crate) fn upgraded(&mut self, stream: Stream) {
        // SAFETY: as in `poll`.
        if let Some(table) = unsafe { self.table.as_ref() } {
            // SAFETY: as in `poll`.
            unsafe { (table.upgraded)(self.object, stream) };
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // SAFETY: as in `poll`.
        if let Some(table) = unsafe { self.table.as_ref() } {
            // SAFETY: as in `poll`; it is dropped once.
            unsafe { (table.drop)(self.object) }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

struct Held<P> {
    producer: P,
    kept: Kept,
}

struct Table<P>(P);

impl<P: Produce> Table<P> {
    const TABLE: SourceTable = SourceTable { poll: poll::<P>, upgraded: upgraded::<P>, drop: free::<P> };
}

unsafe extern "C" fn poll<P: Produce>(object: Object, waker: *const Waker, event: *mut Event) -> i32 {
    guard(|| {
        // SAFETY: `Source::new` made it, and the other side calls it on one thread at a time; waker and event are
        // there for the time of the call.
        let (held, waker, event) = unsafe { (&mut *object.cast::<Held<P>>(), &*waker, &mut *event) };
        match waker.with_context(|cx| held.producer.poll(cx)) {
            Poll::Pending => code::PENDING,
            Poll::Ready(frame) => event.describe(frame, &mut held.kept),
        }
    })
}

unsafe extern "C" fn upgraded<P: Produce>(object: Object, stream: Stream) -> i32 {
    guard(|| {
        // SAFETY: as in `poll`.
        unsafe { &mut *object.cast::<Held<P>>() }.producer.upgraded(stream);
        code::OK
    })
}

unsafe extern "C" fn free<P: Produce>(object: Object) {
    // SAFETY: `Source::new` made it of such a box.
    let held = unsafe { Box::from_raw(object.cast::<Held<P>>()) };
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(held))) {
        // What was thrown may panic itself when it is dropped.
        let _ = ManuallyDrop::new(payload);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        task::{Context, Poll, Waker},
    };

    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::{Frame, Produce, Source};

    struct Frames(Vec<Frame>, Arc<AtomicBool>);

    impl Produce for Frames {
        fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Frame> {
            match self.0.pop() {
                Some(Frame::Failed) => panic!("as the test wants"),
                Some(frame) => Poll::Ready(frame),
                None => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            }
        }
    }

    impl Drop for Frames {
        fn drop(&mut self) {
            self.1.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn frames_arrive_as_they_were_sent_and_a_panic_does_not_pass() {
        let mut trailers = HeaderMap::new();
        trailers.append("x-a", HeaderValue::from_static("1"));
        trailers.append("x-a", HeaderValue::from_bytes(b"\xff").unwrap());
        let frames = vec![
            Frame::Failed,
            Frame::Refused(StatusCode::PAYLOAD_TOO_LARGE),
            Frame::Aborted(Some(7)),
            Frame::End(Some(trailers)),
            Frame::Data("data".into()),
            Frame::Interim(StatusCode::EARLY_HINTS, HeaderMap::new()),
        ];
        let is_dropped = Arc::<AtomicBool>::default();
        let mut source = Source::new(Frames(frames, Arc::clone(&is_dropped)));
        let cx = Context::from_waker(Waker::noop());
        let mut seen = Vec::new();
        while let Poll::Ready(frame) = source.poll(&cx) {
            seen.push(format!("{frame:?}"));
        }
        let expected = [
            "Interim(103, {})",
            "Data(b\"data\")",
            "End(Some({\"x-a\": \"1\", \"x-a\": \"\\xff\"}))",
            "Aborted(Some(7))",
            "Refused(413)",
            "Failed",
        ];
        assert_eq!(seen, expected);
        drop(source);
        assert!(is_dropped.load(Ordering::Relaxed));
    }
}
