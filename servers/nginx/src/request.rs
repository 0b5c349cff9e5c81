//! A request as nginx describes it, for the core.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::{BufMut, BytesMut};
use falconry_features::{
    PlainConnection, PlainRequest, PlainServerVariables, RequestTarget, ServerVariablesFeature,
};
use falconry_in_process::{BodyLength, NativeRequest};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version,
    header::{CONNECTION, HOST, UPGRADE},
};

use crate::{
    abi::{self, Address},
    tls,
};

/// Copies a request out of nginx's memory.
///
/// # Errors
/// The status to refuse it with: 400 for what nginx lets pass and the contract cannot express.
///
/// # Safety
/// What `request` points to is there.
pub(crate) unsafe fn copy(request: &abi::Request) -> Result<NativeRequest, StatusCode> {
    // SAFETY: as the caller promises.
    let (method, target, path_base) =
        unsafe { (request.method.bytes(), request.target.bytes(), request.path_base.bytes()) };
    let method = Method::from_bytes(method).map_err(|_| StatusCode::BAD_REQUEST)?;
    let target = std::str::from_utf8(target).map_err(|_| StatusCode::BAD_REQUEST)?;
    // SAFETY: as the caller promises.
    let mut headers = unsafe { headers(request.fields()) }.ok_or(StatusCode::BAD_REQUEST)?;
    let version = version(request.version);
    if let Some(authority) = RequestTarget::new(&method, target).authority
        && version < Version::HTTP_2
        && let Ok(authority) = HeaderValue::from_str(authority)
    {
        // RFC 9112 section 3.2.2: the target's authority is the host.
        headers.insert(HOST, authority);
    }
    let mut plain =
        PlainRequest::received(method, target, version, headers).map_err(|refused| refused.status())?;
    if request.flags & abi::TLS != 0 {
        "https".clone_into(&mut plain.scheme);
    }
    split_path_base(&mut plain, &text(path_base));

    let body = match request.content_length {
        0 => BodyLength::None,
        length => u64::try_from(length).map_or(BodyLength::Unknown, BodyLength::Known),
    };
    let can_upgrade =
        request.flags & abi::UPGRADE != 0 && body == BodyLength::None && asks_for_upgrade(&plain.headers);
    let connection_id = request.connection.to_string();
    let mut native = NativeRequest::new(plain);
    native.body = body;
    native.max_body_size = Some(request.max_body_size).filter(|size| *size > 0);
    native.identifier = Some(format!("{connection_id}:{:08X}", request.number));
    native.connection = PlainConnection {
        connection_id,
        remote_ip_address: ip_address(&request.remote),
        remote_port: request.remote.port,
        local_ip_address: ip_address(&request.local),
        local_port: request.local.port,
    };
    native.full_duplex = true;
    native.can_upgrade = can_upgrade;
    native.can_inform = request.flags & abi::INFORM != 0;
    native.can_send_trailers = true;
    if request.flags & abi::TLS != 0 {
        // SAFETY: as the caller promises.
        unsafe { tls::fill(&mut native.features, &request.tls) };
    }
    // SAFETY: as the caller promises.
    if let Some(variables) = unsafe { variables(request.variables()) } {
        native.features.set::<dyn ServerVariablesFeature>(Box::new(variables));
    }
    Ok(native)
}

/// Bytes as text; what is not UTF-8 is replaced.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The fields, whose values share one allocation.
///
/// # Safety
/// What the fields point to is there.
unsafe fn headers(fields: &[abi::Field]) -> Option<HeaderMap> {
    // SAFETY: as the caller promises.
    let pairs = || fields.iter().map(|field| unsafe { (field.name.bytes(), trim(field.value.bytes())) });
    let mut values = BytesMut::with_capacity(pairs().map(|(_, value)| value.len()).sum());
    pairs().for_each(|(_, value)| values.put_slice(value));
    let mut values = values.freeze();
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (name, value) in pairs() {
        let name = HeaderName::from_bytes(name).ok()?;
        headers.append(name, HeaderValue::from_maybe_shared(values.split_to(value.len())).ok()?);
    }
    Some(headers)
}

/// Without the white space around it (RFC 9110 section 5.5), of which nginx leaves tabs.
fn trim(value: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(start) = value.iter().position(|byte| !is_space(byte)) else { return &[] };
    let end = value.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// # Safety
/// What the variables point to is there.
unsafe fn variables(fields: &[abi::Field]) -> Option<PlainServerVariables> {
    if fields.is_empty() {
        return None;
    }
    let mut variables = PlainServerVariables::default();
    for field in fields {
        // SAFETY: as the caller promises.
        let (name, value) = unsafe { (field.name.bytes(), field.value.bytes()) };
        // Only an empty name is refused, which the configuration cannot have.
        let _ = variables.set_server_variable(&text(name), &text(value));
    }
    Some(variables)
}

/// Takes the base off the path, if it is there: whole segments, in whatever case.
fn split_path_base(request: &mut PlainRequest, base: &str) {
    let Some((start, rest)) = request.path.split_at_checked(base.len()) else { return };
    if !base.is_empty() && start.eq_ignore_ascii_case(base) && (rest.is_empty() || rest.starts_with('/')) {
        (request.path_base, request.path) = (start.to_owned(), rest.to_owned());
    }
}

/// RFC 9110 section 7.8.
fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
        && headers
            .get_all(CONNECTION)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

fn version(number: u32) -> Version {
    match number {
        0..1000 => Version::HTTP_09,
        1000 => Version::HTTP_10,
        2000 => Version::HTTP_2,
        3000 => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

fn ip_address(address: &Address) -> Option<IpAddr> {
    let [a, b, c, d, ..] = address.ip;
    match address.family {
        4 => Some(Ipv4Addr::new(a, b, c, d).into()),
        6 => Some(Ipv6Addr::from(address.ip).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use falconry_features::PlainRequest;

    use super::split_path_base;

    #[test]
    fn the_path_base_is_taken_off_in_whole_segments() {
        for (path, base, expected) in [
            ("/app/a", "/app", ("/app", "/a")),
            ("/APP/a", "/app", ("/APP", "/a")),
            ("/app", "/app", ("/app", "")),
            ("/application", "/app", ("", "/application")),
            ("/", "/app", ("", "/")),
            ("/a", "", ("", "/a")),
        ] {
            let mut request = PlainRequest { path: path.to_owned(), ..PlainRequest::default() };
            split_path_base(&mut request, base);
            assert_eq!((&*request.path_base, &*request.path), expected, "{path} under {base:?}");
        }
    }
}
