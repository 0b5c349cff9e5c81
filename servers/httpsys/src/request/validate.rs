//! Fields of requests.

use http::{HeaderMap, HeaderValue, Version, header::CONNECTION};

/// More fields than this are answered by 400.
pub(crate) const MAX_FIELDS: usize = 1000;

/// What `Connection` of a request says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ConnectionOptions {
    keep_alive: bool,
    close: bool,
    pub(crate) upgrade: bool,
}

impl ConnectionOptions {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut options = Self::default();
        for value in headers.get_all(CONNECTION) {
            for option in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                options.keep_alive |= option.eq_ignore_ascii_case("keep-alive");
                options.close |= option.eq_ignore_ascii_case("close");
                options.upgrade |= option.eq_ignore_ascii_case("upgrade");
            }
        }
        options
    }

    /// True if the client means to send further requests on its connection (RFC 9112 section 9.3).
    pub(crate) fn keeps(self, version: Version) -> bool {
        match version {
            Version::HTTP_09 => false,
            Version::HTTP_10 => self.keep_alive,
            _ => !self.close,
        }
    }
}

/// True if `Connection` has this option.
pub(crate) fn has_connection_option(headers: &HeaderMap, option: &str) -> bool {
    headers.get_all(CONNECTION).iter().any(|value| {
        let value = value.to_str().unwrap_or_default();
        value.split(',').any(|one| one.trim().eq_ignore_ascii_case(option))
    })
}

/// Turns fields that are Latin-1 into UTF-8.
pub(crate) fn latin1_to_utf8(headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        if value.as_bytes().is_ascii() {
            continue;
        }
        let text: String = value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
        if let Ok(converted) =
            HeaderValue::from_str(&text).or_else(|_| HeaderValue::from_bytes(text.as_bytes()))
        {
            *value = converted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_in_latin_1_becomes_utf_8() {
        let mut headers = HeaderMap::new();
        headers.insert("x-name", HeaderValue::from_bytes(b"Ren\xe9").unwrap());
        headers.insert("x-plain", HeaderValue::from_static("plain"));
        latin1_to_utf8(&mut headers);
        assert_eq!(headers["x-name"].as_bytes(), "René".as_bytes());
        assert_eq!(headers["x-plain"], "plain");
    }
}
