//! The limit on the size of a request's body.

use crate::{Feature, FeatureError};

/// The largest body that the server reads for this request.
pub trait HttpMaxRequestBodySizeFeature: Feature {
    /// True once reading has begun or the connection was upgraded: too late for a change.
    fn is_read_only(&self) -> bool;

    /// The limit in bytes; `None` is unlimited. Default: the server's own (Kestrel: 30,000,000).
    /// A body over it ends with a [`BadHttpRequestError`](crate::BadHttpRequestError) of status 413.
    fn max_request_body_size(&self) -> Option<u64>;

    /// Changes the limit, in bytes; `None` removes it.
    ///
    /// # Errors
    /// Invalid state if [`is_read_only`](Self::is_read_only).
    fn set_max_request_body_size(&mut self, limit: Option<u64>) -> Result<(), FeatureError>;
}
