//! Field lines (RFC 9112 section 5) and the few fields that decide about the message itself.

use super::Rejection;
use super::chars::{is_space, is_token, trim, value_end};
use super::host::is_valid_host;

/// One valid field line. Offsets count from its first octet.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldLine {
    /// Length of the name; the colon follows.
    pub(super) name_len: usize,
    /// Where the value ends, with the whitespace after it.
    pub(super) value_end: usize,
    /// Length of the line with its CRLF.
    pub(super) len: usize,
}

impl FieldLine {
    /// Parses the line that starts `bytes`. Without a complete line there, the result is an error, but which
    /// one means nothing.
    #[inline(always)]
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let name_len = bytes.iter().position(|&byte| !is_token(byte)).unwrap_or(bytes.len());
        if name_len == 0 || bytes.get(name_len) != Some(&b':') {
            return Err(bad_name(bytes, name_len));
        }
        let value_end = value_end(bytes, name_len + 1);
        match bytes.get(value_end..) {
            Some([b'\r', b'\n', ..]) => Ok(Self { name_len, value_end, len: value_end + 2 }),
            _ => Err(Rejection::InvalidCharactersInHeaderValue),
        }
    }

    /// The name in the line that starts `bytes`.
    pub(super) fn name<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(..self.name_len).unwrap_or_default()
    }

    /// The value in the line that starts `bytes`, trimmed.
    pub(super) fn value<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        trim(bytes.get(self.name_len + 1..self.value_end).unwrap_or_default())
    }
}

/// The names and values of field lines that are in order.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Those of the lines that start `bytes`, up to an empty line or the end.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0;
        let line = FieldLine::parse(bytes).ok()?;
        self.0 = bytes.get(line.len..).unwrap_or_default();
        Some((line.name(bytes), line.value(bytes)))
    }
}

/// What is wrong where the name ends and no colon follows, or there is no name.
#[cold]
fn bad_name(bytes: &[u8], name_len: usize) -> Rejection {
    match bytes.get(name_len) {
        Some(b'\r' | b'\n') if name_len == 0 => Rejection::InvalidRequestHeadersNoCrlf,
        // Folding, whitespace before the colon, an empty name, no colon: RFC 9112 sections 5.1 and 5.2.
        None | Some(b' ' | b'\t' | b':' | b'\r' | b'\n') => Rejection::InvalidRequestHeader,
        Some(_) => Rejection::InvalidCharactersInHeaderName,
    }
}

/// What the Transfer-Encoding fields have said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    /// There is no such field.
    #[default]
    Absent,
    /// Codings, but not yet `chunked`.
    NotChunked,
    /// `chunked`, spelt so that every parser reads it alike.
    Chunked,
    /// `chunked` among empty list elements.
    ChunkedInList,
    /// Another coding and then `chunked`.
    OtherThenChunked,
}

/// What the fields that decide about the message have said so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Offsets of the Host value in the head.
    pub(super) host: Option<(usize, usize)>,
    /// The value of Content-Length.
    pub(super) content_length: Option<u64>,
    /// The transfer codings.
    pub(super) coding: Coding,
    /// Connection has `close`.
    pub(super) close: bool,
    /// Connection has `keep-alive`.
    pub(super) keep_alive: bool,
    /// Connection has `upgrade`.
    pub(super) connection_upgrade: bool,
    /// There is an Upgrade field.
    pub(super) upgrade: bool,
    /// There is a TE field.
    pub(super) te: bool,
}

impl Facts {
    /// Takes note of the field line at offset `at` of `head`.
    #[inline]
    pub(super) fn record(&mut self, head: &[u8], at: usize, line: &FieldLine) -> Result<(), Rejection> {
        // The length tells nearly all fields apart from the six that count here.
        match line.name_len {
            2 | 4 | 7 | 10 | 14 | 17 => self.record_candidate(head, at, line),
            _ => Ok(()),
        }
    }

    /// As `record`, for a name of the right length.
    #[inline]
    fn record_candidate(&mut self, head: &[u8], at: usize, line: &FieldLine) -> Result<(), Rejection> {
        let bytes = head.get(at..).unwrap_or_default();
        let name = line.name(bytes);
        let Some(first) = name.first() else { return Ok(()) };
        match (name.len(), first | 0x20) {
            (4, b'h') if name.eq_ignore_ascii_case(b"host") => {
                if self.host.is_some() {
                    return Err(Rejection::MultipleHostHeaders);
                }
                let value = line.value(bytes);
                if !is_valid_host(value) {
                    return Err(Rejection::InvalidHostHeader);
                }
                let untrimmed = bytes.get(line.name_len + 1..line.value_end).unwrap_or_default();
                let lead = untrimmed.iter().take_while(|&&byte| is_space(byte)).count();
                let start = at + line.name_len + 1 + if value.is_empty() { 0 } else { lead };
                self.host = Some((start, start + value.len()));
            }
            (2, b't') if name.eq_ignore_ascii_case(b"te") => self.te = true,
            (7, b'u') if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade = true,
            (10, b'c') if name.eq_ignore_ascii_case(b"connection") => {
                self.record_connection(line.value(bytes))
            }
            (14, b'c') if name.eq_ignore_ascii_case(b"content-length") => {
                // RFC 9110 section 8.6 allows to accept equal repetitions; refusing them hides no
                // disagreement.
                if self.content_length.is_some() {
                    return Err(Rejection::MultipleContentLengths);
                }
                self.content_length =
                    Some(parse_length(line.value(bytes)).ok_or(Rejection::InvalidContentLength)?);
            }
            (17, b't') if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.record_coding(line.value(bytes))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// RFC 9110 section 7.6.1; several field lines are one list.
    fn record_connection(&mut self, value: &[u8]) {
        for option in value.split(|&byte| byte == b',').map(trim) {
            match option.len() {
                5 => self.close |= option.eq_ignore_ascii_case(b"close"),
                7 => self.connection_upgrade |= option.eq_ignore_ascii_case(b"upgrade"),
                10 => self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive"),
                _ => {}
            }
        }
    }

    /// RFC 9112 section 6.1. Several field lines are one list; empty elements of a list are ignored (RFC 9110
    /// section 5.6.1), but a field without any element is refused.
    fn record_coding(&mut self, value: &[u8]) -> Result<(), Rejection> {
        if self.coding == Coding::Absent && value.eq_ignore_ascii_case(b"chunked") {
            self.coding = Coding::Chunked;
            return Ok(());
        }
        let mut elements = 0;
        for coding in value.split(|&byte| byte == b',').map(trim).filter(|coding| !coding.is_empty()) {
            elements += 1;
            // `chunked` is the last coding and is applied once (RFC 9112 section 7.1).
            let is_chunked = coding.eq_ignore_ascii_case(b"chunked");
            self.coding = match self.coding {
                Coding::Absent if is_chunked => Coding::ChunkedInList,
                Coding::NotChunked if is_chunked => Coding::OtherThenChunked,
                Coding::Absent | Coding::NotChunked if is_token(coding[0]) => Coding::NotChunked,
                _ => return Err(Rejection::FinalTransferCodingNotChunked),
            };
        }
        match elements {
            0 => Err(Rejection::FinalTransferCodingNotChunked),
            _ => Ok(()),
        }
    }
}

/// `1*DIGIT` (RFC 9110 section 8.6) that fits into 63 bits: everything after us counts with signed numbers
/// somewhere.
fn parse_length(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut length = 0i64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        length = length.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    u64::try_from(length).ok()
}
