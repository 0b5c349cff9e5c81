//! Routes that tell what the server told the application.

use std::{net::IpAddr, sync::atomic::Ordering};

use bytes::{BufMut, BytesMut};
use falconry::{
    HttpContext, Result,
    features::{Certificate, TlsConnectionFeature, TlsHandshakeFeature},
};
use falconry_features::HttpAuthenticationFeature;
use http::{HeaderValue, Version, header};
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Contract, plain_text};

/// `/fields`: the request's fields, one a line.
pub(super) async fn fields(ctx: &mut HttpContext) -> Result {
    let mut lines = BytesMut::new();
    for (name, value) in ctx.request().headers() {
        lines.put_slice(name.as_str().as_bytes());
        lines.put_slice(b": ");
        lines.put_slice(value.as_bytes());
        lines.put_u8(b'\n');
    }
    plain_text(ctx)?;
    ctx.response_mut().write(lines.freeze()).await
}

/// `/info`: request, connection and server, as JSON.
pub(super) async fn info(ctx: &mut HttpContext, contract: &Contract) -> Result {
    let mut text = describe(ctx, contract).to_string();
    text.push('\n');
    let mut response = ctx.response_mut();
    response.set_header(header::CONTENT_TYPE, "application/json")?;
    response.set_header(header::CONTENT_LENGTH, HeaderValue::from(text.len()))?;
    response.write(text).await
}

fn describe(ctx: &HttpContext, contract: &Contract) -> Value {
    let request = ctx.request();
    let connection = ctx.connection();
    let mut features: Vec<_> = ctx.features().iter().map(|entry| entry.name()).collect();
    features.sort_unstable();
    json!({
        "server": contract.server.get(),
        "protocol": protocol(request.version()),
        "scheme": request.scheme(),
        "host": request.host(),
        "path_base": request.path_base(),
        "path": request.path(),
        "query": request.query_string(),
        "raw_target": request.raw_target(),
        "connection_id": connection.map(|connection| connection.connection_id()),
        "trace_id": ctx.trace_identifier(),
        "local": connection.and_then(|end| endpoint(end.local_ip_address(), end.local_port())),
        "remote": connection.and_then(|end| endpoint(end.remote_ip_address(), end.remote_port())),
        "tls": tls(ctx),
        "user": ctx.features().get::<dyn HttpAuthenticationFeature>().and_then(|feature| feature.user()?.name()),
        "features": features,
        "aborted": contract.aborted.load(Ordering::Relaxed),
    })
}

/// What TLS has agreed on; null for a connection in clear.
fn tls(ctx: &HttpContext) -> Value {
    let features = ctx.features();
    let handshake = features.get::<dyn TlsHandshakeFeature>();
    let connection = features.get::<dyn TlsConnectionFeature>();
    if handshake.is_none() && connection.is_none() {
        return Value::Null;
    }
    let version = handshake.and_then(|handshake| handshake.protocol());
    let cipher_suite = handshake.and_then(|handshake| handshake.cipher_suite());
    json!({
        "protocol": version.map(|version| version.to_string()),
        "cipher": cipher_suite.map(|suite| suite.name()),
        "sni": handshake.map(|handshake| handshake.host_name()),
        "client_certificate": connection.and_then(|connection| subject(&connection.client_certificate()?)),
    })
}

/// The subject of a certificate, if it can be read.
fn subject(certificate: &Certificate) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate.der()).ok()?;
    Some(certificate.subject().to_string())
}

/// The protocol as ASP.NET Core writes it.
fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}

fn endpoint(address: Option<IpAddr>, port: u16) -> Option<String> {
    Some(std::net::SocketAddr::new(address?, port).to_string())
}
