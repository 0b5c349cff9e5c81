//! Bodies both ways at once, with limits and backpressure.

mod support;

use std::{future::poll_fn, sync::Arc, task::Poll};

use bytes::Bytes;
use falconry_features::{
    BadHttpRequestError, HttpMaxRequestBodySizeFeature, HttpRequestFeature, HttpResponseBodyFeature,
    HttpResponseFeature, flush_response, write_response,
};
use falconry_test_host::TestServerOptions;
use http::{Method, StatusCode, Version};
use support::{app, read_body, serve, serve_with};
use tokio::sync::Notify;

#[tokio::test]
async fn request_and_response_stream_at_the_same_time() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            flush_response(features).await?;
            while let Some(data) = features.required_mut::<dyn HttpRequestFeature>()?.body_mut().data().await
            {
                write_response(features, data?).await?;
            }
            Ok(())
        })
    })
    .await;
    for version in [Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
        let (request, mut body) = client.post("/").version(version).streaming_body();
        let mut response = request.send().await.unwrap();
        for text in ["one", "two", "three"] {
            body.send(text).await.unwrap();
            assert_eq!(response.data().await.unwrap().unwrap(), text);
        }
        body.finish();
        assert!(response.data().await.is_none());
    }
}

#[tokio::test]
async fn a_response_starts_with_its_first_flush() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let (_server, client) = serve(move |features| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            flush_response(features).await?;
            gate.notified().await;
            Ok(write_response(features, "later".into()).await?)
        })
    })
    .await;
    let mut response = client.get("/").send().await.unwrap();
    response.assert_status(200);
    opened.notify_one();
    response.assert_body("later").await;
}

#[tokio::test]
async fn a_writer_waits_until_the_buffer_has_room() {
    let options = TestServerOptions { buffer_size: 8, ..Default::default() };
    let application = app(|features| {
        Box::pin(async {
            write_response(features, "12345678".into()).await?;
            let body = features.required_mut::<dyn HttpResponseBodyFeature>()?;
            let mut more = Bytes::from("9");
            let is_full = poll_fn(|cx| Poll::Ready(body.poll_write(cx, &mut more).is_pending())).await;
            assert!(is_full);
            poll_fn(|cx| body.poll_write(cx, &mut more)).await?;
            Ok(())
        })
    });
    let (_server, client) = serve_with(options, application).await;
    client.get("/").send().await.unwrap().assert_body("123456789").await;
}

#[tokio::test]
async fn a_sender_waits_until_the_application_reads() {
    let options = TestServerOptions { buffer_size: 4, ..Default::default() };
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let application = app(move |features| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            flush_response(features).await?;
            gate.notified().await;
            let body = read_body(features).await?;
            Ok(write_response(features, body.into()).await?)
        })
    });
    let (_server, client) = serve_with(options, application).await;
    let (request, mut body) = client.post("/").streaming_body();
    let mut response = request.send().await.unwrap();
    body.send("1234").await.unwrap();
    {
        let mut second = Box::pin(body.send("5"));
        assert!(poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx).is_pending())).await);
        opened.notify_one();
        second.await.unwrap();
    }
    body.finish();
    response.assert_body("12345").await;
}

#[tokio::test]
async fn a_sender_learns_that_the_application_reads_no_more() {
    let (_server, client) = serve(|_| Box::pin(async { Ok(()) })).await;
    let (request, mut body) = client.post("/").streaming_body();
    let response = request.send().await.unwrap();
    response.request_ended().await;
    assert!(body.send("x").await.unwrap_err().is_request_ended());
}

#[tokio::test]
async fn a_sender_that_breaks_off_fails_the_reading() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            read_body(features).await?;
            Ok(())
        })
    })
    .await;
    let (request, mut body) = client.post("/").streaming_body();
    body.send("part").await.unwrap();
    drop(body);
    let error = request.send().await.unwrap_err().into_source().unwrap();
    assert_eq!(error.to_string(), "The client aborted the request.");
    let (request, body) = client.post("/").streaming_body();
    body.fail("the disk is gone");
    let error = request.send().await.unwrap_err().into_source().unwrap();
    assert_eq!(error.to_string(), "the disk is gone");
}

