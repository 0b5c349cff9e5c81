//! How requests are received.

use std::ffi::c_void;

use falconry_features::Certificate;
use falconry_httpapi::HttpRequest;
use http::{HeaderValue, Method, Version};
use windows_sys::Win32::{
    Foundation::{CloseHandle, HANDLE},
    Networking::HttpServer::{
        HTTP_KNOWN_HEADER, HTTP_REQUEST_FLAG_HTTP2, HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS,
        HTTP_REQUEST_INFO, HTTP_REQUEST_TIMING_INFO, HTTP_REQUEST_V2, HTTP_SSL_CLIENT_CERT_INFO,
        HTTP_SSL_INFO, HttpHeaderHost, HttpRequestInfoTypeRequestTiming, HttpVerbGET, HttpVerbUnknown,
    },
    Security::TOKEN_QUERY,
    System::Threading::{GetCurrentProcess, OpenProcessToken},
};

use super::{
    super::received,
    fake::{Call, Fake},
    run,
};
use crate::driver::{ReceivedRequest, RequestQueue as _, Win32Error};

const HOST: &[u8] = b"localhost";

/// Writes a request for `/`, as far as it has no pointers of its own.
pub(super) fn write_request(request: *mut c_void, id: u64) {
    // SAFETY: the driver gives a buffer that holds a request.
    let request = unsafe { &mut *request.cast::<HTTP_REQUEST_V2>() };
    request.Base.RequestId = id;
    request.Base.ConnectionId = 100 + id;
    request.Base.Verb = HttpVerbGET;
    request.Base.pRawUrl = b"/".as_ptr();
    request.Base.RawUrlLength = 1;
    request.Base.Headers.KnownHeaders[HttpHeaderHost as usize] =
        HTTP_KNOWN_HEADER { RawValueLength: HOST.len() as u16, pRawValue: HOST.as_ptr() };
}

/// A request with this id.
pub(super) async fn received(
    fake: &Fake,
    queue: &super::super::queue::NativeQueue,
    id: u64,
) -> ReceivedRequest {
    fake.then(move |request| {
        write_request(request, id);
        0
    });
    // Whether an operation that succeeds at once ends at the port, too, is the system's to say.
    let receive = queue.receive();
    if !queue.handle().skips_port_on_success() {
        panic!("this system ends each operation at the port");
    }
    receive.await.expect("a request")
}

#[test]
fn a_request_that_does_not_fit_is_asked_for_by_its_id() {
    run(async {
        let (fake, queue) = Fake::queue();
        fake.then(|request| {
            write_request(request, 5);
            234
        });
        let request = received(&fake, &queue, 5).await;
        assert_eq!(request.request.request_id, 5);
        assert_eq!(fake.calls(), [Call::Receive { id: 0, size: 4096 }, Call::Receive { id: 5, size: 9000 }]);
    });
}

#[test]
fn a_client_that_left_in_between_gives_way_to_the_next() {
    run(async {
        let (fake, queue) = Fake::queue();
        fake.then(|request| {
            write_request(request, 5);
            234
        });
        fake.then_code(Win32Error::CONNECTION_INVALID.code());
        let request = received(&fake, &queue, 6).await;
        assert_eq!(request.request.request_id, 6);
        let ids = fake
            .calls()
            .into_iter()
            .map(|call| if let Call::Receive { id, .. } = call { id } else { u64::MAX });
        assert_eq!(ids.collect::<Vec<_>>(), [0, 5, 0]);
    });
}

#[test]
fn an_error_without_an_id_is_an_error() {
    run(async {
        let (fake, queue) = Fake::queue();
        fake.then_code(Win32Error::CONNECTION_INVALID.code());
        assert_eq!(queue.receive().await.map(drop), Err(Win32Error::CONNECTION_INVALID));
    });
}

