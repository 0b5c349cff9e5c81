//! Responses, bodies and tokens of one request have no part in the next.

use falconry_features::{
    CancellationToken, FeatureCollection, HttpRequestFeature, HttpRequestLifetimeFeature,
    HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature, PlainRequest,
};
use http::HeaderValue;

use crate::{Capability::*, connect::Request, journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "pooling";
const SECRET: &str = "s3cr3t";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "the_response_is_as_new",
        "Status, reason, fields and callbacks of one response are not those of the next.",
        "falconry: a pooled object never shows one request the data of another",
        response_is_new,
    ),
    Trial::new(
        AREA,
        "callbacks_that_never_ran_do_not_run_later",
        "Starting callbacks of a request that failed are gone with it.",
        "falconry: a pooled object never shows one request the data of another",
        callbacks_are_gone,
    ),
    Trial::new(
        AREA,
        "an_unread_body_is_not_read_by_the_next",
        "What is left of a body belongs to its request.",
        "RFC 9112 section 9.3",
        body_is_gone,
    ),
    Trial::new(
        AREA,
        "a_token_that_was_kept_tells_nothing_of_the_next",
        "RequestAborted is that of one request.",
        "ASP.NET Core: RequestAborted is per request",
        token_is_its_own,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "response_trailers_are_not_sent_again",
        "Trailers belong to one response.",
        "falconry: a pooled object never shows one request the data of another",
        trailers_are_gone,
    )
    .needs(&[ResponseTrailers]),
    Trial::new(
        AREA,
        "replaced_features_are_not_found_again",
        "What middleware replaced is put back before a collection is used again.",
        "ASP.NET Core: Kestrel resets its collection per request",
        replaced_is_gone,
    ),
];

fn response_is_new(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let head = ctx.features().required::<dyn HttpResponseFeature>()?.head();
            seen.push(format!("{} {:?} {}", head.status, head.reason, head.headers.len()));
            seen.push(ctx.response().has_started().to_string());
            if ctx.request().path() == "/full" {
                ctx.response_mut().set_status(418)?;
                ctx.response_mut().set_reason_phrase(Some("Mine"))?;
                ctx.response_mut().set_header("x-a", "1")?;
                ctx.response_mut().write("body").await?;
            }
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/full");
    assert_eq!(client.get("/empty").status(), 200);
    assert_eq!(seen.entries(), ["200 OK None 0", "false", "200 OK None 0", "false"]);
}

fn callbacks_are_gone(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            if ctx.request().path() != "/first" {
                return ctx.response_mut().write("second").await;
            }
            let (starting, completed) = (seen.clone(), seen);
            ctx.response_mut().on_starting(move |_: &mut FeatureCollection| {
                starting.push("starting");
                Box::pin(async { Ok(()) })
            })?;
            ctx.response_mut().on_completed(move || async move {
                completed.push("completed");
                Ok(())
            });
            Err("it went wrong".into())
        })
    });
    let mut client = server.client();
    assert_eq!(client.get("/first").status(), 500);
    assert_eq!(client.get("/second").text(), "second");
    assert_eq!(client.get("/third").text(), "second");
    assert_eq!(seen.wait(1), ["completed"]);
}

fn body_is_gone(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            if ctx.request().path() == "/unread" {
                return Ok(());
            }
            let mut body = Vec::new();
            while let Some(data) = ctx.request_mut().read().await? {
                body.extend_from_slice(&data);
            }
            ctx.response_mut().write(body).await
        })
    });
    for _ in 0..3 {
        let mut client = server.client();
        client.exchange(&Request::new("POST", "/unread").length(6), SECRET.as_bytes());
        client.leave();
        assert_eq!(client.exchange(&Request::post("/read"), b"mine").text(), "mine");
        assert_eq!(client.get("/read").text(), "");
    }
}

fn token_is_its_own(stage: &Stage) {
    let tokens = Journal::<CancellationToken>::new();
    let server = stage.serve(&tokens, |tokens, ctx| {
        Box::pin(async move {
            tokens.push(ctx.request_aborted());
            if ctx.request().path() == "/fire" {
                // An application may fire a token that it put there itself.
                let own = CancellationToken::new();
                ctx.features_mut()
                    .required_mut::<dyn HttpRequestLifetimeFeature>()?
                    .set_request_aborted(own.clone());
                own.cancel();
            }
            Ok(())
        })
    });
    let mut client = server.client();
    for path in ["/", "/fire", "/", "/"] {
        assert_eq!(client.get(path).status(), 200, "{path}");
    }
    let tokens = tokens.wait(4);
    assert!(tokens.iter().all(|token| !token.is_cancelled()), "a token fired: {tokens:?}");
    tokens[0].cancel();
    assert!(!tokens[2].is_cancelled() && !tokens[3].is_cancelled(), "requests share a token");
}

fn trailers_are_gone(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("trailer", "x-end")?;
            if ctx.request().path() == "/first" {
                let trailers = ctx.features_mut().required_mut::<dyn HttpResponseTrailersFeature>()?;
                trailers.trailers_mut()?.insert("x-end", HeaderValue::from_static(SECRET));
            }
            ctx.response_mut().write("body").await
        })
    });
    let mut client = server.client();
    let request = |path| Request::get(path).field("te", "trailers").field("connection", "TE");
    assert_eq!(client.exchange(&request("/first"), b"").trailers.len(), 1);
    assert_eq!(client.exchange(&request("/second"), b"").trailers.len(), 0);
}

fn replaced_is_gone(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            if ctx.request().path() == "/first" {
                let request = PlainRequest { path: format!("/{SECRET}"), ..PlainRequest::default() };
                let before = ctx.features_mut().set::<dyn HttpRequestFeature>(Box::new(request));
                // Even the server's own objects, taken out and never given back, are made again.
                drop(before);
                let body = ctx.features_mut().take::<dyn HttpResponseBodyFeature>().ok_or("no body")?;
                ctx.features_mut().set(body);
                return Ok(());
            }
            let path = ctx.request().path().to_owned();
            ctx.response_mut().write(path).await
        })
    });
    let mut client = server.client();
    for _ in 0..3 {
        assert_eq!(client.get("/first").status(), 200);
        assert_eq!(client.get("/second").text(), "/second");
    }
}
