//! Bodies of requests and responses as wholes.

use bytes::Bytes;
use falconry_features::RequestBody;
use http_body::Body as _;

use crate::{
    Capability::*,
    client::{Outcome, response_on},
    connect::Request,
    journal::Journal,
    runner::Trial,
    stage::{Running, Stage},
};

const AREA: &str = "bodies";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "a_request_without_a_body_ends_at_once",
        "The body of a request without one is empty.",
        "RFC 9112 section 6.3",
        none,
    ),
    Trial::new(
        AREA,
        "a_body_with_a_length_is_read_whole",
        "Content-Length frames the body.",
        "RFC 9112 section 6.2",
        with_length,
    ),
    Trial::new(
        AREA,
        "a_body_in_chunks_is_read_whole",
        "The application sees the content, not the chunks.",
        "RFC 9112 section 7.1",
        in_chunks,
    ),
    Trial::new(
        AREA,
        "reading_past_the_end_gives_the_end_again",
        "Reading at the end is no error.",
        "falconry: RequestBody",
        past_end,
    ),
    Trial::new(
        AREA,
        "two_megabytes_arrive_byte_for_byte",
        "Large bodies arrive whole, in both directions.",
        "falconry: RequestBody, HttpResponseBodyFeature",
        large,
    ),
    Trial::new(
        AREA,
        "the_length_of_a_body_is_known_ahead",
        "A body with a Content-Length tells it before it is read.",
        "falconry: RequestBody::size_hint",
        size_hint,
    ),
    Trial::new(
        AREA,
        "a_body_that_is_taken_leaves_an_empty_one",
        "The body can be read elsewhere than in the request.",
        "falconry: HttpRequestFeature::take_body",
        taken,
    ),
    Trial::new(
        AREA,
        "a_body_can_be_replaced",
        "Middleware may put another body in place.",
        "ASP.NET Core: IHttpRequestFeature.Body",
        replaced,
    ),
    Trial::new(
        AREA,
        "an_unread_body_harms_nothing",
        "A server drains or discards what is left of a body; the answer arrives.",
        "ASP.NET Core: request lifecycle, step 6",
        unread,
    ),
    Trial::new(
        AREA,
        "many_small_writes_keep_their_order",
        "Data leaves in the order in which it was written.",
        "ASP.NET Core: IHttpResponseBodyFeature.Writer",
        small_writes,
    ),
    Trial::new(
        AREA,
        "an_empty_write_is_not_the_end",
        "Writing nothing does not end the body.",
        "RFC 9112 section 7.1 (a chunk of size 0 is the last)",
        empty_write,
    ),
    Trial::new(
        AREA,
        "a_body_that_breaks_off_is_an_error",
        "A body that ends before its Content-Length or last chunk is incomplete and not taken for whole.",
        "RFC 9112 section 8",
        broken_off,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "malformed_chunks_are_a_bad_request",
        "A body that breaks the framing ends with an error of status 400.",
        "RFC 9112 section 7.1",
        malformed_chunks,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "http_1_0_sends_a_body_with_a_length",
        "A request of HTTP/1.0 may have a body.",
        "RFC 9112 section 6.3",
        body_of_10,
    )
    .needs(&[Http1]),
];

/// Serves an application that reads the whole body, tells its length, and sends it back.
fn collecting(stage: &Stage) -> (Running, Journal<usize>) {
    let seen = Journal::<usize>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let mut body = Vec::new();
            while let Some(data) = ctx.request_mut().read().await? {
                body.extend_from_slice(&data);
            }
            seen.push(body.len());
            ctx.response_mut().write(body).await
        })
    });
    (server, seen)
}

fn none(stage: &Stage) {
    let (server, seen) = collecting(stage);
    assert_eq!(server.get("/").text(), "");
    assert_eq!(seen.entries(), [0]);
}

fn with_length(stage: &Stage) {
    let (server, _) = collecting(stage);
    let mut client = server.client();
    for body in ["a", "hello", ""] {
        let request = Request::new("POST", "/").length(body.len() as u64);
        assert_eq!(client.exchange(&request, body.as_bytes()).text(), body);
    }
}

fn in_chunks(stage: &Stage) {
    let (server, _) = collecting(stage);
    let mut client = server.client();
    for _ in 0..2 {
        client.begin(&Request::post("/"));
        for piece in ["one", "two", "three"] {
            client.send(piece.as_bytes());
        }
        client.end();
        assert_eq!(client.response().text(), "onetwothree");
    }
    assert_eq!(client.exchange(&Request::post("/"), b"").text(), "", "no chunk but the last");
}

