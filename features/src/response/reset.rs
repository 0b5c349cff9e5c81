//! Giving a stream up with an error code.

use crate::Feature;

/// Resets the stream. HTTP/2 and HTTP/3 only.
pub trait HttpResetFeature: Feature {
    /// Ends the stream with `error_code`, as the protocol numbers them, and aborts the request.
    fn reset(&self, error_code: u32);
}
