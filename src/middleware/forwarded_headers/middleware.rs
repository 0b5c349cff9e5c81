//! [`ForwardedHeaders`]: the middleware.

use std::net::SocketAddr;

use falconry_features::{BoxFuture, HttpConnectionFeature};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    ForwardedFields, ForwardedHeadersOptions, parse,
    walk::{Accepted, Walk},
};
use crate::{
    HttpContext, Middleware, Next, Result,
    middleware::{hosts::HostPatterns, path_text},
};

/// Makes the request what it was when it reached the first proxy: address of the client, host, scheme
/// and path base, as the `X-Forwarded-*` fields tell.
///
/// Every proxy appends to these fields, so they are read from the right, one value of each for one
/// proxy, for as long as the sender of what is read is a known proxy and the limit allows. An address that
/// is none ends that; another value that is wrong is passed over. What was used is taken out of its
/// field, and what it replaced is kept in an `X-Original-*` field.
///
/// It stands in front of everything that looks at one of these.
///
/// ```
/// use falconry::{Pipeline, middleware::{ForwardedFields, ForwardedHeaders, ForwardedHeadersOptions}};
///
/// let mut options = ForwardedHeadersOptions::default();
/// options.forwarded_headers = ForwardedFields::FOR | ForwardedFields::PROTO;
/// options.known_proxies.push("10.0.0.7".parse().unwrap());
/// let app = Pipeline::new().use_(ForwardedHeaders::new(options));
/// ```
#[derive(Clone, Debug)]
pub struct ForwardedHeaders {
    options: ForwardedHeadersOptions,
    /// `None` if all are.
    allowed_hosts: Option<HostPatterns>,
}

impl ForwardedHeaders {
    /// The middleware with these options. With the default ones it does nothing.
    pub fn new(options: ForwardedHeadersOptions) -> Self {
        let hosts = &options.allowed_hosts;
        let allowed_hosts = (!hosts.is_empty()).then(|| HostPatterns::new(hosts));
        Self { options, allowed_hosts }
    }

    fn apply(&self, ctx: &mut HttpContext) {
        let remote = ctx.connection().and_then(remote_of);
        let headers = ctx.request().headers();
        let walk = Walk::new(&self.options, self.allowed_hosts.as_ref(), headers);
        match walk.run(remote) {
            Ok(accepted) if accepted.is_empty() => {}
            Ok(accepted) => self.replace(ctx, remote, accepted),
            Err(asymmetry) => {
                tracing::warn!(?asymmetry, "forwarded fields do not belong together; none is applied");
            }
        }
    }

    fn replace(&self, ctx: &mut HttpContext, remote: Option<SocketAddr>, accepted: Accepted) {
        let Accepted { remote: client, scheme, host, prefix, consumed } = accepted;
        let options = &self.options;
        // Where the scheme alone was replaced, the address is kept all the same: it is whose word it was.
        if options.forwarded_headers.contains(ForwardedFields::FOR) && (remote.is_some() || client.is_some())
        {
            let original = remote.map(|remote| remote.to_string());
            let names = (&options.for_header_name, &options.original_for_header_name);
            used(ctx, names, consumed, original.as_deref());
        }
        if let Some(client) = client {
            let connection = ctx.connection_mut();
            connection.set_remote_ip_address(Some(client.ip()));
            connection.set_remote_port(client.port());
        }
        if let Some(scheme) = scheme {
            let original = ctx.request().scheme().to_owned();
            let names = (&options.proto_header_name, &options.original_proto_header_name);
            used(ctx, names, consumed, Some(&original));
            ctx.request_mut().set_scheme(&scheme);
        }
        if let Some(host) = host {
            let original = ctx.request().host().to_owned();
            let names = (&options.host_header_name, &options.original_host_header_name);
            used(ctx, names, consumed, Some(&original));
            set(ctx.request_mut().headers_mut(), &header::HOST, Some(&host));
        }
        if let Some(prefix) = prefix {
            let original = path_text::encoded(ctx.request().path_base());
            let names = (&options.prefix_header_name, &options.original_prefix_header_name);
            used(
                ctx,
                names,
                consumed,
                Some(&original).filter(|original| !original.is_empty()).map(String::as_str),
            );
            ctx.request_mut().set_path_base(&prefix);
        }
    }
}

impl Middleware for ForwardedHeaders {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        self.apply(ctx);
        next.start(ctx)
    }
}

fn remote_of(connection: &dyn HttpConnectionFeature) -> Option<SocketAddr> {
    Some(SocketAddr::new(connection.remote_ip_address()?, connection.remote_port()))
}

/// Takes the values that were used out of the field and keeps what they replaced.
fn used(ctx: &mut HttpContext, names: (&HeaderName, &HeaderName), consumed: usize, original: Option<&str>) {
    let (name, original_name) = names;
    let mut request = ctx.request_mut();
    let headers = request.headers_mut();
    let values = parse::values(headers, name);
    let rest = &values[..values.len().saturating_sub(consumed)];
    let rest: Vec<HeaderValue> =
        rest.iter().filter_map(|value| HeaderValue::from_bytes(value).ok()).collect();
    headers.remove(name);
    for value in rest {
        headers.append(name, value);
    }
    // What the client itself says was original goes in any case.
    set(headers, original_name, original);
}

fn set(headers: &mut HeaderMap, name: &HeaderName, value: Option<&str>) {
    match value.and_then(|value| HeaderValue::from_str(value).ok()) {
        Some(value) => headers.insert(name, value),
        None => headers.remove(name),
    };
}
