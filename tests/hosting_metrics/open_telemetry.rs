//! A meter of OpenTelemetry that writes down what it is told.

use std::sync::Arc;

use opentelemetry::{
    KeyValue,
    metrics::{
        Histogram, HistogramBuilder, InstrumentBuilder, InstrumentProvider, Meter, SyncInstrument,
        UpDownCounter,
    },
};

use crate::lines::Lines;

pub(crate) fn meter() -> (Meter, Lines) {
    let lines = Lines::default();
    (Meter::new(Arc::new(Provider(lines.clone()))), lines)
}

struct Provider(Lines);

struct Line {
    name: String,
    lines: Lines,
}

impl Provider {
    fn make(&self, name: &str, unit: Option<&str>, buckets: Option<&[f64]>) -> Arc<Line> {
        let buckets = match buckets {
            Some([first, .., last]) => format!(", {first}..{last}"),
            _ => String::new(),
        };
        // That instruments are made is of interest before anything is measured.
        self.0.push(format!("{name} in {}{buckets}", unit.unwrap_or("nothing")));
        Arc::new(Line { name: name.to_owned(), lines: self.0.clone() })
    }
}

impl<T: Copy + Into<Number>> SyncInstrument<T> for Line {
    fn measure(&self, value: T, attributes: &[KeyValue]) {
        let tags = attributes.iter().map(|tag| (tag.key.to_string(), tag.value.to_string()));
        self.lines.measured(&self.name, value.into().0, tags);
    }
}

/// A value of any instrument.
pub(crate) struct Number(f64);

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value as f64)
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(value)
    }
}

impl InstrumentProvider for Provider {
    fn i64_up_down_counter(&self, builder: InstrumentBuilder<'_, UpDownCounter<i64>>) -> UpDownCounter<i64> {
        UpDownCounter::new(self.make(&builder.name, builder.unit.as_deref(), None))
    }

    fn f64_histogram(&self, builder: HistogramBuilder<'_, Histogram<f64>>) -> Histogram<f64> {
        Histogram::new(self.make(&builder.name, builder.unit.as_deref(), builder.boundaries.as_deref()))
    }
}
