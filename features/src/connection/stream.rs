//! Streams of a multiplexed connection (HTTP/3, WebTransport).

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Feature;

/// The number of the stream. Stream level.
///
/// Example: [`StreamDirectionFeature`].
pub trait StreamIdFeature: Feature {
    /// The identifier that the transport gave the stream.
    fn stream_id(&self) -> u64;
}

/// Which ways the stream goes. Stream level.
///
/// ```
/// use falconry_features::{StreamDirectionFeature, StreamIdFeature};
///
/// /// A QUIC stream as the server sees it: the number tells who opened it and which ways it goes
/// /// (RFC 9000 section 2.1).
/// struct QuicStream(u64);
///
/// impl StreamIdFeature for QuicStream {
///     fn stream_id(&self) -> u64 {
///         self.0
///     }
/// }
///
/// impl StreamDirectionFeature for QuicStream {
///     fn can_read(&self) -> bool {
///         self.0 & 0b11 != 0b11
///     }
///
///     fn can_write(&self) -> bool {
///         self.0 & 0b11 != 0b10
///     }
/// }
/// assert!(QuicStream(0).can_write());
/// assert!(!QuicStream(2).can_write());
/// ```
pub trait StreamDirectionFeature: Feature {
    /// True if there is something to be read from the stream, now or later.
    fn can_read(&self) -> bool;

    /// True if the stream can be written.
    fn can_write(&self) -> bool;
}

/// Gives up one direction of a stream. Stream level; HTTP/3.
///
/// ```
/// use falconry_features::{FeatureCollection, StreamAbortFeature};
///
/// fn stop_upload(features: &FeatureCollection) {
///     if let Some(stream) = features.get::<dyn StreamAbortFeature>() {
///         stream.abort_read(0x10c, "no longer wanted");
///     }
/// }
/// stop_upload(&FeatureCollection::new());
/// ```
pub trait StreamAbortFeature: Feature {
    /// Stops reading, with the protocol's error code; `reason` is for the log.
    fn abort_read(&self, error_code: u64, reason: &str);

    /// Stops writing, with the protocol's error code; `reason` is for the log.
    fn abort_write(&self, error_code: u64, reason: &str);
}

/// Tells that a stream has ended. Stream level; HTTP/3.
///
/// ```
/// use falconry_features::{CancellationToken, StreamClosedFeature};
///
/// let stream = CancellationToken::new();
/// stream.on_closed(Box::new(|| println!("closed")));
/// stream.cancel();
/// ```
pub trait StreamClosedFeature: Feature {
    /// Runs `callback` when both directions have ended, at once if they have.
    fn on_closed(&self, callback: Box<dyn FnOnce() + Send>);
}

/// A stream whose end is a token.
impl StreamClosedFeature for crate::CancellationToken {
    fn on_closed(&self, callback: Box<dyn FnOnce() + Send>) {
        self.on_cancelled(callback);
    }
}

/// The error code with which the protocol on top wants a connection or stream to end. Connection
/// and stream level; HTTP/3.
///
/// Example: [`PlainProtocolErrorCode`].
pub trait ProtocolErrorCodeFeature: Feature {
    /// The code; `None` while none is set.
    fn error(&self) -> Option<u64>;

    /// Sets the code: at most 2⁶² − 1, what QUIC can carry.
    fn set_error(&self, error_code: u64);
}

/// The plain [`ProtocolErrorCodeFeature`].
///
/// ```
/// use falconry_features::{PlainProtocolErrorCode, ProtocolErrorCodeFeature};
///
/// let code = PlainProtocolErrorCode::default();
/// assert_eq!(code.error(), None);
/// code.set_error(0x10c);
/// assert_eq!(code.error(), Some(0x10c));
/// ```
#[derive(Debug)]
pub struct PlainProtocolErrorCode {
    code: AtomicU64,
}

/// No error code of QUIC: they have 62 bits.
const UNSET: u64 = u64::MAX;

impl Default for PlainProtocolErrorCode {
    fn default() -> Self {
        Self { code: AtomicU64::new(UNSET) }
    }
}

impl ProtocolErrorCodeFeature for PlainProtocolErrorCode {
    fn error(&self) -> Option<u64> {
        Some(self.code.load(Ordering::Acquire)).filter(|code| *code != UNSET)
    }

    fn set_error(&self, error_code: u64) {
        self.code.store(error_code, Ordering::Release);
    }
}
