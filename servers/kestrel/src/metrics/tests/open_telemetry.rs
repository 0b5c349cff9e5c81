//! OpenTelemetry.

use std::{
    fmt::{Display, Write},
    sync::{Arc, Mutex},
};

use opentelemetry::{
    KeyValue,
    metrics::{
        Counter, Histogram, HistogramBuilder, InstrumentBuilder, InstrumentProvider, Meter, SyncInstrument,
        UpDownCounter,
    },
};

use super::{expected, tell};
use crate::OpenTelemetryObserver;

#[test]
fn every_event_is_recorded_with_open_telemetry() {
    let provider = Arc::new(Lines::default());
    let observer = OpenTelemetryObserver::new(&Meter::new(provider.clone()));
    tell(&observer);
    assert_eq!(*provider.recorded.lock().unwrap(), expected());
}

#[test]
fn instruments_have_the_units_and_buckets_of_the_reference() {
    let provider = Arc::new(Lines::default());
    drop(OpenTelemetryObserver::new(&Meter::new(provider.clone())));
    let mut made = provider.made.lock().unwrap().clone();
    made.sort();
    assert_eq!(
        made,
        [
            "kestrel.active_connections {connection}",
            "kestrel.active_tls_handshakes {handshake}",
            "kestrel.connection.duration s 0.01..300",
            "kestrel.queued_connections {connection}",
            "kestrel.rejected_connections {connection}",
            "kestrel.tls_handshake.duration s 0.005..10",
            "kestrel.upgraded_connections {connection}",
        ]
    );
}

/// Makes instruments that write down what they are told.
#[derive(Default)]
struct Lines {
    recorded: Arc<Mutex<Vec<String>>>,
    made: Mutex<Vec<String>>,
}

struct Line {
    name: String,
    recorded: Arc<Mutex<Vec<String>>>,
}

impl Lines {
    fn make(&self, name: &str, unit: Option<&str>, buckets: Option<&[f64]>) -> Arc<Line> {
        let mut made = format!("{name} {}", unit.unwrap_or_default());
        if let Some([first, .., last]) = buckets {
            write!(made, " {first}..{last}").unwrap();
        }
        self.made.lock().unwrap().push(made);
        Arc::new(Line { name: name.to_owned(), recorded: Arc::clone(&self.recorded) })
    }
}

impl<T: Display> SyncInstrument<T> for Line {
    fn measure(&self, value: T, attributes: &[KeyValue]) {
        let mut line = format!("{} {value}", self.name);
        for attribute in attributes {
            write!(line, " {}={}", attribute.key, attribute.value).unwrap();
        }
        self.recorded.lock().unwrap().push(line);
    }
}

impl InstrumentProvider for Lines {
    fn u64_counter(&self, builder: InstrumentBuilder<'_, Counter<u64>>) -> Counter<u64> {
        Counter::new(self.make(&builder.name, builder.unit.as_deref(), None))
    }

    fn i64_up_down_counter(&self, builder: InstrumentBuilder<'_, UpDownCounter<i64>>) -> UpDownCounter<i64> {
        UpDownCounter::new(self.make(&builder.name, builder.unit.as_deref(), None))
    }

    fn f64_histogram(&self, builder: HistogramBuilder<'_, Histogram<f64>>) -> Histogram<f64> {
        Histogram::new(self.make(&builder.name, builder.unit.as_deref(), builder.boundaries.as_deref()))
    }
}
