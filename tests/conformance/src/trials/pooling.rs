//! Nothing of one request is seen by the next, however a server reuses its objects.

use falconry::HttpContext;
use falconry_features::{
    CancellationToken, Feature, FeatureCollection, HttpConnectionFeature, HttpMaxRequestBodySizeFeature,
    HttpRequestFeature, HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpRequestTrailersFeature,
    HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature, PlainRequest,
};
use http::{HeaderMap, HeaderValue};

use crate::{
    Capability::*,
    client::{Client, Response},
    connect::Request,
    journal::Journal,
    runner::{ON_PURPOSE, Trial},
    stage::{Running, Stage},
};

const AREA: &str = "pooling";
const SECRET: &str = "s3cr3t";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "secrets_of_a_request_are_not_in_the_next",
        "Nothing that a client or an application put into one request is seen by the next.",
        "falconry: a pooled object never shows one request the data of another",
        after_success,
    ),
    Trial::new(
        AREA,
        "secrets_of_a_request_that_failed_are_not_in_the_next",
        "Nor after an error.",
        "falconry: a pooled object never shows one request the data of another",
        after_error,
    ),
    Trial::new(
        AREA,
        "secrets_of_a_request_that_panicked_are_not_in_the_next",
        "Nor after a panic.",
        "falconry: a pooled object never shows one request the data of another",
        after_panic,
    ),
    Trial::new(
        AREA,
        "secrets_of_a_request_that_was_cut_are_not_in_the_next",
        "Nor after a response that broke off.",
        "falconry: a pooled object never shows one request the data of another",
        after_cut,
    ),
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

trait Item: Feature {
    fn text(&self) -> &str;
}

impl Item for String {
    fn text(&self) -> &str {
        self
    }
}

/// Puts a secret wherever an application can put one.
fn hide(ctx: &mut HttpContext) -> falconry::Result {
    let features = ctx.features_mut();
    if let Some(request) = features.get_mut::<dyn HttpRequestFeature>() {
        request.headers_mut().insert("x-hidden", HeaderValue::from_static(SECRET));
        request.set_path(&format!("/{SECRET}"));
        request.set_path_base(&format!("/{SECRET}"));
        request.set_query_string(&format!("?{SECRET}"));
        request.set_raw_target(&format!("/{SECRET}"));
        request.set_scheme(SECRET);
        request.set_body(SECRET.into());
    }
    if let Some(connection) = features.get_mut::<dyn HttpConnectionFeature>() {
        connection.set_connection_id(SECRET);
        connection.set_remote_ip_address("192.0.2.77".parse().ok());
        connection.set_local_ip_address("192.0.2.77".parse().ok());
    }
    if let Some(identifier) = features.get_mut::<dyn HttpRequestIdentifierFeature>() {
        identifier.set_trace_identifier(SECRET);
    }
    if let Some(trailers) = features.get_mut::<dyn HttpResponseTrailersFeature>() {
        trailers.trailers_mut()?.insert("x-hidden", HeaderValue::from_static(SECRET));
    }
    if let Some(limit) = features.get_mut::<dyn HttpMaxRequestBodySizeFeature>()
        && !limit.is_read_only()
    {
        limit.set_max_request_body_size(Some(777_777))?;
    }
    features.set::<dyn Item>(Box::new(SECRET.to_owned()));
    let mut response = ctx.response_mut();
    response.set_status(203)?;
    response.set_reason_phrase(Some(SECRET))?;
    response.set_header("x-hidden", SECRET)
}

