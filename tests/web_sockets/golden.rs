//! The recorded rows.

use serde_json::Value;

/// The rows of a group.
pub(crate) fn rows(group: &str) -> Vec<Value> {
    let text = include_str!("../data/golden/websockets.json");
    let rows: Vec<Value> = serde_json::from_str(text).unwrap();
    let rows: Vec<_> = rows.into_iter().filter(|row| row["group"] == group).collect();
    assert!(!rows.is_empty(), "there are rows of {group}");
    rows
}

pub(crate) fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

/// The first line of the application that starts with `start`.
pub(crate) fn seen<'a>(row: &'a Value, start: &str) -> Option<&'a str> {
    row["app"].as_array()?.iter().filter_map(Value::as_str).find(|line| line.starts_with(start))
}

/// What stands between `start` and `end`.
pub(crate) fn between<'a>(case: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = case.split_once(start).unwrap_or_else(|| panic!("{start:?} in {case:?}"));
    rest.split_once(end).map_or(rest, |(inner, _)| inner)
}
