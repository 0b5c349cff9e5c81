//! IP addresses as people write them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};

/// True if the last part is a number: then the host is an IPv4 address or a mistake, never a name.
pub(super) fn ends_in_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// `127.0.0.1`, and the older forms `127.1`, `2130706433`, `0x7f.0.0.1` and `0177.0.0.1`.
pub(super) fn parse_v4(host: &str) -> Result<Ipv4Addr, String> {
    v4(host).ok_or_else(|| {
        format!("has the host '{host}', which is no IPv4 address: write four numbers from 0 to 255, as in '127.0.0.1'")
    })
}

fn v4(host: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = host.split('.').map(part).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    // The last part fills all octets that the others leave.
    let free_bits = 8 * (4 - first.len() as u32);
    if last >> free_bits != 0 {
        return None;
    }
    let start = first.iter().fold(0, |bits, part| bits << 8 | part);
    u32::try_from(start << free_bits | last).ok().map(Ipv4Addr::from)
}

/// A number: decimal, octal with a leading 0, hexadecimal with a leading 0x.
fn part(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    let is_number = digits.starts_with(|c: char| c.is_ascii_hexdigit());
    is_number
        .then(|| u64::from_str_radix(digits, radix).ok())
        .flatten()
        .filter(|part| *part <= u32::MAX.into())
}

/// `[::1]`, with a zone as in `[fe80::1%eth0]`, `[fe80::1%2]` or, as URLs have it, `[fe80::1%25eth0]`.
pub(super) fn parse_v6(host: &str) -> Result<SocketAddrV6, String> {
    let Some(inside) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Err(format!(
            "has the host '{host}': write an IPv6 address as '[::1]', with a port as '[::1]:5000'"
        ));
    };
    let (address, zone) = match inside.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (inside, None),
    };
    let Ok(address) = address.parse::<Ipv6Addr>() else {
        return Err(format!(
            "has the host '{host}', in whose brackets is no IPv6 address: write it as '[::1]'"
        ));
    };
    let zone = match zone {
        Some(zone) => interface(zone).ok_or_else(|| {
            format!("has the zone '{zone}', which is no network interface here: leave it out or correct it")
        })?,
        None => 0,
    };
    // Only these addresses are told apart by their zone.
    let has_zone = address.is_unicast_link_local() || address.is_multicast();
    Ok(SocketAddrV6::new(address, 0, 0, if has_zone { zone } else { 0 }))
}

/// The number of a network interface, given as a number or a name.
fn interface(zone: &str) -> Option<u32> {
    let zone = zone.strip_prefix("25").filter(|name| !name.is_empty()).unwrap_or(zone);
    zone.parse().ok().or_else(|| by_name(zone))
}

#[cfg(target_os = "linux")]
fn by_name(name: &str) -> Option<u32> {
    let is_name = !name.is_empty() && name != "." && name != ".." && !name.contains('/');
    is_name
        .then(|| std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).ok())
        .flatten()?
        .trim()
        .parse()
        .ok()
}

#[cfg(not(target_os = "linux"))]
fn by_name(_name: &str) -> Option<u32> {
    None
}