fn past_end(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            while ctx.request_mut().read().await?.is_some() {}
            for _ in 0..3 {
                seen.push(ctx.request_mut().read().await?.is_none());
            }
            Ok(())
        })
    });
    assert_eq!(server.client().exchange(&Request::post("/"), b"abc").status(), 200);
    assert_eq!(seen.entries(), [true; 3]);
}

fn large(stage: &Stage) {
    let (server, _) = collecting(stage);
    let body: Vec<u8> = (0..2_000_000_u32).map(|n| (n % 251) as u8).collect();
    let mut client = server.client();
    let sent = client.exchange(&Request::new("PUT", "/").length(body.len() as u64), &body);
    assert!(sent.body == body, "with a length: the bytes differ");
    assert!(client.exchange(&Request::post("/"), &body).body == body, "in one chunk: the bytes differ");
}

fn size_hint(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(format!("{:?}", ctx.request_mut().body().size_hint().exact()));
            while ctx.request_mut().read().await?.is_some() {}
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/");
    client.exchange(&Request::new("POST", "/").length(5), b"hello");
    client.exchange(&Request::post("/"), b"hello");
    assert_eq!(seen.entries(), ["Some(0)", "Some(5)", "None"]);
}

fn taken(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let mut body = ctx.request_mut().take_body();
            seen.push(ctx.request_mut().body().is_end_stream());
            while let Some(data) = body.data().await {
                ctx.response_mut().write(data?).await?;
            }
            Ok(())
        })
    });
    assert_eq!(server.client().exchange(&Request::post("/"), b"abc").text(), "abc");
    assert!(seen.first());
}

fn replaced(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            while ctx.request_mut().read().await?.is_some() {}
            ctx.request_mut().set_body(RequestBody::from("another"));
            let data = ctx.request_mut().read().await?.unwrap_or_default();
            ctx.response_mut().write(data).await
        })
    });
    assert_eq!(server.client().exchange(&Request::post("/"), b"abc").text(), "another");
}

fn unread(stage: &Stage) {
    let server =
        stage.serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().write("answered").await }));
    let mut client = server.client();
    for _ in 0..3 {
        let request = Request::new("POST", "/").length(10_000);
        assert_eq!(client.exchange(&request, &[b'x'; 10_000]).text(), "answered");
        // The server may have closed; a new connection must do.
        client.leave();
    }
}

fn small_writes(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            for number in 0..2000 {
                ctx.response_mut().write(format!("{number},")).await?;
            }
            Ok(())
        })
    });
    let expected: String = (0..2000).map(|number| format!("{number},")).collect();
    assert_eq!(server.get("/").text(), expected);
}

fn empty_write(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().write("").await?;
            ctx.response_mut().write("a").await?;
            ctx.response_mut().write(Bytes::new()).await?;
            ctx.response_mut().flush().await?;
            ctx.response_mut().write("b").await
        })
    });
    let mut client = server.client();
    assert_eq!(client.get("/").text(), "ab");
    assert_eq!(client.get("/").text(), "ab", "the next request");
}

fn broken_off(stage: &Stage) {
    let (server, seen) = collecting(stage);
    for framing in ["Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        let bytes = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{framing}");
        let mut wire = server.wire_with(bytes, &["POST"]);
        wire.end_sending().expect("the sending side can be ended");
        if let Outcome::Complete(response) = crate::client::receive(&mut wire, Vec::new()) {
            assert!(response.status() >= 400, "{response:?}");
        }
    }
    assert!(seen.entries().is_empty(), "the application took a part for the whole");
    assert_eq!(server.get("/").status(), 200, "the next request");
}

fn malformed_chunks(stage: &Stage) {
    let (server, seen) = collecting(stage);
    for body in ["x\r\nhello\r\n0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n"] {
        let bytes = format!("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let mut wire = server.wire_with(bytes, &["POST"]);
        assert_eq!(response_on(&mut wire).status(), 400, "{body:?}");
    }
    assert!(seen.entries().is_empty(), "the application read a malformed body to its end");
}

fn body_of_10(stage: &Stage) {
    let (server, _) = collecting(stage);
    let mut wire = server.wire_with("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", &["POST"]);
    assert_eq!(response_on(&mut wire).text(), "hello");
}
