//! [`UrlPrefix`]: which URLs a server takes.

use std::{
    fmt,
    hash::{Hash, Hasher},
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use falconry_features::FeatureError;

/// `scheme://host:port/path/`: a server takes the requests whose URLs begin with it.
///
/// The host is `+` (every host, before all others), `*` (every host that nobody else takes), a name, `*.name`, or an IP
/// address. Names are as people write them, without punycode. Prefixes are equal regardless of case.
///
/// ```
/// use falconry_httpsys::UrlPrefix;
///
/// let prefix: UrlPrefix = "HTTP://example.org/app".parse()?;
/// assert_eq!(prefix.as_str(), "http://example.org:80/app/");
/// assert_eq!((prefix.host(), prefix.port(), prefix.path()), ("example.org", 80, "/app/"));
/// assert!("ftp://example.org".parse::<UrlPrefix>().unwrap_err().is_out_of_range());
/// # Ok::<(), falconry_features::FeatureError>(())
/// ```
#[derive(Clone)]
pub struct UrlPrefix {
    full: Box<str>,
    is_https: bool,
    host: Box<str>,
    port: u16,
    path_start: usize,
}

/// The kinds of hosts, in the order in which they are asked for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// `+`
    StrongWildcard,
    /// A name.
    Name,
    /// `*.name`
    Subdomains,
    /// An address of this machine.
    Address(IpAddr),
    /// `*`
    WeakWildcard,
}

impl UrlPrefix {
    /// A prefix from its parts. `port` `None` is 80 or 443.
    ///
    /// # Errors
    /// Out of range: the scheme. Invalid argument: an empty host. Invalid state: port 0 with https.
    pub fn new(scheme: &str, host: &str, port: Option<u16>, path: &str) -> Result<Self, FeatureError> {
        let is_https = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => false,
            _ if scheme.eq_ignore_ascii_case("https") => true,
            _ => {
                return Err(FeatureError::out_of_range(format!(
                    "the scheme {scheme:?} of a prefix: it must be http or https"
                )));
            }
        };
        if host.is_empty() {
            return Err(FeatureError::invalid_argument(
                "a prefix without a host: write `+` or `*` for every host",
            ));
        }
        if let Some(malformed) = host.chars().find(|one| one.is_control() || " /?#@\\".contains(*one)) {
            return Err(FeatureError::invalid_argument(format!(
                "the host {host:?} of a prefix has a {malformed:?}"
            )));
        }
        let port = port.unwrap_or(if is_https { 443 } else { 80 });
        if port == 0 && is_https {
            return Err(FeatureError::invalid_state(
                "port 0 is only for http: the certificate belongs to a port",
            ));
        }
        let slash = if path.ends_with('/') { "" } else { "/" };
        let first = if path.starts_with('/') || path.is_empty() { "" } else { "/" };
        let scheme = if is_https { "https" } else { "http" };
        let full = format!("{scheme}://{host}:{port}{first}{path}{slash}");
        let path_start = full.len() - path.len() - slash.len() - first.len();
        Ok(Self { full: full.into(), is_https, host: host.into(), port, path_start })
    }

    /// The whole prefix, with port and with a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    /// True for https.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// The host, as it was given.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path, with a slash at both ends.
    pub fn path(&self) -> &str {
        &self.full[self.path_start..]
    }

    /// The path without the slash at its end: what is the path base of requests.
    pub fn path_base(&self) -> &str {
        let path = self.path();
        &path[..path.len() - 1]
    }

    /// The same with another port.
    #[must_use]
    pub fn with_port(&self, port: u16) -> Self {
        let start = self.full.len() - self.path().len();
        let head_end = self.full[..start].rfind(':').unwrap_or(start);
        let full: Box<str> = format!("{}:{port}{}", &self.full[..head_end], self.path()).into();
        let path_start = full.len() - self.path().len();
        Self { full, port, path_start, ..self.clone() }
    }

    pub(crate) fn host_kind(&self) -> HostKind {
        match &*self.host {
            "+" => HostKind::StrongWildcard,
            "*" => HostKind::WeakWildcard,
            host if host.starts_with("*.") => HostKind::Subdomains,
            host => match address(host) {
                Some(address) => HostKind::Address(address),
                None => HostKind::Name,
            },
        }
    }
}

