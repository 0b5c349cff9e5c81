//! The limits of HTTP/2 connections.

use std::{ops::RangeInclusive, time::Duration};

use falconry_features::FeatureError;

use super::{
    check::{at_least, time, within},
    merge,
};

const FRAME_SIZES: RangeInclusive<u32> = 16_384..=16_777_215;
const WINDOW_SIZES: RangeInclusive<u32> = 65_535..=2_147_483_647;

/// The limits of HTTP/2 connections, part of [`KestrelServerLimits`](super::KestrelServerLimits).
///
/// ```
/// # use falconry_kestrel::Http2Limits;
/// let mut limits = Http2Limits::default();
/// limits.set_max_streams_per_connection(250)?.set_max_frame_size(32_768)?;
/// assert!(limits.set_max_frame_size(1).unwrap_err().is_out_of_range());
/// # Ok::<(), falconry_features::FeatureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http2Limits {
    max_streams_per_connection: u32,
    header_table_size: u32,
    max_frame_size: u32,
    max_request_header_field_size: u32,
    initial_connection_window_size: u32,
    initial_stream_window_size: u32,
    keep_alive_ping_delay: Option<Duration>,
    keep_alive_ping_timeout: Option<Duration>,
}

impl Http2Limits {
    /// How many streams a connection may have at once; one more is refused (`REFUSED_STREAM`). 1 or more.
    /// Default: 100.
    ///
    /// # Errors
    /// The count is 0.
    pub fn set_max_streams_per_connection(&mut self, count: u32) -> Result<&mut Self, FeatureError> {
        self.max_streams_per_connection = at_least("http2.max_streams_per_connection", count, 1, "stream")?;
        Ok(self)
    }

    /// How large the tables that compress fields may be, ours and the client's. In bytes; 0 keeps no table.
    /// Default: 4,096.
    pub fn set_header_table_size(&mut self, bytes: u32) -> &mut Self {
        self.header_table_size = bytes;
        self
    }

    /// How large a frame's payload may be. In bytes, 16,384 to 16,777,215. Default: 16,384.
    ///
    /// # Errors
    /// The size is out of this range.
    pub fn set_max_frame_size(&mut self, bytes: u32) -> Result<&mut Self, FeatureError> {
        self.max_frame_size = within("http2.max_frame_size", bytes, FRAME_SIZES, "bytes")?;
        Ok(self)
    }

    /// How long one field may be, name and value together, as sent and as expanded. In bytes, 1 or more.
    /// Default: 32,768.
    ///
    /// # Errors
    /// The size is 0.
    pub fn set_max_request_header_field_size(&mut self, bytes: u32) -> Result<&mut Self, FeatureError> {
        self.max_request_header_field_size =
            at_least("http2.max_request_header_field_size", bytes, 1, "byte")?;
        Ok(self)
    }

    /// How much request body a connection takes ahead of the applications, all streams together. In bytes, 65,535 to
    /// 2,147,483,647. Default: 1,048,576.
    ///
    /// # Errors
    /// The size is out of this range.
    pub fn set_initial_connection_window_size(&mut self, bytes: u32) -> Result<&mut Self, FeatureError> {
        self.initial_connection_window_size =
            within("http2.initial_connection_window_size", bytes, WINDOW_SIZES, "bytes")?;
        Ok(self)
    }

    /// How much request body one stream takes ahead of its application. In bytes, 65,535 to 2,147,483,647.
    /// Default: 786,432.
    ///
    /// # Errors
    /// The size is out of this range.
    pub fn set_initial_stream_window_size(&mut self, bytes: u32) -> Result<&mut Self, FeatureError> {
        self.initial_stream_window_size =
            within("http2.initial_stream_window_size", bytes, WINDOW_SIZES, "bytes")?;
        Ok(self)
    }

