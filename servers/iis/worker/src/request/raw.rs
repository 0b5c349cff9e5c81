//! `HTTP_REQUEST` with everything that it points to.

use std::{fmt, net::SocketAddr, ptr};

use falconry_httpapi::REQUEST_FIELDS;
use windows_sys::Win32::Networking::{
    HttpServer::{
        HTTP_KNOWN_HEADER, HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS, HTTP_REQUEST_V2, HTTP_UNKNOWN_HEADER,
        HTTP_VERSION, HttpVerbGET, HttpVerbUnknown,
    },
    WinSock::{AF_INET, IN_ADDR, IN_ADDR_0, SOCKADDR_IN},
};

use super::tls::Tls;
use crate::{front::Head, settings};

/// `HTTP_REQUEST` with everything that it points to.
pub(super) struct RawRequest {
    request: Box<HTTP_REQUEST_V2>,
    _head: Head,
    _unknown: Vec<HTTP_UNKNOWN_HEADER>,
    _addresses: Box<[SOCKADDR_IN; 2]>,
    _tls: Option<Box<Tls>>,
}

// SAFETY: nothing is changed once it has been made, and the pointers lead to what it owns.
unsafe impl Send for RawRequest {}
// SAFETY: as above.
unsafe impl Sync for RawRequest {}

impl RawRequest {
    pub(super) fn new(mut head: Head, peer: SocketAddr, local: SocketAddr, number: u64) -> Self {
        let mut request = Box::<HTTP_REQUEST_V2>::default();
        let mut addresses = Box::new([address(peer), address(local)]);
        join(&mut head.fields);
        let base = &mut request.Base;
        base.RequestId = number;
        base.ConnectionId = u64::from(peer.port());
        base.Version = HTTP_VERSION { MajorVersion: 1, MinorVersion: head.minor_version };
        if head.method == "GET" {
            base.Verb = HttpVerbGET;
        } else {
            // HTTP.sys has more numbers; whoever reads them reads texts, too.
            base.Verb = HttpVerbUnknown;
            base.pUnknownVerb = head.method.as_ptr();
            base.UnknownVerbLength = head.method.len().try_into().unwrap_or(u16::MAX);
        }
        base.pRawUrl = head.target.as_ptr();
        base.RawUrlLength = head.target.len().try_into().unwrap_or(u16::MAX);
        base.Flags = if head.has_body { HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS } else { 0 };
        base.Address.pRemoteAddress = ptr::from_mut(&mut addresses[0]).cast();
        base.Address.pLocalAddress = ptr::from_mut(&mut addresses[1]).cast();
        let mut unknown = Vec::new();
        for (name, value) in &head.fields {
            let length = value.len().try_into().unwrap_or(u16::MAX);
            let known = REQUEST_FIELDS.iter().position(|known| known.as_str().eq_ignore_ascii_case(name));
            match known.and_then(|known| base.Headers.KnownHeaders.get_mut(known)) {
                Some(field) => {
                    *field = HTTP_KNOWN_HEADER { RawValueLength: length, pRawValue: value.as_ptr() }
                }
                None => unknown.push(HTTP_UNKNOWN_HEADER {
                    NameLength: name.len().try_into().unwrap_or(u16::MAX),
                    RawValueLength: length,
                    pName: name.as_ptr(),
                    pRawValue: value.as_ptr(),
                }),
            }
        }
        base.Headers.UnknownHeaderCount = unknown.len().try_into().unwrap_or(u16::MAX);
        base.Headers.pUnknownHeaders = unknown.as_mut_ptr();
        base.Flags |= settings().protocol;
        let tls = settings().is_https.then(|| Tls::add_to(&mut request));
        Self { request, _head: head, _unknown: unknown, _addresses: addresses, _tls: tls }
    }

    pub(super) fn request(&self) -> &HTTP_REQUEST_V2 {
        &self.request
    }
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest").field("id", &self.request.Base.RequestId).finish_non_exhaustive()
    }
}

/// HTTP.sys has one place for each field that it knows.
fn join(fields: &mut Vec<(String, Vec<u8>)>) {
    let mut joined: Vec<(String, Vec<u8>)> = Vec::with_capacity(fields.len());
    for (name, value) in fields.drain(..) {
        let is_known = REQUEST_FIELDS.iter().any(|known| known.as_str().eq_ignore_ascii_case(&name));
        match joined.iter_mut().find(|(other, _)| is_known && other.eq_ignore_ascii_case(&name)) {
            Some((name, other)) => {
                let separator: &[u8] = if name.eq_ignore_ascii_case("cookie") { b"; " } else { b", " };
                other.extend_from_slice(separator);
                other.extend_from_slice(&value);
            }
            None => joined.push((name, value)),
        }
    }
    *fields = joined;
}

fn address(address: SocketAddr) -> SOCKADDR_IN {
    let ip = match address {
        SocketAddr::V4(address) => u32::from_ne_bytes(address.ip().octets()),
        SocketAddr::V6(_) => 0,
    };
    SOCKADDR_IN {
        sin_family: AF_INET,
        sin_port: address.port().to_be(),
        sin_addr: IN_ADDR { S_un: IN_ADDR_0 { S_addr: ip } },
        sin_zero: [0; 8],
    }
}
