//! Values with a type.

use std::{str::FromStr, time::Duration};

use falconry_features::{FeatureError, ServerError};

use super::section::Section;
use crate::HttpProtocols;

const DURATION: &str = "a time such as 00:02:10, 130s, 500ms, 2m, 1h or 1d";

impl Section<'_> {
    /// `true` or `false`.
    pub(super) fn flag(&self) -> Result<Option<bool>, ServerError> {
        let Some(value) = self.filled() else { return Ok(None) };
        [("true", true), ("false", false), ("1", true), ("0", false)]
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(value))
            .map(|(_, flag)| Some(flag))
            .ok_or_else(|| self.refuse("true or false"))
    }

    /// A whole number, not negative.
    pub(super) fn number<T: FromStr>(&self) -> Result<Option<T>, ServerError> {
        self.filled().map(|value| self.parse_number(value)).transpose()
    }

    /// As [`number`](Self::number); empty is the absence of a limit.
    pub(super) fn number_or_unlimited<T: FromStr>(&self) -> Result<Option<Option<T>>, ServerError> {
        match self.value() {
            None => Ok(None),
            Some("") => Ok(Some(None)),
            Some(value) => self.parse_number(value).map(|number| Some(Some(number))),
        }
    }

    /// A number that may have a fraction.
    pub(super) fn decimal(&self) -> Result<Option<f64>, ServerError> {
        let Some(value) = self.filled() else { return Ok(None) };
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| self.refuse("a number"))
    }

    /// A time.
    pub(super) fn time(&self) -> Result<Option<Duration>, ServerError> {
        let Some(value) = self.filled() else { return Ok(None) };
        parse_time(value).map(Some).ok_or_else(|| self.refuse(DURATION))
    }

    /// As [`time`](Self::time); empty is the absence of a limit.
    pub(super) fn time_or_unlimited(&self) -> Result<Option<Option<Duration>>, ServerError> {
        match self.value() {
            None => Ok(None),
            Some("") => Ok(Some(None)),
            Some(value) => parse_time(value)
                .map(|time| Some(Some(time)))
                .ok_or_else(|| self.refuse(format_args!("{DURATION}; empty (null) stands for no limit"))),
        }
    }

    /// One of these, in whatever case.
    #[cfg(feature = "tls")]
    pub(super) fn one_of<T: Clone>(&self, allowed: &[(&str, T)]) -> Result<Option<T>, ServerError> {
        let Some(value) = self.filled() else { return Ok(None) };
        let found = allowed.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
        found.map(|(_, found)| Some(found.clone())).ok_or_else(|| {
            let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
            self.refuse(list(&names))
        })
    }

    /// `Http1AndHttp2`, or several names with a comma between them.
    pub(super) fn protocols(&self) -> Result<Option<HttpProtocols>, ServerError> {
        let Some(value) = self.filled() else { return Ok(None) };
        let protocols = value
            .split(',')
            .map(|name| name.trim().parse::<HttpProtocols>().ok())
            .reduce(|all, one| Some(all? | one?))
            .flatten();
        protocols
            .map(Some)
            .ok_or_else(|| self.refuse("Http1, Http2, Http1AndHttp2, Http3 or Http1AndHttp2AndHttp3"))
    }

    /// Reads the value under `name` and, if there is one, sets it; the setter's objection names the key.
    pub(super) fn set<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self) -> Result<Option<T>, ServerError>,
        set: impl FnOnce(T) -> Result<(), FeatureError>,
    ) -> Result<(), ServerError> {
        let child = self.child(name);
        let Some(value) = read(&child)? else { return Ok(()) };
        set(value).map_err(|error| {
            // The setter begins with the option's name and value, which the key stands for here.
            let text = error.to_string();
            child.fault(text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason))
        })
    }

    fn parse_number<T: FromStr>(&self, value: &str) -> Result<T, ServerError> {
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| value.parse().ok()).flatten().ok_or_else(|| self.refuse("a whole number from 0 on"))
    }
}

/// `a, b or c`.
#[cfg(feature = "tls")]
fn list(names: &[&str]) -> String {
    match names {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        names => names.concat(),
    }
}

/// `1.02:03:04.5` or a number with a unit.
fn parse_time(text: &str) -> Option<Duration> {
    if text.contains(':') {
        return parse_clock(text);
    }
    let unit_start = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_start);
    let seconds = match unit.to_ascii_lowercase().as_str() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(decimal(number.trim_end())? * seconds).ok()
}

/// `[days.]hours:minutes[:seconds[.fraction]]`.
fn parse_clock(text: &str) -> Option<Duration> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() {
        return None;
    }
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let below = |text: &str, limit: u64| whole(text).filter(|number| *number < limit);
    let whole_seconds =
        whole(days)?.checked_mul(86_400)?.checked_add(below(hours, 24)? * 3600 + below(minutes, 60)? * 60)?;
    let seconds = decimal(seconds).filter(|seconds| *seconds < 60.0)?;
    Duration::from_secs(whole_seconds).checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A number without sign or exponent.
fn decimal(text: &str) -> Option<f64> {
    let is_plain = text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_a_clock_or_with_a_unit() {
        for (text, expected) in [
            ("00:02:10", Duration::from_secs(130)),
            ("130s", Duration::from_secs(130)),
            ("2.5 s", Duration::from_millis(2500)),
            ("500ms", Duration::from_millis(500)),
            ("2m", Duration::from_secs(120)),
            ("1h", Duration::from_secs(3600)),
            ("1d", Duration::from_secs(86_400)),
            ("1.02:03:04.5", Duration::from_millis(93_784_500)),
            ("01:30", Duration::from_secs(5400)),
            ("00:00:00", Duration::ZERO),
        ] {
            assert_eq!(parse_time(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "130",
            "",
            "s",
            "-1s",
            "+1s",
            "1e3s",
            "1w",
            "24:00:00",
            "00:60:00",
            "00:00:60",
            "1:2:3:4",
            ":",
            "-00:00:01",
            "infs",
            "nan s",
            "1..5s",
            "99999999999999999999:00",
            "99999999999999999999d",
            "1é",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
