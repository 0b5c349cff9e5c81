//! What the client speaks, and what goes through.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    thread,
};

use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use tungstenite::{Message, client::IntoClientRequest, protocol::frame::coding::CloseCode};

use crate::{
    client::FOREVER,
    encrypted::{Encrypted, NAME},
    h3_client,
    module::Module,
    skip::skip,
    web_config::WebConfig,
};

const NO_LIMIT: &str = r#"<security><requestFiltering><requestLimits maxAllowedContentLength="4294967295" /></requestFiltering></security>"#;

pub(crate) fn versions() {
    let encrypted = Encrypted::start();
    let address = encrypted.addresses()[0];

    let url = format!("https://{NAME}:{}/info", address.port());
    let resolve = format!("{NAME}:{}:{}", address.port(), address.ip());
    let curl = Command::new("curl")
        .args(["-sS", "--http2", "--resolve", &resolve, "-w", "\n%{http_version}", &url, "--cacert"])
        .arg(encrypted.module.scratch.join("root.pem"))
        .output();
    match curl {
        Ok(output) => {
            let text = String::from_utf8(output.stdout).unwrap();
            let (body, version) = text.rsplit_once('\n').unwrap();
            assert_eq!(version, "2", "{}", String::from_utf8_lossy(&output.stderr));
            let info: Value = serde_json::from_str(body).unwrap();
            assert_eq!((&info["protocol"], &info["scheme"]), (&"HTTP/1.1".into(), &"https".into()));
        }
        Err(error) => {
            skip("http_2_and_http_3_outside_are_http_1_1_inside", &format!("there is no curl: {error}"))
        }
    }

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(FOREVER, http3(&encrypted)).await }).unwrap();
}

async fn http3(encrypted: &Encrypted) {
    let mut client = h3_client::Client::new(encrypted.quic(None).await).await;
    let info: Value = serde_json::from_str(client.get("/info").await.text()).unwrap();
    assert_eq!((&info["protocol"], &info["scheme"]), (&"HTTP/1.1".into(), &"https".into()));

    let mut trailers = HeaderMap::new();
    trailers.insert("x-last", HeaderValue::from_static("words"));
    let post = h3_client::request("POST", "/trailers");
    let answer = client.fetch(post, &["some", " body"], Some(trailers)).await.unwrap();
    assert_eq!((answer.status(), answer.text()), (200, "some body"));
    let trailers = answer.trailers.expect("trailers");
    assert_eq!(
        (&trailers["x-count"], &trailers["x-echo-x-last"]),
        (&"9".parse().unwrap(), &"words".parse().unwrap())
    );
}

pub(crate) fn large_bodies() {
    const SIZE: usize = 300_000_000;
    const PART: usize = 1_000_000;
    let module = Module::start(&WebConfig::contract().element(NO_LIMIT));
    assert_eq!(module.get("/").status, 200);
    let mut stream = TcpStream::connect(module.address()).unwrap();
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    stream.set_write_timeout(Some(FOREVER)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    // Each part is another, so that none can be lost, or come twice, unseen.
    let part = |number: usize| -> Vec<u8> { (0..PART).map(|at| (at * 31 + number * 7) as u8).collect() };
    let sender = thread::spawn(move || {
        write!(
            writer,
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        (0..SIZE / PART).for_each(|number| writer.write_all(&part(number)).unwrap());
    });
    let mut body = Dechunked::new(&mut stream);
    let mut line = Vec::new();
    while !line.ends_with(b"\n\n") {
        let mut byte = [0];
        body.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    assert!(String::from_utf8_lossy(&line).contains(&format!("length={SIZE}\n")));
    let mut received = vec![0; PART];
    for number in 0..SIZE / PART {
        body.read_exact(&mut received).unwrap();
        assert!(received == part(number), "part {number} differs");
    }
    assert_eq!(body.read(&mut received).unwrap(), 0);
    sender.join().unwrap();
    // Streamed: neither process ever held it.
    for process in [u64::from(module.id()), module.processes()[0]] {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let most: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(most < 100_000, "process {process} had {most} kB");
    }
}

/// The body of a response in chunks.
struct Dechunked<'a> {
    stream: std::io::BufReader<&'a mut TcpStream>,
    left: usize,
    is_done: bool,
}

impl<'a> Dechunked<'a> {
    fn new(stream: &'a mut TcpStream) -> Self {
        use std::io::BufRead;
        let mut stream = std::io::BufReader::with_capacity(1 << 16, stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 ") && head.to_lowercase().contains("chunked"), "{head}");
        Self { stream, left: 0, is_done: false }
    }
}

impl Read for Dechunked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        use std::io::BufRead;
        if self.left == 0 && !self.is_done {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            self.left = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
            self.is_done = self.left == 0;
        }
        let room = buffer.len().min(self.left);
        let count = self.stream.read(&mut buffer[..room])?;
        self.left -= count;
        if self.left == 0 {
            self.stream.read_line(&mut String::new())?;
        }
        Ok(count)
    }
}

pub(crate) fn web_socket() {
    let module = Module::start(&WebConfig::contract());
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
    assert_eq!(module.state("/")["in_flight"], 1);
    socket
        .close(Some(tungstenite::protocol::CloseFrame {
            code: CloseCode::Library(4321),
            reason: "done".into(),
        }))
        .unwrap();
    let Message::Close(Some(close)) = socket.read().unwrap() else { panic!("no close frame") };
    assert_eq!((close.code, close.reason.as_str()), (CloseCode::Library(4321), "done"));
    // The server closes first (RFC 6455 section 7.1.1).
    assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
    drop(socket);
    module.state_when("/", |state| state["in_flight"] == 0);
}
