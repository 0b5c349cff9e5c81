//! Reading and checking a response.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use falconry_features::{HttpResponseFeature, write_response};
use falconry_test_host::{TestClient, TestServer};
use http::{HeaderValue, StatusCode};
use support::serve;

async fn teapot() -> (TestServer, TestClient) {
    serve(|features| {
        Box::pin(async {
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            response.set_status_code(StatusCode::IM_A_TEAPOT)?;
            response.set_reason_phrase(Some("Tea Time"))?;
            response.headers_mut()?.insert("x-kind", HeaderValue::from_static("green"));
            write_response(features, "one".into()).await?;
            Ok(write_response(features, "two".into()).await?)
        })
    })
    .await
}

#[tokio::test]
async fn the_head_of_a_response_can_be_read() {
    let (_server, client) = teapot().await;
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 418);
    assert_eq!(response.reason(), Some("Tea Time"));
    assert_eq!(response.header("X-Kind"), Some("green"));
    assert_eq!(response.header("x-absent"), None);
}

#[tokio::test]
async fn the_body_can_be_read_whole_and_again() {
    let (_server, client) = teapot().await;
    let mut response = client.get("/").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "onetwo");
    assert_eq!(response.bytes().await.unwrap(), "onetwo");
    response.assert_body("onetwo").await.assert_body(b"onetwo").await;
}

#[tokio::test]
async fn the_body_is_what_has_not_been_read_bit_by_bit() {
    let (_server, client) = teapot().await;
    let mut response = client.get("/").send().await.unwrap();
    assert_eq!(response.data().await.unwrap().unwrap(), "one");
    assert_eq!(response.text().await.unwrap(), "two");
}

#[tokio::test]
async fn text_must_be_utf_8() {
    let (_server, client) =
        serve(|features| Box::pin(async { Ok(write_response(features, vec![0xff].into()).await?) })).await;
    let mut response = client.get("/").send().await.unwrap();
    assert!(response.text().await.unwrap_err().is_not_text());
    assert_eq!(response.bytes().await.unwrap(), vec![0xff]);
}

#[tokio::test]
async fn a_response_as_expected_passes() {
    let (_server, client) = teapot().await;
    let mut response = client.get("/").send().await.unwrap();
    response
        .assert_status(418)
        .assert_status(StatusCode::IM_A_TEAPOT)
        .assert_header("x-kind", "green")
        .assert_no_header("x-absent");
}

#[tokio::test]
async fn a_response_not_as_expected_panics_with_what_it_is() {
    let (_server, client) = teapot().await;
    let mut response = client.get("/").send().await.unwrap();
    let message = message_of(|| _ = response.assert_status(200));
    assert_eq!(message, "the status is 418 I'm a teapot, not 200");
    let message = message_of(|| _ = response.assert_header("x-kind", "black"));
    assert_eq!(message, "the field x-kind is [\"green\"], not \"black\"");
    let message = message_of(|| _ = response.assert_no_header("x-kind"));
    assert_eq!(message, "the field x-kind is Some(\"green\"), but should be absent");
}

#[tokio::test]
async fn a_body_not_as_expected_panics_at_the_callers_line() {
    let (_server, client) = teapot().await;
    let task = tokio::spawn(async move {
        let mut response = client.get("/").send().await.unwrap();
        response.assert_body("three").await;
    });
    let panic = task.await.unwrap_err().into_panic();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("the body is \"onetwo\", not \"three\", at "), "{message}");
    assert!(message.contains("assertions.rs:"), "{message}");
}

fn message_of(check: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(check)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}
