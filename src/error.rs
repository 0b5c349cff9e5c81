//! What handlers return.

use falconry_features::BoxError;

/// Any error; `?` makes it from every error type.
pub type Error = BoxError;

/// What handlers return: an error before the response started becomes a 500.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;
