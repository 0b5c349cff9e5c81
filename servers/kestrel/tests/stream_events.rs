//! What is told of streams that do not keep to the rules while their connection goes on.

#![allow(clippy::duplicate_mod, reason = "both protocols are tested with the same application")]

#[path = "support/h2/mod.rs"]
mod h2;
#[cfg(feature = "http3")]
#[path = "support/h3/mod.rs"]
mod h3;

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Condvar, Mutex, OnceLock},
    time::Duration,
};

use falconry_features::MinDataRate;
use falconry_kestrel::{ConnectionEnd, ConnectionTags, KestrelObserver, KestrelServerLimits};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

const TOO_SLOW: &str = "RequestBodyMinimumDataRateNotSatisfied";

fn slow(limits: &mut KestrelServerLimits) {
    limits.set_min_request_body_data_rate(MinDataRate::new(100.0, Duration::from_millis(1100)).unwrap());
}

#[test]
fn a_body_that_comes_too_slowly_over_http2_is_told_with_its_stream() {
    let events = heard();
    let (observer, ends) = observer();
    let server = h2::Server::with(
        |options| {
            slow(&mut options.limits);
            options.observer(observer);
        },
        |_| {},
    );
    let mut raw = h2::Raw::connect(server.address);
    raw.send(&h2::headers(3, 0, &upload("http")));
    raw.send(&h2::data(3, 0, b"a little"));
    assert_eq!(raw.response(3).status(), 408);
    events.wait(|event| event.contains(TOO_SLOW) && event.contains(":00000003\""));
    raw.assert_serves(5);
    drop(raw);
    // The connection itself has ended in order.
    assert_eq!(ends.wait(|_| true), "2 None");
}

#[cfg(feature = "http3")]
#[tokio::test]
async fn a_body_that_comes_too_slowly_over_http3_is_told_with_its_stream() {
    use h3::raw::{Outcome, code, data, headers};

    let events = heard();
    let (observer, ends) = observer();
    let server = h3::Server::with(
        |options| {
            slow(&mut options.limits);
            options.observer(observer);
        },
        |_| {},
    )
    .await;
    let raw = server.raw().await;
    raw.assert_serves().await;
    let slow = [headers(&upload("https")), data(b"a little")].concat();
    assert_eq!(raw.outcome_without_end(&slow).await, Outcome::Status(408));
    events.wait(|event| event.contains(TOO_SLOW) && event.contains(":00000004\""));
    raw.assert_serves().await;
    raw.quic.close((code::NO_ERROR as u32).into(), b"");
    let ended = tokio::task::spawn_blocking(move || ends.wait(|_| true));
    assert_eq!(ended.await.unwrap(), "3 None");
}

fn upload(scheme: &str) -> [(&str, &str); 4] {
    [(":method", "POST"), (":scheme", scheme), (":path", "/upload"), (":authority", "a.test")]
}

/// Lines that somebody waits for.
#[derive(Clone, Default)]
struct Lines(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Lines {
    fn push(&self, line: String) {
        self.0.0.lock().unwrap().push(line);
        self.0.1.notify_all();
    }

    /// The first line of this kind, as soon as it is there.
    fn wait(&self, is_meant: impl Fn(&str) -> bool) -> String {
        let find = |lines: &Vec<String>| lines.iter().find(|line| is_meant(line)).cloned();
        let lines = self.0.0.lock().unwrap();
        let minute = Duration::from_secs(60);
        let (lines, waited) =
            self.0.1.wait_timeout_while(lines, minute, |lines| find(lines).is_none()).unwrap();
        assert!(!waited.timed_out(), "it is not among {lines:#?}");
        find(&lines).expect("it has been found")
    }
}

/// Hears how connections end.
struct Ends(Lines);

fn observer() -> (Arc<dyn KestrelObserver>, Lines) {
    let lines = Lines::default();
    (Arc::new(Ends(lines.clone())), lines)
}

impl KestrelObserver for Ends {
    fn connection_stopped(&self, _: &ConnectionTags, end: &ConnectionEnd) {
        self.0.push(format!("{} {:?}", end.protocol_version.unwrap_or("-"), end.error_type));
    }
}

/// The events of this program, from the first call on.
fn heard() -> &'static Lines {
    static LINES: OnceLock<Lines> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines = Lines::default();
        // For all threads: servers have their own.
        tracing::subscriber::set_global_default(Keeper(lines.clone())).expect("nobody else listens");
        lines
    })
}

/// Keeps the events of the server, each as its fields in one line.
struct Keeper(Lines);

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "falconry_kestrel"
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = String::new();
        event.record(&mut Fields(&mut line));
        self.0.push(line);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").expect("a text takes everything");
    }
}
