//! Start, stop, disposal, and the order of things within a request.

mod support;

use std::sync::Arc;

use falconry_features::{
    Deadline, HttpRequestFeature, HttpResponseFeature, Server, ServerAddressesFeature, complete_response,
    write_response,
};
use falconry_test_host::{TestServer, TestServerOptions};
use support::{Log, app, app_with_log, serve, serve_with};

#[tokio::test]
async fn a_request_before_the_start_fails() {
    let server = TestServer::new();
    let client = server.client();
    let error = client.get("/").send().await.unwrap_err();
    assert!(error.is_not_started(), "{error}");
    server.start(app(|_| Box::pin(async { Ok(()) }))).await.unwrap();
    client.get("/").send().await.unwrap().assert_status(200);
}

#[tokio::test]
async fn a_second_start_replaces_the_application() {
    let (server, client) =
        serve(|features| Box::pin(async { Ok(write_response(features, "first".into()).await?) })).await;
    let second = app(|features| Box::pin(async { Ok(write_response(features, "second".into()).await?) }));
    server.start(second).await.unwrap();
    client.get("/").send().await.unwrap().assert_body("second").await;
}

#[tokio::test]
async fn requests_still_work_after_a_stop() {
    let (server, client) = serve(|_| Box::pin(async { Ok(()) })).await;
    server.stop(Deadline::never()).await.unwrap();
    client.get("/").send().await.unwrap().assert_status(200);
}

#[tokio::test]
async fn requests_fail_once_the_server_is_disposed_or_dropped() {
    let (server, client) = serve(|_| Box::pin(async { Ok(()) })).await;
    server.dispose();
    assert!(client.get("/").send().await.unwrap_err().is_disposed());
    assert!(server.start(app(|_| Box::pin(async { Ok(()) }))).await.unwrap_err().is_invalid_state());

    let (server, client) = serve(|_| Box::pin(async { Ok(()) })).await;
    drop(server);
    assert!(client.get("/").send().await.unwrap_err().is_disposed());
}

#[tokio::test]
async fn a_dropped_server_lets_go_of_its_application() {
    let application = app(|_| Box::pin(async { Ok(()) }));
    let (server, _client) = serve_with(TestServerOptions::default(), Arc::clone(&application)).await;
    drop(server);
    assert_eq!(Arc::strong_count(&application), 1);
}

#[tokio::test]
async fn the_server_reports_no_address_and_takes_none_after_the_start() {
    let (server, _client) = serve(|_| Box::pin(async { Ok(()) })).await;
    let addresses = server.features().required::<dyn ServerAddressesFeature>().unwrap();
    assert!(addresses.addresses().is_empty());
    assert!(addresses.add("http://localhost:5000").unwrap_err().is_invalid_state());
}

#[tokio::test]
async fn the_features_of_the_server_lie_under_those_of_the_request() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            assert!(features.contains::<dyn ServerAddressesFeature>());
            assert!(!features.contains_own::<dyn ServerAddressesFeature>());
            Ok(())
        })
    })
    .await;
    client.get("/").send().await.unwrap();
}

#[tokio::test]
async fn a_base_address_that_is_not_absolute_is_refused() {
    for address in ["/path", "localhost:80", "ftp://localhost/", "*"] {
        let options = TestServerOptions { base_address: address.parse().unwrap(), ..Default::default() };
        assert!(TestServer::with_options(options).unwrap_err().is_options(), "{address}");
    }
}

#[tokio::test]
async fn the_steps_come_in_their_order_and_callbacks_last_registered_first() {
    let log = Log::default();
    let seen = log.clone();
    let application = app_with_log(log.clone(), move |features| {
        let log = log.clone();
        Box::pin(async move {
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            for number in 1..=2 {
                let starting = log.clone();
                response.on_starting(Box::new(move |features| {
                    Box::pin(async move {
                        starting.add(format!("starting {number}"));
                        let response = features.required_mut::<dyn HttpResponseFeature>()?;
                        response.headers_mut()?.append("x-order", number.into());
                        Ok(())
                    })
                }))?;
                let completed = log.clone();
                response.on_completed(Box::new(move || {
                    Box::pin(async move {
                        completed.add(format!("completed {number}"));
                        Ok(())
                    })
                }));
            }
            log.add("pipeline ends");
            Ok(())
        })
    });
    let (_server, client) = serve_with(TestServerOptions::default(), application).await;
    let response = client.get("/").send().await.unwrap();
    response.request_ended().await;
    let order: Vec<_> = response.headers().get_all("x-order").iter().collect();
    assert_eq!(order, ["2", "1"]);
    assert_eq!(
        seen.events(),
        [
            "create",
            "process",
            "pipeline ends",
            "starting 2",
            "starting 1",
            "completed 2",
            "completed 1",
            "dispose"
        ]
    );
}

#[tokio::test]
async fn a_completed_callback_that_fails_stops_no_other_and_is_reported() {
    let log = Log::default();
    let seen = log.clone();
    let (_server, client) = serve(move |features| {
        let log = log.clone();
        Box::pin(async move {
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            response.on_completed(Box::new(move || {
                Box::pin(async move {
                    log.add("still runs");
                    Ok(())
                })
            }));
            response.on_completed(Box::new(|| Box::pin(async { Err("a callback failed".into()) })));
            Ok(())
        })
    })
    .await;
    let end = client.get("/").send().await.unwrap().assert_status(200).request_ended().await;
    assert!(end.error.is_none());
    assert_eq!(
        end.callback_errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["a callback failed"]
    );
    assert_eq!(seen.events(), ["still runs"]);
}

#[tokio::test]
async fn a_request_without_a_context_is_neither_processed_nor_disposed() {
    let application = app(|_| Box::pin(async { Ok(()) }));
    let log = application.log.clone();
    let (_server, client) = serve_with(TestServerOptions::default(), application).await;
    let error = client.get("/no-context").send().await.unwrap_err();
    assert!(error.is_application());
    assert_eq!(error.into_source().unwrap().to_string(), "no context");
    assert_eq!(log.events(), ["create"]);
}

#[tokio::test]
async fn the_head_is_fixed_once_the_response_has_started() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            write_response(features, "x".into()).await?;
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            assert!(response.has_started());
            assert!(response.set_status_code(http::StatusCode::ACCEPTED).unwrap_err().is_invalid_state());
            assert!(response.headers_mut().unwrap_err().is_invalid_state());
            let late = response.on_starting(Box::new(|_| Box::pin(async { Ok(()) })));
            assert!(late.unwrap_err().is_invalid_state());
            Ok(())
        })
    })
    .await;
    client.get("/").send().await.unwrap().assert_status(200).assert_body("x").await;
}

#[tokio::test]
async fn nothing_can_be_written_after_the_completion() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            write_response(features, "whole".into()).await?;
            complete_response(features).await?;
            assert!(write_response(features, "more".into()).await.unwrap_err().is_invalid_state());
            complete_response(features).await?;
            Ok(())
        })
    })
    .await;
    client.get("/").send().await.unwrap().assert_body("whole").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_run_at_once() {
    let barrier = Arc::new(tokio::sync::Barrier::new(8));
    let (_server, client) = serve(move |features| {
        let barrier = Arc::clone(&barrier);
        Box::pin(async move {
            barrier.wait().await;
            let path = features.required::<dyn HttpRequestFeature>()?.path().to_owned();
            Ok(write_response(features, path.into()).await?)
        })
    })
    .await;
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let path = format!("/{number}");
                client.get(&path).send().await.unwrap().assert_body(&path).await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
