//! What the caller is told when the application fails, aborts or resets.

mod support;

use std::{error::Error as StdError, fmt};

use falconry_features::{
    BadHttpRequestError, FeatureCollection, HttpRequestLifetimeFeature, HttpResetFeature,
    HttpResponseFeature, complete_response, flush_response, write_response,
};
use falconry_test_host::{HttpResetError, TestServerOptions};
use http::{HeaderValue, StatusCode, Version};
use support::{Log, app, serve, serve_with};

#[derive(Debug, PartialEq)]
struct Broken(u32);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken {}", self.0)
    }
}

impl StdError for Broken {}

#[tokio::test]
async fn an_error_before_the_response_is_the_callers_error() {
    let application = app(|_| Box::pin(async { Err(Broken(7).into()) }));
    let log = application.log.clone();
    let (_server, client) = serve_with(TestServerOptions::default(), application).await;
    let error = client.get("/").send().await.unwrap_err();
    assert!(error.is_application());
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&Broken(7)));
    assert_eq!(log.events(), ["create", "process", "dispose: broken 7"]);
}

#[tokio::test]
async fn an_error_after_the_response_started_fails_the_reading_of_its_body() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            write_response(features, "part".into()).await?;
            Err(Broken(8).into())
        })
    })
    .await;
    let mut response = client.get("/").send().await.unwrap();
    assert_eq!(response.data().await.unwrap().unwrap(), "part");
    let error = response.data().await.unwrap().unwrap_err();
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&Broken(8)));
    assert!(response.data().await.is_none());
}

#[tokio::test]
async fn an_error_fires_request_aborted() {
    let log = Log::default();
    let seen = log.clone();
    let (_server, client) = serve(move |features| {
        let log = log.clone();
        Box::pin(async move {
            let token = features.required::<dyn HttpRequestLifetimeFeature>()?.request_aborted();
            token.on_cancelled(move || log.add("aborted"));
            Err(Broken(9).into())
        })
    })
    .await;
    client.get("/").send().await.unwrap_err();
    assert_eq!(seen.events(), ["aborted"]);
}

#[tokio::test]
async fn an_error_after_the_completion_is_told_at_the_end_of_the_request() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            complete_response(features).await?;
            Err(Broken(10).into())
        })
    })
    .await;
    let mut response = client.get("/").send().await.unwrap();
    response.assert_status(200).assert_body("").await;
    let end = response.request_ended().await;
    assert_eq!(end.error.unwrap().downcast_ref(), Some(&Broken(10)));
}

#[tokio::test]
async fn a_panic_is_the_callers_error() {
    let application = app(|_| Box::pin(async { panic!("boom") }));
    let log = application.log.clone();
    let (_server, client) = serve_with(TestServerOptions::default(), application).await;
    let error = client.get("/").send().await.unwrap_err();
    assert!(error.is_application());
    assert_eq!(error.into_source().unwrap().to_string(), "the application panicked: boom");
    assert_eq!(log.events(), ["create", "process", "abandoned"]);
}

#[tokio::test]
async fn a_refusal_is_answered_with_its_status() {
    let (_server, client) = serve(|_| {
        Box::pin(async { Err(BadHttpRequestError::new(StatusCode::URI_TOO_LONG, "too long").into()) })
    })
    .await;
    let mut response = client.get("/").send().await.unwrap();
    response.assert_status(414).assert_header("content-length", "0").assert_body("").await;
}

#[tokio::test]
async fn errors_are_answered_with_500_if_the_options_say_so() {
    let options = TestServerOptions { answer_errors: true, ..Default::default() };
    let application = app(|features| {
        Box::pin(async {
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            response.headers_mut()?.insert("x-secret", HeaderValue::from_static("1"));
            Err(Broken(11).into())
        })
    });
    let (_server, client) = serve_with(options, application).await;
    let mut response = client.get("/").send().await.unwrap();
    response.assert_status(500).assert_no_header("x-secret").assert_body("").await;
}

