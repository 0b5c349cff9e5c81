//! Reads HTTP/1.1 responses strictly: it is a judge, not a browser (RFC 9112).

use std::io;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Head;

/// How the end of a response's body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyEnd {
    Length(u64),
    Chunks,
    Close,
}

/// The length of the head at the beginning of `bytes`, its empty line included.
pub(super) fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|position| position + 4)
}

pub(super) fn head(bytes: &[u8]) -> io::Result<Head> {
    let text = bytes.strip_suffix(b"\r\n\r\n").unwrap_or(bytes);
    let mut lines = split_lines(text).into_iter();
    let status_line = lines.next().unwrap_or_default();
    let (status, reason) = parse_status_line(status_line)
        .ok_or_else(|| malformed(format!("a status line of {:?}", String::from_utf8_lossy(status_line))))?;
    Ok(Head { status, reason, fields: fields(lines)? })
}

/// The fields of these lines.
pub(super) fn fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> io::Result<HeaderMap> {
    let mut fields = HeaderMap::new();
    for line in lines {
        let parsed = line.iter().position(|&byte| byte == b':').and_then(|colon| {
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
        });
        let (name, value) = parsed
            .ok_or_else(|| malformed(format!("a field line of {:?}", String::from_utf8_lossy(line))))?;
        fields.append(name, value);
    }
    Ok(fields)
}

/// The size of a chunk, from its line without the line end.
pub(super) fn chunk_size(line: &[u8]) -> io::Result<u64> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    std::str::from_utf8(digits)
        .ok()
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| malformed(format!("a chunk size of {:?}", String::from_utf8_lossy(line))))
}

/// How the body after `head` ends (RFC 9112 section 6.3), and whether the head may say so.
pub(super) fn body_end(head: &Head, method: &str) -> io::Result<BodyEnd> {
    let has_chunks = head.fields.contains_key("transfer-encoding");
    let lengths: Vec<_> = head.fields.get_all("content-length").iter().collect();
    if has_chunks && !lengths.is_empty() {
        return Err(malformed("both Transfer-Encoding and Content-Length"));
    }
    if lengths.len() > 1 {
        return Err(malformed("two Content-Length fields"));
    }
    let is_interim = (100..200).contains(&head.status);
    if (is_interim || head.status == 204) && (has_chunks || !lengths.is_empty()) {
        return Err(malformed(format!("a framing field in a {}, which has no body", head.status)));
    }
    let length = match lengths.first() {
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .filter(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()))
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(|| malformed(format!("a Content-Length of {value:?}")))?,
        ),
        None => None,
    };
    if method == "HEAD" || is_interim || matches!(head.status, 204 | 304) {
        return Ok(BodyEnd::Length(0));
    }
    if has_chunks {
        let coding = head.field("transfer-encoding");
        return match coding.eq_ignore_ascii_case("chunked") {
            true => Ok(BodyEnd::Chunks),
            false => Err(malformed(format!("a Transfer-Encoding of {coding:?}"))),
        };
    }
    Ok(length.map_or(BodyEnd::Close, BodyEnd::Length))
}

pub(super) fn malformed(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the server sent a malformed response: {what}"))
}

pub(super) fn split_lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        lines.push(&rest[..end]);
        rest = &rest[end + 2..];
    }
    lines.push(rest);
    lines
}

fn parse_status_line(line: &[u8]) -> Option<(u16, String)> {
    let rest = line.strip_prefix(b"HTTP/1.1 ").or_else(|| line.strip_prefix(b"HTTP/1.0 "))?;
    let (digits, rest) = rest.split_at_checked(3)?;
    let status = std::str::from_utf8(digits).ok()?.parse().ok().filter(|status| *status >= 100)?;
    let reason = rest.strip_prefix(b" ")?;
    if reason.iter().any(|&byte| byte != b'\t' && (byte < b' ' || byte == 0x7f)) {
        return None;
    }
    Some((status, String::from_utf8_lossy(reason).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_head_is_taken_apart() {
        let head = head(b"HTTP/1.1 404 Not Found\r\nA: 1\r\nA:  2 \r\n\r\n").unwrap();
        assert_eq!((head.status, head.reason.as_str(), head.field("a").as_str()), (404, "Not Found", "1, 2"));
        assert_eq!(body_end(&head, "GET").unwrap(), BodyEnd::Close);
    }

    #[test]
    fn malformed_heads_are_refused() {
        for bytes in [
            "HTTP/1.1 404\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA b: 1\r\n\r\n",
            "HTTP/1.1 200 \r\nA\r\n\r\n",
        ] {
            assert!(head(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn contradicting_framing_is_refused() {
        for fields in [
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Content-Length: +1",
            "Transfer-Encoding: gzip",
        ] {
            let head = head(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n").as_bytes()).unwrap();
            assert!(body_end(&head, "GET").is_err(), "{fields:?}");
        }
    }

    #[test]
    fn chunk_sizes_are_hexadecimal() {
        assert_eq!(chunk_size(b"1a;x=y").unwrap(), 26);
        for line in ["", "-1", "+1", "g", "1 "] {
            assert!(chunk_size(line.as_bytes()).is_err(), "{line:?}");
        }
    }
}
