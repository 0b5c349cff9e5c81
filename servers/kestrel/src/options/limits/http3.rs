//! The limits of HTTP/3 connections.

use falconry_features::FeatureError;

use super::{check::at_least, merge};

/// The limits of HTTP/3 connections, part of [`KestrelServerLimits`](super::KestrelServerLimits).
///
/// ```
/// # use falconry_kestrel::Http3Limits;
/// let mut limits = Http3Limits::default();
/// assert_eq!(limits.max_request_header_field_size(), 32_768);
/// limits.set_max_request_header_field_size(8192)?;
/// # Ok::<(), falconry_features::FeatureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http3Limits {
    max_request_header_field_size: u32,
}

impl Http3Limits {
    /// How long one field may be, name and value together. In bytes, 1 or more. Default: 32,768.
    ///
    /// # Errors
    /// The size is 0.
    pub fn set_max_request_header_field_size(&mut self, bytes: u32) -> Result<&mut Self, FeatureError> {
        self.max_request_header_field_size =
            at_least("http3.max_request_header_field_size", bytes, 1, "byte")?;
        Ok(self)
    }

    /// How long one field may be, in bytes.
    pub fn max_request_header_field_size(&self) -> u32 {
        self.max_request_header_field_size
    }
}

impl Http3Limits {
    pub(super) fn merge(&self, before: &Self, now: &Self) -> Self {
        Self {
            max_request_header_field_size: merge(
                &self.max_request_header_field_size,
                &before.max_request_header_field_size,
                &now.max_request_header_field_size,
            ),
        }
    }
}

impl Default for Http3Limits {
    fn default() -> Self {
        Self { max_request_header_field_size: 32_768 }
    }
}
