//! What observers hear of the connections of a running server.
#![cfg(feature = "aws-lc-rs")]

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
    time::Duration,
};

use falconry_kestrel::{ConnectionEnd, ConnectionTags, HandshakeEnd, KestrelObserver, KestrelServerOptions};
use support::{
    TestServer,
    certificates::{Authority, Pair},
    client::Client,
};

/// Writes down what it hears, in one line each.
#[derive(Default)]
struct Lines {
    lines: Mutex<Vec<String>>,
    tags: Mutex<Option<ConnectionTags>>,
}

impl Lines {
    fn write(&self, connection: &ConnectionTags, line: String) {
        *self.tags.lock().unwrap() = Some(connection.clone());
        self.lines.lock().unwrap().push(line);
    }
}

impl KestrelObserver for Lines {
    fn connection_queued(&self, connection: &ConnectionTags) {
        self.write(connection, "queued".into());
    }

    fn connection_dequeued(&self, connection: &ConnectionTags) {
        self.write(connection, "dequeued".into());
    }

    fn connection_started(&self, connection: &ConnectionTags) {
        self.write(connection, "started".into());
    }

    fn connection_stopped(&self, connection: &ConnectionTags, end: &ConnectionEnd) {
        assert!(end.duration > Duration::ZERO);
        let protocol = end.protocol_version.unwrap_or("-");
        let tls = end.tls_protocol_version.unwrap_or("-");
        let error = end.error_type.unwrap_or("-");
        let added: String = end.added.iter().map(|(name, value)| format!(" {name}={value:?}")).collect();
        self.write(connection, format!("stopped http={protocol} tls={tls} error={error}{added}"));
    }

    fn connection_rejected(&self, connection: &ConnectionTags, error_type: &'static str) {
        self.write(connection, format!("rejected error={error_type}"));
    }

    fn tls_handshake_started(&self, connection: &ConnectionTags) {
        self.write(connection, "handshake started".into());
    }

    fn tls_handshake_stopped(&self, connection: &ConnectionTags, end: &HandshakeEnd) {
        let (tls, error) = (end.tls_protocol_version.unwrap_or("-"), end.error_type.unwrap_or("-"));
        self.write(connection, format!("handshake stopped tls={tls} error={error}"));
    }

    fn upgraded_connection_started(&self, connection: &ConnectionTags) {
        self.write(connection, "upgraded".into());
    }

    fn upgraded_connection_stopped(&self, connection: &ConnectionTags) {
        self.write(connection, "upgrade stopped".into());
    }
}

/// Runs `talk` against a server, and gives what was heard of it.
async fn heard(
    configure: impl FnOnce(&mut KestrelServerOptions),
    talk: impl FnOnce(TcpStream) + Send + 'static,
) -> (Vec<String>, ConnectionTags) {
    let observer = Arc::new(Lines::default());
    let mut options = KestrelServerOptions::default();
    options.observer(observer.clone());
    configure(&mut options);
    if options.endpoints().is_empty() {
        options.listen(([127, 0, 0, 1], 0).into());
    }
    let server = TestServer::start_options(options).await.unwrap();
    let address = server.address;
    let talked = tokio::task::spawn_blocking(move || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        talk(stream);
    });
    talked.await.unwrap();
    server.stop().await;
    let tags = observer.tags.lock().unwrap().clone().expect("something was heard");
    (observer.lines.lock().unwrap().clone(), tags)
}

