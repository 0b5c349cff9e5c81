//! Strings as Windows takes them.

/// In UTF-16, with a 0 at the end. One inside would end it early.
pub(super) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().take_while(|unit| *unit != 0).chain([0]).collect()
}
