//! What of a backend's answer reaches the client.

use falconry_module::forward::{ForwardErrorKind, Forwarded};

use super::support::{Backend, Front};

/// The head and the body that a client gets for these bytes of a backend, which then closes.
#[track_caller]
fn answered(request: &str, response: &str) -> (String, String, Result<Forwarded, ForwardErrorKind>) {
    let backend = Backend::new();
    let front = Front::with(&backend, |_| {});
    let mut client = front.client();
    client.send(request);
    let mut behind = backend.accept();
    behind.head();
    behind.send(response);
    behind.end();
    let head = client.head();
    let outcome = front.outcome().map_err(|error| error.kind());
    client.end();
    let (rest, _) = client.rest_or_reset();
    (without_date(&head), rest, outcome)
}

fn without_date(head: &str) -> String {
    let kept: Vec<_> = head.lines().filter(|line| !line.starts_with("date: ")).collect();
    kept.join("\n")
}

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn status_reason_fields_and_body_are_the_backend_s() {
    let (head, body, _) = answered(
        GET,
        "HTTP/1.1 299 Tea Time\r\nContent-Length: 5\r\nServer: app\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nhello",
    );
    assert_eq!(
        head,
        "HTTP/1.1 299 Tea Time\ncontent-length: 5\nserver: app\nset-cookie: a=1\nset-cookie: b=2"
    );
    assert_eq!(body, "hello");
}

#[test]
fn a_date_of_the_backend_stays() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(GET);
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 204 No Content\ndate: Thu, 01 Jan 1970 00:00:00 GMT");
}

#[test]
fn fields_of_the_backend_s_connection_end_at_the_module() {
    let (head, body, _) = answered(
        GET,
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Mine, close\r\nX-Mine: secret\r\nKeep-Alive: timeout=5\r\n\
         Proxy-Connection: close\r\nUpgrade: h2c\r\nTrailer: X\r\nMS-ASPNETCORE-TOKEN: t\r\n\r\nok",
    );
    assert_eq!(head, "HTTP/1.1 200 OK\ncontent-length: 2");
    assert_eq!(body, "ok");
}

#[test]
fn a_chunked_response_is_chunked_again_and_has_no_other_length() {
    let (head, body, _) = answered(
        GET,
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n",
    );
    // Known as a whole before it is sent, or not.
    let (framing, body_as_sent) = match head.contains("transfer-encoding") {
        true => ("transfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
        false => ("content-length: 5", "hello"),
    };
    assert_eq!(head, format!("HTTP/1.1 200 OK\n{framing}"));
    assert_eq!(body, body_as_sent);
}

#[test]
fn the_same_length_twice_is_one() {
    let (head, body, _) =
        answered(GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!((&*head, &*body), ("HTTP/1.1 200 OK\ncontent-length: 2", "ok"));
}

#[test]
fn answers_that_break_the_rules_are_bad_gateways() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX\0: a\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 99 Low\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    ] {
        let (head, body, outcome) = answered(GET, response);
        assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\n"), "{response:?}: {head}");
        assert!(body.contains("502.3"), "{response:?}: {body}");
        assert_eq!(outcome, Err(ForwardErrorKind::BadResponse), "{response:?}");
    }
}

#[test]
fn a_head_over_64_kib_is_a_bad_gateway() {
    let long = "x".repeat(66_000);
    let (head, ..) = answered(GET, &format!("HTTP/1.1 200 OK\r\nX: {long}\r\nContent-Length: 0\r\n\r\n"));
    assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\n"), "{head}");
    let short = "x".repeat(60_000);
    let (head, ..) = answered(GET, &format!("HTTP/1.1 200 OK\r\nX: {short}\r\nContent-Length: 0\r\n\r\n"));
    assert!(head.starts_with("HTTP/1.1 200 OK\n"), "{head}");
}

#[test]
fn a_backend_that_closes_without_an_answer_is_a_bad_gateway() {
    let (head, _, outcome) = answered(GET, "");
    assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\n"), "{head}");
    assert_eq!(outcome, Err(ForwardErrorKind::BackendClosed));
    let (head, _, outcome) = answered(GET, "HTTP/1.1 200 OK\r\nContent-Le");
    assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\n"), "{head}");
    assert_eq!(outcome, Err(ForwardErrorKind::BackendClosed));
}

#[test]
fn responses_without_a_body_have_none() {
    let head_request = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
    for (request, response, expected) in [
        (head_request, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "HTTP/1.1 200 OK\ncontent-length: 7"),
        (GET, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", "HTTP/1.1 304 Not Modified\netag: \"a\""),
        (GET, "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", "HTTP/1.1 204 No Content"),
        (
            GET,
            "HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nno",
            "HTTP/1.1 205 Reset Content\ncontent-length: 0",
        ),
    ] {
        let (head, body, outcome) = answered(request, response);
        assert_eq!((&*head, &*body), (expected, ""));
        assert!(outcome.is_ok(), "{response:?}: {outcome:?}");
    }
}

#[test]
fn a_body_that_ends_with_the_connection_is_whole() {
    let (head, body, outcome) = answered(GET, "HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nhello");
    assert!(head.starts_with("HTTP/1.1 200 OK\n") && head.contains("\nx-a: b"), "{head}");
    assert!(body.contains("hello"), "{body}");
    assert_eq!(outcome.unwrap().response_bytes, 5);
}

#[test]
fn an_upgrade_that_is_required_says_to_what() {
    let (head, ..) = answered(
        GET,
        "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(
        head,
        "HTTP/1.1 426 Upgrade Required\nconnection: upgrade\ncontent-length: 0\nupgrade: websocket"
    );
}

#[test]
fn the_backend_closes_the_client_s_connection_only_if_it_may() {
    for may in [false, true] {
        let backend = Backend::new();
        let front = Front::with(&backend, |options| options.forward_response_connection_header = may);
        let mut client = front.client();
        client.send(GET);
        let mut behind = backend.accept();
        behind.head();
        behind.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(client.head().contains("connection: close"), may);
    }
}

#[test]
fn interim_responses_come_in_their_order_and_100_is_between_the_two_only() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(GET);
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X-B\r\nX-B: c\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 103 Early Hints\nlink: </a>");
    behind.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 102 Processing");
    assert_eq!(client.head(), "HTTP/1.1 103 Early Hints\nlink: </b>");
    assert_eq!(without_date(&client.head()), "HTTP/1.1 204 No Content");
}

#[test]
fn a_flood_of_interim_responses_is_cut_off() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(GET);
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000));
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let all = client.until("ok");
    let interim = all.matches(" 103 ").count();
    assert!((1..=64).contains(&interim), "{interim} of them");
}

#[test]
fn the_head_does_not_wait_for_the_body_nor_a_piece_for_the_next() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(GET);
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    assert!(client.head().contains("\ncontent-length: 10\n"));
    behind.send("hello");
    assert_eq!(client.bytes(5), "hello");
    behind.send("world");
    assert_eq!(client.bytes(5), "world");
}
