//! Requests and responses over HTTP/3, from a client on the h3 crate.
#![cfg(feature = "http3")]

#[path = "support/h3/mod.rs"]
mod support;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use support::{
    Server,
    client::{piece, read, request, reset_of},
    raw::{Outcome, code, data, headers, with},
    until,
};

#[tokio::test]
async fn a_request_is_answered() {
    let server = Server::start().await;
    let answer = server.client().await.get("/").await;
    assert_eq!((answer.status(), answer.text()), (200, "Hello World!"));
    assert_eq!(answer.field("server"), Some("Kestrel"));
    assert_eq!(answer.field("content-length"), Some("12"));
    assert!(answer.field("date").is_some());
}

#[tokio::test]
async fn the_features_say_what_the_request_is() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.get("/").await;
    let answer = client.get("/info?a=b").await;
    let text = answer.text();
    for line in [
        "version=HTTP/3.0",
        "scheme=https",
        "target=/info?a=b",
        "path=/info",
        "query=?a=b",
        // The stream of HTTP/2 is another thing.
        "stream=None",
        "body=false",
        "upgrade=Some(false)",
        "connect=Some(false)",
        "trailers=true",
        "reset=true",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    let trace = text.lines().find(|line| line.starts_with("trace=")).unwrap();
    assert!(trace.ends_with(":00000004"), "{trace}");
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for number in 0..300 {
        let text = format!("{number}");
        assert_eq!(client.post("/echo", &[&text, "."]).await.text(), format!("{number}."));
    }
    let first = client.begin(request("GET", "/until")).await;
    assert_eq!(client.get("/").await.text(), "Hello World!", "beside one that waits");
    drop(first);
}

#[tokio::test]
async fn both_bodies_flow_at_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut stream = client.begin(request("POST", "/echo")).await;
    for round in 0..5 {
        let text = Bytes::from(format!("round {round}"));
        stream.send_data(text.clone()).await.unwrap();
        if round == 0 {
            assert_eq!(stream.recv_response().await.unwrap().status(), 200);
        }
        assert_eq!(piece(&mut stream).await.unwrap(), Some(text));
    }
    stream.finish().await.unwrap();
    assert_eq!(piece(&mut stream).await.unwrap(), None);
}

#[tokio::test]
async fn large_bodies_in_both_directions() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(client.get("/big?5000000").await.body.len(), 5_000_000);
    let piece = "x".repeat(100_000);
    let pieces = vec![&*piece; 50];
    assert_eq!(client.post("/upload", &pieces).await.text(), "5000000");
}

#[tokio::test]
async fn trailers_in_both_directions() {
    let server = Server::start().await;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("3"));
    let mut client = server.client().await;
    let answer = client.fetch(request("POST", "/trailers"), &["abc"], Some(trailers.clone())).await.unwrap();
    assert_eq!(answer.text(), "x-sum: 3\n");
    assert_eq!(answer.trailers.unwrap()["x-after"], "all");
    let answer = client.fetch(request("POST", "/trailers"), &[], Some(trailers)).await.unwrap();
    assert_eq!(answer.text(), "x-sum: 3\n", "without a body");
}

#[tokio::test]
async fn a_response_to_head_has_no_body() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for path in ["/", "/big?100000", "/length?12345"] {
        let answer = client.fetch(request("HEAD", path), &[], None).await.unwrap();
        assert_eq!((answer.status(), answer.body.len()), (200, 0), "{path}");
    }
    assert_eq!(client.get("/").await.text(), "Hello World!");
}

#[tokio::test]
async fn fields_of_connections_do_not_leave() {
    let server = Server::start().await;
    let answer = server.client().await.get("/connection-fields").await;
    assert_eq!(answer.text(), "ok");
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
    assert_eq!(answer.field("date"), Some("of my own"));
}

#[tokio::test]
async fn pieces_of_a_cookie_are_joined() {
    let server = Server::start().await;
    let mut request = request("GET", "/fields");
    request.headers_mut().append("cookie", HeaderValue::from_static("a=1"));
    request.headers_mut().append("cookie", HeaderValue::from_static("b=2"));
    let answer = server.client().await.fetch(request, &[], None).await.unwrap();
    assert!(answer.text().contains("cookie: a=1; b=2\n"), "{}", answer.text());
    assert!(answer.text().contains("host: a.test\n"), "{}", answer.text());
}

#[tokio::test]
async fn an_interim_response_comes_first() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut stream = client.begin(request("GET", "/interim")).await;
    stream.finish().await.unwrap();
    let hints = stream.recv_response().await.unwrap();
    assert_eq!(
        (hints.status().as_u16(), &hints.headers()["link"]),
        (103, &HeaderValue::from_static("</a.css>"))
    );
    let answer = read(&mut stream).await.unwrap();
    assert_eq!((answer.status(), answer.text()), (200, "hinted"));
}

