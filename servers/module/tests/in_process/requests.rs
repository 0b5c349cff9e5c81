//! Requests to an application in the worker.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;
use tungstenite::{
    Message,
    client::IntoClientRequest,
    http::HeaderValue,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{
    client::{Client, FOREVER, get_until},
    module::Module,
    support::{contract, in_process, library},
};

pub(crate) fn first_request() {
    let module = Module::start(&contract());
    let answer = module.get("/");
    assert_eq!((answer.status, answer.body.as_str()), (200, "Hello World!"));
    let info: Value = serde_json::from_str(&module.get("/info").body).unwrap();
    assert_eq!(info["server"], "module", "{info}");
    let info: Value = serde_json::from_str(&module.get("/info?a=%20b").body).unwrap();
    assert_eq!((&info["query"], &info["scheme"]), (&"?a=%20b".into(), &"http".into()));
}

pub(crate) fn large_echo() {
    const SIZE: usize = 20 * 1024 * 1024;
    let module = Module::start(&contract());
    let body: Vec<u8> = (0..SIZE).map(|index| (index % 251) as u8).collect();
    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n"
    );
    let answer = exchange(&module, &[head.as_bytes(), &body]);
    let start = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let echoed = dechunked(&answer[start..]);
    let start = echoed.windows(2).position(|two| two == b"\n\n").unwrap() + 2;
    assert!(echoed[start..] == body, "{} of {SIZE} bytes", echoed.len() - start);
}

pub(crate) fn trailers() {
    let module = Module::start(&contract());
    let request = "POST /trailers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\
                   Connection: TE, close\r\n\r\n5\r\nhello\r\n0\r\nx-mine: 1\r\n\r\n";
    let answer = String::from_utf8(exchange(&module, &[request.as_bytes()])).unwrap();
    let (body, trailers) = answer.split_once("\r\n0\r\n").expect(&answer);
    assert!(body.starts_with("HTTP/1.1 200") && body.ends_with("hello"), "{answer}");
    assert!(trailers.contains("x-count: 5\r\n") && trailers.contains("x-echo-x-mine: 1\r\n"), "{answer}");
}

pub(crate) fn web_socket() {
    let module = Module::start(&contract());
    let stream = TcpStream::connect(module.address()).unwrap();
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    let mut request = format!("ws://{}/ws", module.address()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("echo"));
    let (mut socket, response) = tungstenite::client(request, stream).unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "echo");
    for message in [Message::text("hello"), Message::binary(vec![7; 200_000]), Message::text("")] {
        socket.send(message.clone()).unwrap();
        assert_eq!(socket.read().unwrap(), message);
    }
    let close = CloseFrame { code: CloseCode::Library(4321), reason: "done".into() };
    socket.close(Some(close)).unwrap();
    let Message::Close(Some(close)) = socket.read().unwrap() else { panic!("no close frame") };
    assert_eq!((close.code, close.reason.as_str()), (CloseCode::Library(4321), "done"));
    assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
    drop(socket);
    module.state_when("/", |state| state["in_flight"] == 0);
}

pub(crate) fn panics() {
    let module = Module::start(&in_process(&library("falconry-module", "in_process_probe")));
    let worker = module.get("/process").body;
    let answer = module.get("/panic");
    assert_eq!((answer.status, answer.body.as_str()), (500, ""));
    let mut client = Client::connect(module.address()).unwrap();
    client.write("POST /panic-late", "Content-Length: 0\r\n").unwrap();
    client.read_head().unwrap();
    assert!(client.rest_is_cut(), "a response that broke off looks whole");
    assert_eq!(module.get("/process").body, worker);
}

pub(crate) fn abort() {
    let module = Module::start(&contract());
    assert_eq!(module.get("/").status, 200);
    let worker = module.processes();
    let answer =
        Client::connect(module.address()).unwrap().send("POST /abort", "Content-Length: 0\r\n").unwrap();
    assert!(matches!(answer.status, 405 | 502), "{answer:?}");
    let answer = module.get("/abort");
    assert!(answer.status == 502 && answer.body.contains("502.3"), "{answer:?}");
    assert_eq!((module.get("/").status, module.processes()), (200, worker));
}

pub(crate) fn client_left() {
    let module = Module::start(&contract());
    assert_eq!(module.get("/").status, 200);
    let mut client = Client::connect(module.address()).unwrap();
    client.write("GET /wait?ms=60000", "").unwrap();
    module.state_when("/", |state| state["in_flight"] == 1);
    drop(client);
    let aborted = |body: &str| serde_json::from_str::<Value>(body).unwrap()["aborted"].as_u64();
    get_until(module.address(), "/info", |answer| aborted(&answer.body) == Some(1));
}

pub(crate) fn runtime() {
    let module = Module::start(&in_process(&library("falconry-module", "in_process_probe")));
    assert_eq!(module.get("/runtime").body, "spawned");
}

/// Sends while it reads, for an echo is full duplex; gives everything until the end of the connection.
fn exchange(module: &Module, request: &[&[u8]]) -> Vec<u8> {
    let stream = TcpStream::connect(module.address()).unwrap();
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    stream.set_write_timeout(Some(FOREVER)).unwrap();
    let mut answer = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| request.iter().for_each(|part| (&stream).write_all(part).unwrap()));
        (&stream).read_to_end(&mut answer).unwrap();
    });
    answer
}

/// A body without its chunks.
fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let line = body.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&body[..line]).unwrap(), 16).unwrap();
        body = &body[line + 2..];
        if size == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[..size]);
        body = &body[size + 2..];
    }
}
