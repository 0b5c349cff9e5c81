//! What clients may ask of the server.

mod check;
mod http2;
mod http3;
mod merge;

use std::time::Duration;

use falconry_features::{FeatureError, MinDataRate};

use self::check::{at_least, time};
pub(crate) use self::merge::merge;
pub use self::{http2::Http2Limits, http3::Http3Limits};

/// The limits of a Kestrel server. All are on by default.
///
/// A setter refuses a value out of range and leaves the old one in place. Sizes are in bytes. Times are given as a
/// [`Duration`], or `None` for no limit; a hundred years and more count as `None`.
///
/// ```
/// # use falconry_kestrel::KestrelServerLimits;
/// # use std::time::Duration;
/// let mut limits = KestrelServerLimits::default();
/// limits.set_max_request_line_size(4096)?.set_keep_alive_timeout(Duration::from_secs(60))?.set_max_request_body_size(None);
/// assert_eq!(limits.keep_alive_timeout(), Some(Duration::from_secs(60)));
/// assert!(limits.set_max_request_line_size(0).unwrap_err().is_out_of_range());
/// # Ok::<(), falconry_features::FeatureError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KestrelServerLimits {
    max_response_buffer_size: Option<usize>,
    max_request_buffer_size: Option<usize>,
    max_request_line_size: usize,
    max_request_headers_total_size: usize,
    max_request_header_count: usize,
    max_request_body_size: Option<u64>,
    keep_alive_timeout: Option<Duration>,
    request_headers_timeout: Option<Duration>,
    max_concurrent_connections: Option<usize>,
    max_concurrent_upgraded_connections: Option<usize>,
    min_request_body_data_rate: Option<MinDataRate>,
    min_response_data_rate: Option<MinDataRate>,
    max_connection_age: Option<Duration>,
    /// The limits of HTTP/2 connections.
    pub http2: Http2Limits,
    /// The limits of HTTP/3 connections.
    pub http3: Http3Limits,
}

impl KestrelServerLimits {
    /// How much of a response may wait for a slow client before the application's writes wait too. In bytes; 0 makes
    /// every write wait until it is handed to the system, `None` lets a response grow without bound.
    /// Default: 65,536.
    pub fn set_max_response_buffer_size(&mut self, bytes: impl Into<Option<usize>>) -> &mut Self {
        self.max_response_buffer_size = bytes.into();
        self
    }

    /// How much of what a client sends may wait for the application before the server stops reading. In bytes, 1 or
    /// more; `None` for no limit. At the start it must hold a request line and the fields. Default: 1,048,576.
    ///
    /// # Errors
    /// The size is 0.
    pub fn set_max_request_buffer_size(
        &mut self,
        bytes: impl Into<Option<usize>>,
    ) -> Result<&mut Self, FeatureError> {
        self.max_request_buffer_size =
            bytes.into().map(|bytes| at_least("max_request_buffer_size", bytes, 1, "byte")).transpose()?;
        Ok(self)
    }

    /// How long a request line may be, with its line end; a longer one is answered by 414. In bytes, 1 or more. Over
    /// HTTP/2 and HTTP/3 it bounds method, scheme, authority and path together. Default: 8,192.
    ///
    /// # Errors
    /// The size is 0.
    pub fn set_max_request_line_size(&mut self, bytes: usize) -> Result<&mut Self, FeatureError> {
        self.max_request_line_size = at_least("max_request_line_size", bytes, 1, "byte")?;
        Ok(self)
    }

    /// How long all fields of a request may be together, with their line ends; more is answered by 431. In bytes, 1 or
    /// more. Default: 32,768.
    ///
    /// # Errors
    /// The size is 0.
    pub fn set_max_request_headers_total_size(&mut self, bytes: usize) -> Result<&mut Self, FeatureError> {
        self.max_request_headers_total_size = at_least("max_request_headers_total_size", bytes, 1, "byte")?;
        Ok(self)
    }

    /// How many fields a request may have; more are answered by 431. 1 or more. Default: 100.
    ///
    /// # Errors
    /// The count is 0.
    pub fn set_max_request_header_count(&mut self, count: usize) -> Result<&mut Self, FeatureError> {
        self.max_request_header_count = at_least("max_request_header_count", count, 1, "field")?;
        Ok(self)
    }

    /// How long a request's body may be; a longer one is answered by 413. In bytes; 0 allows no body, `None` any. One
    /// request can change its own limit before its body is read. Default: 30,000,000.
    pub fn set_max_request_body_size(&mut self, bytes: impl Into<Option<u64>>) -> &mut Self {
        self.max_request_body_size = bytes.into();
        self
    }

    /// How long a connection may stay idle between two requests before it is closed without an answer. Above zero;
    /// `None` for ever. Default: 130 s.
    ///
    /// # Errors
    /// The time is zero.
    pub fn set_keep_alive_timeout(
        &mut self,
        limit: impl Into<Option<Duration>>,
    ) -> Result<&mut Self, FeatureError> {
        self.keep_alive_timeout = time("keep_alive_timeout", limit, Duration::from_nanos(1))?;
        Ok(self)
    }

    /// How long a client may take from the first byte of a request to the end of its fields; a slower one is answered
    /// by 408. Above zero; `None` for ever. Default: 30 s.
    ///
    /// # Errors
    /// The time is zero.
    pub fn set_request_headers_timeout(
        &mut self,
        limit: impl Into<Option<Duration>>,
    ) -> Result<&mut Self, FeatureError> {
        self.request_headers_timeout = time("request_headers_timeout", limit, Duration::from_nanos(1))?;
        Ok(self)
    }

