//! Start, stop, their order and what the console shows.

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use falconry::{
    HttpContext, Result, WebHost, WebHostBuilder,
    features::{Deadline, FeatureCollection},
};
use support::RecordingServer;
use tokio::sync::Notify;

async fn nothing(_: &mut HttpContext) -> Result<()> {
    Ok(())
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn on(&self, builder: WebHostBuilder) -> WebHostBuilder {
        let lines = self.clone();
        builder.status_writer(move |line| lines.push(line))
    }

    fn push(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn builder() -> WebHostBuilder {
    WebHost::builder().environment_variables([("FALCONRY_ENVIRONMENT", "Staging")])
}

#[tokio::test]
async fn the_console_shows_addresses_environment_content_root_and_the_stop() {
    let lines = Lines::default();
    let builder = lines.on(builder().urls("http://127.0.0.1:1;http://api.localhost:2/"));
    let host = builder.server(RecordingServer::new()).build(nothing).unwrap();
    host.start().await.unwrap();
    host.stop(Deadline::never()).await.unwrap();
    assert_eq!(
        lines.all(),
        [
            "Now listening on: http://127.0.0.1:1",
            "Now listening on: http://api.localhost:2/",
            "Now listening on: http://localhost:2/",
            "Application started. Press Ctrl+C to shut down.",
            "Hosting environment: Staging",
            &format!("Content root path: {}", std::env::current_dir().unwrap().display()),
            "Application is shutting down...",
        ]
    );
}

#[tokio::test]
async fn suppressed_status_messages_leave_the_console_empty() {
    let lines = Lines::default();
    let builder = lines.on(builder()).setting("SuppressStatusMessages", "1");
    let host = builder.server(RecordingServer::new()).build(nothing).unwrap();
    host.start().await.unwrap();
    host.stop(Deadline::never()).await.unwrap();
    assert!(lines.all().is_empty());
}

#[tokio::test]
async fn events_come_in_order_and_callbacks_last_registered_first() {
    let server = RecordingServer::new();
    let builder = builder().suppress_status_messages(true);
    let lifetime = builder.lifetime();
    for number in [1, 2] {
        let record = |event: &'static str| {
            let server = server.clone();
            move || server.record(format!("{event} {number}"))
        };
        lifetime.on_started(record("started"));
        lifetime.on_stopping(record("stopping"));
        lifetime.on_stopped(record("stopped"));
    }
    let host = builder.server(server.clone()).build(nothing).unwrap();
    host.start().await.unwrap();
    host.stop(Deadline::never()).await.unwrap();
    let expected = "start, started 2, started 1, stopping 2, stopping 1, stop, stopped 2, stopped 1";
    assert_eq!(server.events().join(", "), expected);
}

#[tokio::test]
async fn a_callback_that_panics_keeps_neither_the_others_nor_the_stop_from_running() {
    let server = RecordingServer::new();
    let host = builder().suppress_status_messages(true).server(server.clone()).build(nothing).unwrap();
    let other = server.clone();
    host.lifetime().on_stopping(move || other.record("other"));
    host.lifetime().on_stopping(|| panic!("on purpose"));
    host.start().await.unwrap();
    host.stop(Deadline::never()).await.unwrap();
    assert_eq!(server.events(), ["start", "other", "stop"]);
    assert!(host.lifetime().stopped().is_cancelled());
}

#[tokio::test]
async fn the_program_can_ask_for_the_stop() {
    let server = RecordingServer::new();
    let builder = builder().suppress_status_messages(true).server(server.clone());
    let lifetime = builder.lifetime();
    let stopper = lifetime.clone();
    lifetime.on_started(move || stopper.stop_application());
    builder.run(nothing).await.unwrap();
    assert_eq!(server.events(), ["start", "stop"]);
}

#[tokio::test]
async fn a_host_is_started_once_and_not_again_after_its_stop() {
    let host =
        builder().suppress_status_messages(true).server(RecordingServer::new()).build(nothing).unwrap();
    host.start().await.unwrap();
    assert!(host.start().await.unwrap_err().is_invalid_state());
    assert!(host.add_address("http://localhost:1").unwrap_err().is_invalid_state());
    host.stop(Deadline::never()).await.unwrap();
    assert!(host.start().await.unwrap_err().is_invalid_state());
}

#[tokio::test]
async fn a_host_that_never_started_stops_without_its_server() {
    let server = RecordingServer::new();
    let host = builder().suppress_status_messages(true).server(server.clone()).build(nothing).unwrap();
    host.stop(Deadline::never()).await.unwrap();
    host.stop(Deadline::never()).await.unwrap();
    assert!(server.events().is_empty());
    assert!(host.lifetime().stopped().is_cancelled());
}

#[tokio::test]
async fn requests_are_counted_from_their_context_to_its_disposal_even_if_abandoned() {
    let server = RecordingServer::new();
    let host = builder().suppress_status_messages(true).server(server.clone()).build(nothing).unwrap();
    host.start().await.unwrap();
    let application = server.application();
    let first = application.create_context(FeatureCollection::new()).unwrap();
    let second = application.create_context(FeatureCollection::new()).unwrap();
    assert_eq!(host.running_requests(), 2);
    let features = application.dispose_context(first, None);
    assert_eq!(host.running_requests(), 1);
    let again = application.create_context(features).unwrap();
    drop(application.process(again));
    assert_eq!(host.running_requests(), 1);
    drop(second);
    assert_eq!(host.running_requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_waits_tells_every_second_how_many_requests_run_until_the_time_is_up() {
    let lines = Lines::default();
    let server = RecordingServer::draining(Arc::new(Notify::new()));
    let builder = lines.on(builder()).setting("shutdownTimeoutSeconds", "3").server(server.clone());
    let lifetime = builder.lifetime();
    let host = Arc::new(builder.build(nothing).unwrap());
    let run = tokio::spawn({
        let host = Arc::clone(&host);
        async move { host.run_until_stopped().await }
    });
    lifetime.started().cancelled().await;
    let _running = server.application().create_context(FeatureCollection::new()).unwrap();
    lifetime.stop_application();
    run.await.unwrap().unwrap();
    assert_eq!(
        lines.all()[4..],
        [
            "Application is shutting down...",
            "Waiting for 1 request to finish, 2 s at most. Press Ctrl+C again to abort.",
            "Waiting for 1 request to finish, 1 s at most. Press Ctrl+C again to abort.",
            "The shutdown timeout of 3s has passed: aborting 1 request.",
        ]
    );
    assert_eq!(server.events(), ["start", "stop", "aborted"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_as_soon_as_the_server_has_drained() {
    let drained = Arc::new(Notify::new());
    let server = RecordingServer::draining(Arc::clone(&drained));
    let builder = builder().suppress_status_messages(true).server(server.clone());
    let host = builder.shutdown_timeout(Duration::from_secs(5)).build(nothing).unwrap();
    assert_eq!(host.shutdown_timeout(), Duration::from_secs(5));
    host.start().await.unwrap();
    let start = tokio::time::Instant::now();
    drained.notify_one();
    host.stop_within(host.shutdown_timeout()).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(server.events(), ["start", "stop"]);
}
