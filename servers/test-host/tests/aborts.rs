//! The client that gives up, and what the application sees of it.

mod support;

use std::{
    future::{pending, poll_fn},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use falconry_features::{
    FeatureCollection, HttpRequestFeature, HttpRequestLifetimeFeature, complete_response, flush_response,
    write_response,
};
use falconry_test_host::TestServerOptions;
use support::{Log, app_with_log, read_body, serve, serve_with};
use tokio::sync::Notify;

/// Notes when `RequestAborted` fires, and tells it.
fn watch(features: &FeatureCollection, log: &Log, fired: &Arc<Notify>) {
    let (log, fired) = (log.clone(), Arc::clone(fired));
    let token = features.get::<dyn HttpRequestLifetimeFeature>().unwrap().request_aborted();
    token.on_cancelled(move || {
        log.add("aborted");
        fired.notify_one();
    });
}

#[tokio::test]
async fn dropping_the_response_aborts_the_request_and_then_drops_the_application() {
    let (log, fired) = (Log::default(), Arc::new(Notify::new()));
    let (seen, told) = (log.clone(), Arc::clone(&fired));
    let application = app_with_log(log.clone(), move |features| {
        let (log, fired) = (log.clone(), Arc::clone(&fired));
        Box::pin(async move {
            watch(features, &log, &fired);
            flush_response(features).await?;
            let token = features.required::<dyn HttpRequestLifetimeFeature>()?.request_aborted();
            token.cancelled().await;
            log.add("the application sees it");
            let late = write_response(features, "late".into()).await;
            log.add(late.unwrap_err().to_string());
            pending().await
        })
    });
    let log = seen;
    let (_server, client) = serve_with(TestServerOptions::default(), application).await;
    let mut response = client.get("/").send().await.unwrap();
    response.abort();
    told.notified().await;
    response.request_ended().await;
    assert!(response.text().await.unwrap_err().is_client_aborted());
    assert_eq!(
        log.events(),
        [
            "create",
            "process",
            "aborted",
            "the application sees it",
            "The client aborted the request.",
            "abandoned"
        ]
    );
}

#[tokio::test]
async fn dropping_the_response_fires_request_aborted() {
    let (log, fired) = (Log::default(), Arc::new(Notify::new()));
    let (seen, told) = (log.clone(), Arc::clone(&fired));
    let (_server, client) = serve(move |features| {
        let (log, fired) = (log.clone(), Arc::clone(&fired));
        Box::pin(async move {
            watch(features, &log, &fired);
            flush_response(features).await?;
            pending().await
        })
    })
    .await;
    drop(client.get("/").send().await.unwrap());
    told.notified().await;
    assert_eq!(seen.events(), ["aborted"]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_stops_waiting_aborts_the_request() {
    let (log, fired) = (Log::default(), Arc::new(Notify::new()));
    let (seen, told) = (log.clone(), Arc::clone(&fired));
    let (_server, client) = serve(move |features| {
        let (log, fired) = (log.clone(), Arc::clone(&fired));
        Box::pin(async move {
            watch(features, &log, &fired);
            pending().await
        })
    })
    .await;
    tokio::time::timeout(Duration::from_secs(1), client.get("/").send()).await.unwrap_err();
    told.notified().await;
    assert_eq!(seen.events(), ["aborted"]);
}

#[tokio::test]
async fn an_aborted_request_fails_the_reading_of_its_body() {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let (_server, client) = serve(move |features| {
        let sender = sender.clone();
        Box::pin(async move {
            flush_response(features).await?;
            let error = read_body(features).await.unwrap_err();
            let _ = sender.send(error.to_string());
            Err(error)
        })
    })
    .await;
    let (request, _body) = client.post("/").streaming_body();
    drop(request.send().await.unwrap());
    assert_eq!(receiver.recv().await.unwrap(), "The client aborted the request.");
}

#[tokio::test]
async fn a_waiting_writer_is_told_of_the_abort() {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let (_server, client) = serve(move |features| {
        let sender = sender.clone();
        Box::pin(async move {
            write_response(features, vec![0; 100_000].into()).await?;
            let error = write_response(features, "x".into()).await.unwrap_err();
            let _ = sender.send(error.is_aborted());
            Ok(())
        })
    })
    .await;
    drop(client.get("/").send().await.unwrap());
    assert!(receiver.recv().await.unwrap());
}

#[tokio::test]
async fn a_response_that_was_complete_is_not_aborted_by_dropping_it() {
    let (log, fired) = (Log::default(), Arc::new(Notify::new()));
    let (seen, told) = (log.clone(), Arc::clone(&fired));
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let application = app_with_log(log.clone(), move |features| {
        let (log, fired, gate) = (log.clone(), Arc::clone(&fired), Arc::clone(&gate));
        Box::pin(async move {
            watch(features, &log, &Arc::new(Notify::new()));
            write_response(features, "whole".into()).await?;
            complete_response(features).await?;
            gate.notified().await;
            log.add("works on");
            fired.notify_one();
            Ok(())
        })
    });
    let (_server, client) = serve_with(TestServerOptions::default(), application).await;
    drop(client.get("/").send().await.unwrap());
    opened.notify_one();
    told.notified().await;
    assert_eq!(seen.events()[..3], ["create", "process", "works on"]);
}

#[tokio::test]
async fn a_response_read_to_its_end_is_not_aborted() {
    let log = Log::default();
    let seen = log.clone();
    let (_server, client) = serve(move |features| {
        let log = log.clone();
        Box::pin(async move {
            watch(features, &log, &Arc::new(Notify::new()));
            Ok(write_response(features, "whole".into()).await?)
        })
    })
    .await;
    let mut response = client.get("/").send().await.unwrap();
    response.assert_body("whole").await;
    response.abort();
    response.request_ended().await;
    drop(response);
    assert!(seen.events().is_empty());
}

#[tokio::test]
async fn a_replaced_token_does_not_fire_with_the_request() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let lifetime = features.required_mut::<dyn HttpRequestLifetimeFeature>()?;
            let own = falconry_features::CancellationToken::new();
            lifetime.set_request_aborted(own.clone());
            own.cancel();
            assert!(lifetime.request_aborted().is_cancelled());
            Ok(write_response(features, "goes on".into()).await?)
        })
    })
    .await;
    client.get("/").send().await.unwrap().assert_body("goes on").await;
}

#[test]
fn a_runtime_that_ends_does_not_leave_a_client_waiting() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let (server, response) = runtime.block_on(async {
        let (server, client) = serve(move |features| {
            let sender = sender.clone();
            Box::pin(async move {
                flush_response(features).await?;
                let _ = sender.send(());
                features.required_mut::<dyn HttpRequestFeature>()?;
                pending().await
            })
        })
        .await;
        (server, client.get("/").send().await.unwrap())
    });
    receiver.recv().unwrap();
    drop(runtime);
    let mut response = response;
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = other.block_on(async {
        let mut read = Box::pin(response.text());
        poll_fn(|cx| match read.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(result.unwrap_err()),
            Poll::Pending => panic!("the client would wait forever"),
        })
        .await
    });
    assert!(error.is_incomplete());
    drop(server);
}