    /// After how long a silence the server sends a PING. One second or more; `None` sends none. Default: `None`.
    ///
    /// # Errors
    /// The time is under a second.
    pub fn set_keep_alive_ping_delay(
        &mut self,
        delay: impl Into<Option<Duration>>,
    ) -> Result<&mut Self, FeatureError> {
        self.keep_alive_ping_delay = time("http2.keep_alive_ping_delay", delay, Duration::from_secs(1))?;
        Ok(self)
    }

    /// How long the answer to a PING may take before the connection is closed. One second or more; `None` for ever.
    /// Default: 20 s.
    ///
    /// # Errors
    /// The time is under a second.
    pub fn set_keep_alive_ping_timeout(
        &mut self,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<&mut Self, FeatureError> {
        self.keep_alive_ping_timeout =
            time("http2.keep_alive_ping_timeout", timeout, Duration::from_secs(1))?;
        Ok(self)
    }

    /// How many streams a connection may have at once.
    pub fn max_streams_per_connection(&self) -> u32 {
        self.max_streams_per_connection
    }

    /// How large the tables that compress fields may be, in bytes.
    pub fn header_table_size(&self) -> u32 {
        self.header_table_size
    }

    /// How large a frame's payload may be, in bytes.
    pub fn max_frame_size(&self) -> u32 {
        self.max_frame_size
    }

    /// How long one field may be, in bytes.
    pub fn max_request_header_field_size(&self) -> u32 {
        self.max_request_header_field_size
    }

    /// How much request body a connection takes ahead of the applications, in bytes.
    pub fn initial_connection_window_size(&self) -> u32 {
        self.initial_connection_window_size
    }

    /// How much request body one stream takes ahead of its application, in bytes.
    pub fn initial_stream_window_size(&self) -> u32 {
        self.initial_stream_window_size
    }

    /// After how long a silence the server sends a PING; `None` sends none.
    pub fn keep_alive_ping_delay(&self) -> Option<Duration> {
        self.keep_alive_ping_delay
    }

    /// How long the answer to a PING may take.
    pub fn keep_alive_ping_timeout(&self) -> Option<Duration> {
        self.keep_alive_ping_timeout
    }
}

impl Http2Limits {
    pub(super) fn merge(&self, before: &Self, now: &Self) -> Self {
        Self {
            max_streams_per_connection: merge(
                &self.max_streams_per_connection,
                &before.max_streams_per_connection,
                &now.max_streams_per_connection,
            ),
            header_table_size: merge(
                &self.header_table_size,
                &before.header_table_size,
                &now.header_table_size,
            ),
            max_frame_size: merge(&self.max_frame_size, &before.max_frame_size, &now.max_frame_size),
            max_request_header_field_size: merge(
                &self.max_request_header_field_size,
                &before.max_request_header_field_size,
                &now.max_request_header_field_size,
            ),
            initial_connection_window_size: merge(
                &self.initial_connection_window_size,
                &before.initial_connection_window_size,
                &now.initial_connection_window_size,
            ),
            initial_stream_window_size: merge(
                &self.initial_stream_window_size,
                &before.initial_stream_window_size,
                &now.initial_stream_window_size,
            ),
            keep_alive_ping_delay: merge(
                &self.keep_alive_ping_delay,
                &before.keep_alive_ping_delay,
                &now.keep_alive_ping_delay,
            ),
            keep_alive_ping_timeout: merge(
                &self.keep_alive_ping_timeout,
                &before.keep_alive_ping_timeout,
                &now.keep_alive_ping_timeout,
            ),
        }
    }
}

impl Default for Http2Limits {
    fn default() -> Self {
        Self {
            max_streams_per_connection: 100,
            header_table_size: 4096,
            max_frame_size: 16_384,
            max_request_header_field_size: 32_768,
            initial_connection_window_size: 1_048_576,
            initial_stream_window_size: 786_432,
            keep_alive_ping_delay: None,
            keep_alive_ping_timeout: Some(Duration::from_secs(20)),
        }
    }
}
