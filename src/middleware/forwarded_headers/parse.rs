//! What stands in the forwarded fields.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, HeaderName};

use crate::middleware::path_text;

/// The values of a field in all its lines, without space and quotes around them. Empty ones are left
/// out.
///
/// A comma separates in quotes, too: no value that could be right has one, and a client's stray
/// quote must not swallow what proxies append.
pub(super) fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a [u8]> {
    let lines = headers.get_all(name).iter();
    let values = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    values.map(|value| unquoted(value.trim_ascii())).filter(|value| !value.is_empty()).collect()
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        value => value,
    }
}

/// `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`; the port is 0 if
/// there is none. The zone of an IPv6 address means something on the proxy only and is left out.
pub(super) fn endpoint(value: &[u8]) -> Option<(IpAddr, u16)> {
    let text = std::str::from_utf8(value).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port = if port.is_empty() { 0 } else { parse_port(port.strip_prefix(':')?)? };
        return Some((IpAddr::V6(v6(address)?), port));
    }
    if let Some(address) = v6(text) {
        return Some((IpAddr::V6(address), 0));
    }
    let (address, port) = match text.split_once(':') {
        Some((address, port)) => (address, parse_port(port)?),
        None => (text, 0),
    };
    Some((IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), port))
}

fn v6(text: &str) -> Option<Ipv6Addr> {
    let address = match text.split_once('%') {
        Some((address, zone)) if zone.bytes().all(is_zone) && !zone.is_empty() => address,
        Some(_) => return None,
        None => text,
    };
    address.parse().ok()
}

fn is_zone(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn parse_port(digits: &str) -> Option<u16> {
    // A sign is no part of a port.
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// A scheme in lower case (RFC 3986 section 3.1).
pub(super) fn scheme(value: &[u8]) -> Option<String> {
    let (first, rest) = value.split_first()?;
    let is_scheme = first.is_ascii_alphabetic()
        && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    is_scheme.then(|| value.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect())
}

/// A path base: decoded and without a slash at its end. It never starts with two slashes or one of
/// each kind, which would be a link to another host wherever the application shows it.
pub(super) fn prefix(value: &[u8]) -> Option<String> {
    let path = path_text::decoded(std::str::from_utf8(value).ok()?)?;
    let rest = path.strip_prefix('/')?;
    if rest.starts_with('\\') || (rest.starts_with('/') && !rest.trim_matches('/').is_empty()) {
        return None;
    }
    Some(path.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Option<String> {
        endpoint(value.as_bytes()).map(|(address, port)| format!("{address}|{port}"))
    }

    #[test]
    fn addresses_come_with_and_without_ports() {
        for (value, expected) in [
            ("1.1.1.1", "1.1.1.1|0"),
            ("1.1.1.1:80", "1.1.1.1|80"),
            ("[::1]:65535", "::1|65535"),
            ("[fe80::1%eth0]:1", "fe80::1|1"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4|0"),
        ] {
            assert_eq!(shown(value).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for value in [
            "",
            "a",
            "1.1",
            "01.1.1.1",
            "1.1.1.1:",
            "1.1.1.1:+1",
            "1.1.1.1:65536",
            "[1.1.1.1]",
            "[::1",
            "[::1]x",
            "[::1]80",
            "::1%",
            "::1%a b",
            "1.1.1.1 :80",
        ] {
            assert_eq!(shown(value), None, "{value}");
        }
        assert_eq!(endpoint(b"\xff"), None);
    }

    #[test]
    fn a_quote_of_the_client_does_not_swallow_what_the_proxy_appends() {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("x-forwarded-for");
        headers.append(&name, "\"9.9.9.9".parse().unwrap());
        headers.append(&name, "\", \"1.2.3.4\" ,".parse().unwrap());
        assert_eq!(values(&headers, &name), [b"\"9.9.9.9".as_slice(), b"\"", b"1.2.3.4"]);
    }

    #[test]
    fn a_prefix_is_never_a_link_to_another_host() {
        for value in ["//evil.example", "/%2F/x", "/\\evil", "/%5Cevil", "x", "", "/%0D", "/%FF"] {
            let prefix = prefix(value.as_bytes());
            assert!(prefix.is_none() || prefix.as_deref() == Some("/%2F/x"), "{value}: {prefix:?}");
        }
        assert_eq!(prefix(b"/").as_deref(), Some(""));
        assert_eq!(prefix(b"/a%20b/").as_deref(), Some("/a b"));
    }
}
