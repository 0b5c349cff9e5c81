//! The driver over the system's HTTP.sys: under Wine, what that can do.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Version};

use super::{
    run,
    site::{Site, check_echoes, echo, read, response, send, send_body},
};
use crate::driver::{DataChunk, Driver as _, SendEntityBody, SendFlags, SendResponse, Win32Error};

#[test]
fn a_request_is_received_and_answered() {
    run(async {
        let site = Site::new().await;
        let client = site.get("/a%20b?c=d", "hello");
        let received = site.queue.receive().await.expect("a request");
        let request = &received.request;
        assert_eq!(request.verb, Method::GET);
        assert_eq!(request.version, Version::HTTP_11);
        assert_eq!(request.raw_url, "/a%20b?c=d");
        assert_eq!(request.url_context, 7);
        assert_eq!(request.headers["host"], format!("localhost:{}", site.port));
        assert_eq!(request.cooked_host, None);
        assert!(request.local_address.is_some_and(|address| address.port() == site.port));
        assert!(request.remote_address.is_some_and(|address| address.ip().is_loopback()));
        assert!(!request.is_https && request.tls.is_none() && request.user.is_none() && !request.has_body);
        let mut response = response("hello");
        response.status = StatusCode::IM_A_TEAPOT;
        response.headers.insert("content-type", HeaderValue::from_static("text/plain"));
        response.headers.append("set-cookie", HeaderValue::from_static("a=1"));
        response.headers.append("set-cookie", HeaderValue::from_static("b=2"));
        response.headers.insert("x-own", HeaderValue::from_static("yes"));
        send(&*received.handle, response).await.expect("the answer is sent");
        let answer = client.join().expect("the client got an answer");
        assert!(answer.starts_with("HTTP/1.1 418 I'm a teapot\r\n"), "{answer}");
        let fields = answer.to_ascii_lowercase();
        for field in [
            "content-type: text/plain",
            "set-cookie: a=1",
            "set-cookie: b=2",
            "x-own: yes",
            "content-length: 5",
        ] {
            assert!(fields.contains(&format!("\r\n{field}\r\n")), "no {field} in {answer}");
        }
        site.close().await;
    });
}

#[test]
fn a_head_that_does_not_fit_is_received_in_a_larger_buffer() {
    run(async {
        let site = Site::new().await;
        let long = "x".repeat(6000);
        let head = format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\nX-Long: {long}\r\n\r\n", site.port);
        let client = site.ask(head, "done");
        let received = site.queue.receive().await.expect("a request");
        assert_eq!(received.request.headers["x-long"], long);
        send(&*received.handle, response("done")).await.expect("the answer is sent");
        client.join().expect("the client got an answer");
        site.close().await;
    });
}

#[test]
fn a_body_is_read_to_its_end() {
    run(async {
        let site = Site::new().await;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: 11\r\n\r\nhello again",
            site.port
        );
        let client = site.ask(head, "done");
        let received = site.queue.receive().await.expect("a request");
        assert!(received.request.has_body);
        let mut body = Vec::new();
        let end = loop {
            match read(&*received.handle).await {
                Ok(data) => body.extend_from_slice(&data),
                Err(error) => break error,
            }
        };
        assert_eq!((body.as_slice(), end), (&b"hello again"[..], Win32Error::HANDLE_EOF));
        assert_eq!(read(&*received.handle).await, Err(Win32Error::HANDLE_EOF));
        send(&*received.handle, response("done")).await.expect("the answer is sent");
        client.join().expect("the client got an answer");
        site.close().await;
    });
}

