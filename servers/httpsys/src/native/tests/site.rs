//! A prefix on the system's HTTP.sys, and clients of it.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use falconry_features::Deadline;
use tokio::sync::{Mutex, MutexGuard};

use super::PATIENCE;
use crate::{
    NativeDriver,
    driver::{
        Driver as _, ReceivedRequest, RequestHandle, RequestQueue, RequestQueueOptions, SendEntityBody,
        SendResponse, ServerSession, UrlGroup, UrlGroupProperty, Win32Error,
    },
};

/// One at a time: Wine closes the ports of all queues with one of them.
static ALONE: Mutex<()> = Mutex::const_new(());

pub(super) struct Site {
    pub(super) port: u16,
    pub(super) queue: Arc<dyn RequestQueue>,
    pub(super) group: Arc<dyn UrlGroup>,
    pub(super) session: Arc<dyn ServerSession>,
    pub(super) driver: NativeDriver,
    _alone: MutexGuard<'static, ()>,
}

impl Site {
    pub(super) async fn new() -> Self {
        let alone = ALONE.lock().await;
        let driver = NativeDriver::new().expect("the system has HTTP.sys");
        let session = driver.create_server_session().await.expect("a session");
        let queue = driver.create_request_queue(RequestQueueOptions::default()).await.expect("a queue");
        let group = session.create_url_group().await.expect("a group");
        group.set_property(UrlGroupProperty::Binding(Some(Arc::clone(&queue)))).await.expect("a binding");
        let port = free_port();
        group.add_url(&format!("http://localhost:{port}/"), 7).await.expect("a prefix");
        Self { port, queue, group, session, driver, _alone: alone }
    }

    /// Sends a request and returns what comes until the end of the text `until`.
    pub(super) fn ask(&self, request: impl Into<String>, until: &'static str) -> JoinHandle<String> {
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

    pub(super) fn get(&self, target: &str, until: &'static str) -> JoinHandle<String> {
        self.ask(format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port), until)
    }

    pub(super) async fn close(self) {
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

pub(super) fn response(text: &'static str) -> SendResponse {
    SendResponse { chunks: Bytes::from_static(text.as_bytes()).into(), ..SendResponse::default() }
}

pub(super) async fn send(handle: &dyn RequestHandle, response: SendResponse) -> Result<(), Win32Error> {
    let mut response = Some(response);
    std::future::poll_fn(|cx| handle.poll_send_response(cx, &mut response)).await
}

pub(super) async fn send_body(handle: &dyn RequestHandle, body: SendEntityBody) -> Result<(), Win32Error> {
    let mut body = Some(body);
    std::future::poll_fn(|cx| handle.poll_send_entity_body(cx, &mut body)).await
}

pub(super) async fn read(handle: &dyn RequestHandle) -> Result<Bytes, Win32Error> {
    std::future::poll_fn(|cx| handle.poll_receive_entity_body(cx, 64 * 1024)).await
}

/// Answers with the target and `!`.
pub(super) async fn echo(received: ReceivedRequest) {
    let mut echo = response("");
    echo.chunks = Bytes::from(format!("{}!", received.request.raw_url)).into();
    send(&*received.handle, echo).await.expect("the answer is sent");
}

/// Each client has got the answer to its own number.
pub(super) fn check_echoes(clients: Vec<JoinHandle<String>>) {
    for (number, client) in clients.into_iter().enumerate() {
        let answer = client.join().expect("the client got an answer");
        assert!(answer.ends_with(&format!("\r\n\r\n/{number}!")), "{answer}");
    }
}
