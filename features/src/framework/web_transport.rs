//! WebTransport: many streams in one session.

use std::{
    fmt,
    task::{Context, Poll},
};

use crate::{BoxFuture, DuplexStream, Feature, FeatureError};

/// Tells whether the request asks for a WebTransport session, and accepts it. HTTP/3 only; absent
/// where the server cannot.
///
/// ```
/// use falconry_features::{FeatureCollection, HttpWebTransportFeature};
///
/// fn wants_session(features: &FeatureCollection) -> bool {
///     features.get::<dyn HttpWebTransportFeature>().is_some_and(|feature| feature.is_web_transport_request())
/// }
/// assert!(!wants_session(&FeatureCollection::new()));
/// ```
pub trait HttpWebTransportFeature: Feature {
    /// True if the request is an extended CONNECT for `webtransport`.
    fn is_web_transport_request(&self) -> bool;

    /// Answers 2xx with the response's fields and gives the session. Applications call
    /// [`accept_web_transport`](crate::accept_web_transport), which runs the starting callbacks first.
    ///
    /// # Errors
    /// Invalid state: no such request, or accepted before.
    fn accept(
        &mut self,
        head: std::sync::Arc<crate::ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn WebTransportSession>, FeatureError>>, FeatureError>;
}

/// A WebTransport session. Example: [`HttpWebTransportFeature`].
pub trait WebTransportSession: Send {
    /// The number of the session: that of the stream that began it.
    fn session_id(&self) -> u64;

    /// The next stream that the client opens; `None` when the session has ended.
    ///
    /// # Errors
    /// Aborted: the client is gone.
    fn poll_accept_stream(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<WebTransportStream>, FeatureError>>;

    /// Opens a stream that only this side writes; `None` when the session has ended.
    ///
    /// # Errors
    /// Aborted: the client is gone.
    fn poll_open_unidirectional_stream(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<WebTransportStream>, FeatureError>>;

    /// Ends the session and all its streams, with an error code of the application.
    fn abort(&mut self, error_code: u32);
}

/// A stream of a [`WebTransportSession`].
#[non_exhaustive]
pub struct WebTransportStream {
    /// The number of the stream.
    pub id: u64,
    /// False if only this side writes.
    pub can_read: bool,
    /// False if only the client writes.
    pub can_write: bool,
    /// The bytes.
    pub stream: Box<dyn DuplexStream>,
}

impl WebTransportStream {
    /// A stream that goes both ways.
    pub fn new(id: u64, stream: Box<dyn DuplexStream>) -> Self {
        Self { id, can_read: true, can_write: true, stream }
    }
}

impl fmt::Debug for WebTransportStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebTransportStream")
            .field("id", &self.id)
            .field("can_read", &self.can_read)
            .field("can_write", &self.can_write)
            .finish_non_exhaustive()
    }
}