#[test]
fn a_response_in_pieces_arrives_whole() {
    run(async {
        let site = Site::new().await;
        let client = site.get("/", "three");
        let received = site.queue.receive().await.expect("a request");
        let handle = &*received.handle;
        let mut head = response("one ");
        head.flags = SendFlags::MORE_DATA;
        // As a server would have to where nobody frames for it.
        if !site.driver.is_feature_supported(crate::driver::DriverFeature::ResponseFraming) {
            head.headers.insert("content-length", HeaderValue::from_static("13"));
        }
        send(handle, head).await.expect("the head is sent");
        for (piece, flags) in [("two ", SendFlags::MORE_DATA), ("three", SendFlags::NONE)] {
            let chunks = Bytes::from_static(piece.as_bytes()).into();
            send_body(handle, SendEntityBody { flags, chunks }).await.expect("a piece is sent");
        }
        let answer = client.join().expect("the client got an answer");
        assert!(answer.ends_with("\r\n\r\none two three"), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("content-length: 13"), "{answer}");
        site.close().await;
    });
}

#[test]
fn a_wait_that_was_given_up_takes_no_request() {
    run(async {
        let site = Site::new().await;
        for _ in 0..3 {
            let mut waiting = site.queue.receive();
            let is_pending =
                std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending()));
            assert!(is_pending.await);
        }
        let client = site.get("/", "still here");
        let received = site.queue.receive().await.expect("a request");
        send(&*received.handle, response("still here")).await.expect("the answer is sent");
        client.join().expect("the client got an answer");
        site.close().await;
    });
}

#[test]
fn closing_the_queue_ends_those_who_wait() {
    run(async {
        let site = Site::new().await;
        let mut waiting = site.queue.receive();
        let is_pending =
            std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending()));
        assert!(is_pending.await);
        site.queue.close().await.expect("the queue closes");
        assert_eq!(waiting.await.map(drop), Err(Win32Error::OPERATION_ABORTED));
        assert_eq!(site.queue.receive().await.map(drop), Err(Win32Error::OPERATION_ABORTED));
    });
}

#[test]
fn many_wait_at_once_and_each_takes_a_request() {
    run(async {
        let site = Site::new().await;
        let mut waiting: Vec<_> = (0..8).map(|_| site.queue.receive()).collect();
        for receive in &mut waiting {
            let is_pending =
                std::future::poll_fn(|cx| std::task::Poll::Ready(receive.as_mut().poll(cx).is_pending()));
            assert!(is_pending.await, "nobody has asked");
        }
        let clients: Vec<_> = (0..waiting.len()).map(|number| site.get(&format!("/{number}"), "!")).collect();
        for receive in waiting {
            echo(receive.await.expect("a request")).await;
        }
        check_echoes(clients);
        site.close().await;
    });
}

#[test]
fn requests_wait_in_the_queue_and_are_taken_one_after_the_other() {
    run(async {
        let site = Site::new().await;
        if site.driver.api.is_wine {
            // Wine's http.sys looks for a waiting request at the first connection that has none under way, and nowhere
            // else. What waits behind an idle connection stays there.
            return site.close().await;
        }
        let clients: Vec<_> = (0..16).map(|number| site.get(&format!("/{number}"), "!")).collect();
        for _ in 0..clients.len() {
            echo(site.queue.receive().await.expect("a request")).await;
        }
        check_echoes(clients);
        site.close().await;
    });
}

#[test]
fn a_file_is_not_sent_by_wine_and_says_so() {
    run(async {
        let site = Site::new().await;
        if !site.driver.api.is_wine {
            return site.close().await;
        }
        let client = site.get("/", "instead");
        let received = site.queue.receive().await.expect("a request");
        let file = std::fs::File::open(std::env::current_exe().expect("a program")).expect("it can be read");
        let mut whole = SendResponse::default();
        whole.chunks.push(DataChunk::File { file: Arc::new(file), offset: 0, length: 10 });
        assert_eq!(send(&*received.handle, whole).await, Err(Win32Error::CALL_NOT_IMPLEMENTED));
        send(&*received.handle, response("instead")).await.expect("the answer is sent");
        client.join().expect("the client got an answer");
        site.close().await;
    });
}
