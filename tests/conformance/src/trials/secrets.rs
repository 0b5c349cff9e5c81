//! Secrets of one request are not seen by the next, however a server reuses its objects.

use falconry::HttpContext;
use falconry_features::{
    Feature, HttpConnectionFeature, HttpMaxRequestBodySizeFeature, HttpRequestFeature,
    HttpRequestIdentifierFeature, HttpRequestTrailersFeature, HttpResponseFeature,
    HttpResponseTrailersFeature,
};
use http::{HeaderMap, HeaderValue};

use crate::{
    Capability::*,
    client::{Client, Response},
    connect::Request,
    runner::{ON_PURPOSE, Trial},
    stage::{Running, Stage},
};

const AREA: &str = "secrets";
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
