//! A request as the worker describes it, for the core.

use falconry_features::{PlainConnection, PlainRequest};
use falconry_in_process::{BodyLength, NativeRequest};
use http::{Method, StatusCode, Version};

use crate::abi::{self, Address, RequestHead, flag};

/// The largest body that an application is given until it changes that, as in IIS and Kestrel.
const MAX_BODY_SIZE: u64 = 30_000_000;

/// Copies a request out of the worker's memory.
///
/// # Errors
/// The status to refuse it with: 400 for what the contract cannot express.
///
/// # Safety
/// What the head points to is there.
pub(super) unsafe fn copy(head: &RequestHead) -> Result<NativeRequest, StatusCode> {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    // SAFETY: as the caller promises.
    let (method, target, headers) = unsafe {
        let fields = abi::slice(head.fields, head.fields_len);
        (head.method.bytes(), head.target.bytes(), abi::headers(fields).ok_or(BAD)?)
    };
    // SAFETY: as the caller promises.
    let [scheme, connection_id, identifier] =
        [head.scheme, head.connection_id, head.identifier].map(|text| unsafe { self::text(text.bytes()) });
    let method = Method::from_bytes(method).map_err(|_| BAD)?;
    let target = std::str::from_utf8(target).map_err(|_| BAD)?;
    let mut plain = PlainRequest::received(method, target, version(head.version), headers)
        .map_err(|refused| refused.status())?;
    plain.scheme = scheme;

    let has = |flag| head.flags & flag != 0;
    let mut native = NativeRequest::new(plain);
    native.body = match head.content_length {
        0 => BodyLength::None,
        length => u64::try_from(length).map_or(BodyLength::Unknown, BodyLength::Known),
    };
    native.max_body_size = Some(MAX_BODY_SIZE);
    native.identifier = Some(identifier).filter(|identifier| !identifier.is_empty());
    native.connection = connection(connection_id, &head.remote, &head.local);
    native.full_duplex = true;
    native.can_upgrade = has(flag::CAN_UPGRADE);
    native.can_inform = has(flag::CAN_INFORM);
    native.can_reset = has(flag::CAN_RESET);
    native.can_send_trailers = has(flag::CAN_SEND_TRAILERS);
    native.has_request_trailers = has(flag::HAS_REQUEST_TRAILERS);
    Ok(native)
}

fn connection(connection_id: String, remote: &Address, local: &Address) -> PlainConnection {
    PlainConnection {
        connection_id,
        remote_ip_address: remote.ip(),
        remote_port: remote.port(),
        local_ip_address: local.ip(),
        local_port: local.port(),
    }
}

fn version(number: u32) -> Version {
    match number {
        10 => Version::HTTP_10,
        20 => Version::HTTP_2,
        30 => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

/// Bytes as text; what is not UTF-8 is replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
