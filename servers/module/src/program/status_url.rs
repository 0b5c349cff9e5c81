//! [`StatusUrl`]: where the status page is.

use std::{fmt, net::IpAddr};

/// The address of a status page: `http://`, and a host and port of this machine alone.
#[derive(Debug, PartialEq)]
pub(super) struct StatusUrl {
    authority: String,
}

impl StatusUrl {
    /// Where `status` looks if nothing else is said.
    pub(super) fn usual() -> Self {
        Self { authority: "127.0.0.1:5099".to_owned() }
    }

    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        match authority.filter(|authority| is_loopback(authority)) {
            Some(authority) => Ok(Self { authority: authority.to_owned() }),
            None => Err(format!(
                "--status {url}: the status page is for this machine only: http://127.0.0.1:PORT, http://[::1]:PORT or \
                 http://localhost:PORT"
            )),
        }
    }

    /// Host and port.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for StatusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

/// A host that is this machine alone, and a port.
fn is_loopback(authority: &str) -> bool {
    let Some((host, port)) = authority.rsplit_once(':') else { return false };
    let address = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').and_then(|host| host.parse().ok()).map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    };
    let is_host =
        host.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback());
    is_host && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::StatusUrl;

    #[test]
    fn only_addresses_of_this_machine_alone_show_the_state() {
        for url in ["http://127.0.0.1:0", "http://localhost:5099/", "http://[::1]:80", "http://127.9.9.9:1"] {
            assert!(StatusUrl::parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://*:80",
            "http://0.0.0.0:80",
            "http://[::]:80",
            "http://example.com",
            "https://localhost:1",
            "http://localhost",
            "http://localhost:99999",
            "http://localhost:1/path",
            "http://127.0.0.1:1@example.com:80",
            "x",
        ] {
            assert!(StatusUrl::parse(url).is_err(), "{url}");
        }
    }
}
