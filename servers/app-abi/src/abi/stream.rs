//! [`Stream`]: a connection that has left HTTP.

use std::{
    fmt, io,
    task::{Context, Poll},
};

use falconry_features::DuplexStream;

use super::{Object, Waker, code, guard};

/// A connection of the other side.
#[repr(C)]
pub struct Stream {
    object: Object,
    table: *const StreamTable,
}

/// The functions of a [`Stream`].
#[repr(C)]
#[derive(Debug)]
pub struct StreamTable {
    read: unsafe extern "C" fn(Object, *const Waker, *mut u8, usize, *mut usize) -> i32,
    write: unsafe extern "C" fn(Object, *const Waker, *const u8, usize, *mut usize) -> i32,
    flush: unsafe extern "C" fn(Object, *const Waker) -> i32,
    shutdown: unsafe extern "C" fn(Object, *const Waker) -> i32,
    drop: unsafe extern "C" fn(Object),
}

type Owned = Box<dyn DuplexStream>;

static TABLE: StreamTable = StreamTable { read, write, flush, shutdown, drop: free };

// SAFETY: a `DuplexStream` is `Send`, and is called by one thread at a time.
unsafe impl Send for Stream {}

impl Stream {
    #[cfg_attr(not(feature = "load"), allow(dead_code, reason = "the worker's side"))]
    pub(crate) fn new(stream: Owned) -> Self {
        Self { object: Box::into_raw(Box::new(stream)).cast(), table: &raw const TABLE }
    }

    fn table(&self) -> &StreamTable {
        // SAFETY: whoever made it gave a table that stays.
        unsafe { &*self.table }
    }
}

impl DuplexStream for Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let (waker, mut count) = (Waker::borrowed(cx.waker()), 0);
        // SAFETY: object and table belong together; the buffer is there for the time of the call.
        let result = unsafe {
            (self.table().read)(
                self.object,
                &raw const waker,
                buffer.as_mut_ptr(),
                buffer.len(),
                &raw mut count,
            )
        };
        outcome(result).map_ok(|()| count.min(buffer.len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let (waker, mut count) = (Waker::borrowed(cx.waker()), 0);
        // SAFETY: object and table belong together; the data is there for the time of the call.
        let result = unsafe {
            (self.table().write)(self.object, &raw const waker, data.as_ptr(), data.len(), &raw mut count)
        };
        outcome(result).map_ok(|()| count.min(data.len()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waker = Waker::borrowed(cx.waker());
        // SAFETY: object and table belong together.
        outcome(unsafe { (self.table().flush)(self.object, &raw const waker) })
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waker = Waker::borrowed(cx.waker());
        // SAFETY: object and table belong together.
        outcome(unsafe { (self.table().shutdown)(self.object, &raw const waker) })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: object and table belong together, and this is dropped once.
        unsafe { (self.table().drop)(self.object) }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

fn outcome(result: i32) -> Poll<io::Result<()>> {
    match result {
        code::PENDING => Poll::Pending,
        code::READY => Poll::Ready(Ok(())),
        _ => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
    }
}

/// Calls a function of the stream.
///
/// # Safety
/// `Stream::new` made the object, which nobody else uses; the waker is there for the time of the call.
unsafe fn call<T>(
    object: Object,
    waker: *const Waker,
    poll: impl FnOnce(&mut Owned, &mut Context<'_>) -> Poll<io::Result<T>>,
    done: impl FnOnce(T),
) -> i32 {
    guard(|| {
        // SAFETY: as the caller promises.
        let (stream, waker) = unsafe { (&mut *object.cast::<Owned>(), &*waker) };
        match waker.with_context(|cx| poll(stream, cx)) {
            Poll::Pending => code::PENDING,
            Poll::Ready(Ok(value)) => {
                done(value);
                code::READY
            }
            Poll::Ready(Err(_)) => code::FAILED,
        }
    })
}

unsafe extern "C" fn read(
    object: Object,
    waker: *const Waker,
    buffer: *mut u8,
    len: usize,
    count: *mut usize,
) -> i32 {
    // SAFETY: the other side gives a buffer of initialized bytes, for the time of the call.
    let (buffer, count) = unsafe { (std::slice::from_raw_parts_mut(buffer, len), &mut *count) };
    // SAFETY: as the other side promises.
    unsafe { call(object, waker, |stream, cx| stream.poll_read(cx, buffer), |read| *count = read) }
}

unsafe extern "C" fn write(
    object: Object,
    waker: *const Waker,
    data: *const u8,
    len: usize,
    count: *mut usize,
) -> i32 {
    // SAFETY: the other side gives the data for the time of the call.
    let (data, count) = unsafe { (super::text::slice(data, len), &mut *count) };
    // SAFETY: as the other side promises.
    unsafe { call(object, waker, |stream, cx| stream.poll_write(cx, data), |written| *count = written) }
}

unsafe extern "C" fn flush(object: Object, waker: *const Waker) -> i32 {
    // SAFETY: as the other side promises.
    unsafe { call(object, waker, |stream, cx| stream.poll_flush(cx), drop) }
}

unsafe extern "C" fn shutdown(object: Object, waker: *const Waker) -> i32 {
    // SAFETY: as the other side promises.
    unsafe { call(object, waker, |stream, cx| stream.poll_shutdown(cx), drop) }
}

unsafe extern "C" fn free(object: Object) {
    guard(|| {
        // SAFETY: `Stream::new` made it of such a box.
        drop(unsafe { Box::from_raw(object.cast::<Owned>()) });
        code::OK
    });
}
