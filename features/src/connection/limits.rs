//! The server's own limits on a connection, for applications that know better.

use std::time::Duration;

use crate::{Feature, FeatureError};

/// Gives the connection up after a time, unless that is called off. Connection level; Kestrel.
///
/// ```
/// use falconry_features::{ConnectionTimeoutFeature, FeatureCollection, FeatureError};
/// use std::time::Duration;
///
/// fn allow_a_minute(features: &FeatureCollection) -> Result<(), FeatureError> {
///     match features.get::<dyn ConnectionTimeoutFeature>() {
///         Some(timeout) => timeout.reset_timeout(Duration::from_secs(60)),
///         None => Ok(()),
///     }
/// }
/// assert!(allow_a_minute(&FeatureCollection::new()).is_ok());
/// ```
pub trait ConnectionTimeoutFeature: Feature {
    /// Ends the connection after `timeout`.
    ///
    /// # Errors
    /// Invalid argument: zero. Invalid state: a timeout is already set.
    fn set_timeout(&self, timeout: Duration) -> Result<(), FeatureError>;

    /// Ends the connection after `timeout`, whatever was set before.
    ///
    /// # Errors
    /// Invalid argument: zero.
    fn reset_timeout(&self, timeout: Duration) -> Result<(), FeatureError>;

    /// Calls it off. Without effect if nothing was set.
    fn cancel_timeout(&self);
}

/// Takes the connection out of the number that the server's limit on connections counts, as an
/// upgrade does. Connection level; Kestrel, if the limit is set.
///
/// ```
/// use falconry_features::{DecrementConcurrentConnectionCountFeature, FeatureCollection};
///
/// fn not_counted(features: &FeatureCollection) {
///     if let Some(count) = features.get::<dyn DecrementConcurrentConnectionCountFeature>() {
///         count.release_connection();
///     }
/// }
/// not_counted(&FeatureCollection::new());
/// ```
pub trait DecrementConcurrentConnectionCountFeature: Feature {
    /// Takes the connection out of the count. A second call has no effect.
    fn release_connection(&self);
}
