//! A recorder of the `metrics` facade that writes down what it is told.

use std::sync::Arc;

use metrics::{Counter, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit};

use crate::lines::Lines;

pub(crate) struct Recorder(Lines);

struct Line {
    key: Key,
    lines: Lines,
}

impl Recorder {
    pub(crate) fn new() -> (Self, Lines) {
        let lines = Lines::default();
        (Self(lines.clone()), lines)
    }

    fn line(&self, key: &Key) -> Arc<Line> {
        Arc::new(Line { key: key.clone(), lines: self.0.clone() })
    }
}

impl Line {
    fn add(&self, value: f64) {
        let labels = self.key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
        self.lines.measured(self.key.name(), value, labels);
    }
}

impl GaugeFn for Line {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, value: f64) {
        panic!("a gauge that others change, too, was set to {value}");
    }
}

impl HistogramFn for Line {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.0.push(format!("{} is a counter", name.as_str()));
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.0.push(format!("{} is a gauge", name.as_str()));
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        let unit = unit.map_or("nothing", |unit| unit.as_str());
        self.0.push(format!("{} is in {unit}", name.as_str()));
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        panic!("there is no counter {key}");
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.line(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.line(key))
    }
}
