//! The host of an address, and what may be one.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddrV6},
    path::{Path, PathBuf},
};

use super::ip;

/// What stands between `://` and the port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// `*`, `+` or a name that filters nothing.
    Any(String),
    /// An IPv4 address, kept as it was written.
    Ipv4(Ipv4Addr, String),
    /// An IPv6 address, kept as it was written; only its address and zone count.
    Ipv6(SocketAddrV6, String),
    /// `localhost` or a name under it.
    Localhost(String),
    /// `pipe:/name`.
    Pipe(String),
    /// `unix:/path`.
    Unix(PathBuf),
}

impl Host {
    /// Reads `unix:...` and `pipe:...` with the path base after a second colon; `None` if it is neither.
    pub(super) fn parse_socket(text: &str) -> Option<Result<(Self, String), String>> {
        let kind = ["unix:", "pipe:"]
            .into_iter()
            .find(|kind| text.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind)))?;
        let rest = &text[kind.len()..];
        let (rest, path_base) = rest.split_once(':').unwrap_or((rest, ""));
        let path_base = path_base.strip_suffix('/').unwrap_or(path_base).to_owned();
        let host = if kind == "unix:" { unix(rest) } else { pipe(rest) };
        Some(host.map(|host| (host, path_base)))
    }

    /// Reads any other host.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("has no host: write 'localhost', an IP address, or '*' for every address".into());
        }
        if text.contains(['[', ']']) {
            return ip::parse_v6(text).map(|address| Self::Ipv6(address, text.to_ascii_lowercase()));
        }
        let name = text.to_lowercase();
        if name == "localhost" || name.strip_suffix(".localhost").is_some_and(is_name) {
            return Ok(Self::Localhost(name));
        }
        if ip::ends_in_number(text) {
            return ip::parse_v4(text).map(|address| Self::Ipv4(address, name));
        }
        if text == "*" || text == "+" || is_name(text) {
            return Ok(Self::Any(name));
        }
        if text.contains(':') {
            return Err(format!("has the host '{text}': write IPv6 addresses in brackets, and one port"));
        }
        Err(format!(
            "has the host '{}', which is no name: write 'localhost', an IP address, or '*' for every address",
            text.escape_debug()
        ))
    }

    /// True if it has no port.
    pub(super) fn is_socket(&self) -> bool {
        matches!(self, Self::Unix(_) | Self::Pipe(_))
    }
}

fn unix(path: &str) -> Result<Host, String> {
    if !path.starts_with('/') {
        return Err("names a unix socket by a relative path: write it as 'http://unix:/path'".into());
    }
    if path.ends_with('/') {
        return Err("names a directory, not a unix socket: leave out the last '/'".into());
    }
    if path.contains('\0') {
        return Err("has a NUL in the path of its unix socket".into());
    }
    Ok(Host::Unix(Path::new(path).to_owned()))
}

fn pipe(name: &str) -> Result<Host, String> {
    match name.strip_prefix('/') {
        Some(name) if !name.is_empty() && !name.ends_with('/') => Ok(Host::Pipe(name.to_owned())),
        _ => Err("names no pipe: write it as 'http://pipe:/name'".into()),
    }
}

/// Names are looked up by nobody, so this is only to catch what was meant otherwise.
fn is_name(text: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    text.strip_suffix('.').unwrap_or(text).split('.').all(is_label)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(text) | Self::Localhost(text) | Self::Ipv4(_, text) | Self::Ipv6(_, text) => {
                f.write_str(text)
            }
            Self::Pipe(name) => write!(f, "pipe:/{name}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
