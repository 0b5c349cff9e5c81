//! The number of an HTTP/2 stream.

use crate::Feature;

/// Tells which stream of its connection carries the request. Kestrel, HTTP/2 only.
///
/// ```
/// use falconry_features::{FeatureCollection, Http2StreamIdFeature};
///
/// fn describe(features: &FeatureCollection) -> String {
///     match features.get::<dyn Http2StreamIdFeature>() {
///         Some(feature) => format!("stream {}", feature.stream_id()),
///         None => "not HTTP/2".to_owned(),
///     }
/// }
/// assert_eq!(describe(&FeatureCollection::new()), "not HTTP/2");
/// ```
pub trait Http2StreamIdFeature: Feature {
    /// The stream identifier (RFC 9113 section 5.1.1): odd, above 0.
    fn stream_id(&self) -> u32;
}
