//! The Host field and the authority of a target (RFC 9110 section 7.2, RFC 9112 section 3.2).

use std::net::Ipv6Addr;

/// Whether `value` is a Host: empty, or a name or IP literal with an optional port.
pub(super) fn is_host(value: &str) -> bool {
    value.is_empty() || is_authority(value)
}

/// Whether `value` is an authority whose host is not empty (RFC 9110 section 4.2.1).
pub(super) fn is_authority(value: &str) -> bool {
    split_port(value).is_some()
}

/// Whether `value` is an authority as CONNECT needs it, with a port (RFC 9110 section 9.3.6).
pub(super) fn is_connect_authority(value: &str) -> bool {
    matches!(split_port(value), Some((_, Some(1..))))
}

/// Whether Host names the same authority as an absolute target; either side may leave out the scheme's default port.
pub(super) fn is_same_authority(host: &str, authority: &str, default_port: u16) -> bool {
    let port = |port: Option<u16>| port.unwrap_or(default_port);
    match (split_port(host), split_port(authority)) {
        (Some((a, a_port)), Some((b, b_port))) => a.eq_ignore_ascii_case(b) && port(a_port) == port(b_port),
        _ => false,
    }
}

/// Host and port. Narrower than RFC 3986 where nothing real needs the rest: no percent-encoding, no `* + , ; =`, no
/// IPvFuture, no empty port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, _) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            address.len() + 2
        }
        None => authority.bytes().position(|byte| !is_name(byte)).unwrap_or(authority.len()),
    };
    match authority.split_at_checked(end)? {
        ("", _) => None,
        (host, "") => Some((host, None)),
        (host, port) => {
            let digits = port.strip_prefix(':')?;
            let is_port = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            Some((host, Some(digits.parse().ok().filter(|_| is_port)?)))
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$&'()-._~".contains(&byte)
}
