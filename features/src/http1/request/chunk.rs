//! The line before a chunk (RFC 9112 section 7.1).

use crate::{
    BadHttpRequestError,
    http1::{
        bad,
        chars::{is_space, is_token},
    },
};

/// Hexadecimal digits of a size, leading zeros included. Sixteen hold every size that can be counted to.
const MAX_DIGITS: usize = 16;

/// The size that a line without its CRLF tells; its extensions are checked and forgotten.
pub(super) fn parse_size(line: &[u8]) -> Result<u64, BadHttpRequestError> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, extensions) = line.split_at_checked(end).unwrap_or_default();
    let size = (1..=MAX_DIGITS).contains(&digits.len()).then(|| {
        digits
            .iter()
            .fold(0, |size, &digit| size << 4 | u64::from(char::from(digit).to_digit(16).unwrap_or(0)))
    });
    // Everything after us counts with signed numbers somewhere.
    let size = size.filter(|&size| i64::try_from(size).is_ok());
    match size {
        Some(size) if are_extensions(extensions) => Ok(size),
        _ => Err(bad("the size of a chunk is malformed")),
    }
}

/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`, RFC 9112 section 7.1.1: whitespace stands around
/// a semicolon or an equals sign, never at the end.
fn are_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let Some(after_name) = trim_start(rest).strip_prefix(b";").and_then(|rest| token(trim_start(rest)))
        else {
            return false;
        };
        rest = match trim_start(after_name).strip_prefix(b"=").map(trim_start) {
            None => after_name,
            Some(value) => match token(value).or_else(|| quoted(value)) {
                Some(rest) => rest,
                None => return false,
            },
        };
    }
    true
}

/// What follows the token that starts `bytes`.
fn token(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|&byte| !is_token(byte)).unwrap_or(bytes.len());
    bytes.get(end..).filter(|_| end > 0)
}

/// What follows the quoted string that starts `bytes` (RFC 9110 section 5.6.4).
fn quoted(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'\t' | b' '..=0x7E | 0x80.., after @ ..] => after,
            [b'\t' | b' '..=b'[' | b']'..=0x7E | 0x80.., after @ ..] => after,
            _ => return None,
        };
    }
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&byte| !is_space(byte)).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_hexadecimal_and_fit() {
        for (line, size) in [("0", 0), ("a", 10), ("1F", 31), ("00000000000000ff", 255), ("5;a", 5)] {
            assert_eq!(parse_size(line.as_bytes()).ok(), Some(size), "{line}");
        }
        for line in ["", " 5", "5 ", "0x5", "+5", "g", "5h", "00000000000000005", "8000000000000000"] {
            assert!(parse_size(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn extensions_are_names_with_values_or_without() {
        for line in ["1;a", "1 ; a", "1;a=b", "1;a = b;c", "1;a=\"x y\\\"z\"", "1\t;a=\"\"\t;b"] {
            assert!(parse_size(line.as_bytes()).is_ok(), "{line}");
        }
        for line in
            ["1;", "1;;a", "1;a=", "1;=b", "1;a b", "1;a=\"x", "1;a=\"x\"y", "1;a ", "1;a=\"\x01\"", "1=a"]
        {
            assert!(parse_size(line.as_bytes()).is_err(), "{line}");
        }
    }
}
