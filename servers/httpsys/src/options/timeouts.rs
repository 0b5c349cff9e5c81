//! How long clients are waited for.

use std::time::Duration;

use falconry_features::FeatureError;

use crate::driver::TimeoutLimits;

/// How long clients are waited for. Whole seconds from 0 to 65535; 0 is the system's own time, 2 minutes.
///
/// ```
/// use falconry_httpsys::HttpSysOptions;
/// use std::time::Duration;
///
/// let mut options = HttpSysOptions::default();
/// options.timeouts.set_idle_connection(Duration::from_secs(30))?;
/// assert!(options.timeouts.set_header_wait(Duration::from_secs(65_536)).unwrap_err().is_out_of_range());
/// # Ok::<(), falconry_features::FeatureError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeoutOptions {
    limits: TimeoutLimits,
}

macro_rules! times {
    ($($(#[$doc:meta])* $set:ident, $name:ident;)*) => {
        impl TimeoutOptions {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// Out of range: more than 65535 seconds.
                pub fn $set(&mut self, time: Duration) -> Result<&mut Self, FeatureError> {
                    self.limits.$name = seconds(stringify!($name), time)?;
                    Ok(self)
                }
            )*
        }
    };
}

times! {
    /// For the body of a request to arrive; what arrives starts it anew.
    set_entity_body, entity_body;
    /// For what is left of a body that nobody reads.
    set_drain_entity_body, drain_entity_body;
    /// For a request to be taken from the queue.
    set_request_queue, request_queue;
    /// For a connection without a request.
    set_idle_connection, idle_connection;
    /// For the head of a request.
    set_header_wait, header_wait;
}

impl TimeoutOptions {
    /// How slowly a response may be taken, in bytes per second; 0 is the system's own, 150, and [`u32::MAX`] no
    /// minimum.
    ///
    /// # Errors
    /// Out of range: more than [`u32::MAX`].
    pub fn set_min_send_bytes_per_second(&mut self, rate: u64) -> Result<&mut Self, FeatureError> {
        let rate = u32::try_from(rate).map_err(|_| {
            FeatureError::out_of_range(format!(
                "min_send_bytes_per_second is {rate}: it must be at most {}",
                u32::MAX
            ))
        })?;
        self.limits.min_send_bytes_per_second = Some(rate).filter(|rate| *rate > 0);
        Ok(self)
    }

    /// As they were set; `None` is the system's own.
    pub fn limits(&self) -> TimeoutLimits {
        self.limits
    }
}

fn seconds(name: &str, time: Duration) -> Result<Option<Duration>, FeatureError> {
    let seconds = time.as_secs();
    if seconds > u16::MAX.into() {
        return Err(FeatureError::out_of_range(format!(
            "{name} is {time:?}: it must be at most {} seconds",
            u16::MAX
        )));
    }
    Ok(Some(Duration::from_secs(seconds)).filter(|time| !time.is_zero()))
}
