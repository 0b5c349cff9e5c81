//! The request as a service sees it.

use std::net::SocketAddr;

use falconry_features::{CancellationToken, HttpConnectionFeature, RequestBody, User};

use super::target;
use crate::{HttpContext, Result};

/// What a service may want to know beyond the request itself: an extension of every request that
/// comes through a [`ServiceHandler`](super::ServiceHandler).
///
/// ```
/// use falconry::tower::RequestInfo;
///
/// async fn who(request: http::Request<falconry::features::RequestBody>) -> String {
///     let info = request.extensions().get::<RequestInfo>().expect("falconry gives it");
///     format!("{:?} over {}", info.remote_address, info.scheme)
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestInfo {
    /// `http` or `https`.
    pub scheme: String,
    /// The first part of the path, which the request's target no longer has.
    pub path_base: String,
    /// Identifies the connection; empty if the server does not.
    pub connection_id: String,
    /// Identifies the request in logs.
    pub trace_identifier: String,
    /// The client; `None` on unix sockets and in memory.
    pub remote_address: Option<SocketAddr>,
    /// Where the client connected to; `None` on unix sockets and in memory.
    pub local_address: Option<SocketAddr>,
    /// Who sent the request.
    pub user: User,
    /// Fires when the client has gone.
    pub request_aborted: CancellationToken,
}

impl RequestInfo {
    fn new(ctx: &HttpContext) -> Self {
        let connection = ctx.connection();
        Self {
            scheme: ctx.request().scheme().to_owned(),
            path_base: ctx.request().path_base().to_owned(),
            connection_id: connection
                .map(|connection| connection.connection_id().to_owned())
                .unwrap_or_default(),
            trace_identifier: ctx.trace_identifier(),
            remote_address: connection.and_then(remote),
            local_address: connection.and_then(local),
            user: ctx.user(),
            request_aborted: ctx.request_aborted(),
        }
    }
}

/// Makes the service's request; the body goes with it, everything else stays.
pub(super) fn take(ctx: &mut HttpContext) -> Result<http::Request<RequestBody>> {
    let info = RequestInfo::new(ctx);
    let request = ctx.request();
    let mut parts = http::Request::new(()).into_parts().0;
    parts.method = request.method().clone();
    parts.version = request.version();
    parts.headers = request.headers().clone();
    parts.uri = target::of(request)?;
    parts.extensions.insert(info);
    Ok(http::Request::from_parts(parts, ctx.request_mut().take_body()))
}

fn remote(connection: &dyn HttpConnectionFeature) -> Option<SocketAddr> {
    Some((connection.remote_ip_address()?, connection.remote_port()).into())
}

fn local(connection: &dyn HttpConnectionFeature) -> Option<SocketAddr> {
    Some((connection.local_ip_address()?, connection.local_port()).into())
}