#[tokio::test]
async fn a_client_that_waits_for_100_is_asked_to_go_on() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut request = request("POST", "/upload");
    request.headers_mut().insert("expect", HeaderValue::from_static("100-continue"));
    let mut stream = client.begin(request).await;
    assert_eq!(stream.recv_response().await.unwrap().status(), 100);
    stream.send_data(Bytes::from_static(b"abc")).await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(read(&mut stream).await.unwrap().text(), "3");
}

#[tokio::test]
async fn the_application_resets_its_stream_with_a_code() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(reset_of(client.fetch(request("GET", "/reset?268"), &[], None).await), 268);
    let mut stream = client.begin(request("GET", "/late-reset?259")).await;
    // The reset may overtake what was sent before it.
    assert_eq!(reset_of(read(&mut stream).await), 259);
    assert_eq!(client.get("/").await.status(), 200);
}

#[tokio::test]
async fn aborts_and_failures_never_look_like_a_whole_response() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let internal = code::INTERNAL_ERROR;
    assert_eq!(reset_of(client.fetch(request("GET", "/abort"), &[], None).await), internal);
    assert_eq!(client.get("/fail").await.status(), 500);
    assert_eq!(reset_of(client.fetch(request("GET", "/late-fail"), &[], None).await), internal);
    assert_eq!(reset_of(client.fetch(request("GET", "/length?123"), &[], None).await), internal, "too short");
    assert_eq!(client.get("/").await.status(), 200);
}

#[tokio::test]
async fn the_application_hears_of_a_client_that_cancels() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut stream = client.begin(request("GET", "/silent")).await;
    until(|| server.app.started.get() == 1).await;
    stream.stop_sending(h3::error::Code::H3_REQUEST_CANCELLED);
    until(|| server.app.aborted.get() == 1).await;
    assert_eq!(client.get("/").await.status(), 200);
}

#[tokio::test]
async fn the_application_hears_of_a_connection_that_ends() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let streams =
        [client.begin(request("GET", "/silent")).await, client.begin(request("GET", "/wait")).await];
    until(|| server.app.started.get() == 2).await;
    client.quic.close(0x100_u32.into(), b"");
    until(|| server.app.aborted.get() == 2).await;
    drop(streams);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let server = Server::with_limits(|limits| {
        limits.set_max_request_body_size(10);
    })
    .await;
    let mut client = server.client().await;
    assert_eq!(client.post("/upload", &["1234567890"]).await.text(), "10");
    assert_eq!(client.post("/upload", &["12345678901"]).await.status(), 413);
    assert_eq!(client.post("/unlimited", &["12345678901"]).await.text(), "11");
    let raw = server.raw().await;
    let post = [(":method", "POST"), (":scheme", "https"), (":authority", "a.test"), (":path", "/upload")];
    let declared = headers(&with(&post, "content-length", "11"));
    assert_eq!(raw.outcome(&[declared, data(b"12345678901")].concat()).await, Outcome::Status(413));
}

#[tokio::test]
async fn what_is_not_read_of_a_body_is_not_wanted() {
    let server = Server::start().await;
    let raw = server.raw().await;
    let (mut send, receive) = raw.quic.open_bi().await.unwrap();
    let post = [(":method", "POST"), (":scheme", "https"), (":authority", "a.test"), (":path", "/")];
    send.write_all(&headers(&post)).await.unwrap();
    assert_eq!(raw.outcome_of(receive).await, Outcome::Status(200));
    assert_eq!(send.stopped().await.unwrap().map(|code| code.into_inner()), Some(code::NO_ERROR));
}

#[tokio::test]
async fn an_extended_connect_makes_a_tunnel() {
    let server = Server::start().await;
    let raw = server.raw().await;
    let connect = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":authority", "a.test"),
        (":path", "/tunnel"),
    ];
    let (mut send, mut receive) = raw.quic.open_bi().await.unwrap();
    send.write_all(&[headers(&connect), data(b"hello ")].concat()).await.unwrap();
    send.write_all(&data(b"world")).await.unwrap();
    send.finish().unwrap();
    let answer = receive.read_to_end(1000).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    // However it was cut into frames.
    let letters: String = text.chars().filter(char::is_ascii_uppercase).collect();
    assert!(letters.ends_with("HELLOWORLD"), "{text}");
    let refused = with(&connect, ":path", "/refuse-tunnel");
    assert_eq!(raw.outcome(&headers(&refused)).await, Outcome::Status(403));
}
