//! Trailers of requests and of responses.

mod support;

use falconry_features::{
    HttpRequestTrailersFeature, HttpResponseFeature, HttpResponseTrailersFeature, write_response,
};
use http::{HeaderMap, HeaderValue, Version};
use support::{read_body, serve};

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("6"))])
}

#[tokio::test]
async fn request_trailers_are_there_once_the_body_has_been_read() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let feature = features.required::<dyn HttpRequestTrailersFeature>()?;
            assert!(!feature.available());
            assert!(feature.trailers().unwrap_err().is_invalid_state());
            let body = read_body(features).await?;
            let feature = features.required::<dyn HttpRequestTrailersFeature>()?;
            assert!(feature.available());
            assert_eq!(feature.trailers()?, trailers());
            Ok(write_response(features, body.into()).await?)
        })
    })
    .await;
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let request = client.post("/").version(version).body("data").trailers(trailers());
        request.send().await.unwrap().assert_body("data").await;
        let (request, mut body) = client.post("/").version(version).streaming_body();
        body.send("data").await.unwrap();
        body.finish_with_trailers(trailers());
        request.send().await.unwrap().assert_body("data").await;
    }
}

#[tokio::test]
async fn request_trailers_are_available_at_once_without_a_body() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let feature = features.required::<dyn HttpRequestTrailersFeature>()?;
            assert!(feature.trailers()?.is_empty());
            Ok(())
        })
    })
    .await;
    client.get("/").send().await.unwrap();
}

#[tokio::test]
async fn response_trailers_come_behind_the_body() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            write_response(features, "data".into()).await?;
            let feature = features.required_mut::<dyn HttpResponseTrailersFeature>()?;
            feature.trailers_mut()?.insert("x-sum", HeaderValue::from_static("6"));
            Ok(())
        })
    })
    .await;
    let mut response = client.get("/").version(Version::HTTP_2).send().await.unwrap();
    response.assert_body("data").await.assert_trailer("x-sum", "6").await;
    let mut response = client.get("/").version(Version::HTTP_2).send().await.unwrap();
    assert_eq!(response.frame().await.unwrap().unwrap().into_data().unwrap(), "data");
    assert_eq!(response.frame().await.unwrap().unwrap().into_trailers().unwrap(), trailers());
    assert!(response.frame().await.is_none());
}

#[tokio::test]
async fn http_1_delivers_the_trailers_that_are_announced() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            response.headers_mut()?.insert("trailer", HeaderValue::from_static("a, X-Sum"));
            let feature = features.required_mut::<dyn HttpResponseTrailersFeature>()?;
            feature.trailers_mut()?.insert("x-sum", HeaderValue::from_static("6"));
            feature.trailers_mut()?.insert("x-other", HeaderValue::from_static("7"));
            Ok(write_response(features, "data".into()).await?)
        })
    })
    .await;
    let mut response = client.get("/").header("te", "trailers").send().await.unwrap();
    assert_eq!(response.trailers().await.unwrap(), trailers());
}
