//! Steps beside writing: taking a connection over, files, closing, the connection's own callbacks.

mod support;

use std::{
    path::Path,
    sync::Arc,
    task::{Context, Poll},
};

use falconry_features::{
    BoxError, BoxFuture, CancellationToken, ConnectionCompleteFeature, ConnectionLifetimeNotificationFeature,
    DuplexStream, FeatureCollection, FeatureError, HttpExtendedConnectFeature, HttpResponseBodyFeature,
    HttpResponseFeature, HttpSendFileFeature, HttpUpgradeFeature, PlainConnectionComplete,
    PlainConnectionLifetime, ResponseHead, accept_connect, complete_response, request_close, send_file,
    start_response, upgrade, write_response,
};
use http::{HeaderValue, Method, StatusCode};

use self::support::{Log, features, now, serve};

type Takeover = Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError>;

/// A stream that has ended.
struct Ended;

impl DuplexStream for Ended {
    fn poll_read(&mut self, _cx: &mut Context<'_>, _buffer: &mut [u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(0))
    }

    fn poll_write(&mut self, _cx: &mut Context<'_>, data: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What a connection can leave HTTP by; notes the head it is given.
struct Leave {
    log: Log,
    can: bool,
}

impl Leave {
    fn with(&self, head: &ResponseHead) -> Takeover {
        self.log.note(format!("taken over with {}", head.status.as_u16()));
        Ok(Box::pin(std::future::ready(Ok(Box::new(Ended) as Box<dyn DuplexStream>))))
    }
}

impl HttpUpgradeFeature for Leave {
    fn is_upgradable_request(&self) -> bool {
        self.can
    }

    fn upgrade(&mut self, head: Arc<ResponseHead>) -> Takeover {
        assert_eq!(head.headers["connection"], "Upgrade");
        self.with(&head)
    }
}

impl HttpExtendedConnectFeature for Leave {
    fn is_extended_connect(&self) -> bool {
        self.can
    }

    fn protocol(&self) -> Option<&str> {
        self.can.then_some("websocket")
    }

    fn accept(&mut self, head: Arc<ResponseHead>) -> Takeover {
        self.with(&head)
    }
}

fn leaving(log: &Log, can: bool) -> FeatureCollection {
    let mut features = features(log, Method::GET);
    features.set::<dyn HttpUpgradeFeature>(Box::new(Leave { log: log.clone(), can }));
    features.set::<dyn HttpExtendedConnectFeature>(Box::new(Leave { log: log.clone(), can }));
    features
}

#[test]
fn an_upgrade_runs_the_starting_callbacks_and_then_answers_101() {
    let log = Log::default();
    let mut features = leaving(&log, true);
    let seen = log.clone();
    let response = features.required_mut::<dyn HttpResponseFeature>().unwrap();
    response
        .on_starting(Box::new(move |_| {
            seen.note("starting");
            Box::pin(std::future::ready(Ok(())))
        }))
        .unwrap();
    now(upgrade(&mut features)).unwrap();
    assert_eq!(log.events(), ["starting", "taken over with 101"]);
}

#[test]
fn after_an_upgrade_nothing_can_be_written_and_the_end_sends_nothing() {
    let log = Log::default();
    let mut features = leaving(&log, true);
    now(upgrade(&mut features)).unwrap();
    assert!(now(write_response(&mut features, "late".into())).unwrap_err().is_invalid_state());
    now(complete_response(&mut features)).unwrap();
    assert!(now(upgrade(&mut features)).err().unwrap().is_invalid_state());
    assert_eq!(log.events(), ["taken over with 101"]);
}

#[test]
fn what_cannot_be_taken_over_says_why() {
    let log = Log::default();
    let mut plain = features(&log, Method::GET);
    assert!(now(upgrade(&mut plain)).err().unwrap().is_not_supported());
    assert!(now(accept_connect(&mut plain)).err().unwrap().is_not_supported());
    let mut unable = leaving(&log, false);
    assert!(now(upgrade(&mut unable)).err().unwrap().is_invalid_state());
    assert!(now(accept_connect(&mut unable)).err().unwrap().is_invalid_state());
    let mut late = leaving(&log, true);
    now(start_response(&mut late)).unwrap();
    assert!(now(upgrade(&mut late)).err().unwrap().is_invalid_state());
    assert!(log.events().is_empty());
}

#[test]
fn a_connect_is_accepted_with_the_responses_own_2xx_status() {
    let log = Log::default();
    let mut features = leaving(&log, true);
    let set = |features: &mut FeatureCollection, status| {
        features.required_mut::<dyn HttpResponseFeature>().unwrap().set_status_code(status).unwrap();
    };
    set(&mut features, StatusCode::NOT_FOUND);
    assert!(now(accept_connect(&mut features)).err().unwrap().is_invalid_state());
    set(&mut features, StatusCode::ACCEPTED);
    now(accept_connect(&mut features)).unwrap();
    assert_eq!(log.events(), ["taken over with 202"]);
}

#[test]
fn a_head_that_is_refused_at_the_first_write_is_a_500() {
    let (outcome, events) = serve(|features| {
        let response = features.required_mut::<dyn HttpResponseFeature>().unwrap();
        response.headers_mut().unwrap().insert("content-length", HeaderValue::from_static("many"));
        Box::pin(async move { Ok(write_response(features, "text".into()).await?) })
    });
    assert!(outcome.error.unwrap().to_string().contains("Content-Length"));
    assert_eq!(events[2..4], ["head 500 Length(0) content-length=0", "end"]);
}

struct Disk(Log);

impl HttpSendFileFeature for Disk {
    fn send_file<'a>(
        &'a mut self,
        _body: &'a mut dyn HttpResponseBodyFeature,
        path: &'a Path,
        offset: u64,
        count: Option<u64>,
    ) -> BoxFuture<'a, Result<(), FeatureError>> {
        self.0.note(format!("file {} {offset} {count:?}", path.display()));
        Box::pin(std::future::ready(Ok(())))
    }
}