    /// How many connections may be open at once; one more is closed without an answer. Upgraded connections are not
    /// counted. 1 or more; `None` for no limit. Default: `None`.
    ///
    /// # Errors
    /// The count is 0.
    pub fn set_max_concurrent_connections(
        &mut self,
        count: impl Into<Option<usize>>,
    ) -> Result<&mut Self, FeatureError> {
        self.max_concurrent_connections = count
            .into()
            .map(|count| at_least("max_concurrent_connections", count, 1, "connection"))
            .transpose()?;
        Ok(self)
    }

    /// How many upgraded connections, such as WebSockets, may be open at once; beyond it, an upgrade fails. 0 forbids
    /// upgrades; `None` for no limit. Default: `None`.
    pub fn set_max_concurrent_upgraded_connections(&mut self, count: impl Into<Option<usize>>) -> &mut Self {
        self.max_concurrent_upgraded_connections = count.into();
        self
    }

    /// How slowly a request's body may arrive while the application waits for it; a slower one ends in 408. `None` for
    /// any. Default: 240 bytes/s after a grace period of 5 s.
    pub fn set_min_request_body_data_rate(&mut self, rate: impl Into<Option<MinDataRate>>) -> &mut Self {
        self.min_request_body_data_rate = rate.into();
        self
    }

    /// How slowly a client may take a response; a slower one is cut off. `None` for any.
    /// Default: 240 bytes/s after a grace period of 5 s.
    pub fn set_min_response_data_rate(&mut self, rate: impl Into<Option<MinDataRate>>) -> &mut Self {
        self.min_response_data_rate = rate.into();
        self
    }

    /// How old a connection may become: then it is told to end, and it does so after what is under way. On HTTP/1 the
    /// next answer says `Connection: close`, and a connection without a request is closed; on HTTP/2 there is a GOAWAY.
    /// An upgraded connection hears of it by `ConnectionLifetimeNotificationFeature` and is not ended. Each connection
    /// has an age of its own, up to a tenth more or less. Above zero; `None` for ever. Default: `None`.
    ///
    /// # Errors
    /// The time is zero.
    pub fn set_max_connection_age(
        &mut self,
        age: impl Into<Option<Duration>>,
    ) -> Result<&mut Self, FeatureError> {
        self.max_connection_age = time("max_connection_age", age, Duration::from_nanos(1))?;
        Ok(self)
    }

    /// How much of a response may wait for a slow client, in bytes.
    pub fn max_response_buffer_size(&self) -> Option<usize> {
        self.max_response_buffer_size
    }

    /// How much of what a client sends may wait for the application, in bytes.
    pub fn max_request_buffer_size(&self) -> Option<usize> {
        self.max_request_buffer_size
    }

    /// How long a request line may be, in bytes.
    pub fn max_request_line_size(&self) -> usize {
        self.max_request_line_size
    }

    /// How long all fields of a request may be together, in bytes.
    pub fn max_request_headers_total_size(&self) -> usize {
        self.max_request_headers_total_size
    }

    /// How many fields a request may have.
    pub fn max_request_header_count(&self) -> usize {
        self.max_request_header_count
    }

    /// How long a request's body may be, in bytes.
    pub fn max_request_body_size(&self) -> Option<u64> {
        self.max_request_body_size
    }

    /// How long a connection may stay idle between two requests.
    pub fn keep_alive_timeout(&self) -> Option<Duration> {
        self.keep_alive_timeout
    }

    /// How long a client may take to send a request's line and fields.
    pub fn request_headers_timeout(&self) -> Option<Duration> {
        self.request_headers_timeout
    }

    /// How many connections may be open at once.
    pub fn max_concurrent_connections(&self) -> Option<usize> {
        self.max_concurrent_connections
    }

    /// How many upgraded connections may be open at once.
    pub fn max_concurrent_upgraded_connections(&self) -> Option<usize> {
        self.max_concurrent_upgraded_connections
    }

    /// How slowly a request's body may arrive.
    pub fn min_request_body_data_rate(&self) -> Option<MinDataRate> {
        self.min_request_body_data_rate
    }

    /// How slowly a client may take a response.
    pub fn min_response_data_rate(&self) -> Option<MinDataRate> {
        self.min_response_data_rate
    }

    /// How old a connection may become.
    pub fn max_connection_age(&self) -> Option<Duration> {
        self.max_connection_age
    }
}

impl Default for KestrelServerLimits {
    fn default() -> Self {
        let rate = MinDataRate::new(240.0, Duration::from_secs(5)).ok();
        Self {
            max_response_buffer_size: Some(64 * 1024),
            max_request_buffer_size: Some(1024 * 1024),
            max_request_line_size: 8 * 1024,
            max_request_headers_total_size: 32 * 1024,
            max_request_header_count: 100,
            max_request_body_size: Some(30_000_000),
            keep_alive_timeout: Some(Duration::from_secs(130)),
            request_headers_timeout: Some(Duration::from_secs(30)),
            max_concurrent_connections: None,
            max_concurrent_upgraded_connections: None,
            min_request_body_data_rate: rate,
            min_response_data_rate: rate,
            max_connection_age: None,
            http2: Http2Limits::default(),
            http3: Http3Limits::default(),
        }
    }
}
