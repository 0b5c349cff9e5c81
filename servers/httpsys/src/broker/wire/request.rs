//! Requests and sends.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use falconry_features::{Certificate, Identity, ReasonPhrase, TlsCipherSuite, TlsVersion, User};
use http::{Method, StatusCode, Version};

use super::{
    fields::{Reader, Writer},
    frame::Malformed,
};
use crate::driver::{
    CachePolicy, DataChunk, DataChunks, DriverRequest, SendEntityBody, SendFlags, SendResponse, TlsInfo,
    Win32Error,
};

const VERSIONS: [Version; 5] =
    [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];
const TLS_VERSIONS: [TlsVersion; 4] =
    [TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12, TlsVersion::Tls13];

/// A request of the queue with this number.
pub(in crate::broker) fn encode_request(queue: u64, request: &DriverRequest) -> Bytes {
    let mut out = Writer::with_capacity(512);
    out.number(queue)
        .number(request.request_id)
        .number(request.connection_id)
        .number(request.raw_connection_id)
        .number(request.url_context)
        .bytes(request.verb.as_str().as_bytes())
        .small(position(&VERSIONS, &request.version))
        .bytes(request.raw_url.as_bytes())
        .flag(request.is_https)
        .option(request.cooked_host.as_ref().map(|host| host.as_bytes()))
        .headers(&request.headers)
        .bytes(address(request.local_address).as_bytes())
        .bytes(address(request.remote_address).as_bytes())
        .flag(request.has_body)
        .number(request.frequency);
    let times = request.timestamps.iter().enumerate().filter(|(_, time)| **time != 0);
    out.small(u16::try_from(times.clone().count()).unwrap_or_default());
    for (step, time) in times {
        out.small(u16::try_from(step).unwrap_or_default()).number(time.cast_unsigned());
    }
    let user =
        request.user.as_ref().and_then(|user| user.identities().iter().find(|one| one.is_authenticated()));
    out.option(user.and_then(Identity::authentication_type).map(str::as_bytes));
    out.option(user.and_then(Identity::name).map(str::as_bytes));
    out.flag(request.tls.is_some());
    if let Some(tls) = &request.tls {
        out.small(tls.protocol.map_or(u16::MAX, |version| position(&TLS_VERSIONS, &version)))
            .small(tls.cipher_suite.as_ref().map_or(0, TlsCipherSuite::id))
            .option(tls.cipher_suite.as_ref().map(|suite| suite.name().as_bytes()))
            .bytes(tls.host_name.as_bytes())
            .bytes(&tls.application_protocol)
            .option(tls.client_certificate.as_ref().map(Certificate::der));
    }
    out.finish()
}

/// The queue's number, and the request.
pub(in crate::broker) fn decode_request(content: Bytes) -> Result<(u64, Box<DriverRequest>), Malformed> {
    let mut content = Reader(content);
    let queue = content.number()?;
    let mut request = Box::new(DriverRequest {
        request_id: content.number()?,
        connection_id: content.number()?,
        raw_connection_id: content.number()?,
        url_context: content.number()?,
        verb: Method::from_bytes(&content.bytes()?).map_err(|_| Malformed)?,
        version: *VERSIONS.get(usize::from(content.small()?)).ok_or(Malformed)?,
        raw_url: content.text()?,
        is_https: content.flag()?,
        cooked_host: content.option()?.map(|host| String::from_utf8_lossy(&host).into()),
        headers: content.headers()?,
        local_address: content.text()?.parse().ok(),
        remote_address: content.text()?.parse().ok(),
        has_body: content.flag()?,
        frequency: content.number()?,
        ..DriverRequest::default()
    });
    for _ in 0..content.small()? {
        let step = usize::from(content.small()?);
        let time = content.number()?.cast_signed();
        *request.timestamps.get_mut(step).ok_or(Malformed)? = time;
    }
    let (kind, name) = (content.option()?, content.option()?);
    request.user = kind.map(|kind| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        User::from(Identity::new(text(&kind), name.as_deref().map(text).unwrap_or_default()))
    });
    if content.flag()? {
        request.tls = Some(Arc::new(decode_tls(&mut content)?));
    }
    Ok((queue, request))
}

fn decode_tls(content: &mut Reader) -> Result<TlsInfo, Malformed> {
    let protocol = TLS_VERSIONS.get(usize::from(content.small()?)).copied();
    let suite = content.small()?;
    let name = content.option()?;
    Ok(TlsInfo {
        protocol,
        cipher_suite: name
            .map(|name| TlsCipherSuite::new(suite, String::from_utf8_lossy(&name).into_owned())),
        host_name: content.text()?,
        application_protocol: content.bytes()?,
        client_certificate: content.option()?.map(Certificate::from_der),
    })
}

/// A first send.
///
/// # Errors
/// Not supported: a file, which only the process that has it can read.
pub(in crate::broker) fn encode_response(response: &SendResponse) -> Result<Bytes, Win32Error> {
    let mut out = Writer::with_capacity(256);
    let ttl = match response.cache_policy {
        CachePolicy::NoCache => 0,
        CachePolicy::TimeToLive(seconds) => seconds,
    };
    out.number(response.flags.bits().into())
        .small(response.status.as_u16())
        .option(response.reason.as_ref().map(|reason| reason.as_str().as_bytes()))
        .number(ttl.into())
        .headers(&response.headers);
    encode_chunks(&mut out, &response.chunks)?;
    Ok(out.finish())
}

