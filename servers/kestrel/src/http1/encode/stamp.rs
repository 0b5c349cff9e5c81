//! The fields that the server adds to nearly every response, ready to be copied.

use http::HeaderValue;

const LINES: &[u8; 54] = b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\nserver: Kestrel\r\n";
const DATE: std::ops::Range<usize> = 6..35;
const DATE_LINE: usize = 37;

/// The lines of `Date` and `Server`.
#[derive(Clone, Debug)]
pub(in crate::http1) struct Stamp([u8; LINES.len()]);

impl Stamp {
    pub(in crate::http1) fn new(date: &HeaderValue) -> Self {
        let mut lines = *LINES;
        if date.len() == DATE.len() {
            lines[DATE].copy_from_slice(date.as_bytes());
        }
        Self(lines)
    }

    /// The line of `Date`, if it is wanted, and that of `Server`, if that is.
    pub(super) fn lines(&self, date: bool, server: bool) -> &[u8] {
        let start = if date { 0 } else { DATE_LINE };
        let end = if server { LINES.len() } else { DATE_LINE };
        &self.0[start..end]
    }
}
