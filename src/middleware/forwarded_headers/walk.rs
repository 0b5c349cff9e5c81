//! The way from this program back to the client, proxy by proxy.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use super::{ForwardedFields, ForwardedHeadersOptions, parse};
use crate::middleware::hosts::{self, HostPatterns};

/// What was believed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) remote: Option<SocketAddr>,
    pub(super) scheme: Option<String>,
    pub(super) host: Option<String>,
    pub(super) prefix: Option<String>,
    /// How many values of each field have been used.
    pub(super) consumed: usize,
}

impl Accepted {
    pub(super) fn is_empty(&self) -> bool {
        self.remote.is_none() && self.scheme.is_none() && self.host.is_none() && self.prefix.is_none()
    }
}

/// Why nothing is applied although symmetry is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asymmetry {
    Counts,
    For,
    Proto,
    Host,
    Prefix,
}

/// The fields of one request.
pub(super) struct Walk<'a> {
    options: &'a ForwardedHeadersOptions,
    allowed_hosts: Option<&'a HostPatterns>,
    r#for: Option<Vec<&'a [u8]>>,
    proto: Option<Vec<&'a [u8]>>,
    host: Option<Vec<&'a [u8]>>,
    prefix: Option<Vec<&'a [u8]>>,
}

impl<'a> Walk<'a> {
    /// Without `allowed_hosts` all are.
    pub(super) fn new(
        options: &'a ForwardedHeadersOptions,
        allowed_hosts: Option<&'a HostPatterns>,
        headers: &'a HeaderMap,
    ) -> Self {
        let values = |field, name| {
            let is_enabled = options.forwarded_headers.contains(field);
            is_enabled.then(|| parse::values(headers, name))
        };
        Self {
            r#for: values(ForwardedFields::FOR, &options.for_header_name),
            proto: values(ForwardedFields::PROTO, &options.proto_header_name),
            host: values(ForwardedFields::HOST, &options.host_header_name),
            prefix: values(ForwardedFields::PREFIX, &options.prefix_header_name),
            options,
            allowed_hosts,
        }
    }

    /// Goes back as far as every proxy on the way is known, `remote` being the first of them.
    pub(super) fn run(&self, remote: Option<SocketAddr>) -> Result<Accepted, Asymmetry> {
        let mut accepted = Accepted::default();
        let mut current = remote;
        for at in 0..self.entries()? {
            // A server without addresses has a peer all the same: who can reach it is known.
            if let Some(proxy) = current.filter(|proxy| !self.is_known(proxy.ip())) {
                tracing::debug!(%proxy, "forwarded fields of an unknown proxy are left as they are");
                break;
            }
            match from_right(self.r#for.as_ref(), at).map(parse::endpoint) {
                Some(Some(client)) => {
                    current = Some(SocketAddr::from(client));
                    accepted.remote = current;
                }
                Some(None) => {
                    tracing::debug!(field = %self.options.for_header_name, "a forwarded address is none");
                    break;
                }
                None if self.r#for.is_some() => self.missing(Asymmetry::For)?,
                None => {}
            }
            self.take(self.proto.as_ref(), at, parse::scheme, Asymmetry::Proto, &mut accepted.scheme)?;
            self.take(
                self.host.as_ref(),
                at,
                |host| self.allowed(host),
                Asymmetry::Host,
                &mut accepted.host,
            )?;
            self.take(self.prefix.as_ref(), at, parse::prefix, Asymmetry::Prefix, &mut accepted.prefix)?;
            accepted.consumed = at + 1;
        }
        Ok(accepted)
    }

    /// How many proxies to go back at most.
    fn entries(&self) -> Result<usize, Asymmetry> {
        let fields = [&self.r#for, &self.proto, &self.host, &self.prefix];
        let counts = fields.into_iter().flatten().map(Vec::len);
        let most = counts.clone().max().unwrap_or_default();
        if self.options.require_header_symmetry && counts.min().is_some_and(|least| least != most) {
            return Err(Asymmetry::Counts);
        }
        Ok(most.min(self.options.forward_limit.unwrap_or(usize::MAX)))
    }

    /// Takes a value if it is right; if not, what came before stays.
    fn take(
        &self,
        values: Option<&Vec<&'a [u8]>>,
        at: usize,
        read: impl FnOnce(&[u8]) -> Option<String>,
        asymmetry: Asymmetry,
        accepted: &mut Option<String>,
    ) -> Result<(), Asymmetry> {
        match from_right(values, at).and_then(read) {
            Some(value) => *accepted = Some(value),
            None if values.is_some() => self.missing(asymmetry)?,
            None => {}
        }
        Ok(())
    }

    fn missing(&self, asymmetry: Asymmetry) -> Result<(), Asymmetry> {
        if self.options.require_header_symmetry { Err(asymmetry) } else { Ok(()) }
    }

    fn allowed(&self, host: &[u8]) -> Option<String> {
        let host = std::str::from_utf8(host).ok().filter(|host| hosts::is_host(host))?;
        let is_allowed = self.allowed_hosts.is_none_or(|allowed| allowed.allow(host));
        is_allowed.then(|| host.to_owned())
    }

    fn is_known(&self, address: IpAddr) -> bool {
        let ForwardedHeadersOptions { known_proxies, known_networks, .. } = self.options;
        let is_listed = |address: IpAddr| {
            known_proxies.contains(&address) || known_networks.iter().any(|network| network.contains(address))
        };
        (known_proxies.is_empty() && known_networks.is_empty())
            || is_listed(address)
            || is_listed(address.to_canonical())
    }
}

fn from_right<'a>(values: Option<&Vec<&'a [u8]>>, at: usize) -> Option<&'a [u8]> {
    let values = values?;
    values.get(values.len().checked_sub(at + 1)?).copied()
}
