//! Fields after the body, in both directions.

use falconry_features::{HttpRequestTrailersFeature, HttpResponseTrailersFeature};
use http::{HeaderMap, HeaderValue};

use crate::{
    Capability::*,
    client::{Client, Outcome},
    connect::Request,
    journal::Journal,
    runner::Trial,
    stage::{Running, Stage},
};

const AREA: &str = "trailers";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "request_trailers_are_there_after_the_body",
        "Available turns true once the body has been read to its end.",
        "ASP.NET Core: IHttpRequestTrailersFeature",
        request_after_body,
    )
    .needs(&[RequestTrailers]),
    Trial::new(
        AREA,
        "request_trailers_are_not_there_before",
        "Trailers before the end of the body are an error of the state.",
        "ASP.NET Core: IHttpRequestTrailersFeature.Trailers",
        request_before_end,
    )
    .needs(&[RequestTrailers]),
    Trial::new(
        AREA,
        "without_a_body_trailers_are_available_and_empty",
        "Available is true at once if there is no body.",
        "ASP.NET Core: IHttpRequestTrailersFeature.Available",
        request_no_body,
    )
    .needs(&[RequestTrailers]),
    Trial::new(
        AREA,
        "a_body_without_trailers_has_none",
        "After a body without trailers there are none, those of an earlier request least of all.",
        "ASP.NET Core: IHttpRequestTrailersFeature",
        request_none,
    )
    .needs(&[RequestTrailers]),
    Trial::new(
        AREA,
        "trailers_do_not_become_fields",
        "Trailers are kept apart from the fields of the head.",
        "RFC 9110 section 6.5.1",
        request_apart,
    )
    .needs(&[RequestTrailers]),
    Trial::new(
        AREA,
        "response_trailers_arrive",
        "Trailers follow the body.",
        "ASP.NET Core: IHttpResponseTrailersFeature",
        response_arrive,
    )
    .needs(&[ResponseTrailers]),
    Trial::new(
        AREA,
        "response_trailers_may_be_set_while_the_body_is_written",
        "Trailers are what is only known at the end.",
        "RFC 9110 section 6.5",
        response_late,
    )
    .needs(&[ResponseTrailers]),
    Trial::new(
        AREA,
        "a_response_without_trailers_has_none",
        "A response without trailers ends plainly.",
        "RFC 9112 section 7.1.2",
        response_none,
    )
    .needs(&[ResponseTrailers]),
    Trial::new(
        AREA,
        "response_trailers_are_fixed_once_sent",
        "Changing trailers after they were sent is an error of the state.",
        "ASP.NET Core: state errors",
        response_fixed,
    )
    .needs(&[ResponseTrailers]),
    Trial::new(
        AREA,
        "what_a_recipient_needs_before_the_body_is_no_trailer",
        "A server sends no trailers about framing, routing or the content: it leaves them out, or refuses the trailers.",
        "RFC 9110 section 6.5.1",
        response_for_the_head,
    )
    .needs(&[ResponseTrailers]),
    Trial::new(
        AREA,
        "a_client_that_does_not_ask_gets_no_trailers",
        "On HTTP/1.1 trailers are sent to clients that say `TE: trailers`; else the feature is absent.",
        "RFC 9110 section 6.5.1",
        response_unasked,
    )
    .needs(&[Http1, ResponseTrailers]),
];

fn map(name: &'static str, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_static(value))])
}

/// Serves an application that reads everything and notes the trailers.
fn noting(stage: &Stage) -> (Running, Journal<String>) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            while ctx.request_mut().read().await?.is_some() {}
            let feature = ctx.features().required::<dyn HttpRequestTrailersFeature>()?;
            let trailers = feature.trailers()?;
            let mut text = format!("{}", feature.available());
            for (name, value) in &trailers {
                text.push_str(&format!(" {name}={value:?}"));
            }
            text.push_str(&format!(" {}", ctx.request().headers().contains_key("x-mine")));
            seen.push(text);
            Ok(())
        })
    });
    (server, seen)
}

fn send_with_trailers(client: &mut Client) {
    client.begin(&Request::post("/").field("trailer", "x-mine"));
    client.send(b"body");
    client.end_with(&map("x-mine", "yours"));
    assert_eq!(client.response().status(), 200);
}

