//! What operators count of requests: real requests over Kestrel, recorded with both libraries.

mod app;
mod facade;
mod lines;
mod open_telemetry;

use std::sync::Arc;

use app::Running;
use falconry::RequestObserver;
use lines::Lines;

const GET: &str = "http.request.method=GET url.scheme=http";

/// The lines of a request that was answered so.
fn expected(request: &str, end: &str) -> Vec<String> {
    vec![
        format!("http.server.active_requests 1 {request}"),
        format!("http.server.active_requests -1 {request}"),
        format!("http.server.request.duration + {request} {end}"),
    ]
}

/// What is recorded, whatever records it.
async fn requests_are_recorded(lines: &Lines, observer: Arc<dyn RequestObserver>) {
    let running = Running::start(observer).await;
    let version = "network.protocol.version=1.1";

    assert_eq!(running.status("GET /ok").await, 200);
    let ok = expected(GET, &format!("{version} http.response.status_code=200"));
    assert_eq!(lines.take(3).await, ok);

    assert_eq!(running.status("BREW /missing").await, 404);
    let other = "http.request.method=_OTHER url.scheme=http";
    assert_eq!(lines.take(3).await, expected(other, &format!("{version} http.response.status_code=404")));

    for (path, error) in [("/status/503", "503"), ("/fail", "application_error"), ("/panic", "panic")] {
        let status = if path == "/status/503" { 503 } else { 500 };
        assert_eq!(running.status(&format!("GET {path}")).await, status);
        let end = format!("{version} http.response.status_code={status} error.type={error}");
        assert_eq!(lines.take(3).await, expected(GET, &end), "{path}");
    }

    let too_large =
        "POST /read HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\n123456789";
    assert!(running.exchange(too_large).await.starts_with("HTTP/1.1 413"));
    let post = "http.request.method=POST url.scheme=http";
    let end = format!("{version} http.response.status_code=413 error.type=bad_request");
    assert_eq!(lines.take(3).await, expected(post, &end));

    // The response had begun with 200; its rest never came.
    assert!(running.exchange("GET /late HTTP/1.1\r\nHost: a\r\n\r\n").await.starts_with("HTTP/1.1 200"));
    let end = format!("{version} http.response.status_code=200 error.type=application_error");
    assert_eq!(lines.take(3).await, expected(GET, &end));

    assert_eq!(running.status("GET /tagged").await, 200);
    let end = format!("{version} http.response.status_code=200 http.route=/tagged cached=true");
    assert_eq!(lines.take(3).await, expected(GET, &end));

    assert_eq!(running.status("GET /uncounted").await, 200);
    assert_eq!(lines.take(2).await, expected(GET, "")[..2]);
}

/// A request that leaves HTTP is active until its application is done.
async fn upgrades_are_active_until_their_end(lines: &Lines, observer: Arc<dyn RequestObserver>) {
    let running = Running::start(observer).await;
    let upgraded = running.upgrade().await;
    let ended = expected(GET, "network.protocol.version=1.1 http.response.status_code=101");
    assert_eq!(lines.take(1).await, ended[..1]);
    assert_eq!(lines.count(), 0, "the application still has the connection");
    drop(upgraded);
    assert_eq!(lines.take(2).await, ended[1..]);
}

/// A client that leaves before its answer.
async fn abandoned_requests_end(lines: &Lines, observer: Arc<dyn RequestObserver>) {
    let running = Running::start(observer).await;
    let client = running.send("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let ended = expected(GET, "network.protocol.version=1.1 error.type=request_aborted");
    assert_eq!(lines.take(1).await, ended[..1]);
    drop(client);
    assert_eq!(lines.take(2).await, ended[1..]);
}

macro_rules! with_both {
    ($($name:ident: $body:ident;)+) => {
        mod with_the_facade {
            $(#[tokio::test]
            async fn $name() {
                let (recorder, lines) = super::facade::Recorder::new();
                let _installed = metrics::set_default_local_recorder(&recorder);
                let observer = std::sync::Arc::new(falconry::MetricsRequestObserver::new());
                lines.clear();
                super::$body(&lines, observer).await;
            })+
        }

        mod with_open_telemetry {
            $(#[tokio::test]
            async fn $name() {
                let (meter, lines) = super::open_telemetry::meter();
                let observer = std::sync::Arc::new(falconry::OpenTelemetryRequestObserver::new(&meter));
                lines.clear();
                super::$body(&lines, observer).await;
            })+
        }
    };
}

with_both! {
    every_request_is_recorded_with_how_it_ended: requests_are_recorded;
    an_upgraded_request_is_active_until_its_application_is_done: upgrades_are_active_until_their_end;
    a_request_whose_client_leaves_is_recorded_as_aborted: abandoned_requests_end;
}

#[test]
fn the_instruments_are_described_to_the_facade() {
    let (recorder, lines) = facade::Recorder::new();
    metrics::with_local_recorder(&recorder, || {
        let _observer = falconry::MetricsRequestObserver::new();
    });
    assert_eq!(
        lines.now(),
        ["http.server.active_requests is a gauge", "http.server.request.duration is in seconds"]
    );
}

#[test]
fn the_instruments_have_the_units_and_buckets_of_the_conventions() {
    let (meter, lines) = open_telemetry::meter();
    drop(falconry::OpenTelemetryRequestObserver::new(&meter));
    assert_eq!(
        lines.now(),
        ["http.server.active_requests in {request}", "http.server.request.duration in s, 0.005..10"]
    );
}
