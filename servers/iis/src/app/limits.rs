//! How long the application's start and stop may take.

use std::{env, ops::RangeInclusive, time::Duration};

/// How long the application's start and stop may take; the operator may say otherwise with variables of the
/// environment, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeLimits {
    /// Until the application has started its server. `FALCONRY_IIS_STARTUP_TIME_LIMIT`, 0 to 3600; default 120,
    /// as `startupTimeLimit` of the original.
    pub(super) startup: Duration,
    /// From the stop on, until the requests under way are aborted. `FALCONRY_IIS_SHUTDOWN_TIME_LIMIT`, 0 to 600;
    /// default 80. IIS ends a worker by force after the pool's limit, 90 seconds by default; so the
    /// application has ten left to end.
    pub(super) shutdown: Duration,
}

/// How long the end of the worker waits for that of the application, when no request is left
/// (`shutdownTimeLimit` of the original).
pub(super) const END_TIME_LIMIT: Duration = Duration::from_secs(10);

impl TimeLimits {
    pub(super) fn of_environment() -> Self {
        let variable = |name| env::var(name).ok();
        Self {
            startup: seconds(variable, "FALCONRY_IIS_STARTUP_TIME_LIMIT", 0..=3600, 120),
            shutdown: seconds(variable, "FALCONRY_IIS_SHUTDOWN_TIME_LIMIT", 0..=600, 80),
        }
    }
}

fn seconds(
    variable: impl Fn(&'static str) -> Option<String>,
    name: &'static str,
    range: RangeInclusive<u64>,
    default: u64,
) -> Duration {
    let given = variable(name).filter(|text| !text.is_empty());
    let number = given.as_ref().and_then(|text| text.parse().ok()).filter(|number| range.contains(number));
    if let (Some(text), None) = (&given, number) {
        let (start, end) = range.into_inner();
        tracing::warn!("{name} is '{text}': {default} is used, it takes whole seconds from {start} to {end}");
    }
    Duration::from_secs(number.unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::seconds;

    #[test]
    fn a_limit_is_a_number_of_seconds_in_its_range_or_the_default() {
        for (text, expected) in [
            (None, 120),
            (Some(""), 120),
            (Some("7"), 7),
            (Some("0"), 0),
            (Some("3601"), 120),
            (Some("1.5"), 120),
        ] {
            let limit = seconds(|_| text.map(str::to_owned), "LIMIT", 0..=3600, 120);
            assert_eq!(limit, Duration::from_secs(expected), "{text:?}");
        }
    }
}
