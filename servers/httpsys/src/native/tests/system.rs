//! The driver over the system's HTTP.sys: under Wine, what that can do.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use falconry_features::Deadline;
use http::{HeaderValue, Method, StatusCode, Version};

use super::{PATIENCE, run};
use crate::{
    NativeDriver,
    driver::{
        DataChunk, Driver as _, RequestHandle, RequestQueue, RequestQueueOptions, SendEntityBody, SendFlags,
        SendResponse, ServerSession, UrlGroup, UrlGroupProperty, Win32Error,
    },
};

/// One at a time: Wine closes the ports of all queues with one of them.
static ALONE: Mutex<()> = Mutex::new(());

struct Site {
    port: u16,
    queue: Arc<dyn RequestQueue>,
    group: Arc<dyn UrlGroup>,
    session: Arc<dyn ServerSession>,
    _driver: NativeDriver,
    _alone: MutexGuard<'static, ()>,
}

impl Site {
    async fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let driver = NativeDriver::new().expect("the system has HTTP.sys");
        let session = driver.create_server_session().await.expect("a session");
        let queue = driver.create_request_queue(RequestQueueOptions::default()).await.expect("a queue");
        let group = session.create_url_group().await.expect("a group");
        group.set_property(UrlGroupProperty::Binding(Some(Arc::clone(&queue)))).await.expect("a binding");
        let port = free_port();
        group.add_url(&format!("http://localhost:{port}/"), 7).await.expect("a prefix");
        Self { port, queue, group, session, _driver: driver, _alone: alone }
    }

    /// Sends a request and returns what comes until the end of the text `until`.
    fn ask(&self, request: impl Into<String>, until: &'static str) -> JoinHandle<String> {
        let (port, request) = (self.port, request.into());
        thread::spawn(move || {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
            stream.write_all(request.as_bytes()).expect("the request is sent");
            let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
            loop {
                let length = stream.read(&mut piece).expect("an answer in time");
                answer.extend_from_slice(&piece[..length]);
                let text = String::from_utf8_lossy(&answer).into_owned();
                if length == 0 || text.ends_with(until) {
                    return text;
                }
            }
        })
    }

    fn get(&self, target: &str, until: &'static str) -> JoinHandle<String> {
        self.ask(format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port), until)
    }

    async fn close(self) {
        self.group.remove_url(&format!("http://localhost:{}/", self.port)).await.expect("the prefix goes");
        self.queue.close().await.expect("the queue closes");
        self.queue.close().await.expect("a second time does nothing");
        self.group.close().await.expect("the group closes");
        self.session.close(Deadline::now()).await.expect("the session closes");
    }
}

fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    socket.local_addr().expect("its number").port()
}

fn response(text: &'static str) -> SendResponse {
    SendResponse { chunks: Bytes::from_static(text.as_bytes()).into(), ..SendResponse::default() }
}

async fn send(handle: &dyn RequestHandle, response: SendResponse) -> Result<(), Win32Error> {
    let mut response = Some(response);
    std::future::poll_fn(|cx| handle.poll_send_response(cx, &mut response)).await
}

async fn send_body(handle: &dyn RequestHandle, body: SendEntityBody) -> Result<(), Win32Error> {
    let mut body = Some(body);
    std::future::poll_fn(|cx| handle.poll_send_entity_body(cx, &mut body)).await
}

async fn read(handle: &dyn RequestHandle) -> Result<Bytes, Win32Error> {
    std::future::poll_fn(|cx| handle.poll_receive_entity_body(cx, 64 * 1024)).await
}

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
        if !site._driver.is_feature_supported(crate::driver::DriverFeature::ResponseFraming) {
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
        let mut takers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let queue = Arc::clone(&site.queue);
            takers.spawn(async move {
                let received = queue.receive().await.expect("a request");
                let mut echo = response("");
                echo.chunks = Bytes::from(format!("{}!", received.request.raw_url)).into();
                send(&*received.handle, echo).await.expect("the answer is sent");
            });
        }
        // They wait before the first request comes.
        tokio::task::yield_now().await;
        let clients: Vec<_> = (0..8).map(|number| site.get(&format!("/{number}"), "!")).collect();
        while let Some(taken) = takers.join_next().await {
            taken.expect("a taker ends");
        }
        for (number, client) in clients.into_iter().enumerate() {
            let answer = client.join().expect("the client got an answer");
            assert!(answer.ends_with(&format!("\r\n\r\n/{number}!")), "{answer}");
        }
        site.close().await;
    });
}

#[test]
fn a_file_is_not_sent_by_wine_and_says_so() {
    run(async {
        let site = Site::new().await;
        if !NativeDriver::new().expect("the system has HTTP.sys").api.is_wine {
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
