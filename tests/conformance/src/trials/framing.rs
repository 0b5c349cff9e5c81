//! Whether a response has a body, and how its end is told.

use crate::{
    Capability::*,
    client::{Outcome, response_on},
    connect::{Connection, Request},
    journal::Journal,
    runner::Trial,
    stage::Stage,
};

const AREA: &str = "framing";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "an_own_content_length_is_kept",
        "A length that the application sets frames the body.",
        "ASP.NET Core: framing (measured: Content-Length 2 + 'hi')",
        own_length,
    ),
    Trial::new(
        AREA,
        "the_answer_to_head_has_no_body",
        "What is written in answer to HEAD is dropped without an error; the fields stay.",
        "RFC 9110 section 9.3.2",
        head,
    ),
    Trial::new(
        AREA,
        "the_answer_to_head_may_have_a_length_without_writing",
        "Content-Length in the answer to HEAD says how long the body of the answer to GET would be.",
        "RFC 9110 section 8.6",
        head_length,
    ),
    Trial::new(
        AREA,
        "no_content_has_neither_body_nor_framing",
        "A 204 has no content, no Content-Length and no Transfer-Encoding.",
        "RFC 9110 section 8.6, RFC 9112 section 6.1",
        no_content,
    ),
    Trial::new(
        AREA,
        "reset_content_has_an_empty_body",
        "A 205 has no content.",
        "RFC 9110 section 15.3.6",
        reset_content,
    ),
    Trial::new(
        AREA,
        "not_modified_may_tell_a_length",
        "A 304 has no content; its Content-Length is that of the 200 it stands for.",
        "RFC 9110 section 8.6",
        not_modified,
    ),
    Trial::new(
        AREA,
        "writing_where_no_body_may_be_is_refused",
        "Writing a body on 204, 205 or 304 is an error of the state.",
        "ASP.NET Core: state errors",
        forbidden_body,
    ),
    Trial::new(
        AREA,
        "a_length_where_no_body_may_be_is_500",
        "A 204 that claims a body is an error of the application.",
        "ASP.NET Core: Content-Length on 204 (measured)",
        forbidden_length,
    ),
    Trial::new(
        AREA,
        "a_transfer_encoding_where_no_body_may_be_is_500",
        "A 204 with Transfer-Encoding is an error of the application, and is answered.",
        "RFC 9112 section 6.1",
        forbidden_encoding,
    ),
    Trial::new(
        AREA,
        "a_length_that_is_no_number_is_500",
        "Content-Length is one decimal number.",
        "RFC 9110 section 8.6",
        bad_length,
    ),
    Trial::new(
        AREA,
        "writing_more_than_the_length_is_refused",
        "Writing more body than Content-Length is an error of the state, and none of it leaves.",
        "ASP.NET Core: state errors",
        too_much,
    ),
    Trial::new(
        AREA,
        "writing_less_than_the_length_is_no_whole_response",
        "A client does not take a short body for a whole one.",
        "RFC 9112 section 8",
        too_little,
    ),
    Trial::new(
        AREA,
        "writing_nothing_of_the_length_is_500",
        "While nothing has left, a missing body is an error that can be answered.",
        "ASP.NET Core: 0 of 5 bytes (measured)",
        nothing_of_length,
    ),
    Trial::new(
        AREA,
        "a_body_of_unknown_length_is_chunked",
        "To a client of HTTP/1.1 a body without a length is sent in chunks.",
        "ASP.NET Core: framing (measured: write 'hi')",
        chunked,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_client_of_http_1_0_gets_no_chunks",
        "Transfer-Encoding is not sent to a client of HTTP/1.0; the end of the connection ends the body.",
        "RFC 9112 section 6.1",
        no_chunks_for_10,
    )
    .needs(&[Http1]),
];

fn own_length(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("content-length", 6)?;
            ctx.response_mut().write("abc").await?;
            ctx.response_mut().write("def").await
        })
    });
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.get("/");
        assert_eq!((response.field("content-length").as_str(), response.text().as_str()), ("6", "abcdef"));
    }
}

fn head(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("x-a", "b")?;
            ctx.response_mut().write("dropped").await?;
            ctx.response_mut().flush().await?;
            ctx.response_mut().write("dropped, too").await
        })
    });
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.exchange(&Request::new("HEAD", "/"), b"");
        assert_eq!((response.status(), response.text().as_str()), (200, ""));
        assert_eq!(response.field("x-a"), "b");
    }
}

fn head_length(stage: &Stage) {
    let server = stage
        .serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().set_header("content-length", 1234) }));
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.exchange(&Request::new("HEAD", "/"), b"");
        assert_eq!((response.status(), response.field("content-length").as_str()), (200, "1234"));
    }
}

