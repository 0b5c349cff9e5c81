//! The request line (RFC 9112 section 3) and which forms of target it may have.

use super::Rejection;
use super::chars::{is_token, target_end};
use super::host::{is_authority, is_connect_authority};
use crate::http1::target::split_absolute;

/// No registered method is longer than 17 octets; RFC 9112 section 3 wants 501 for one longer than any
/// implemented.
const MAX_METHOD: usize = 64;

/// The minor version, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    #[default]
    Http11,
    /// HTTP/1.2 to HTTP/1.9, answered as HTTP/1.1 (RFC 9110 section 2.5).
    Later,
}

/// The form of the request target (RFC 9112 section 3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// A path, perhaps with a query.
    #[default]
    Origin,
    /// A whole `http` or `https` URI whose authority is at these offsets of the target.
    Absolute {
        /// First octet of the authority.
        start: usize,
        /// The octet after the authority.
        end: usize,
        /// Port that the scheme implies.
        default_port: u16,
    },
    /// `host:port` of CONNECT.
    Authority,
    /// `*` of OPTIONS.
    Asterisk,
}

/// A valid request line. Offsets count from its first octet, which is also the first of the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestLine {
    /// Length of the method; the target starts one octet later.
    pub(super) method_len: usize,
    /// Where the target ends.
    pub(super) target_end: usize,
    /// Length of the line with its CRLF.
    pub(super) len: usize,
    /// Which HTTP/1 it is.
    pub(super) version: Version,
    /// Which form the target has.
    pub(super) form: Form,
}

impl RequestLine {
    /// Parses the line that starts `bytes`. Without a complete line there, the result is an error, but which
    /// one means nothing.
    #[inline]
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let Some(method_len) = method_len(bytes) else { return Err(Rejection::MethodTooLong) };
        // Exactly one SP between the parts: other whitespace is how parsers come to disagree (RFC 9112
        // section 3).
        if method_len == 0 || bytes[method_len] != b' ' {
            return Err(Rejection::InvalidRequestLine);
        }
        let after_method = &bytes[method_len + 1..];
        let target_len = target_end(after_method);
        let (target, rest) = after_method.split_at(target_len);
        let Some(tail) = rest.first_chunk::<11>() else {
            return Err(bad_end_of_target(rest));
        };
        // As one comparison; a pattern would be eleven.
        let version = if tail == b" HTTP/1.1\r\n" { Version::Http11 } else { parse_version(tail)? };
        let form = match target.first() {
            Some(b'/') if method_len != 7 || bytes[..7] != *b"CONNECT" => Form::Origin,
            _ => other_form(&bytes[..method_len], target)?,
        };
        let target_end = method_len + 1 + target_len;
        Ok(Self { method_len, target_end, len: target_end + tail.len(), version, form })
    }

    /// The method of this line, which starts `head`.
    pub(super) fn method<'a>(&self, head: &'a [u8]) -> &'a [u8] {
        head.get(..self.method_len).unwrap_or_default()
    }

    /// The target of this line, which starts `head`.
    pub(super) fn target<'a>(&self, head: &'a [u8]) -> &'a [u8] {
        head.get(self.method_len + 1..self.target_end).unwrap_or_default()
    }
}

/// Length of the token that starts `bytes`, if it is not too long for a method.
#[inline]
fn method_len(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'G', b'E', b'T', b' ', ..] => Some(3),
        [b'P', b'O', b'S', b'T', b' ', ..] => Some(4),
        _ => bytes.iter().take(MAX_METHOD + 1).position(|&byte| !is_token(byte)),
    }
}

/// SP, version and CRLF where the version is not HTTP/1.1. Its name is case-sensitive and both numbers are
/// single digits (RFC 9112 section 2.3).
#[cold]
fn parse_version(tail: &[u8; 11]) -> Result<Version, Rejection> {
    match tail {
        [b' ', b'H', b'T', b'T', b'P', b'/', major, b'.', minor, b'\r', b'\n']
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            match (major, minor) {
                (b'1', b'0') => Ok(Version::Http10),
                (b'1', _) => Ok(Version::Later),
                _ => Err(Rejection::UnrecognizedHttpVersion),
            }
        }
        _ => Err(bad_end_of_target(tail)),
    }
}

/// What is wrong where the target ends and no version follows.
#[cold]
fn bad_end_of_target(rest: &[u8]) -> Rejection {
    match rest.first() {
        None | Some(b' ' | b'\r' | b'\n') => Rejection::InvalidRequestLine,
        Some(_) => Rejection::InvalidRequestTarget,
    }
}

/// The form of a target that is no path, or of CONNECT.
#[cold]
fn other_form(method: &[u8], target: &[u8]) -> Result<Form, Rejection> {
    if target.is_empty() {
        return Err(Rejection::InvalidRequestLine);
    }
    if method == b"CONNECT" {
        return match is_connect_authority(target) {
            true => Ok(Form::Authority),
            false => Err(Rejection::InvalidRequestTarget),
        };
    }
    if target == b"*" {
        return match method {
            b"OPTIONS" => Ok(Form::Asterisk),
            _ => Err(Rejection::OptionsMethodRequired),
        };
    }
    if let Some(absolute) = split_absolute(target) {
        // User information in a URI from elsewhere is there to deceive (RFC 9110 section 4.2.4); it fails
        // this check.
        let authority = target.get(absolute.start..absolute.end).unwrap_or_default();
        return match is_authority(authority) {
            true => Ok(Form::Absolute {
                start: absolute.start,
                end: absolute.end,
                default_port: absolute.default_port,
            }),
            false => Err(Rejection::InvalidRequestTarget),
        };
    }
    match is_authority(target) {
        true => Err(Rejection::ConnectMethodRequired),
        false => Err(Rejection::InvalidRequestTarget),
    }
}
