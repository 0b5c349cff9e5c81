//! How the client says what body it sends.

mod support;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{
    BoxError, HttpRequestBodyDetectionFeature, HttpRequestFeature, HttpResponseFeature, RequestBody,
    write_response,
};
use falconry_test_host::{TestBody, TestClient, TestServer};
use http::{HeaderMap, HeaderValue, Method, Request, Version};
use http_body::{Body, Frame};
use support::serve;

/// Answers with the framing that it sees.
async fn framing() -> (TestServer, TestClient) {
    serve(|features| {
        Box::pin(async {
            let headers = features.required::<dyn HttpRequestFeature>()?.headers();
            let text = |name| headers.get(name).map_or("-", |value| value.to_str().unwrap_or("?"));
            let detection = features.required::<dyn HttpRequestBodyDetectionFeature>()?;
            let seen = format!(
                "{} {} {}",
                text("content-length"),
                text("transfer-encoding"),
                detection.can_have_body()
            );
            Ok(write_response(features, seen.into()).await?)
        })
    })
    .await
}

fn stream() -> RequestBody {
    RequestBody::new(Once(Some("data".into())))
}

/// A body of unknown length.
struct Once(Option<Bytes>);

impl Body for Once {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }
}

#[tokio::test]
async fn a_body_is_framed_by_its_length_or_in_chunks() {
    let (_server, client) = framing().await;
    let trailers = || HeaderMap::from_iter([("x-t".parse().unwrap(), HeaderValue::from_static("1"))]);
    for (request, seen) in [
        (client.get("/"), "- - false"),
        (client.post("/"), "- - false"),
        (client.post("/").body(""), "0 - false"),
        (client.post("/").body("data"), "4 - true"),
        (client.post("/").body("data").version(Version::HTTP_2), "4 - true"),
        (client.post("/").body("data").header("transfer-encoding", "chunked"), "- chunked true"),
        (client.post("/").body_stream(stream()), "- chunked true"),
        (client.post("/").body_stream(stream()).header("content-length", "4"), "4 - true"),
        (client.post("/").body_stream(stream()).version(Version::HTTP_10), "- - true"),
        (client.post("/").body_stream(stream()).version(Version::HTTP_2), "- - true"),
        (client.post("/").body("data").trailers(trailers()), "- chunked true"),
        (client.post("/").trailers(trailers()), "- chunked true"),
        (client.post("/").body("data").trailers(trailers()).version(Version::HTTP_3), "4 - true"),
        (client.get("/").header("connection", "upgrade"), "- - false"),
        (client.request(Method::CONNECT, "/c").version(Version::HTTP_2).protocol("x"), "- - false"),
    ] {
        let text = format!("{request:?}");
        let request = request.features(|features| {
            // A successful CONNECT would have no body to answer with.
            let response = features.get_mut::<dyn HttpResponseFeature>().unwrap();
            response.set_status_code(http::StatusCode::BAD_REQUEST).unwrap();
        });
        assert_eq!(request.send().await.unwrap().text().await.unwrap(), seen, "{text}");
    }
}

#[tokio::test]
async fn a_request_of_the_http_crate_is_sent_as_it_is() {
    let (_server, client) = framing().await;
    let request = Request::post("http://localhost/x").body("data".to_owned()).unwrap();
    let response = client.send(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(body_text(response.into_body()).await, "4 - true");
    let request = Request::get("/x").version(Version::HTTP_2).body(String::new()).unwrap();
    let response = client.send(request).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(body_text(response.into_body()).await, "- - false");
}

async fn body_text(mut body: TestBody) -> String {
    let mut text = String::new();
    while let Some(frame) = body.frame().await {
        text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
    }
    text
}
