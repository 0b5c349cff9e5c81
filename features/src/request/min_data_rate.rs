//! How slow a peer may be.

use std::time::Duration;

use crate::{Feature, FeatureError};

/// A rate below which a peer is given up, counted only while the server waits for it.
///
/// ```
/// use falconry_features::MinDataRate;
/// use std::time::Duration;
///
/// let rate = MinDataRate::new(240.0, Duration::from_secs(5)).unwrap();
/// assert_eq!(rate.bytes_per_second(), 240.0);
/// assert!(MinDataRate::new(240.0, Duration::from_secs(1)).unwrap_err().is_out_of_range());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinDataRate {
    bytes_per_second: f64,
    grace_period: Duration,
}

impl MinDataRate {
    /// A rate in bytes per second, and the time at the beginning that does not count.
    ///
    /// # Errors
    /// The rate is not a finite number above 0, or the grace period is not above one second.
    pub fn new(bytes_per_second: f64, grace_period: Duration) -> Result<Self, FeatureError> {
        if !bytes_per_second.is_finite() || bytes_per_second <= 0.0 {
            return Err(FeatureError::out_of_range(format!(
                "a minimum data rate of {bytes_per_second} bytes per second: it must be a finite number above 0; \
                 to have no minimum, set the rate to None"
            )));
        }
        if grace_period <= Duration::from_secs(1) {
            return Err(FeatureError::out_of_range(format!(
                "a grace period of {grace_period:?}: it must be longer than one second"
            )));
        }
        Ok(Self { bytes_per_second, grace_period })
    }

    /// The rate, in bytes per second.
    pub fn bytes_per_second(&self) -> f64 {
        self.bytes_per_second
    }

    /// The time at the beginning that does not count.
    pub fn grace_period(&self) -> Duration {
        self.grace_period
    }
}

/// The slowest request body that this request's server puts up with. Kestrel, HTTP/1.
pub trait HttpMinRequestBodyDataRateFeature: Feature {
    /// The rate; `None` is no minimum. Default: 240 bytes/s after 5 s.
    fn min_data_rate(&self) -> Option<MinDataRate>;

    /// Changes the rate for this request.
    ///
    /// # Errors
    /// Not supported for a rate on HTTP/2 and HTTP/3, whose streams share a connection; `None` is.
    fn set_min_data_rate(&mut self, rate: Option<MinDataRate>) -> Result<(), FeatureError>;
}

/// The slowest reader of a response that this request's server puts up with. Kestrel, HTTP/1.
pub trait HttpMinResponseDataRateFeature: Feature {
    /// The rate; `None` is no minimum. Default: 240 bytes/s after 5 s.
    fn min_data_rate(&self) -> Option<MinDataRate>;

    /// Changes the rate for this request.
    fn set_min_data_rate(&mut self, rate: Option<MinDataRate>);
}
