//! Requests as the kernel would write them, read.

use falconry_features::TlsVersion;
use falconry_httpapi::HttpRequest;
use http::{Method, Version};
use windows_sys::Win32::Networking::{
    HttpServer::{
        HTTP_KNOWN_HEADER, HTTP_REQUEST_FLAG_HTTP2, HTTP_REQUEST_FLAG_HTTP3,
        HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS, HTTP_REQUEST_INFO, HTTP_REQUEST_TIMING_INFO,
        HTTP_REQUEST_V2, HTTP_SSL_CLIENT_CERT_INFO, HTTP_SSL_INFO, HTTP_SSL_PROTOCOL_INFO,
        HTTP_UNKNOWN_HEADER, HttpHeaderUserAgent, HttpRequestInfoTypeRequestTiming,
        HttpRequestInfoTypeSslProtocol, HttpVerbGET, HttpVerbSEARCH, HttpVerbUnknown,
    },
    WinSock::{AF_INET, AF_INET6, AF_UNIX, SOCKADDR, SOCKADDR_IN, SOCKADDR_IN6},
};

#[test]
fn everything_that_the_kernel_tells_is_read() {
    let mut request = HTTP_REQUEST_V2::default();
    let base = &mut request.Base;
    (base.RequestId, base.ConnectionId, base.RawConnectionId, base.UrlContext) = (3, 103, 12, 13);
    base.Flags = HTTP_REQUEST_FLAG_HTTP2 | HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS;
    base.Verb = HttpVerbSEARCH;
    (base.pRawUrl, base.RawUrlLength) = (b"/a%20b?c".as_ptr(), 8);
    let agent = b"curl\xff";
    base.Headers.KnownHeaders[HttpHeaderUserAgent as usize] =
        HTTP_KNOWN_HEADER { RawValueLength: agent.len() as u16, pRawValue: agent.as_ptr() };
    let mut own = [b"1", b"2"].map(|value| HTTP_UNKNOWN_HEADER {
        NameLength: 5,
        RawValueLength: 1,
        pName: b"X-Own".as_ptr(),
        pRawValue: value.as_ptr(),
    });
    (base.Headers.pUnknownHeaders, base.Headers.UnknownHeaderCount) = (own.as_mut_ptr(), 2);
    let host: Vec<u16> = "b\u{fc}cher.example:443".encode_utf16().collect();
    (base.CookedUrl.pHost, base.CookedUrl.HostLength) = (host.as_ptr(), (host.len() * 2) as u16);
    let mut remote = SOCKADDR_IN6 { sin6_family: AF_INET6, sin6_port: 443_u16.to_be(), ..Default::default() };
    remote.sin6_addr.u.Byte = std::net::Ipv6Addr::LOCALHOST.octets();
    base.Address.pRemoteAddress = (&raw mut remote).cast::<SOCKADDR>();
    let mut local = SOCKADDR_IN { sin_family: AF_INET, sin_port: 80_u16.to_be(), ..Default::default() };
    local.sin_addr.S_un.S_addr = u32::from_ne_bytes([10, 0, 0, 1]);
    base.Address.pLocalAddress = (&raw mut local).cast::<SOCKADDR>();
    let mut der = *b"a certificate";
    let mut certificate = HTTP_SSL_CLIENT_CERT_INFO {
        CertEncodedSize: der.len() as u32,
        pCertEncoded: der.as_mut_ptr(),
        ..Default::default()
    };
    let mut tls = HTTP_SSL_INFO { pClientCertInfo: &raw mut certificate, ..Default::default() };
    base.pSslInfo = &raw mut tls;
    let mut agreed = HTTP_SSL_PROTOCOL_INFO { Protocol: 0x2000, ..Default::default() };
    let mut timing = HTTP_REQUEST_TIMING_INFO { RequestTimingCount: 2, ..Default::default() };
    timing.RequestTiming[..2].copy_from_slice(&[5, 6]);
    let mut infos = [
        info(HttpRequestInfoTypeSslProtocol, &mut agreed),
        info(HttpRequestInfoTypeRequestTiming, &mut timing),
    ];
    (request.pRequestInfo, request.RequestInfoCount) = (infos.as_mut_ptr(), 2);

    // SAFETY: all pointers are to what is above.
    let request = unsafe { HttpRequest::new(&request) };
    assert_eq!((request.request_id(), request.connection_id()), (3, 103));
    assert_eq!((request.raw_connection_id(), request.url_context()), (12, 13));
    assert_eq!((request.method(), request.version()), (Some(method("SEARCH")), Version::HTTP_2));
    assert_eq!(request.raw_url(), b"/a%20b?c");
    let headers = request.headers().expect("HTTP allows them");
    assert_eq!(headers["user-agent"].as_bytes(), agent);
    assert_eq!(headers.get_all("x-own").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(request.cooked_host(), "b\u{fc}cher.example:443");
    assert_eq!(request.remote_address(), Some("[::1]:443".parse().unwrap()));
    assert_eq!(request.local_address(), Some("10.0.0.1:80".parse().unwrap()));
    assert!(request.has_more_body() && !request.has_entity_chunks());
    let tls = request.tls().expect("an encrypted connection");
    assert_eq!(tls.protocol, Some(TlsVersion::Tls13));
    assert_eq!(tls.client_certificate.expect("a certificate").der(), b"a certificate");
    let pieces = request.infos();
    assert_eq!(pieces[&2].len(), size_of::<HTTP_SSL_PROTOCOL_INFO>());
    assert_eq!(pieces[&5].len(), size_of::<HTTP_REQUEST_TIMING_INFO>());
    assert_eq!(request.timestamps(), [5, 6]);
}

#[test]
fn what_the_kernel_does_not_tell_is_absent() {
    let mut native = HTTP_REQUEST_V2::default();
    native.Base.Verb = HttpVerbGET;
    (native.Base.Version.MajorVersion, native.Base.Version.MinorVersion) = (1, 1);
    // SAFETY: all pointers are null.
    let request = unsafe { HttpRequest::new(&native) };
    assert_eq!((request.method(), request.version()), (Some(Method::GET), Version::HTTP_11));
    assert_eq!((request.raw_url(), request.cooked_host()), (&b""[..], String::new()));
    assert_eq!(request.headers().expect("there are none").len(), 0);
    assert_eq!((request.local_address(), request.remote_address(), request.tls()), (None, None, None));
    assert!(!request.has_more_body() && request.infos().is_empty() && request.timestamps().is_empty());
}

#[test]
fn what_http_does_not_allow_is_told() {
    let mut native = HTTP_REQUEST_V2::default();
    native.Base.Verb = HttpVerbUnknown;
    (native.Base.pUnknownVerb, native.Base.UnknownVerbLength) = (b"B D".as_ptr(), 3);
    let mut field = HTTP_UNKNOWN_HEADER {
        NameLength: 3,
        RawValueLength: 1,
        pName: b"a b".as_ptr(),
        pRawValue: b"1".as_ptr(),
    };
    (native.Base.Headers.pUnknownHeaders, native.Base.Headers.UnknownHeaderCount) = (&raw mut field, 1);
    // SAFETY: all pointers are to what is above.
    let request = unsafe { HttpRequest::new(&native) };
    assert_eq!((request.method(), request.headers()), (None, None));
    (native.Base.pUnknownVerb, native.Base.UnknownVerbLength) = (b"BREW".as_ptr(), 4);
    // SAFETY: as above.
    assert_eq!(unsafe { HttpRequest::new(&native) }.method(), Some(method("BREW")));
}

#[test]
fn the_version_is_that_of_the_flags_or_of_the_number() {
    for (flags, (major, minor), expected) in [
        (HTTP_REQUEST_FLAG_HTTP3, (1, 1), Version::HTTP_3),
        (HTTP_REQUEST_FLAG_HTTP2, (1, 1), Version::HTTP_2),
        (0, (3, 0), Version::HTTP_3),
        (0, (2, 0), Version::HTTP_2),
        (0, (1, 0), Version::HTTP_10),
        (0, (1, 1), Version::HTTP_11),
    ] {
        let mut native = HTTP_REQUEST_V2::default();
        native.Base.Flags = flags;
        (native.Base.Version.MajorVersion, native.Base.Version.MinorVersion) = (major, minor);
        // SAFETY: all pointers are null.
        assert_eq!(unsafe { HttpRequest::new(&native) }.version(), expected);
    }
}

#[test]
fn an_address_of_another_family_is_none() {
    let mut native = HTTP_REQUEST_V2::default();
    let mut address = SOCKADDR { sa_family: AF_UNIX, ..Default::default() };
    native.Base.Address.pRemoteAddress = &raw mut address;
    // SAFETY: the pointer is to what is above.
    assert_eq!(unsafe { HttpRequest::new(&native) }.remote_address(), None);
}

#[test]
fn a_piece_that_is_shorter_than_its_structure_is_none() {
    let mut native = HTTP_REQUEST_V2::default();
    let mut short = 0x2000_u32;
    let mut infos = [info(HttpRequestInfoTypeSslProtocol, &mut short)];
    (native.pRequestInfo, native.RequestInfoCount) = (infos.as_mut_ptr(), 1);
    // SAFETY: the pointers are to what is above.
    let request = unsafe { HttpRequest::new(&native) };
    // SAFETY: that is its type, of numbers only.
    let whole = unsafe { request.info::<HTTP_SSL_PROTOCOL_INFO>(HttpRequestInfoTypeSslProtocol) };
    assert!(whole.is_none());
}

fn info<T>(kind: i32, content: &mut T) -> HTTP_REQUEST_INFO {
    HTTP_REQUEST_INFO {
        InfoType: kind,
        InfoLength: size_of::<T>() as u32,
        pInfo: std::ptr::from_mut(content).cast(),
    }
}

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).expect("HTTP allows it")
}