/// A further send. Errors as of [`encode_response`].
pub(in crate::broker) fn encode_body(body: &SendEntityBody) -> Result<Bytes, Win32Error> {
    let mut out = Writer::with_capacity(64);
    out.number(body.flags.bits().into());
    encode_chunks(&mut out, &body.chunks)?;
    Ok(out.finish())
}

pub(in crate::broker) fn decode_response(content: Bytes) -> Result<SendResponse, Malformed> {
    let mut content = Reader(content);
    let flags = flags(&mut content)?;
    let status = StatusCode::from_u16(content.small()?).map_err(|_| Malformed)?;
    let reason = match content.option()? {
        Some(reason) => Some(ReasonPhrase::new(&String::from_utf8_lossy(&reason)).map_err(|_| Malformed)?),
        None => None,
    };
    let ttl = u32::try_from(content.number()?).map_err(|_| Malformed)?;
    let cache_policy = if ttl > 0 { CachePolicy::TimeToLive(ttl) } else { CachePolicy::NoCache };
    let headers = content.headers()?;
    Ok(SendResponse { flags, status, reason, headers, chunks: decode_chunks(&mut content)?, cache_policy })
}

pub(in crate::broker) fn decode_body(content: Bytes) -> Result<SendEntityBody, Malformed> {
    let mut content = Reader(content);
    Ok(SendEntityBody { flags: flags(&mut content)?, chunks: decode_chunks(&mut content)? })
}

fn flags(content: &mut Reader) -> Result<SendFlags, Malformed> {
    u32::try_from(content.number()?).map(SendFlags::from_bits).map_err(|_| Malformed)
}

/// All the bytes as one, however many pieces the application has written, and then the trailers if there are any.
fn encode_chunks(out: &mut Writer, chunks: &DataChunks) -> Result<(), Win32Error> {
    let (mut data, mut trailers) = (Vec::new(), None);
    for chunk in chunks.iter() {
        match chunk {
            DataChunk::Memory(piece) => data.push(&**piece),
            DataChunk::Trailers(last) => trailers = Some(last),
            DataChunk::File { .. } => return Err(Win32Error::NOT_SUPPORTED),
        }
    }
    out.pieces(&data).flag(trailers.is_some());
    if let Some(trailers) = trailers {
        out.headers(trailers);
    }
    Ok(())
}

fn decode_chunks(content: &mut Reader) -> Result<DataChunks, Malformed> {
    let mut chunks = DataChunks::from(content.bytes()?);
    if content.flag()? {
        chunks.push(DataChunk::Trailers(content.headers()?));
    }
    Ok(chunks)
}

fn position<T: PartialEq>(all: &[T], one: &T) -> u16 {
    let position = all.iter().position(|other| other == one);
    position.and_then(|position| u16::try_from(position).ok()).unwrap_or(u16::MAX)
}

fn address(address: Option<SocketAddr>) -> String {
    address.map(|address| address.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn a_request_comes_back() {
        let mut headers = HeaderMap::new();
        headers.append("host", HeaderValue::from_static("localhost"));
        headers.append("x-a", HeaderValue::from_bytes(b"\xff").unwrap());
        headers.append("x-a", HeaderValue::from_static("2"));
        let mut request = DriverRequest {
            request_id: 1,
            connection_id: 2,
            raw_connection_id: 3,
            url_context: 4,
            verb: Method::from_bytes(b"REPORT").unwrap(),
            version: Version::HTTP_2,
            raw_url: "/a?b".into(),
            is_https: true,
            headers,
            local_address: Some(([127, 0, 0, 1], 80).into()),
            user: Some(User::from(Identity::new("Basic", "jane"))),
            has_body: true,
            tls: Some(Arc::new(TlsInfo {
                protocol: Some(TlsVersion::Tls13),
                cipher_suite: Some(TlsCipherSuite::new(0x1301, "TLS_AES_128_GCM_SHA256")),
                client_certificate: Some(Certificate::from_der(vec![1, 2])),
                ..TlsInfo::default()
            })),
            ..DriverRequest::default()
        };
        request.timestamps[25] = 12;
        let (queue, decoded) = decode_request(encode_request(9, &request)).unwrap();
        assert_eq!(queue, 9);
        assert_eq!(format!("{decoded:?}"), format!("{:?}", Box::new(request)));
    }

    #[test]
    fn a_send_comes_back() {
        let mut response = SendResponse {
            flags: SendFlags::MORE_DATA,
            status: StatusCode::IM_A_TEAPOT,
            reason: Some(ReasonPhrase::new("Tea").unwrap()),
            cache_policy: CachePolicy::TimeToLive(5),
            ..SendResponse::default()
        };
        response.headers.insert("x", HeaderValue::from_static("y"));
        response.chunks.push(DataChunk::Memory(Bytes::from_static(b"one")));
        response.chunks.push(DataChunk::Trailers(response.headers.clone()));
        let decoded = decode_response(encode_response(&response).unwrap()).unwrap();
        assert_eq!(format!("{decoded:?}"), format!("{response:?}"));
    }

    #[test]
    fn what_is_cut_or_invented_is_malformed() {
        let whole = encode_request(9, &DriverRequest::default());
        for length in 0..whole.len() {
            assert!(decode_request(whole.slice(..length)).is_err(), "{length}");
        }
        assert!(decode_response(Bytes::from_static(&[0xff; 64])).is_err());
        assert!(decode_body(Bytes::from_static(&[0; 8])).is_err());
    }
}
