//! Request targets: their parts (RFC 9112 section 3.2) and the decoding of their path.

use http::{Method, StatusCode};

use crate::BadHttpRequestError;

/// The form of a request target (RFC 9112 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://authority/path?query`
    Absolute,
    /// `host:port` of CONNECT.
    Authority,
    /// `*` of OPTIONS.
    Asterisk,
}

/// A request target in its parts, as sent. Whether the target is valid is for the server to say.
///
/// ```
/// use falconry_features::RequestTarget;
/// use http::Method;
///
/// let target = RequestTarget::new(&Method::GET, "http://localhost:81/a%20b?c=d");
/// assert_eq!(target.authority, Some("localhost:81"));
/// assert_eq!((target.path, target.query), ("/a%20b", "?c=d"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTarget<'a> {
    /// Which form the target has.
    pub form: TargetForm,
    /// The path, not decoded. Empty for `*` and an authority.
    pub path: &'a str,
    /// The query with its question mark, or nothing.
    pub query: &'a str,
    /// The authority of an absolute target or of CONNECT.
    pub authority: Option<&'a str>,
}

impl<'a> RequestTarget<'a> {
    /// Splits the target of a request with `method`.
    pub fn new(method: &Method, target: &'a str) -> Self {
        if !target.starts_with('/') {
            if *method == Method::CONNECT {
                return Self { form: TargetForm::Authority, path: "", query: "", authority: Some(target) };
            }
            if target == "*" {
                return Self { form: TargetForm::Asterisk, path: "", query: "", authority: None };
            }
            if let Some((authority, rest)) = split_absolute(target) {
                let (path, query) = split_query(rest);
                // RFC 9110 section 4.2.3: an empty path is the same as "/".
                let path = if path.is_empty() { "/" } else { path };
                return Self { form: TargetForm::Absolute, path, query, authority: Some(authority) };
            }
        }
        let (path, query) = split_query(target);
        Self { form: TargetForm::Origin, path, query, authority: None }
    }
}

/// Splits an absolute `http` or `https` URI behind its authority; the scheme's case does not matter
/// (RFC 3986 section 3.1).
fn split_absolute(target: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = target.split_once("://")?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))
}

fn split_query(target: &str) -> (&str, &str) {
    target.find('?').and_then(|at| target.split_at_checked(at)).unwrap_or((target, ""))
}

/// Appends the path that the application sees to `out`.
///
/// Percent-encoded UTF-8 is decoded, except `%2F`, which would become a separator; what is not hexadecimal or
/// not UTF-8 stays as it is. Then dot segments are removed (RFC 3986 section 5.2.4), so that encoded ones
/// are, too.
///
/// # Errors
/// 400 for `%00`, as in the original.
///
/// ```
/// use falconry_features::decode_path;
///
/// let mut path = String::new();
/// decode_path("/a/%2e%2e/gr%C3%BC%C3%9Fe%2F", &mut path).unwrap();
/// assert_eq!(path, "/grüße%2F");
/// assert!(decode_path("/%00", &mut path).is_err());
/// ```
pub fn decode_path(raw_path: &str, out: &mut String) -> Result<(), BadHttpRequestError> {
    let bytes = raw_path.as_bytes();
    if !bytes.contains(&b'%') && !has_dot_segment(bytes) {
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
    path.contains(&b'.') && path.windows(2).any(|pair| pair == b"/.")
}

fn decode_segment(segment: &str, out: &mut String) -> Result<(), BadHttpRequestError> {
    let mut rest = segment;
    while let Some(at) = rest.find('%') {
        let (before, encoded) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let mut sequence = [0; 4];
        let len = decode_sequence(encoded.as_bytes(), &mut sequence);
        let decoded = sequence.get(..len).and_then(|octets| std::str::from_utf8(octets).ok());
        rest = match decoded {
            Some("\0") => return Err(encoded_nul()),
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

#[cold]
fn encoded_nul() -> BadHttpRequestError {
    BadHttpRequestError::new(StatusCode::BAD_REQUEST, "the path of the request has an encoded NUL")
}
