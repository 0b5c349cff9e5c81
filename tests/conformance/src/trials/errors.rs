//! What becomes of applications that fail.

use falconry_features::{BadHttpRequestError, FeatureError};
use http::StatusCode;

use crate::{
    Capability::*,
    client::Outcome,
    connect::Request,
    runner::{ON_PURPOSE, Trial},
    stage::{Running, Stage},
};

const AREA: &str = "errors";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "an_error_before_the_start_is_500",
        "An unhandled error before the response started is answered by 500 with Content-Length 0.",
        "ASP.NET Core: unhandled application exceptions",
        before_start,
    ),
    Trial::new(
        AREA,
        "an_error_clears_what_the_application_had_set",
        "Status, reason and fields of the application are not part of the 500.",
        "ASP.NET Core: unhandled application exceptions (all headers are cleared)",
        clears,
    ),
    Trial::new(
        AREA,
        "the_connection_survives_an_answered_error",
        "A 500 for an unhandled error keeps the connection alive.",
        "ASP.NET Core: keep-alive after failures (measured)",
        survives,
    )
    .needs(&[KeepAlive]),
    Trial::new(
        AREA,
        "an_error_after_the_start_cuts_the_response",
        "After the start an error ends the connection or stream: what came is not taken for a whole response.",
        "RFC 9112 section 8",
        after_start,
    ),
    Trial::new(
        AREA,
        "an_error_cuts_even_what_was_not_flushed",
        "Data written and not flushed before an error neither completes nor desynchronises the connection.",
        "ASP.NET Core: unflushed data and an exception (measured; RFC 9112 section 8 wins)",
        unflushed,
    ),
    Trial::new(
        AREA,
        "an_error_in_a_body_with_a_length_cuts_it",
        "A body with a Content-Length that broke off is shorter than that.",
        "RFC 9112 section 8",
        cut_length,
    ),
    Trial::new(
        AREA,
        "a_bad_request_error_has_its_own_status",
        "A BadHttpRequestError that the application lets through is answered with its status.",
        "ASP.NET Core: BadHttpRequestException",
        bad_request,
    ),
    Trial::new(
        AREA,
        "a_bad_request_error_is_found_among_the_sources",
        "A BadHttpRequestError behind other errors is answered with its status, too.",
        "falconry: BadHttpRequestError::find",
        bad_request_inside,
    ),
    Trial::new(
        AREA,
        "a_bad_request_error_closes_the_connection",
        "The answer to a bad request is the last on its connection.",
        "ASP.NET Core: keep-alive after failures (measured)",
        bad_request_closes,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_panic_before_the_start_is_500",
        "A panic is an error like any other.",
        "falconry: HttpApplication",
        panic_before,
    ),
    Trial::new(
        AREA,
        "a_panic_after_the_start_cuts_the_response",
        "A panic is an error like any other.",
        "falconry: HttpApplication",
        panic_after,
    ),
    Trial::new(
        AREA,
        "the_server_outlives_many_failures",
        "Failures of requests leave nothing behind.",
        "falconry: Server",
        outlives,
    ),
    Trial::new(
        AREA,
        "an_error_without_a_body_answers_head",
        "The error answer to HEAD has no body either.",
        "RFC 9110 section 9.3.2",
        head,
    ),
];

/// Serves an application that fails as the path says, or answers `fine`.
fn failing(stage: &Stage) -> Running {
    stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let path = ctx.request().path().to_owned();
            if path == "/" {
                return ctx.response_mut().write("fine").await;
            }
            ctx.response_mut().set_status(201)?;
            ctx.response_mut().set_header("x-mine", "mine")?;
            if path.contains("length") {
                ctx.response_mut().set_header("content-length", 1000)?;
            }
            if path.contains("late") {
                ctx.response_mut().write("beginning").await?;
            }
            if path.contains("flush") {
                ctx.response_mut().flush().await?;
            }
            if path.contains("panic") {
                panic!("{ON_PURPOSE}");
            }
            if path.contains("bad") {
                let error = BadHttpRequestError::new(StatusCode::UNPROCESSABLE_ENTITY, "not like this");
                if path.contains("inside") {
                    return Err(FeatureError::io("reading failed").with_source(error).into());
                }
                return Err(error.into());
            }
            Err("it went wrong".into())
        })
    })
}

#[track_caller]
fn assert_cut(server: &Running, path: &str) {
    match server.client().attempt(&Request::get(path), b"") {
        Outcome::Cut(..) => {}
        // Nothing had left, so that the error could still be answered.
        Outcome::Complete(response) if response.status() == 500 => assert_eq!(response.text(), ""),
        Outcome::Complete(response) => panic!("the client takes this for a whole response: {response:?}"),
    }
    assert_eq!(server.get("/").text(), "fine", "the next request");
}

fn before_start(stage: &Stage) {
    let response = failing(stage).get("/error");
    assert_eq!((response.status(), response.field("content-length").as_str()), (500, "0"));
}

fn clears(stage: &Stage) {
    let response = failing(stage).get("/error");
    assert_eq!((response.status(), response.field("x-mine").as_str()), (500, ""));
}

fn survives(stage: &Stage) {
    let server = failing(stage);
    let mut client = server.client();
    for _ in 0..3 {
        let response = client.get("/error");
        assert_eq!(response.status(), 500);
        // Saying what is so anyway is no fault (RFC 9112 section 9.3).
        assert!(matches!(response.field("connection").as_str(), "" | "keep-alive"), "{response:?}");
        assert_eq!(client.get("/").text(), "fine", "the next request on the connection");
    }
}

fn after_start(stage: &Stage) {
    assert_cut(&failing(stage), "/late/flush");
}

fn unflushed(stage: &Stage) {
    assert_cut(&failing(stage), "/late");
}

fn cut_length(stage: &Stage) {
    assert_cut(&failing(stage), "/late/flush/length");
}

fn bad_request(stage: &Stage) {
    let response = failing(stage).get("/bad");
    assert_eq!((response.status(), response.text().as_str()), (422, ""));
    assert_eq!(response.field("x-mine"), "");
}

fn bad_request_inside(stage: &Stage) {
    assert_eq!(failing(stage).get("/bad/inside").status(), 422);
}

fn bad_request_closes(stage: &Stage) {
    let server = failing(stage);
    let mut wire = server.wire_with("GET /bad HTTP/1.1\r\nHost: localhost\r\n\r\n", &["GET"]);
    let response = crate::client::response_on(&mut wire);
    assert_eq!((response.status(), response.field("connection").as_str()), (422, "close"));
    assert!(wire.is_closed_by_server().expect("the server ends the connection"), "more came");
}

fn panic_before(stage: &Stage) {
    let server = failing(stage);
    let response = server.get("/panic");
    assert_eq!((response.status(), response.text().as_str()), (500, ""));
    assert_eq!(response.field("x-mine"), "");
    assert_eq!(server.get("/").text(), "fine", "the next request");
}

fn panic_after(stage: &Stage) {
    assert_cut(&failing(stage), "/late/flush/panic");
}

fn outlives(stage: &Stage) {
    let server = failing(stage);
    let mut client = server.client();
    for round in 0..10 {
        for path in ["/error", "/panic", "/late/flush", "/late/panic", "/bad"] {
            let _ = client.attempt(&Request::get(path), b"");
        }
        assert_eq!(client.get("/").text(), "fine", "round {round}");
    }
}

fn head(stage: &Stage) {
    let server = failing(stage);
    let mut client = server.client();
    assert_eq!(client.exchange(&Request::new("HEAD", "/error"), b"").status(), 500);
    assert_eq!(client.get("/").text(), "fine", "the next request");
}
