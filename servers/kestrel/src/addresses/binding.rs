//! The address as it is written.

use std::{fmt, str::FromStr};

use falconry_features::ServerError;

use super::host::Host;

/// An address to bind: `scheme://host[:port][/pathbase]`.
///
/// * `http` and `https`; the port is 80 or 443 unless given, and 0 lets the system choose.
/// * `localhost` and names ending in `.localhost` are both loopback addresses.
/// * `*`, `+` and all other names are every address of the machine: a name filters nothing.
/// * `unix:/path` is a unix socket, `pipe:/name` a named pipe of Windows.
///
/// ```
/// # use falconry_kestrel::{BindingAddress, ListenEndpoint};
/// let address = BindingAddress::parse("HTTP://LocalHost:5000/")?;
/// assert_eq!(address.to_string(), "http://localhost:5000");
/// assert_eq!(address.resolve()?, ListenEndpoint::Localhost { name: "localhost".into(), port: 5000 });
///
/// let error = BindingAddress::parse("http://localhost:5OOO").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the address 'http://localhost:5OOO' has the port '5OOO': write a number from 0 to 65535"
/// );
/// # Ok::<(), falconry_features::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BindingAddress {
    scheme: Scheme,
    host: Host,
    port: u16,
    path_base: String,
}

impl BindingAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// It is no address, of another scheme, or has a host or a port that cannot be.
    pub fn parse(address: &str) -> Result<Self, ServerError> {
        let refuse = |reason: fmt::Arguments<'_>| {
            ServerError::address(format!("the address '{}' {reason}", address.escape_debug()))
        };
        let Some((scheme, rest)) = address.split_once("://") else {
            return Err(refuse(format_args!("has no scheme: write it as 'http://host:port'")));
        };
        let scheme = Scheme::parse(scheme).ok_or_else(|| {
            refuse(format_args!("has the scheme '{}': use 'http://' or 'https://'", scheme.escape_debug()))
        })?;
        if let Some(socket) = Host::parse_socket(rest) {
            let (host, path_base) = socket.map_err(|reason| refuse(format_args!("{reason}")))?;
            return Ok(Self { scheme, host, port: 0, path_base });
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_port(authority);
        let host = Host::parse(host).map_err(|reason| refuse(format_args!("{reason}")))?;
        let port = match port {
            None => scheme.default_port(),
            Some(port) => parse_port(port).ok_or_else(|| {
                refuse(format_args!("has the port '{}': write a number from 0 to 65535", port.escape_debug()))
            })?,
        };
        Ok(Self { scheme, host, port, path_base: path.strip_suffix('/').unwrap_or(path).to_owned() })
    }

    /// The scheme. `https` asks for TLS, whose certificate is found elsewhere.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case: a name, an address (IPv6 in brackets), `*`, `+`, `unix:/path` or `pipe:/name`.
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// The port: the scheme's own if none is written, 0 for sockets and pipes.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What follows host and port, without the last `/`. No server binds one.
    pub fn path_base(&self) -> &str {
        &self.path_base
    }

    pub(super) fn parsed_host(&self) -> &Host {
        &self.host
    }
}

/// The last colon outside brackets separates the port.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_brackets = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[after_brackets..].rfind(':') {
        Some(colon) => {
            let colon = after_brackets + colon;
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        None => (authority, None),
    }
}

fn parse_port(port: &str) -> Option<u16> {
    port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok()).flatten()
}

impl FromStr for BindingAddress {
    type Err = ServerError;

    fn from_str(address: &str) -> Result<Self, Self::Err> {
        Self::parse(address)
    }
}

/// The address as a URL, scheme and host in lower case, with its port.
impl fmt::Display for BindingAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if !self.host.is_socket() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path_base)
    }
}

/// The scheme of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// True for `https`.
    pub fn is_https(self) -> bool {
        self == Self::Https
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| text.eq_ignore_ascii_case(scheme.as_str()))
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
