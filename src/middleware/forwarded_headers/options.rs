//! [`ForwardedHeadersOptions`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::HeaderName;

use super::{ForwardedFields, IpNetwork};

/// Which forwarded fields [`ForwardedHeaders`](super::ForwardedHeaders) applies, and whom it believes.
///
/// ```
/// use falconry::middleware::{ForwardedFields, ForwardedHeadersOptions};
///
/// let mut options = ForwardedHeadersOptions::default();
/// options.forwarded_headers = ForwardedFields::FOR | ForwardedFields::PROTO;
/// options.known_networks.push("10.0.0.0/8".parse().unwrap());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ForwardedHeadersOptions {
    /// Which fields are applied. Enable those alone that every proxy sets: what a proxy does not set, it
    /// passes on as the client sent it. Default: none.
    pub forwarded_headers: ForwardedFields,
    /// How many proxies at most are believed, counted from this program; `None` is all that are
    /// known. Default: 1.
    pub forward_limit: Option<usize>,
    /// The proxies that are believed, beside [`known_networks`](Self::known_networks). An IPv4 client
    /// of an IPv6 socket counts by its IPv4 address. If both lists are empty, everybody is believed;
    /// so is who has no IP address, as the other end of a unix socket. Default: `::1`.
    pub known_proxies: Vec<IpAddr>,
    /// The networks whose proxies are believed. Default: `127.0.0.0/8`.
    pub known_networks: Vec<IpNetwork>,
    /// The hosts that `X-Forwarded-Host` may name: `example.org`, `*.example.org` for what is under it,
    /// `*` for all. Without a port; other letters than ASCII may be written as they are. All if
    /// empty. Default: empty.
    pub allowed_hosts: Vec<String>,
    /// Whether all enabled fields must have the same number of values and all those must be right;
    /// otherwise nothing is applied. Default: false.
    pub require_header_symmetry: bool,
    /// The field with the addresses. Default: `X-Forwarded-For`.
    pub for_header_name: HeaderName,
    /// The field with the hosts. Default: `X-Forwarded-Host`.
    pub host_header_name: HeaderName,
    /// The field with the schemes. Default: `X-Forwarded-Proto`.
    pub proto_header_name: HeaderName,
    /// The field with the prefixes of the path. Default: `X-Forwarded-Prefix`.
    pub prefix_header_name: HeaderName,
    /// Where the address and port of the connection are kept when they are replaced. Default:
    /// `X-Original-For`.
    pub original_for_header_name: HeaderName,
    /// Where the host is kept when it is replaced. Default: `X-Original-Host`.
    pub original_host_header_name: HeaderName,
    /// Where the scheme is kept when it is replaced. Default: `X-Original-Proto`.
    pub original_proto_header_name: HeaderName,
    /// Where the path base is kept, percent-encoded, when it is replaced. Default: `X-Original-Prefix`.
    pub original_prefix_header_name: HeaderName,
}

impl ForwardedHeadersOptions {
    /// Address and scheme from whoever is at the other end: for programs that only their proxy can
    /// reach. This is what the setting `ForwardedHeaders_Enabled` switches on.
    pub fn trusting_everybody() -> Self {
        Self {
            forwarded_headers: ForwardedFields::FOR | ForwardedFields::PROTO,
            known_proxies: Vec::new(),
            known_networks: Vec::new(),
            ..Self::default()
        }
    }
}

impl Default for ForwardedHeadersOptions {
    fn default() -> Self {
        let loopback = IpNetwork::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8);
        Self {
            forwarded_headers: ForwardedFields::NONE,
            forward_limit: Some(1),
            known_proxies: vec![IpAddr::V6(Ipv6Addr::LOCALHOST)],
            known_networks: loopback.into_iter().collect(),
            allowed_hosts: Vec::new(),
            require_header_symmetry: false,
            for_header_name: HeaderName::from_static("x-forwarded-for"),
            host_header_name: HeaderName::from_static("x-forwarded-host"),
            proto_header_name: HeaderName::from_static("x-forwarded-proto"),
            prefix_header_name: HeaderName::from_static("x-forwarded-prefix"),
            original_for_header_name: HeaderName::from_static("x-original-for"),
            original_host_header_name: HeaderName::from_static("x-original-host"),
            original_proto_header_name: HeaderName::from_static("x-original-proto"),
            original_prefix_header_name: HeaderName::from_static("x-original-prefix"),
        }
    }
}
