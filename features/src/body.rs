//! The request body as applications read it, and the raw stream after an upgrade.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::BoxError;

type BoxBody = Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>;

/// The body of a request: nothing, bytes at hand, or a stream of frames.
///
/// It is an [`http_body::Body`]. A limit or framing rule that the client breaks ends it with a
/// [`BadHttpRequestError`](crate::BadHttpRequestError).
///
/// ```
/// use falconry_features::RequestBody;
/// use http_body::Body;
///
/// assert!(RequestBody::empty().is_end_stream());
/// assert_eq!(RequestBody::from("hello").size_hint().exact(), Some(5));
/// ```
#[derive(Default)]
pub struct RequestBody {
    inner: Inner,
}

#[derive(Default)]
enum Inner {
    #[default]
    Empty,
    Full(Bytes),
    // The lock is never taken: it makes a body that is not `Sync` fit for a feature.
    Stream(Mutex<BoxBody>),
}

impl RequestBody {
    /// No body at all.
    pub const fn empty() -> Self {
        Self { inner: Inner::Empty }
    }

    /// A body that is read frame by frame.
    pub fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes, Error = BoxError> + Send + 'static,
    {
        Self { inner: Inner::Stream(Mutex::new(Box::pin(body))) }
    }

    /// The next data, without trailers; `None` at the end.
    pub async fn data(&mut self) -> Option<Result<Bytes, BoxError>> {
        loop {
            match self.frame().await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The next frame: data or trailers; `None` at the end.
    pub async fn frame(&mut self) -> Option<Result<Frame<Bytes>, BoxError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.inner {
            Inner::Empty => Poll::Ready(None),
            Inner::Full(data) => {
                let data = std::mem::take(data);
                self.inner = Inner::Empty;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Inner::Stream(body) => {
                body.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_frame(cx)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Empty => true,
            Inner::Full(_) => false,
            Inner::Stream(body) => body.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Full(data) => SizeHint::with_exact(data.len() as u64),
            Inner::Stream(body) => body.lock().unwrap_or_else(PoisonError::into_inner).size_hint(),
        }
    }
}

impl<T: Into<Bytes>> From<T> for RequestBody {
    fn from(data: T) -> Self {
        let data = data.into();
        Self { inner: if data.is_empty() { Inner::Empty } else { Inner::Full(data) } }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.inner {
            Inner::Empty => "Empty",
            Inner::Full(_) => "Full",
            Inner::Stream(_) => "Stream",
        };
        f.debug_tuple("RequestBody").field(&kind).finish()
    }
}

/// Both directions of a connection after an upgrade, or of a stream after an accepted CONNECT.
///
/// Poll style and runtime-free, so that every kind of server can offer it; the facade turns it
/// into what tokio reads and writes.
pub trait DuplexStream: Send {
    /// Reads into `buffer`; 0 means that the peer has ended its side.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from `data`; returns how much was taken.
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// Completes when everything written has been handed to the transport.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends this side; the peer's side stays open.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}