#[test]
fn a_file_is_sent_by_the_server_after_the_response_was_started_or_not_at_all() {
    let log = Log::default();
    let mut features = features(&log, Method::GET);
    let sent = now(send_file(&mut features, Path::new("a.txt"), 1, Some(2)));
    assert!(sent.unwrap_err().is_not_supported());
    assert!(!features.required::<dyn HttpResponseFeature>().unwrap().has_started());
    features.set::<dyn HttpSendFileFeature>(Box::new(Disk(log.clone())));
    now(send_file(&mut features, Path::new("a.txt"), 1, Some(2))).unwrap();
    assert!(features.required::<dyn HttpResponseFeature>().unwrap().has_started());
    assert_eq!(log.events(), ["file a.txt 1 Some(2)"]);
}

#[test]
fn a_close_is_asked_of_the_connection_or_else_said_in_the_response() {
    let log = Log::default();
    let mut connection = FeatureCollection::new();
    let lifetime = PlainConnectionLifetime::default();
    connection.set::<dyn ConnectionLifetimeNotificationFeature>(Box::new(lifetime.clone()));
    let mut with = features(&log, Method::GET);
    with.set_defaults(Some(Arc::new(connection)));
    request_close(&mut with);
    assert!(lifetime.close_requested.is_cancelled());
    assert!(with.required::<dyn HttpResponseFeature>().unwrap().headers().is_empty());

    let mut without = features(&log, Method::GET);
    request_close(&mut without);
    let response = without.required_mut::<dyn HttpResponseFeature>().unwrap();
    assert_eq!(response.headers()["connection"], "close");
    response.headers_mut().unwrap().clear();
    now(start_response(&mut without)).unwrap();
    request_close(&mut without);
    assert!(without.required::<dyn HttpResponseFeature>().unwrap().headers().is_empty());
}

#[test]
fn a_connections_callbacks_run_last_first_and_each_whatever_another_does() {
    let (log, connection) = (Log::default(), PlainConnectionComplete::default());
    let register = |name: &'static str, result: Result<(), BoxError>| {
        let seen = log.clone();
        connection.on_completed(Box::new(move || {
            seen.note(name);
            Box::pin(std::future::ready(result))
        }))
    };
    register("1", Ok(())).unwrap();
    register("2", Err("broken".into())).unwrap();
    register("3", Ok(())).unwrap();
    let errors = now(connection.complete());
    assert_eq!(log.events(), ["3", "2", "1"]);
    assert_eq!(errors.len(), 1);
    assert!(register("late", Ok(())).unwrap_err().is_invalid_state());
}

#[test]
fn a_replaced_token_is_the_one_that_is_told() {
    use falconry_features::{HttpRequestLifetimeFeature, PlainRequestLifetime};

    let (servers, middlewares) = (CancellationToken::new(), CancellationToken::new());
    let mut lifetime = PlainRequestLifetime::new(servers.clone());
    lifetime.set_request_aborted(middlewares.clone());
    middlewares.cancel();
    assert!(lifetime.request_aborted().is_cancelled() && !servers.is_cancelled());
    lifetime.abort();
    assert!(servers.is_cancelled());
}
