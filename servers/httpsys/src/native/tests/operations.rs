//! Operations that take their time, and the rest of what a request can do.

use std::{
    slice,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use bytes::Bytes;
use windows_sys::Win32::{
    Foundation::{STATUS_BUFFER_OVERFLOW, STATUS_CANCELLED, STATUS_END_OF_FILE},
    Networking::HttpServer::{HTTP_DATA_CHUNK, HTTP_RESPONSE_V2, HTTP_SSL_CLIENT_CERT_INFO},
};

use super::{
    fake::{Call, Fake},
    requests::{received, write_request},
    run,
};
use crate::driver::{RequestHandle, RequestQueue as _, SendResponse, Win32Error};

/// Bytes that tell when they are given back.
struct Told(Arc<AtomicBool>);

impl AsRef<[u8]> for Told {
    fn as_ref(&self) -> &[u8] {
        b"still here"
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

async fn is_pending(handle: &dyn RequestHandle, response: &mut Option<SendResponse>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(handle.poll_send_response(cx, response).is_pending())).await
}

async fn read(handle: &dyn RequestHandle) -> Result<Bytes, Win32Error> {
    std::future::poll_fn(|cx| handle.poll_receive_entity_body(cx, 10)).await
}

#[test]
fn what_the_kernel_reads_stays_until_it_has_done() {
    run(async {
        let (fake, queue) = Fake::queue();
        let request = received(&fake, &queue, 1).await;
        let is_gone = Arc::new(AtomicBool::new(false));
        let data = Bytes::from_owner(Told(Arc::clone(&is_gone)));
        let mut response = Some(SendResponse { chunks: data.into(), ..SendResponse::default() });
        assert!(is_pending(&*request.handle, &mut response).await && response.is_none());
        drop((request, queue));
        assert!(!is_gone.load(Ordering::SeqCst));
        fake.end(STATUS_CANCELLED, 0, |response| {
            // SAFETY: the response is there still, and its chunk.
            let data = unsafe {
                let chunk: HTTP_DATA_CHUNK = *(*response.cast::<HTTP_RESPONSE_V2>()).Base.pEntityChunks;
                slice::from_raw_parts(chunk.Anonymous.FromMemory.pBuffer.cast::<u8>(), 10)
            };
            assert_eq!(data, b"still here");
        });
        // The port's thread does it.
        while !is_gone.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_receive_wakes_whoever_waits() {
    run(async {
        let (fake, queue) = Fake::queue();
        let mut waiting = queue.receive();
        std::future::poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
        // Too small, after a while.
        fake.end(STATUS_BUFFER_OVERFLOW, 5000, |request| write_request(request, 2));
        std::future::poll_fn(|cx| match waiting.as_mut().poll(cx) {
            Poll::Ready(_) => panic!("a request that does not fit was received"),
            Poll::Pending if fake.calls().contains(&Call::Receive { id: 2, size: 8192 }) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        })
        .await;
        fake.end(0, 5000, |request| write_request(request, 2));
        assert_eq!(waiting.await.expect("a request").request.request_id, 2);
    });
}

#[test]
fn a_body_is_read_in_pieces_of_the_size_asked_for() {
    run(async {
        let (fake, queue) = Fake::queue();
        fake.then(|request| {
            write_request(request, 1);
            // SAFETY: the driver gives a buffer that holds a request.
            unsafe {
                (*request.cast::<windows_sys::Win32::Networking::HttpServer::HTTP_REQUEST_V2>()).Base.Flags =
                    1
            };
            0
        });
        let request = queue.receive().await.expect("a request");
        let handle = &*request.handle;
        assert!(
            std::future::poll_fn(|cx| Poll::Ready(handle.poll_receive_entity_body(cx, 10).is_pending()))
                .await
        );
        fake.end(0, 4, |buffer| {
            // SAFETY: there is room for ten.
            unsafe { buffer.cast::<u8>().copy_from(b"data".as_ptr(), 4) };
        });
        assert_eq!(read(handle).await, Ok(Bytes::from_static(b"data")));
        assert!(
            std::future::poll_fn(|cx| Poll::Ready(handle.poll_receive_entity_body(cx, 10).is_pending()))
                .await
        );
        fake.end(STATUS_END_OF_FILE, 0, |_| {});
        assert_eq!(read(handle).await, Err(Win32Error::HANDLE_EOF));
        fake.calls();
        assert_eq!(read(handle).await, Err(Win32Error::HANDLE_EOF));
        assert_eq!(fake.calls(), [], "the end is known");
    });
}

#[test]
fn the_end_of_a_connection_is_waited_for_once() {
    run(async {
        let (fake, queue) = Fake::queue();
        let request = received(&fake, &queue, 1).await;
        fake.calls();
        let tokens = [request.handle.disconnected(), request.handle.disconnected()];
        assert_eq!(fake.calls(), [Call::WaitForDisconnect { connection: 101 }]);
        assert!(!tokens[0].is_cancelled());
        fake.end(0, 0, |_| {});
        tokens[0].cancelled().await;
        assert!(tokens[1].is_cancelled());
        request.handle.disconnected();
        assert_eq!(
            fake.calls(),
            [Call::WaitForDisconnect { connection: 101 }],
            "it is another connection now"
        );
    });
}

#[test]
fn a_connection_that_cannot_be_watched_counts_as_gone() {
    run(async {
        let (fake, queue) = Fake::queue();
        let request = received(&fake, &queue, 1).await;
        fake.then_code(Win32Error::INVALID_PARAMETER.code());
        assert!(request.handle.disconnected().is_cancelled());
    });
}

#[test]
fn a_certificate_that_does_not_fit_is_asked_for_again() {
    run(async {
        let (fake, queue) = Fake::queue();
        let request = received(&fake, &queue, 1).await;
        fake.calls();
        let write = |info: *mut std::ffi::c_void| {
            // SAFETY: there is room for it.
            unsafe {
                let info = &mut *info.cast::<HTTP_SSL_CLIENT_CERT_INFO>();
                (info.CertEncodedSize, info.pCertEncoded) = (4, b"cert".as_ptr().cast_mut());
            }
        };
        fake.then(move |info| {
            write(info);
            234
        });
        fake.then(move |info| {
            write(info);
            0
        });
        let certificate = request.handle.receive_client_certificate().await.expect("a certificate");
        assert_eq!(certificate.der(), b"cert");
        let asked = [1500, 3000].map(|size| Call::Certificate { connection: 101, size });
        assert_eq!(fake.calls(), asked);
        fake.then_code(Win32Error::NOT_FOUND.code());
        assert_eq!(request.handle.receive_client_certificate().await.map(drop), Err(Win32Error::NOT_FOUND));
    });
}

#[test]
fn a_stream_is_reset_with_a_code_and_a_request_handed_over() {
    run(async {
        let (fake, queue) = Fake::queue();
        let (_, other) = Fake::queue();
        let request = received(&fake, &queue, 1).await;
        fake.calls();
        fake.then(|code| {
            // SAFETY: the driver gives a number.
            assert_eq!(unsafe { *code.cast::<u32>() }, 2);
            0
        });
        assert_eq!(request.handle.set_stream_error(2), Ok(()));
        assert_eq!(request.handle.cancel(), Ok(()));
        assert_eq!(fake.calls(), [Call::Property { id: 1, property: 5 }, Call::Cancel { id: 1 }]);
        let other: Arc<dyn crate::driver::RequestQueue> = Arc::new(other);
        assert_eq!(request.handle.delegate(&other, "http://localhost:80/"), Ok(()));
        assert_eq!(fake.calls(), [Call::Delegate { id: 1, url: "http://localhost:80/".to_owned() }]);
        fake.then_code(0);
        assert_eq!(request.handle.tls_client_hello().expect("a hello").len(), 2000);
    });
}

#[test]
fn what_the_system_lacks_is_not_supported() {
    run(async {
        let (fake, queue) = Fake::queue_with(|api| {
            api.set_request_property = None;
            api.query_request_property = None;
            api.cancel_http_request = None;
            api.wait_for_disconnect_ex = None;
        });
        let request = received(&fake, &queue, 1).await;
        assert_eq!(request.handle.set_stream_error(2), Err(Win32Error::NOT_SUPPORTED));
        assert_eq!(request.handle.tls_client_hello(), Err(Win32Error::NOT_SUPPORTED));
        assert_eq!(request.handle.cancel(), Err(Win32Error::CALL_NOT_IMPLEMENTED));
        assert!(!request.handle.disconnected().is_cancelled());
    });
}
