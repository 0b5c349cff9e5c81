//! What the backend is told of the client: address, scheme, certificate, user.

use std::{fmt::Write, net::IpAddr};

use data_encoding::BASE64;
use falconry_features::{
    FeatureCollection, HttpAuthenticationFeature, HttpConnectionFeature, HttpRequestFeature,
    TlsConnectionFeature,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::ForwardOptions;

const TOKEN: HeaderName = HeaderName::from_static("ms-aspnetcore-token");
const CLIENT_CERTIFICATE: HeaderName = HeaderName::from_static("ms-aspnetcore-clientcert");
const WINDOWS_TOKEN: HeaderName = HeaderName::from_static("ms-aspnetcore-winauthtoken");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Adds the fields of the module; copies of the first three that the client sent are not in `headers` any more.
pub(super) fn add(
    headers: &mut HeaderMap,
    features: &FeatureCollection,
    request: &dyn HttpRequestFeature,
    options: &ForwardOptions,
) {
    if let Some(token) = &options.pairing_token {
        headers.insert(TOKEN, token.clone());
    }
    if let Some(connection) = features.get::<dyn HttpConnectionFeature>()
        && let Some(address) = connection.remote_ip_address()
    {
        let mut client = String::with_capacity(48);
        // Writing to a string does not fail.
        let _ = match address.to_canonical() {
            IpAddr::V4(address) => write!(client, "{address}:{}", connection.remote_port()),
            IpAddr::V6(address) => write!(client, "[{address}]:{}", connection.remote_port()),
        };
        append(headers, FORWARDED_FOR, client);
    }
    match request.scheme() {
        // The two that there usually are need no copy.
        "http" if !headers.contains_key(&FORWARDED_PROTO) => {
            headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
        }
        "https" if !headers.contains_key(&FORWARDED_PROTO) => {
            headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
        }
        scheme => append(headers, FORWARDED_PROTO, scheme.to_owned()),
    }
    if let Some(tls) = features.get::<dyn TlsConnectionFeature>()
        && let Some(certificate) = tls.client_certificate()
        && let Ok(value) = HeaderValue::try_from(BASE64.encode(certificate.der()))
    {
        headers.insert(CLIENT_CERTIFICATE, value);
    }
    if options.forward_windows_auth_token
        && let Some(tokens) = &options.windows_tokens
        && let Some(user) = features.get::<dyn HttpAuthenticationFeature>().and_then(|feature| feature.user())
    {
        let windows = user.identities().iter().find(|identity| {
            let kind = identity.authentication_type().unwrap_or_default();
            ["negotiate", "ntlm"].iter().any(|windows| kind.eq_ignore_ascii_case(windows))
        });
        if let Some(handle) = windows.and_then(|identity| tokens.duplicate(identity))
            && let Ok(value) = HeaderValue::try_from(format!("{handle:x}"))
        {
            headers.insert(WINDOWS_TOKEN, value);
        }
    }
}

/// Appends to a list, which then stands in one field.
fn append(headers: &mut HeaderMap, name: HeaderName, last: String) {
    let mut joined = Vec::new();
    for value in headers.get_all(&name) {
        joined.extend_from_slice(value.as_bytes());
        joined.extend_from_slice(b", ");
    }
    joined.extend_from_slice(last.as_bytes());
    if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(joined)) {
        headers.insert(name, value);
    }
}