#[tokio::test]
async fn a_starting_callback_that_fails_is_the_callers_error() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            response.on_starting(Box::new(|_| Box::pin(async { Err(Broken(12).into()) })))?;
            Ok(write_response(features, "x".into()).await?)
        })
    })
    .await;
    let error = client.get("/").send().await.unwrap_err();
    let inner = error.source().unwrap().source().unwrap();
    assert_eq!(inner.downcast_ref(), Some(&Broken(12)));
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_the_callers_error() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            set_length(features, "5");
            Ok(())
        })
    })
    .await;
    let error = client.get("/").send().await.unwrap_err();
    assert!(error.is_application());

    let (_server, client) = serve(|features| {
        Box::pin(async {
            set_length(features, "5");
            Ok(write_response(features, "123".into()).await?)
        })
    })
    .await;
    let mut response = client.get("/").send().await.unwrap();
    let error = response.text().await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "3 bytes written, fewer than the Content-Length of 5");
}

#[tokio::test]
async fn a_body_longer_than_its_length_is_refused() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            set_length(features, "2");
            assert!(write_response(features, "123".into()).await.unwrap_err().is_invalid_state());
            Ok(write_response(features, "12".into()).await?)
        })
    })
    .await;
    client.get("/").send().await.unwrap().assert_body("12").await;
}

#[tokio::test]
async fn an_abort_before_the_response_is_told_at_once() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let lifetime = features.required::<dyn HttpRequestLifetimeFeature>()?;
            lifetime.abort();
            assert!(lifetime.request_aborted().is_cancelled());
            std::future::pending().await
        })
    })
    .await;
    let error = client.get("/").send().await.unwrap_err();
    assert!(error.is_application_aborted());
    assert_eq!(error.to_string(), "The application aborted the request.");
}

#[tokio::test]
async fn an_abort_after_the_response_started_fails_the_reading_of_its_body() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            flush_response(features).await?;
            features.required::<dyn HttpRequestLifetimeFeature>()?.abort();
            assert!(write_response(features, "late".into()).await.unwrap_err().is_aborted());
            Err(Broken(14).into())
        })
    })
    .await;
    let mut response = client.get("/").send().await.unwrap();
    assert!(response.text().await.unwrap_err().is_application_aborted());
    assert_eq!(response.request_ended().await.error.unwrap().downcast_ref(), Some(&Broken(14)));
}

#[tokio::test]
async fn an_abort_after_the_completion_changes_nothing() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            write_response(features, "whole".into()).await?;
            complete_response(features).await?;
            let lifetime = features.required::<dyn HttpRequestLifetimeFeature>()?;
            lifetime.abort();
            assert!(!lifetime.request_aborted().is_cancelled());
            Ok(())
        })
    })
    .await;
    client.get("/").send().await.unwrap().assert_body("whole").await;
}

#[tokio::test]
async fn a_reset_gives_its_code_to_the_caller() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            features.required::<dyn HttpResetFeature>()?.reset(0xb);
            Ok(())
        })
    })
    .await;
    for version in [Version::HTTP_2, Version::HTTP_3] {
        let error = client.get("/").version(version).send().await.unwrap_err();
        assert!(error.is_reset());
        assert_eq!(error.reset_code(), Some(11));
        assert_eq!(error.source().unwrap().downcast_ref(), Some(&HttpResetError { code: 11 }));
    }
}

#[tokio::test]
async fn a_reset_after_the_response_started_fails_the_reading_of_its_body() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            write_response(features, "part".into()).await?;
            features.required::<dyn HttpResetFeature>()?.reset(2);
            let lifetime = features.required::<dyn HttpRequestLifetimeFeature>()?;
            assert!(lifetime.request_aborted().is_cancelled());
            complete_response(features).await.unwrap_err();
            Err(Broken(13).into())
        })
    })
    .await;
    let mut response = client.get("/").version(Version::HTTP_2).send().await.unwrap();
    assert_eq!(response.text().await.unwrap_err().reset_code(), Some(2));
    assert_eq!(response.request_ended().await.error.unwrap().downcast_ref(), Some(&Broken(13)));
}

#[tokio::test]
async fn http_1_has_no_reset() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            assert!(!features.contains::<dyn HttpResetFeature>());
            Ok(())
        })
    })
    .await;
    client.get("/").send().await.unwrap();
}

fn set_length(features: &mut FeatureCollection, length: &'static str) {
    let response = features.required_mut::<dyn HttpResponseFeature>().unwrap();
    response.headers_mut().unwrap().insert("content-length", HeaderValue::from_static(length));
}