#[tokio::test]
async fn a_body_over_the_limit_ends_with_413() {
    let options = TestServerOptions { max_request_body_size: Some(4), ..Default::default() };
    let application = app(|features| {
        Box::pin(async {
            let error = read_body(features).await.unwrap_err();
            assert_eq!(BadHttpRequestError::find(&*error).unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
            Err(error)
        })
    });
    let (_server, client) = serve_with(options, application).await;
    client.post("/").body("12345").send().await.unwrap().assert_status(413);
    let (request, mut body) = client.post("/").streaming_body();
    body.send("1234").await.unwrap();
    body.send("5").await.unwrap();
    request.send().await.unwrap().assert_status(413);
}

#[tokio::test]
async fn the_limit_can_be_changed_until_the_body_is_read() {
    let options = TestServerOptions { max_request_body_size: Some(4), ..Default::default() };
    let application = app(|features| {
        Box::pin(async {
            let feature = features.required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            assert_eq!(feature.max_request_body_size(), Some(4));
            assert!(!feature.is_read_only());
            feature.set_max_request_body_size(None)?;
            let body = read_body(features).await?;
            let feature = features.required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            assert!(feature.is_read_only());
            assert!(feature.set_max_request_body_size(Some(1)).unwrap_err().is_invalid_state());
            Ok(write_response(features, body.into()).await?)
        })
    });
    let (_server, client) = serve_with(options, application).await;
    client.post("/").body("12345").send().await.unwrap().assert_body("12345").await;
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_says_is_refused() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            read_body(features).await?;
            Ok(())
        })
    })
    .await;
    for length in ["3", "5"] {
        let request = client.post("/").header("content-length", length).body("data");
        request.send().await.unwrap().assert_status(400);
    }
}

#[tokio::test]
async fn the_body_cannot_be_read_after_the_request() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let (_server, client) = serve(move |features| {
        let sender = sender.lock().unwrap().take().unwrap();
        Box::pin(async move {
            let body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            let _ = sender.send(body);
            Ok(())
        })
    })
    .await;
    let (request, _body) = client.post("/").streaming_body();
    let response = request.send().await.unwrap();
    response.request_ended().await;
    let error = receiver.await.unwrap().data().await.unwrap().unwrap_err();
    assert!(error.downcast_ref::<falconry_features::FeatureError>().unwrap().is_finished());
}

#[tokio::test]
async fn head_and_bodyless_statuses_have_no_body() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let request = features.required::<dyn HttpRequestFeature>()?;
            if request.method() == Method::HEAD {
                return Ok(write_response(features, "dropped".into()).await?);
            }
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            response.set_status_code(StatusCode::NO_CONTENT)?;
            assert!(write_response(features, "x".into()).await.unwrap_err().is_invalid_state());
            Ok(())
        })
    })
    .await;
    client.head("/").send().await.unwrap().assert_status(200).assert_body("").await;
    client.get("/").send().await.unwrap().assert_status(204).assert_body("").await;
}

#[tokio::test]
async fn an_empty_response_says_so() {
    let (_server, client) = serve(|_| Box::pin(async { Ok(()) })).await;
    client.get("/").send().await.unwrap().assert_header("content-length", "0").assert_body("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_goes_through_both_ways() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            while let Some(data) = features.required_mut::<dyn HttpRequestFeature>()?.body_mut().data().await
            {
                write_response(features, data?).await?;
            }
            Ok(())
        })
    })
    .await;
    let (request, mut body) = client.post("/").streaming_body();
    let sending = tokio::spawn(async move {
        for number in 0..200_u8 {
            body.send(vec![number; 10_000]).await.unwrap();
        }
        body.finish();
    });
    let all = request.send().await.unwrap().bytes().await.unwrap();
    sending.await.unwrap();
    assert_eq!(all.len(), 2_000_000);
    assert!(
        all.chunks(10_000).zip(0..200_u8).all(|(chunk, number)| chunk.iter().all(|byte| *byte == number))
    );
}