/// An address, an IPv6 one in brackets.
fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok().filter(IpAddr::is_ipv4),
    }
}

impl FromStr for UrlPrefix {
    type Err = FeatureError;

    fn from_str(text: &str) -> Result<Self, FeatureError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(malformed(text, "it has no `://`"));
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host_end = match authority.rfind(']') {
            Some(bracket) => bracket + 1,
            None => authority.rfind(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at(host_end);
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            None => return Err(malformed(text, "something stands between its host and its port")),
            Some(digits) => match digits.parse() {
                Ok(port) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(port),
                _ => return Err(malformed(text, "its port is no number from 0 to 65535")),
            },
        };
        Self::new(scheme, host, port, path)
    }
}

fn malformed(text: &str, reason: &str) -> FeatureError {
    FeatureError::invalid_argument(format!(
        "{text:?} is no prefix: {reason}; it is written scheme://host:port/path/"
    ))
}

impl PartialEq for UrlPrefix {
    fn eq(&self, other: &Self) -> bool {
        self.full.eq_ignore_ascii_case(&other.full)
    }
}

impl Eq for UrlPrefix {}

impl Hash for UrlPrefix {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.full.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
    }
}

impl fmt::Display for UrlPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

impl fmt::Debug for UrlPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<UrlPrefix, FeatureError> {
        text.parse()
    }

    #[test]
    fn a_prefix_has_its_default_port_and_a_slash_at_its_end() {
        let full = |text| parse(text).unwrap().to_string();
        assert_eq!(full("http://localhost"), "http://localhost:80/");
        assert_eq!(full("HTTPS://+/a/b"), "https://+:443/a/b/");
        assert_eq!(full("http://[::1]:5000"), "http://[::1]:5000/");
        assert_eq!(full("http://*:0/App/"), "http://*:0/App/");
        assert_eq!(parse("http://*:0/App/").unwrap().with_port(5003).as_str(), "http://*:5003/App/");
        assert_eq!(parse("http://[::1]:0").unwrap().with_port(81).as_str(), "http://[::1]:81/");
    }

    #[test]
    fn what_is_no_prefix_is_refused_by_its_kind() {
        assert!(parse("localhost:5000").unwrap_err().is_invalid_argument());
        assert!(parse("ftp://localhost").unwrap_err().is_out_of_range());
        assert!(parse("http://:5000").unwrap_err().is_invalid_argument());
        assert!(parse("http://localhost:").unwrap_err().is_invalid_argument());
        assert!(parse("http://localhost:x").unwrap_err().is_invalid_argument());
        assert!(parse("http://localhost:65536").unwrap_err().is_invalid_argument());
        assert!(parse("https://localhost:0").unwrap_err().is_invalid_state());
    }

    #[test]
    fn prefixes_are_equal_regardless_of_case() {
        assert_eq!(parse("http://LOCALHOST/App").unwrap(), parse("http://localhost:80/app/").unwrap());
    }

    #[test]
    fn hosts_are_of_five_kinds() {
        let kind = |host: &str| parse(&format!("http://{host}/")).unwrap().host_kind();
        assert_eq!(kind("+"), HostKind::StrongWildcard);
        assert_eq!(kind("*"), HostKind::WeakWildcard);
        assert_eq!(kind("*.example.org"), HostKind::Subdomains);
        assert_eq!(kind("example.org"), HostKind::Name);
        assert_eq!(kind("127.0.0.1"), HostKind::Address([127, 0, 0, 1].into()));
        assert_eq!(kind("[::1]"), HostKind::Address(Ipv6Addr::LOCALHOST.into()));
    }
}
