//! Several requests on one connection, over the wire.

use crate::{
    Capability::*,
    client::response_on,
    connect::{Connection as _, Request},
    journal::Journal,
    runner::Trial,
    stage::{Running, Stage},
};

const AREA: &str = "connection";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "requests_follow_each_other",
        "A connection is kept unless somebody says otherwise.",
        "RFC 9112 section 9.3",
        follow,
    )
    .needs(&[KeepAlive, Http1]),
    Trial::new(
        AREA,
        "requests_with_bodies_follow_each_other",
        "The next request begins where the body ends.",
        "RFC 9112 section 6.3",
        follow_bodies,
    )
    .needs(&[KeepAlive, Http1]),
    Trial::new(
        AREA,
        "close_ends_the_connection",
        "After `Connection: close` in the request the server closes, and says so.",
        "RFC 9112 section 9.6",
        close,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "an_application_can_close_the_connection",
        "`Connection: close` in the response is kept.",
        "RFC 9112 section 9.6",
        application_closes,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "http_1_0_ends_the_connection",
        "A connection of HTTP/1.0 ends with the response.",
        "RFC 9112 section 9.3",
        close_10,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "pipelined_requests_are_answered_in_order",
        "Answers come in the order of the requests.",
        "RFC 9112 section 9.3.2",
        pipelined,
    )
    .needs(&[KeepAlive, Http1]),
    Trial::new(
        AREA,
        "pipelined_bodies_are_kept_apart",
        "A body ends where its framing says, whatever follows.",
        "RFC 9112 section 9.3.2",
        pipelined_bodies,
    )
    .needs(&[KeepAlive, Http1]),
    Trial::new(
        AREA,
        "one_connection_has_one_request_at_a_time",
        "The next request of a connection begins when the one before has ended.",
        "ASP.NET Core: HTTP/1.1 request processing",
        one_at_a_time,
    )
    .needs(&[KeepAlive, Http1]),
    Trial::new(
        AREA,
        "an_unread_body_does_not_become_a_request",
        "What is left of a body is discarded, or the connection closed; it is never taken for a request.",
        "RFC 9112 section 9.3",
        unread,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "empty_lines_before_a_request_are_ignored",
        "A server ignores at least one empty line before the request line.",
        "RFC 9112 section 2.2",
        empty_lines,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_request_may_come_byte_by_byte",
        "How bytes are cut into segments means nothing.",
        "RFC 9112 section 2.2",
        byte_by_byte,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_malformed_request_is_400_and_the_last",
        "A server answers a request that it cannot parse by 400 and closes.",
        "RFC 9112 section 2.2",
        malformed,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_request_without_a_host_is_400",
        "A request of HTTP/1.1 without Host, or with two, is answered by 400.",
        "RFC 9112 section 3.2",
        no_host,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_request_with_two_lengths_is_400",
        "Contradicting framing is never guessed at.",
        "RFC 9112 section 6.3",
        two_lengths,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_client_that_leaves_between_requests_harms_nothing",
        "A connection may end whenever no request is under way.",
        "RFC 9112 section 9.5",
        leaves,
    )
    .needs(&[Http1]),
];

/// Serves an application that tells method, path and body.
fn telling(stage: &Stage) -> Running {
    stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let mut text = format!("{} {}", ctx.request().method(), ctx.request().path());
            while let Some(data) = ctx.request_mut().read().await? {
                text.push(' ');
                text.push_str(&String::from_utf8_lossy(&data));
            }
            ctx.response_mut().write(text).await
        })
    })
}

fn request(line: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn follow(stage: &Stage) {
    let server = telling(stage);
    let mut wire = server.wire();
    for number in 0..50 {
        wire.send(&Request::get(&format!("/{number}"))).expect("the connection is kept");
        assert_eq!(response_on(&mut wire).text(), format!("GET /{number}"));
    }
}

fn follow_bodies(stage: &Stage) {
    let server = telling(stage);
    let mut wire = server.wire();
    for number in 0..10 {
        let body = format!("body {number}");
        wire.send(&Request::new("POST", "/a").length(body.len() as u64)).expect("the connection is kept");
        wire.send_data(body.as_bytes()).expect("the body can be sent");
        assert_eq!(response_on(&mut wire).text(), format!("POST /a {body}"));
        wire.send(&Request::post("/b")).expect("the connection is kept");
        wire.send_data(body.as_bytes()).expect("the body can be sent");
        wire.send_end(&http::HeaderMap::new()).expect("the body can be ended");
        assert_eq!(response_on(&mut wire).text(), format!("POST /b {body}"));
    }
}

fn close(stage: &Stage) {
    let server = telling(stage);
    let mut wire =
        server.wire_with("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", &["GET"]);
    let response = response_on(&mut wire);
    assert_eq!((response.text().as_str(), response.field("connection").as_str()), ("GET /", "close"));
    assert!(wire.is_closed_by_server().expect("the server ends the connection"));
}

fn application_closes(stage: &Stage) {
    let server = stage
        .serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().set_header("connection", "close") }));
    let mut wire = server.wire_with(request("GET /"), &["GET"]);
    assert_eq!(response_on(&mut wire).field("connection"), "close");
    assert!(wire.is_closed_by_server().expect("the server ends the connection"));
}

