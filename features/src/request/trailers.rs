//! The fields after a request's body.

use http::HeaderMap;

use crate::{Feature, FeatureError};

/// The trailer fields of the request. HTTP.sys and IIS do not offer it.
pub trait HttpRequestTrailersFeature: Feature {
    /// True once the body has been read to its end; at once if there is none.
    fn available(&self) -> bool;

    /// The trailers.
    ///
    /// # Errors
    /// Invalid state before they are [`available`](Self::available).
    fn trailers(&self) -> Result<HeaderMap, FeatureError>;
}
