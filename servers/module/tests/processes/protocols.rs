//! What the client speaks, and what goes through.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    sync::Arc,
    thread,
};

use h3::client::SendRequest;
use http::{HeaderMap, HeaderValue, Request};
use serde_json::Value;
use tungstenite::{Message, client::IntoClientRequest, protocol::frame::coding::CloseCode};

use crate::{client::FOREVER, module::Module, scratch::Scratch, skip::skip, web_config::WebConfig};

const NO_LIMIT: &str = r#"<security><requestFiltering><requestLimits maxAllowedContentLength="4294967295" /></requestFiltering></security>"#;

/// A module with an https endpoint for all versions, and its certificate.
fn with_tls() -> (Module, rustls::pki_types::CertificateDer<'static>) {
    let scratch = Scratch::new();
    let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(scratch.join("cert.pem"), pair.cert.pem()).unwrap();
    fs::write(scratch.join("key.pem"), pair.signing_key.serialize_pem()).unwrap();
    let program = std::env::current_exe().unwrap();
    let text = format!(
        r#"[[applications]]
processPath = {program:?}
environmentVariables = {{ FALCONRY_TEST_BACKEND = "contract" }}

[Kestrel.Endpoints.Clear]
Url = "http://127.0.0.1:0"

[Kestrel.Endpoints.Tls]
Url = "https://127.0.0.1:0"
Protocols = "Http1AndHttp2AndHttp3"
Certificate = {{ Path = "cert.pem", KeyPath = "key.pem" }}
"#
    );
    scratch.write("module.toml", &text);
    (Module::in_folder(scratch, &["--config", "module.toml"]), pair.cert.der().clone())
}

pub(crate) fn versions() {
    let (module, certificate) = with_tls();
    let tls = module.addresses().iter().find_map(|address| address.strip_prefix("https://")).unwrap();
    let address: SocketAddr = tls.parse().unwrap();

    let url = format!("https://localhost:{}/info", address.port());
    let resolve = format!("localhost:{}:{}", address.port(), address.ip());
    let curl = Command::new("curl")
        .args(["-sS", "--http2", "--resolve", &resolve, "-w", "\n%{http_version}", &url, "--cacert"])
        .arg(module.scratch.join("cert.pem"))
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
    runtime.block_on(async { tokio::time::timeout(FOREVER, http3(address, certificate)).await }).unwrap();
}

async fn http3(address: SocketAddr, certificate: rustls::pki_types::CertificateDer<'static>) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13]);
    let mut tls = tls.unwrap().with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let mut endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let quic = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(quic)));
    let connection = endpoint.connect(address, "localhost").unwrap().await.unwrap();
    let (mut driver, mut requests) = h3::client::new(h3_quinn::Connection::new(connection)).await.unwrap();
    let driver = tokio::spawn(async move { std::future::poll_fn(|cx| driver.poll_close(cx)).await });

    let (body, _) = fetch(&mut requests, "/info", &[], None).await;
    let info: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&info["protocol"], &info["scheme"]), (&"HTTP/1.1".into(), &"https".into()));

    let mut trailers = HeaderMap::new();
    trailers.insert("x-last", HeaderValue::from_static("words"));
    let (body, trailers) = fetch(&mut requests, "/trailers", b"some body", Some(trailers)).await;
    let trailers = trailers.expect("trailers");
    assert_eq!(body, b"some body");
    assert_eq!(
        (&trailers["x-count"], &trailers["x-echo-x-last"]),
        (&"9".parse().unwrap(), &"words".parse().unwrap())
    );
    drop(requests);
    drop(driver);
}

async fn fetch(
    requests: &mut SendRequest<h3_quinn::OpenStreams, bytes::Bytes>,
    path: &str,
    body: &'static [u8],
    trailers: Option<HeaderMap>,
) -> (Vec<u8>, Option<HeaderMap>) {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let mut request = Request::builder().method(method).uri(format!("https://localhost{path}"));
    if trailers.is_some() {
        // Which fields come is said beforehand, else HTTP/1.1 inside may leave them out (RFC 9110 section 6.6.2).
        request = request.header("trailer", "x-last");
    }
    let mut stream = requests.send_request(request.body(()).unwrap()).await.unwrap();
    if !body.is_empty() {
        stream.send_data(bytes::Bytes::from_static(body)).await.unwrap();
    }
    if let Some(trailers) = trailers {
        stream.send_trailers(trailers).await.unwrap();
    }
    stream.finish().await.unwrap();
    assert_eq!(stream.recv_response().await.unwrap().status(), 200);
    let mut received = Vec::new();
    while let Some(mut data) = stream.recv_data().await.unwrap() {
        use bytes::Buf;
        received.extend_from_slice(&data.copy_to_bytes(data.remaining()));
    }
    (received, stream.recv_trailers().await.unwrap())
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
