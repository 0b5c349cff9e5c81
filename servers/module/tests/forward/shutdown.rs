//! The message that asks an application to stop.

use std::time::Duration;

use falconry_module::forward::{
    BackendAddress, ForwardError, ForwardErrorKind, ForwardOptions, request_shutdown,
};
use http::HeaderValue;

use super::support::{Backend, PATIENCE};

/// Sends the message from another thread.
fn send(address: BackendAddress, timeout: Duration) -> std::thread::JoinHandle<Result<(), ForwardError>> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut options = ForwardOptions::default();
        options.pairing_token = Some(HeaderValue::from_static("5b6c-secret"));
        options.path_base = "/app".to_owned();
        let backend = falconry_module::forward::Backend::new(address);
        // A process that is to go gets no requests any more, but still this one.
        backend.retire();
        runtime.block_on(request_shutdown(&backend, &options, timeout))
    })
}

#[test]
fn the_message_goes_to_the_application_s_path_with_the_token() {
    let backend = Backend::new();
    let sending = send(BackendAddress::Tcp(backend.address()), PATIENCE);
    let mut behind = backend.accept();
    assert_eq!(
        behind.head(),
        format!(
            "POST /app/iisintegration HTTP/1.1\ncontent-length: 0\nhost: {}\nms-aspnetcore-event: shutdown\n\
             ms-aspnetcore-token: 5b6c-secret",
            backend.address()
        )
    );
    behind.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    sending.join().unwrap().unwrap();
}

#[test]
fn any_other_answer_than_202_is_a_failure() {
    let backend = Backend::new();
    let sending = send(BackendAddress::Tcp(backend.address()), PATIENCE);
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let error = sending.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), ForwardErrorKind::BadResponse);
    assert!(error.to_string().contains("200"), "{error}");
}

#[test]
fn an_application_that_does_not_answer_or_listen_is_a_failure() {
    let backend = Backend::new();
    let sending = send(BackendAddress::Tcp(backend.address()), Duration::from_millis(50));
    let _behind = backend.accept();
    assert_eq!(sending.join().unwrap().unwrap_err().kind(), ForwardErrorKind::TimedOut);
    let address = BackendAddress::Tcp(backend.address());
    drop(backend);
    assert_eq!(send(address, PATIENCE).join().unwrap().unwrap_err().kind(), ForwardErrorKind::ConnectFailed);
}