fn exchange(mut stream: TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_told_of_from_its_queue_to_its_end_with_its_tags() {
    let (lines, tags) = heard(
        |_| {},
        |stream| {
            let answer = exchange(stream, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assert!(answer.ends_with("Hello World!"), "{answer}");
        },
    )
    .await;
    assert_eq!(lines, ["queued", "dequeued", "started", "stopped http=1.1 tls=- error=-"]);
    assert_eq!(tags.server_address, "127.0.0.1");
    assert!(tags.server_port.is_some_and(|port| port > 0));
    assert_eq!((tags.network_type, tags.network_transport), (Some("ipv4"), "tcp"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_adds_tags_to_the_end_of_its_connection() {
    let (lines, _) = heard(
        |_| {},
        |stream| {
            exchange(stream, "GET /tag HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        },
    )
    .await;
    assert_eq!(lines.last().unwrap(), "stopped http=1.1 tls=- error=- tenant=Text(\"acme\")");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unix_socket_is_named_by_its_path() {
    use falconry_features::{Deadline, Server};

    let path = std::env::temp_dir().join(format!("falconry-observer-{}.sock", std::process::id()));
    let observer = Arc::new(Lines::default());
    let mut options = KestrelServerOptions::default();
    options.observer(observer.clone());
    options.listen_unix_socket(&path).unwrap();
    let server = support::start(options).await.unwrap();
    let file = path.clone();
    let talked = tokio::task::spawn_blocking(move || {
        let mut stream = std::os::unix::net::UnixStream::connect(file).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
    });
    talked.await.unwrap();
    server.stop(Deadline::never()).await.unwrap();
    let tags = observer.tags.lock().unwrap().clone().unwrap();
    assert_eq!(tags.server_address, path.to_str().unwrap());
    assert_eq!((tags.server_port, tags.network_type, tags.network_transport), (None, None, "unix"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_and_timeouts_say_why_the_connection_ended() {
    let cases = [
        ("GET / HTTP/2.0\r\n\r\n", "invalid_http_version"),
        ("GET /\r\n\r\n", "invalid_request_line"),
        ("GET / HTTP/1.1\r\n\r\n", "invalid_request_headers"),
        ("GET / HTTP/1.1\r\nHost: a\r\n", "request_headers_timeout"),
        ("", "keep_alive_timeout"),
        ("\x16\x03\x01\x02\x00\x01", "tls_not_supported"),
    ];
    for (request, error) in cases {
        let (lines, _) = heard(
            |options| {
                options.limits.set_request_headers_timeout(Duration::from_millis(300)).unwrap();
                options.limits.set_keep_alive_timeout(Duration::from_millis(300)).unwrap();
            },
            |stream| drop(exchange(stream, request)),
        )
        .await;
        let last = lines.last().unwrap();
        assert!(
            last.starts_with("stopped ") && last.ends_with(&format!("error={error}")),
            "{request:?}: {last}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_by_the_application_is_told_as_such() {
    let (lines, _) =
        heard(|_| {}, |stream| drop(exchange(stream, "GET /abort HTTP/1.1\r\nHost: a\r\n\r\n"))).await;
    assert_eq!(lines.last().unwrap(), "stopped http=1.1 tls=- error=aborted_by_app");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_over_the_limit_is_told_as_rejected_and_nothing_else() {
    let observer = Arc::new(Lines::default());
    let mut options = KestrelServerOptions::default();
    options.observer(observer.clone()).listen(([127, 0, 0, 1], 0).into());
    options.limits.set_max_concurrent_connections(1).unwrap();
    let server = TestServer::start_options(options).await.unwrap();
    let address = server.address;
    let talked = tokio::task::spawn_blocking(move || {
        let mut first = TcpStream::connect(address).unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert!(first.read(&mut [0; 1024]).unwrap() > 0);
        let mut second = TcpStream::connect(address).unwrap();
        assert!(matches!(second.read(&mut [0; 1]), Ok(0) | Err(_)), "the second connection was served");
        drop(first);
    });
    talked.await.unwrap();
    server.stop().await;
    let lines = observer.lines.lock().unwrap().clone();
    assert_eq!(
        lines,
        [
            "queued",
            "dequeued",
            "started",
            "rejected error=max_concurrent_connections_exceeded",
            "stopped http=1.1 tls=- error=-"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_fails_ends_its_connection_with_that_reason() {
    let pair = Authority::new("root").server(&["a.test"]);
    let https = |options: &mut KestrelServerOptions| listen_https(options, &pair);
    let (lines, _) = heard(https, |stream| drop(exchange(stream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))).await;
    assert_eq!(
        lines,
        [
            "queued",
            "dequeued",
            "started",
            "handshake started",
            "handshake stopped tls=- error=tls_handshake_failed",
            "stopped http=- tls=- error=tls_handshake_failed"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_and_its_connection_tell_the_version_of_tls() {
    let root = Authority::new("root");
    let observer = Arc::new(Lines::default());
    let mut options = KestrelServerOptions::default();
    options.observer(observer.clone());
    listen_https(&mut options, &root.server(&["a.test"]));
    let server = TestServer::start_options(options).await.unwrap();
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let client = Client::with_versions(&root, versions);
        assert_eq!(client.get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
    }
    server.stop().await;
    let lines = observer.lines.lock().unwrap().clone();
    for version in ["1.2", "1.3"] {
        assert!(lines.contains(&format!("handshake stopped tls={version} error=-")), "{lines:?}");
        assert!(lines.contains(&format!("stopped http=1.1 tls={version} error=-")), "{lines:?}");
    }
}

fn listen_https(options: &mut KestrelServerOptions, pair: &Pair) {
    options.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| {
        endpoint.use_https_with(|https| https.server_certificate = Some(pair.certificate()));
    });
}
