//! The ranges that limits are checked against, and what is said when one is left.

use std::{fmt, ops::RangeInclusive, time::Duration};

use falconry_features::FeatureError;

/// Beyond this a time limit is none, and adding it to a point in time could overflow.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// `value`, if it is `min` or more.
pub(super) fn at_least<T>(option: &str, value: T, min: T, unit: &str) -> Result<T, FeatureError>
where
    T: fmt::Display + PartialOrd,
{
    if value < min {
        return Err(refuse(option, &value, format_args!("at least {min} {unit}")));
    }
    Ok(value)
}

/// `value`, if it lies in `range`.
pub(super) fn within(
    option: &str,
    value: u32,
    range: RangeInclusive<u32>,
    unit: &str,
) -> Result<u32, FeatureError> {
    if !range.contains(&value) {
        let (min, max) = (range.start(), range.end());
        return Err(refuse(option, &value, format_args!("from {min} to {max} {unit}")));
    }
    Ok(value)
}

/// `value`, if it is `min` or more; `None` if it is as good as endless.
pub(super) fn time(
    option: &str,
    value: impl Into<Option<Duration>>,
    min: Duration,
) -> Result<Option<Duration>, FeatureError> {
    let Some(value) = value.into().filter(|value| *value < FOREVER) else { return Ok(None) };
    if value < min {
        let need = if min < Duration::from_secs(1) {
            "longer than zero".into()
        } else {
            format!("at least {min:?}")
        };
        return Err(refuse(option, &format_args!("{value:?}"), format_args!("{need}, or None for no limit")));
    }
    Ok(Some(value))
}

fn refuse(option: &str, value: &dyn fmt::Display, need: fmt::Arguments<'_>) -> FeatureError {
    FeatureError::out_of_range(format!("{option} is {value}: it must be {need}"))
}