fn close_10(stage: &Stage) {
    let server = telling(stage);
    let mut wire = server.wire_with("GET / HTTP/1.0\r\n\r\n", &["GET"]);
    assert_eq!(response_on(&mut wire).text(), "GET /");
    assert!(wire.is_closed_by_server().expect("the server ends the connection"));
}

fn pipelined(stage: &Stage) {
    let server = telling(stage);
    let requests: String = (0..20).map(|number| request(&format!("GET /{number}"))).collect();
    let mut wire = server.wire_with(requests, &["GET"; 20]);
    for number in 0..20 {
        assert_eq!(response_on(&mut wire).text(), format!("GET /{number}"));
    }
}

fn pipelined_bodies(stage: &Stage) {
    let server = telling(stage);
    let bytes = [
        "POST /1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nfirst",
        "POST /2 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n",
        "GET /3 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /4 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        "HEAD /5 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /6 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    let mut wire = server.wire_with(bytes.concat(), &["POST", "POST", "GET", "POST", "HEAD", "GET"]);
    for text in ["POST /1 first", "POST /2 second", "GET /3", "POST /4", "", "GET /6"] {
        assert_eq!(response_on(&mut wire).text(), text);
    }
}

fn one_at_a_time(stage: &Stage) {
    let (seen, go) = (Journal::<String>::new(), Journal::<()>::new());
    let server = stage.serve(&(seen.clone(), go.clone()), |(seen, go), ctx| {
        Box::pin(async move {
            seen.push(ctx.request().path());
            if ctx.request().path() == "/1" {
                go.added(1).await;
                seen.push("end of /1");
            }
            Ok(())
        })
    });
    let mut wire = server.wire_with(request("GET /1") + &request("GET /2"), &["GET", "GET"]);
    seen.first();
    // Another connection's request goes through meanwhile.
    server.get("/other");
    assert_eq!(seen.wait(2), ["/1", "/other"]);
    go.push(());
    response_on(&mut wire);
    response_on(&mut wire);
    assert_eq!(seen.entries(), ["/1", "/other", "end of /1", "/2"]);
}

fn unread(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.request().path());
            Ok(())
        })
    });
    let hidden = request("GET /hidden");
    let length = hidden.len();
    let bytes = format!("POST /1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{hidden}");
    let mut wire = server.wire_with(bytes + &request("GET /2"), &["POST", "GET"]);
    assert_eq!(response_on(&mut wire).status(), 200);
    if wire.head().is_ok() {
        assert_eq!(seen.wait(2), ["/1", "/2"]);
    }
    assert!(!seen.entries().contains(&"/hidden".to_owned()));
}

fn empty_lines(stage: &Stage) {
    let server = telling(stage);
    let mut wire = server.wire_with("\r\n".to_owned() + &request("GET /"), &["GET"]);
    assert_eq!(response_on(&mut wire).text(), "GET /");
}

fn byte_by_byte(stage: &Stage) {
    let server = telling(stage);
    let mut wire = server.wire();
    let bytes =
        "POST /1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    for byte in bytes.bytes() {
        wire.send_bytes([byte], &[]).expect("the server reads");
    }
    assert_eq!(response_on(&mut wire).text(), "POST /1 a");
}

fn assert_refused(server: &Running, bytes: &str) {
    let mut wire = server.wire_with(bytes, &["GET"]);
    let response = response_on(&mut wire);
    assert_eq!(response.status(), 400, "{bytes:?}");
    assert!(wire.is_closed_by_server().expect("the server ends the connection"), "{bytes:?}");
}

fn malformed(stage: &Stage) {
    let server = telling(stage);
    for bytes in [
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nNo colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nBad name: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    ] {
        assert_refused(&server, bytes);
    }
    assert_eq!(server.get("/").status(), 200, "the next request");
}

fn no_host(stage: &Stage) {
    let server = telling(stage);
    assert_refused(&server, "GET / HTTP/1.1\r\n\r\n");
    assert_refused(&server, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
}

fn two_lengths(stage: &Stage) {
    let server = telling(stage);
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\n";
    assert_refused(&server, &format!("{head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"));
    assert_refused(&server, &format!("{head}Content-Length: 5x\r\n\r\nhello"));
}

fn leaves(stage: &Stage) {
    let server = telling(stage);
    for bytes in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\nX-A:"] {
        drop(server.wire_with(bytes, &[]));
    }
    assert_eq!(server.get("/").status(), 200);
}
