//! The `metrics` facade.

use std::{
    fmt::Write,
    sync::{Arc, Mutex},
};

use ::metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit, with_local_recorder,
};

use super::{expected, tell};
use crate::MetricsObserver;

#[test]
fn every_event_is_recorded_with_the_facade() {
    let recorder = Lines::default();
    with_local_recorder(&recorder, || tell(&MetricsObserver::new()));
    assert_eq!(*recorder.recorded.lock().unwrap(), expected());
}

#[test]
fn every_instrument_is_described_to_the_recorder() {
    let recorder = Lines::default();
    with_local_recorder(&recorder, || {
        let _observer = MetricsObserver::new();
    });
    let described = recorder.described.lock().unwrap();
    for line in expected() {
        let name = line.split(' ').next().unwrap();
        assert!(described.iter().any(|described| described == name), "{name} is not described");
    }
}

/// Writes down what it is told.
#[derive(Default)]
struct Lines {
    recorded: Arc<Mutex<Vec<String>>>,
    described: Mutex<Vec<String>>,
}

struct Line {
    key: Key,
    recorded: Arc<Mutex<Vec<String>>>,
}

impl Lines {
    fn line(&self, key: &Key) -> Arc<Line> {
        Arc::new(Line { key: key.clone(), recorded: Arc::clone(&self.recorded) })
    }

    fn describe(&self, name: &KeyName) {
        self.described.lock().unwrap().push(name.as_str().to_owned());
    }
}

impl Line {
    fn add(&self, value: f64) {
        let mut line = format!("{} {value}", self.key.name());
        for label in self.key.labels() {
            write!(line, " {}={}", label.key(), label.value()).unwrap();
        }
        self.recorded.lock().unwrap().push(line);
    }
}

impl CounterFn for Line {
    fn increment(&self, value: u64) {
        self.add(value as f64);
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for Line {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, _: f64) {}
}

impl HistogramFn for Line {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl Recorder for Lines {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.line(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.line(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.line(key))
    }
}