#[test]
fn a_request_that_http_does_not_allow_is_cancelled() {
    run(async {
        let (fake, queue) = Fake::queue();
        fake.then(|request| {
            write_request(request, 7);
            // SAFETY: the driver gives a buffer that holds a request.
            let request = unsafe { &mut *request.cast::<HTTP_REQUEST_V2>() };
            request.Base.Verb = HttpVerbUnknown;
            (request.Base.pUnknownVerb, request.Base.UnknownVerbLength) = (b"B D".as_ptr(), 3);
            0
        });
        fake.then_code(0);
        let request = received(&fake, &queue, 8).await;
        assert_eq!(request.request.request_id, 8);
        assert_eq!(fake.calls()[1], Call::Cancel { id: 7 });
    });
}

#[test]
fn a_request_that_arrives_when_nobody_waits_any_more_is_cancelled() {
    run(async {
        let (fake, queue) = Fake::queue();
        let mut waiting = queue.receive();
        std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
        drop(waiting);
        fake.end(0, 0, |request| write_request(request, 9));
        let cancelled = Call::Cancel { id: 9 };
        // The port's thread does it.
        while !fake.calls().contains(&cancelled) {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn what_is_read_of_a_request_is_what_the_driver_tells() {
    let mut native = HTTP_REQUEST_V2::default();
    write_request((&raw mut native).cast(), 3);
    native.Base.Flags = HTTP_REQUEST_FLAG_HTTP2 | HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS;
    (native.Base.RawConnectionId, native.Base.UrlContext) = (12, 13);
    let host: Vec<u16> = "b\u{fc}cher.example:443".encode_utf16().collect();
    (native.Base.CookedUrl.pHost, native.Base.CookedUrl.HostLength) =
        (host.as_ptr(), (host.len() * 2) as u16);
    let mut der = *b"a certificate";
    let mut certificate = HTTP_SSL_CLIENT_CERT_INFO {
        CertEncodedSize: der.len() as u32,
        pCertEncoded: der.as_mut_ptr(),
        ..Default::default()
    };
    let mut tls = HTTP_SSL_INFO { pClientCertInfo: &raw mut certificate, ..Default::default() };
    native.Base.pSslInfo = &raw mut tls;
    let mut timing = HTTP_REQUEST_TIMING_INFO { RequestTimingCount: 2, ..Default::default() };
    timing.RequestTiming[..2].copy_from_slice(&[5, 6]);
    let mut info = HTTP_REQUEST_INFO {
        InfoType: HttpRequestInfoTypeRequestTiming,
        InfoLength: size_of_val(&timing) as u32,
        pInfo: (&raw mut timing).cast(),
    };
    (native.pRequestInfo, native.RequestInfoCount) = (&raw mut info, 1);

    // SAFETY: all pointers are to what is above.
    let request = received::request(&unsafe { HttpRequest::new(&native) }).expect("a request");
    assert_eq!((request.request_id, request.connection_id), (3, 103));
    assert_eq!((request.raw_connection_id, request.url_context), (12, 13));
    assert_eq!((request.verb, request.version), (Method::GET, Version::HTTP_2));
    assert_eq!(
        (request.raw_url.as_str(), &request.headers["host"]),
        ("/", &HeaderValue::from_static("localhost"))
    );
    assert_eq!(request.cooked_host.as_deref(), Some("b\u{fc}cher.example:443"));
    assert!(request.is_https && request.has_body && request.user.is_none());
    let tls = request.tls.expect("an encrypted connection");
    assert_eq!(tls.client_certificate.as_ref().map(Certificate::der), Some(&b"a certificate"[..]));
    assert_eq!(request.info.keys().collect::<Vec<_>>(), [&(HttpRequestInfoTypeRequestTiming as u32)]);
    assert_eq!((request.timestamps[..3].to_vec(), request.frequency > 0), (vec![5, 6, 0], true));
}

#[test]
fn a_token_has_the_name_of_its_account() {
    let mut token: HANDLE = std::ptr::null_mut();
    // SAFETY: the handle is written before the function returns, and closed here.
    let name = unsafe {
        assert_ne!(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token), 0);
        let name = falconry_httpapi::account_name(token);
        CloseHandle(token);
        name.expect("an account")
    };
    let user = std::env::var("USERNAME").expect("the system names the user");
    assert!(name.to_lowercase().ends_with(&user.to_lowercase()), "{name} is not {user}");
}
