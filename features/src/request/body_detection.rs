//! Whether a request can have a body at all.

use crate::Feature;

/// Tells whether the request can have a body, before any of it is read.
pub trait HttpRequestBodyDetectionFeature: Feature {
    /// HTTP/1: there is a `Transfer-Encoding` or a `Content-Length` above 0. HTTP/2 and HTTP/3: the
    /// stream did not end with the head. False for a CONNECT and for an upgrade.
    fn can_have_body(&self) -> bool;
}