/// Everything that can be seen of a request, as text.
async fn see(ctx: &mut HttpContext) -> falconry::Result<String> {
    let mut body = Vec::new();
    while let Some(data) = ctx.request_mut().read().await? {
        body.extend_from_slice(&data);
    }
    let features = ctx.features();
    let request = ctx.request();
    let mut text = format!(
        "{:?} {} {} {} {} {} {:?} {:?}",
        request.method(),
        request.scheme(),
        request.path_base(),
        request.path(),
        request.query_string(),
        request.raw_target(),
        request.headers(),
        String::from_utf8_lossy(&body),
    );
    if let Some(connection) = ctx.connection() {
        text += &format!(
            " {} {:?} {:?}",
            connection.connection_id(),
            connection.remote_ip_address(),
            connection.local_ip_address()
        );
    }
    text += &ctx.trace_identifier();
    text += features.get::<dyn Item>().map_or("", Item::text);
    if let Some(trailers) = features.get::<dyn HttpRequestTrailersFeature>() {
        text += &format!(" {:?}", trailers.trailers().unwrap_or_default());
    }
    if let Some(trailers) = features.get::<dyn HttpResponseTrailersFeature>() {
        text += &format!(" {:?}", trailers.trailers());
    }
    if let Some(limit) = features.get::<dyn HttpMaxRequestBodySizeFeature>() {
        text += &format!(" {:?}", limit.max_request_body_size());
    }
    let head = features.required::<dyn HttpResponseFeature>()?.head();
    text += &format!(" {head:?} {features:?}");
    Ok(text)
}

/// Serves an application that hides secrets in requests that bring one and then ends as the path says,
/// and tells all that it sees of others.
fn hiding(stage: &Stage) -> Running {
    stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let path = ctx.request().path().to_owned();
            if !path.contains(SECRET) {
                let seen = see(ctx).await?;
                return ctx.response_mut().write(seen).await;
            }
            while ctx.request_mut().read().await?.is_some() {}
            hide(ctx)?;
            if path.contains("cut") {
                ctx.response_mut().write(SECRET).await?;
                ctx.response_mut().flush().await?;
                return Err(SECRET.into());
            }
            if path.contains("panic") {
                panic!("{ON_PURPOSE}");
            }
            if path.contains("error") {
                return Err(SECRET.into());
            }
            ctx.response_mut().write(SECRET).await
        })
    })
}

fn send_secrets(stage: &Stage, client: &mut Client, end: &str) {
    let mut request = Request::post(&format!("/{SECRET}/{end}?{SECRET}"))
        .field("te", "trailers")
        .field("connection", "TE")
        .field("authorization", SECRET)
        .field("cookie", SECRET);
    for number in 0..10 {
        request = request.field(&format!("x-{SECRET}-{number}"), SECRET);
    }
    client.begin(&request);
    client.send(SECRET.repeat(100).as_bytes());
    let mut trailers = HeaderMap::new();
    if stage.can(RequestTrailers) {
        trailers.insert("x-trailing", HeaderValue::from_static(SECRET));
    }
    client.end_with(&trailers);
    let _ = client.outcome();
}

fn assert_clean(response: &Response) {
    let shown = format!("{} {:?} {}", response.head.reason, response.head.fields, response.text());
    assert!(!shown.contains(SECRET), "a secret of the request before: {shown}");
    assert!(
        !shown.contains("192.0.2.77") && !shown.contains("777777"),
        "a value of the request before: {shown}"
    );
    assert_eq!(response.status(), 200);
}

fn hide_and_seek(stage: &Stage, end: &str) {
    let server = hiding(stage);
    let mut client = server.client();
    for _ in 0..3 {
        send_secrets(stage, &mut client, end);
        assert_clean(&client.get("/seek"));
        assert_clean(&client.exchange(&Request::post("/seek"), b"plain"));
    }
    // On a connection of its own, too.
    assert_clean(&server.get("/seek"));
}

fn after_success(stage: &Stage) {
    hide_and_seek(stage, "done");
}

fn after_error(stage: &Stage) {
    hide_and_seek(stage, "error");
}

fn after_panic(stage: &Stage) {
    hide_and_seek(stage, "panic");
}

fn after_cut(stage: &Stage) {
    hide_and_seek(stage, "cut");
}

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
