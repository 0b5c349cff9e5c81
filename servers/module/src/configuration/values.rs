//! Texts as values, with their ranges.

use std::{fmt::Display, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

/// `true` or `false`, in any case.
pub(super) fn flag(value: &str) -> Result<bool, String> {
    one_of(value, &[("true", true), ("false", false)])
}

/// One of several words, in any case.
pub(super) fn one_of<T: Copy>(value: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(value));
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        refuse(value, words.join(" or "))
    })
}

/// A whole number.
pub(super) fn number<T>(value: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| refuse(value, format_args!("a number from {} to {}", range.start(), range.end())))
}

/// A number of seconds.
pub(super) fn seconds(value: &str, most: u64) -> Result<Duration, String> {
    let number = number::<u64>(value, 0..=most);
    number.map(Duration::from_secs).map_err(|_| refuse(value, format_args!("seconds from 0 to {most}")))
}

/// A time such as `00:02:00` or `1.12:30:00`: days, hours, minutes and seconds, as .NET writes one.
pub(super) fn time_span(value: &str, most: Duration) -> Result<Duration, String> {
    let time = parse_time_span(value).filter(|time| *time <= most);
    time.ok_or_else(|| {
        let hours = most.as_secs() / 3600;
        refuse(
            value,
            format_args!("hours, minutes and seconds from 00:00:00 to {hours}:00:00, such as 00:02:00"),
        )
    })
}

/// A path as this system writes it: files from Windows say `.\logs\stdout`.
pub(crate) fn native_path(value: &str) -> PathBuf {
    if cfg!(windows) { PathBuf::from(value) } else { PathBuf::from(value.replace('\\', "/")) }
}

pub(super) fn refuse(value: &str, expected: impl Display) -> String {
    format!("{value:?} is not {expected}")
}

fn parse_time_span(value: &str) -> Option<Duration> {
    let (days, time) = match value.split_once('.') {
        Some((days, time)) => (part(days)?, time),
        None => (0, value),
    };
    let parts = time.split(':').map(part).collect::<Option<Vec<_>>>()?;
    // Hours over a day are how IIS itself writes the upper end of the range.
    let [hours, minutes @ 0..=59, seconds @ 0..=59] = parts[..] else { return None };
    if days > 0 && hours > 23 {
        return None;
    }
    Some(Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds))
}

fn part(text: &str) -> Option<u64> {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}