fn no_content(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_status(204)?;
            if ctx.request().path() == "/flush" {
                ctx.response_mut().flush().await?;
            }
            Ok(())
        })
    });
    let mut client = server.client();
    for path in ["/", "/flush", "/"] {
        let response = client.get(path);
        assert_eq!((response.status(), response.text().as_str()), (204, ""));
        assert_eq!(response.field("content-length") + &response.field("transfer-encoding"), "");
    }
}

fn reset_content(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().set_status(205) }));
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.get("/");
        assert_eq!((response.status(), response.text().as_str()), (205, ""));
    }
}

fn not_modified(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_status(304)?;
            ctx.response_mut().set_header("content-length", 1234)
        })
    });
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.get("/");
        assert_eq!((response.status(), response.text().as_str()), (304, ""));
        assert!(matches!(response.field("content-length").as_str(), "1234" | ""), "another length");
    }
}

fn forbidden_body(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let status: u16 = ctx.request().path()[1..].parse()?;
            ctx.response_mut().set_status(status)?;
            let written = falconry_features::write_response(ctx.features_mut(), "body".into()).await;
            seen.push(written.is_err_and(|error| error.is_invalid_state()));
            Ok(())
        })
    });
    let mut client = server.client();
    for status in [204, 205, 304] {
        // What the application swallowed leaves a good response or, at worst, none.
        if let Outcome::Complete(response) = client.attempt(&Request::get(&format!("/{status}")), b"") {
            assert_eq!(response.text(), "", "{status}");
        }
    }
    assert_eq!(seen.wait(3), [true; 3]);
}

/// The answer of an application that sets this status and this field and writes nothing.
fn with_field(stage: &Stage, status: u16, name: &'static str, value: &'static str) -> u16 {
    let server = stage.serve(&(status, name, value), |(status, name, value), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_status(status)?;
            ctx.response_mut().set_header(name, value)
        })
    });
    let answered = server.get("/");
    assert_eq!(answered.text(), "");
    assert_eq!(server.get("/").status(), answered.status(), "the next request");
    answered.status()
}

fn forbidden_length(stage: &Stage) {
    assert_eq!(with_field(stage, 204, "content-length", "5"), 500);
}

fn forbidden_encoding(stage: &Stage) {
    assert_eq!(with_field(stage, 204, "transfer-encoding", "chunked"), 500);
}

fn bad_length(stage: &Stage) {
    for value in ["abc", "", "+2", "-1", "1, 1"] {
        assert_eq!(with_field(stage, 200, "content-length", value), 500, "{value:?}");
    }
}

fn too_much(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("content-length", 5)?;
            ctx.response_mut().write("abc").await?;
            let more = falconry_features::write_response(ctx.features_mut(), "defg".into()).await;
            seen.push(more.as_ref().is_err_and(|error| error.is_invalid_state()));
            Ok(more?)
        })
    });
    match server.client().attempt(&Request::get("/"), b"") {
        Outcome::Cut(_, body) => assert!(body.is_empty() || body == "abc", "{body:?}"),
        Outcome::Complete(response) if response.status() == 500 => {}
        Outcome::Complete(response) => panic!("a whole response: {response:?}"),
    }
    assert!(seen.first());
}

fn too_little(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("content-length", 5)?;
            ctx.response_mut().write("abc").await?;
            ctx.response_mut().flush().await
        })
    });
    let mut client = server.client();
    for _ in 0..2 {
        match client.attempt(&Request::get("/"), b"") {
            Outcome::Cut(..) => {}
            Outcome::Complete(response) => panic!("a whole response: {response:?}"),
        }
    }
}

fn nothing_of_length(stage: &Stage) {
    assert_eq!(with_field(stage, 200, "content-length", "5"), 500);
}

fn chunked(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().write("hi").await }));
    let response = server.get("/");
    // A server that knows the whole body in time may tell its length instead.
    match response.field("transfer-encoding").as_str() {
        "chunked" => assert_eq!(response.field("content-length"), ""),
        "" => assert_eq!(response.field("content-length"), "2"),
        other => panic!("a Transfer-Encoding of {other:?}"),
    }
    assert_eq!(response.text(), "hi");
}

fn no_chunks_for_10(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().write("hi").await?;
            ctx.response_mut().flush().await?;
            ctx.response_mut().write("ho").await
        })
    });
    let mut wire = server.wire_with("GET / HTTP/1.0\r\n\r\n", &["GET"]);
    let response = response_on(&mut wire);
    assert_eq!((response.field("transfer-encoding").as_str(), response.text().as_str()), ("", "hiho"));
    assert!(wire.head().is_err(), "the connection goes on");
}
