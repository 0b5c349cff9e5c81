//! The Host field and the authority of a target (RFC 9110 section 7.2, RFC 9112 section 3.2).

use std::net::Ipv6Addr;

use super::chars::is_host;

/// Whether `value` is a valid Host: empty, or a name or IP literal with an optional port.
///
/// Narrower than the grammar of RFC 3986 where nothing real needs the rest: no percent-encoding, no `* + , ;
/// =`, no IPvFuture, no empty port, no port above 65535. What is in brackets has to be an IPv6 address.
#[inline]
pub(crate) fn is_valid_host(value: &[u8]) -> bool {
    value.is_empty() || split_port(value).is_some()
}

/// Whether `value` is an authority as CONNECT needs it: host and port, neither empty (RFC 9110 section
/// 9.3.6).
pub(crate) fn is_connect_authority(value: &[u8]) -> bool {
    matches!(split_port(value), Some((_, Some(1..))))
}

/// Whether `value` is an authority with a host that is not empty (RFC 9110 section 4.2.1).
pub(crate) fn is_authority(value: &[u8]) -> bool {
    split_port(value).is_some()
}

/// Whether Host names the same authority as an absolute target; either side may leave out the scheme's
/// default port.
pub(crate) fn is_same_authority(host: &[u8], authority: &[u8], default_port: u16) -> bool {
    if host.eq_ignore_ascii_case(authority) {
        return true;
    }
    let (Some((a, a_port)), Some((b, b_port))) = (split_port(host), split_port(authority)) else {
        return false;
    };
    a.eq_ignore_ascii_case(b) && a_port.unwrap_or(default_port) == b_port.unwrap_or(default_port)
}

/// Host and port of a valid, non-empty authority.
#[inline]
fn split_port(value: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let end = match value.first()? {
        b'[' => {
            let end = value.iter().position(|&byte| byte == b']')?;
            let address = std::str::from_utf8(value.get(1..end)?).ok()?;
            address.parse::<Ipv6Addr>().ok()?;
            end + 1
        }
        _ => value.iter().position(|&byte| !is_host(byte)).unwrap_or(value.len()),
    };
    let (host, port) = value.split_at_checked(end)?;
    match port {
        _ if host.is_empty() => None,
        [] => Some((host, None)),
        [b':', digits @ ..] => Some((host, Some(parse_port(digits)?))),
        _ => None,
    }
}

/// One to five digits up to 65535.
fn parse_port(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 5 {
        return None;
    }
    let mut port = 0u32;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        port = port * 10 + u32::from(digit - b'0');
    }
    u16::try_from(port).ok()
}
