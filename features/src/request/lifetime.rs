//! The end of a request before its time.

use crate::{CancellationToken, Feature};

/// Tells that the request was aborted, and aborts it. Every server offers it.
pub trait HttpRequestLifetimeFeature: Feature {
    /// Fires when the client has gone, the stream was reset, the application aborted, or the server
    /// gave up waiting. After the last byte of the response was handed over it no longer fires.
    ///
    /// On HTTP/1.1 it also fires when the client ends its sending side: that may be a client that
    /// left or one that only half-closed; an answer written all the same is still delivered.
    fn request_aborted(&self) -> CancellationToken;

    /// Puts another token in its place, as a timeout middleware does.
    fn set_request_aborted(&mut self, token: CancellationToken);

    /// Ends the connection (HTTP/1) or stream (HTTP/2, HTTP/3) without finishing the response.
    fn abort(&self);
}

/// The plain [`HttpRequestLifetimeFeature`]: aborting fires the token that the server gave, and the
/// server acts on that. With a token of its own nothing else happens.
///
/// ```
/// use falconry_features::{CancellationToken, HttpRequestLifetimeFeature, PlainRequestLifetime};
///
/// let token = CancellationToken::new();
/// let mut lifetime = PlainRequestLifetime::new(token.clone());
/// lifetime.set_request_aborted(CancellationToken::new());
/// lifetime.abort();
/// assert!(token.is_cancelled());
/// assert!(!lifetime.request_aborted().is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainRequestLifetime {
    token: CancellationToken,
    replacement: Option<CancellationToken>,
}

impl PlainRequestLifetime {
    /// A lifetime whose end `token` tells and brings about.
    pub fn new(token: CancellationToken) -> Self {
        Self { token, replacement: None }
    }
}

impl HttpRequestLifetimeFeature for PlainRequestLifetime {
    fn request_aborted(&self) -> CancellationToken {
        self.replacement.as_ref().unwrap_or(&self.token).clone()
    }

    fn set_request_aborted(&mut self, token: CancellationToken) {
        self.replacement = Some(token);
    }

    fn abort(&self) {
        self.token.cancel();
    }
}