fn request_after_body(stage: &Stage) {
    let (server, seen) = noting(stage);
    send_with_trailers(&mut server.client());
    assert_eq!(seen.first(), "true x-mine=\"yours\" false");
}

fn request_before_end(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let feature = ctx.features().required::<dyn HttpRequestTrailersFeature>()?;
            seen.push(feature.available());
            seen.push(feature.trailers().is_err_and(|error| error.is_invalid_state()));
            while ctx.request_mut().read().await?.is_some() {}
            seen.push(ctx.features().required::<dyn HttpRequestTrailersFeature>()?.available());
            Ok(())
        })
    });
    send_with_trailers(&mut server.client());
    assert_eq!(seen.entries(), [false, true, true]);
}

fn request_no_body(stage: &Stage) {
    let (server, seen) = noting(stage);
    server.get("/");
    assert_eq!(seen.first(), "true false");
}

fn request_none(stage: &Stage) {
    let (server, seen) = noting(stage);
    let mut client = server.client();
    send_with_trailers(&mut client);
    client.exchange(&Request::post("/"), b"body");
    client.exchange(&Request::new("POST", "/").length(4), b"body");
    assert_eq!(seen.wait(3)[1..], ["true false", "true false"]);
}

fn request_apart(stage: &Stage) {
    let (server, seen) = noting(stage);
    let mut client = server.client();
    client.begin(&Request::post("/").field("x-mine", "in the head"));
    client.send(b"body");
    client.end_with(&map("x-other", "behind"));
    assert_eq!(client.response().status(), 200);
    assert_eq!(seen.first(), "true x-other=\"behind\" true");
}

fn asking() -> Request {
    Request::get("/").field("te", "trailers").field("connection", "TE")
}

/// Serves an application that writes a body and, before or after it, sets a trailer.
fn trailing(stage: &Stage, is_late: bool) -> Running {
    stage.serve(&is_late, |is_late, ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("trailer", "x-end")?;
            for turn in [false, true] {
                if turn == is_late {
                    let trailers = ctx.features_mut().required_mut::<dyn HttpResponseTrailersFeature>()?;
                    trailers.trailers_mut()?.insert("x-end", HeaderValue::from_static("at last"));
                }
                ctx.response_mut().write("body").await?;
            }
            Ok(())
        })
    })
}

fn response_arrive(stage: &Stage) {
    let server = trailing(stage, false);
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.exchange(&asking(), b"");
        assert_eq!((response.text().as_str(), response.trailers), ("bodybody", map("x-end", "at last")));
    }
}

fn response_late(stage: &Stage) {
    let response = trailing(stage, true).client().exchange(&asking(), b"");
    assert_eq!((response.text().as_str(), response.trailers), ("bodybody", map("x-end", "at last")));
}

fn response_none(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().write("body").await }));
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.exchange(&asking(), b"");
        assert_eq!((response.text().as_str(), response.trailers), ("body", HeaderMap::new()));
    }
}

fn response_fixed(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("trailer", "x-end")?;
            ctx.response_mut().write("body").await?;
            ctx.response_mut().complete().await?;
            let trailers = ctx.features_mut().required_mut::<dyn HttpResponseTrailersFeature>()?;
            seen.push(trailers.trailers_mut().is_err_and(|error| error.is_invalid_state()));
            Ok(())
        })
    });
    let mut client = server.client();
    assert_eq!(client.exchange(&asking(), b"").trailers, HeaderMap::new());
    assert!(seen.first());
}

fn response_for_the_head(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().write("body").await?;
            let feature = ctx.features_mut().required_mut::<dyn HttpResponseTrailersFeature>()?;
            let trailers = feature.trailers_mut()?;
            trailers.insert("content-length", HeaderValue::from_static("3"));
            trailers.insert("set-cookie", HeaderValue::from_static("a=b"));
            trailers.insert("x-end", HeaderValue::from_static("at last"));
            Ok(())
        })
    });
    if let Outcome::Complete(response) = server.client().attempt(&asking(), b"") {
        assert_eq!(response.text(), "body");
        assert!(response.trailers.keys().all(|name| name == "x-end"), "{:?}", response.trailers);
    }
}

fn response_unasked(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.features().contains::<dyn HttpResponseTrailersFeature>());
            ctx.response_mut().write("body").await
        })
    });
    let mut client = server.client();
    client.exchange(&asking(), b"");
    client.get("/");
    assert_eq!(seen.wait(2), [true, false]);
}
