//! An axum router as the application.

#![cfg(feature = "tower")]

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use falconry::{
    Handler, HostingApplication, Pipeline,
    features::{PlainConnection, Server},
    tower::{RequestInfo, ServiceHandler},
};
use falconry_test_host::{TestClient, TestServer, TestServerOptions};

async fn serve(handler: impl Handler) -> (TestServer, TestClient) {
    let options = TestServerOptions { answer_errors: true, ..TestServerOptions::default() };
    let server = TestServer::with_options(options).unwrap();
    server.start(Arc::new(HostingApplication::new(handler))).await.unwrap();
    let client = server.client();
    (server, client)
}

async fn axum(router: Router) -> (TestServer, TestClient) {
    serve(ServiceHandler::new(router)).await
}

#[tokio::test]
async fn a_router_answers_with_its_own_status_fields_and_length() {
    let router =
        Router::new().route("/hello/{name}", get(async |Path(name): Path<String>| format!("hi {name}")));
    let (_server, client) = axum(router).await;
    let mut response = client.get("/hello/J%C3%BCrgen?x=1").send().await.unwrap();
    response.assert_status(200).assert_header("content-type", "text/plain; charset=utf-8");
    response.assert_header("content-length", "10").assert_body("hi Jürgen").await;
    client.get("/nowhere").send().await.unwrap().assert_status(404);
    client.post("/hello/x").send().await.unwrap().assert_status(405).assert_header("allow", "GET,HEAD");
}

#[tokio::test]
async fn body_and_answer_stream_at_the_same_time() {
    let echo = async |request: Request| Body::new(request.into_body());
    let (_server, client) = axum(Router::new().route("/echo", post(echo))).await;
    let (request, mut sender) = client.post("/echo").streaming_body();
    let mut response = request.send().await.unwrap();
    for part in ["one", "two", "three"] {
        sender.send(part).await.unwrap();
        assert_eq!(response.data().await.unwrap().unwrap(), part);
    }
    sender.finish();
    assert!(response.data().await.is_none());
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let echo = async |request: Request| Body::new(request.into_body());
    let (_server, client) = axum(Router::new().route("/echo", post(echo))).await;
    let (request, mut sender) = client.post("/echo").version(Version::HTTP_2).streaming_body();
    let mut response = request.send().await.unwrap();
    sender.send("data").await.unwrap();
    sender.finish_with_trailers(HeaderMap::from_iter([(
        HeaderName::from_static("x-sum"),
        HeaderValue::from_static("7"),
    )]));
    assert_eq!(response.bytes().await.unwrap(), "data");
    assert_eq!(response.trailers().await.unwrap()["x-sum"], "7");
}

#[tokio::test]
async fn the_head_leaves_before_a_body_that_is_not_ready() {
    let never = async || Body::new(Never).into_response();
    let (_server, client) = axum(Router::new().route("/", get(never))).await;
    client.get("/").send().await.unwrap().assert_status(200);
}

#[tokio::test]
async fn the_extensions_tell_of_the_connection() {
    async fn who(request: Request) -> String {
        let info = request.extensions().get::<RequestInfo>().unwrap();
        assert!(!info.trace_identifier.is_empty());
        format!("{:?} {} {} {}", info.remote_address, info.scheme, info.path_base, request.uri())
    }
    let router = ServiceHandler::new(Router::new().fallback(any(who)));
    let (_server, client) = serve(Pipeline::new().map("/app", |branch| branch.run(router))).await;
    let mut connection = PlainConnection::default();
    let address: SocketAddr = "192.0.2.1:4711".parse().unwrap();
    connection.remote_ip_address = Some(address.ip());
    connection.remote_port = address.port();
    let mut response = client.get("/app/a%20b?c").connection(connection).send().await.unwrap();
    response.assert_body("Some(192.0.2.1:4711) http /app /a%20b?c").await;
}

#[tokio::test]
async fn a_client_that_leaves_drops_the_future_and_fires_the_token() {
    let (left, mut leaving) = tokio::sync::mpsc::unbounded_channel();
    let hang = async move |request: Request| {
        let info = request.extensions().get::<RequestInfo>().unwrap().clone();
        let told = left.clone();
        info.request_aborted.on_cancelled(move || told.send("told").unwrap());
        let _dropped = OnDrop(left.clone());
        left.send("began").unwrap();
        std::future::pending::<Response>().await
    };
    let (_server, client) = axum(Router::new().route("/", get(hang))).await;
    let request = tokio::spawn(client.get("/").send());
    assert_eq!(leaving.recv().await, Some("began"));
    request.abort();
    assert_eq!(leaving.recv().await, Some("told"));
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), leaving.recv()).await.unwrap(), Some("dropped"));
}

#[tokio::test]
async fn an_answer_without_a_body_has_none() {
    let router = Router::new()
        .route("/204", get(async || StatusCode::NO_CONTENT))
        .route("/empty", get(async || ()))
        .route("/101", get(async || StatusCode::SWITCHING_PROTOCOLS));
    let (_server, client) = axum(router).await;
    client.get("/204").send().await.unwrap().assert_status(204).assert_no_header("content-length");
    client.get("/empty").send().await.unwrap().assert_status(200).assert_header("content-length", "0");
    client.get("/101").send().await.unwrap().assert_status(500);
}

#[tokio::test]
async fn a_head_request_says_the_length_and_sends_no_body() {
    let (_server, client) = axum(Router::new().route("/", get(async || "hello"))).await;
    let mut response = client.head("/").send().await.unwrap();
    response.assert_status(200).assert_header("content-length", "5").assert_body("").await;
}

/// A body that is never ready.
struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

struct OnDrop(tokio::sync::mpsc::UnboundedSender<&'static str>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}
