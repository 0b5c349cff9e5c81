//! Request targets: their parts (RFC 9112 section 3.2) and the decoding of their path.

use http::Method;

use super::inspect::Rejection;

/// The form of a request target (RFC 9112 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://authority/path?query`
    Absolute,
    /// `host:port` of CONNECT.
    Authority,
    /// `*` of OPTIONS.
    Asterisk,
}

/// A request target in its parts, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TargetParts<'a> {
    /// Which form the target has.
    pub(crate) form: TargetForm,
    /// The path, not decoded. Empty for `*` and an authority.
    pub(crate) path: &'a str,
    /// The query with its question mark, or nothing.
    pub(crate) query: &'a str,
    /// The authority of an absolute target or of CONNECT.
    pub(crate) authority: Option<&'a str>,
}

/// Splits a target that the inspector let pass.
pub(crate) fn split_target<'a>(method: &Method, raw_target: &'a str) -> TargetParts<'a> {
    if !raw_target.starts_with('/') {
        if *method == Method::CONNECT {
            let authority = Some(raw_target);
            return TargetParts { form: TargetForm::Authority, path: "", query: "", authority };
        }
        if raw_target == "*" {
            return TargetParts { form: TargetForm::Asterisk, path: "", query: "", authority: None };
        }
        if let Some(absolute) = split_absolute(raw_target.as_bytes()) {
            let (path, query) = split_query(raw_target.get(absolute.end..).unwrap_or_default());
            return TargetParts {
                form: TargetForm::Absolute,
                // RFC 9110 section 4.2.3: an empty path is the same as "/".
                path: if path.is_empty() { "/" } else { path },
                query,
                authority: raw_target.get(absolute.start..absolute.end),
            };
        }
    }
    let (path, query) = split_query(raw_target);
    TargetParts { form: TargetForm::Origin, path, query, authority: None }
}

/// Where the authority of an absolute `http` or `https` URI is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absolute {
    /// First octet of the authority.
    pub(crate) start: usize,
    /// The octet after it: the path, the query or the end.
    pub(crate) end: usize,
    /// Port that the scheme implies.
    pub(crate) default_port: u16,
}

/// Finds the authority of an absolute `http` or `https` URI; the scheme's case does not matter (RFC 3986
/// section 3.1).
pub(crate) fn split_absolute(target: &[u8]) -> Option<Absolute> {
    let is_prefix =
        |prefix: &[u8]| target.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let (start, default_port) = match () {
        () if is_prefix(b"http://") => (7, 80),
        () if is_prefix(b"https://") => (8, 443),
        () => return None,
    };
    let authority = target.get(start..)?;
    let len = authority.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(authority.len());
    Some(Absolute { start, end: start + len, default_port })
}

fn split_query(target: &str) -> (&str, &str) {
    match memchr::memchr(b'?', target.as_bytes()) {
        Some(at) => target.split_at_checked(at).unwrap_or((target, "")),
        None => (target, ""),
    }
}

/// Appends the path that the application sees to `out`.
///
/// Percent-encoded UTF-8 is decoded, except `%2F`, which would become a separator; what is not hexadecimal or
/// not UTF-8 stays as it is. Then dot segments are removed (RFC 3986 section 5.2.4), so that encoded ones
/// are, too.
///
/// # Errors
///
/// [`Rejection::InvalidRequestTarget`] for `%00`.
pub(crate) fn decode_path(raw_path: &str, out: &mut String) -> Result<(), Rejection> {
    let bytes = raw_path.as_bytes();
    if memchr::memchr(b'%', bytes).is_none() && !has_dot_segment(bytes) {
        out.push_str(raw_path);
        return Ok(());
    }
    let base = out.len();
    let mut segments = raw_path.split('/').peekable();
    // Before the first slash there is nothing, except in paths that are none.
    if let Some(first) = segments.next() {
        decode_segment(first, out)?;
    }
    while let Some(segment) = segments.next() {
        let start = out.len();
        out.push('/');
        decode_segment(segment, out)?;
        let keep = match out.get(start + 1..) {
            Some(".") => start,
            Some("..") => out.get(base..start).and_then(|kept| kept.rfind('/')).map_or(base, |at| base + at),
            _ => continue,
        };
        out.truncate(keep);
        if segments.peek().is_none() {
            out.push('/');
        }
    }
    Ok(())
}

/// Whether a segment could be `.` or `..`; a longer one that starts with a dot only costs time.
fn has_dot_segment(path: &[u8]) -> bool {
    memchr::memchr_iter(b'.', path).any(|at| at > 0 && path.get(at - 1) == Some(&b'/'))
}

fn decode_segment(segment: &str, out: &mut String) -> Result<(), Rejection> {
    let mut rest = segment;
    while let Some(at) = memchr::memchr(b'%', rest.as_bytes()) {
        let (before, encoded) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let mut sequence = [0; 4];
        let len = decode_sequence(encoded.as_bytes(), &mut sequence);
        let decoded = sequence.get(..len).and_then(|octets| std::str::from_utf8(octets).ok());
        rest = match decoded {
            Some("\0") => return Err(Rejection::InvalidRequestTarget),
            Some(text) if !text.is_empty() && text != "/" => {
                out.push_str(text);
                encoded.get(3 * len..).unwrap_or_default()
            }
            _ => {
                out.push('%');
                encoded.get(1..).unwrap_or_default()
            }
        };
    }
    out.push_str(rest);
    Ok(())
}

/// Decodes the octets of one character; their number, or 0 if they are not there.
fn decode_sequence(encoded: &[u8], sequence: &mut [u8; 4]) -> usize {
    let mut len = 1;
    for (at, octet) in sequence.iter_mut().enumerate() {
        if at == len {
            break;
        }
        let Some([b'%', high, low]) = encoded.get(3 * at..3 * at + 3) else { return 0 };
        let (Some(high), Some(low)) = (char::from(*high).to_digit(16), char::from(*low).to_digit(16)) else {
            return 0;
        };
        *octet = (high << 4 | low) as u8;
        if at == 0 {
            len = match *octet {
                0..=0x7F => 1,
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                _ => return 0,
            };
        }
    }
    len
}
