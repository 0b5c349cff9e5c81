//! The instruments on OpenTelemetry.

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter, UpDownCounter},
};

use super::{
    ConnectionEnd, ConnectionTags, HandshakeEnd, KestrelObserver,
    instruments::{self as all, Instrument, LONG_BUCKETS, SHORT_BUCKETS, Tag, Value},
};

/// The name of the meter.
const METER: &str = "falconry.kestrel";

/// Records what a server tells with [OpenTelemetry](https://docs.rs/opentelemetry): instruments named as
/// `kestrel.active_connections` and `kestrel.connection.duration`, times in seconds. Buckets reach from 0.01 to 300 s
/// for connections and from 0.005 to 10 s for handshakes; a view of the SDK can change them.
///
/// ```
/// use std::sync::Arc;
///
/// use falconry_kestrel::{KestrelServerOptions, OpenTelemetryObserver};
///
/// // The program has set a global meter provider before.
/// let mut options = KestrelServerOptions::default();
/// options.observer(Arc::new(OpenTelemetryObserver::global()));
/// ```
#[derive(Debug)]
pub struct OpenTelemetryObserver {
    active_connections: UpDownCounter<i64>,
    connection_duration: Histogram<f64>,
    rejected_connections: Counter<u64>,
    queued_connections: UpDownCounter<i64>,
    upgraded_connections: UpDownCounter<i64>,
    tls_handshake_duration: Histogram<f64>,
    active_tls_handshakes: UpDownCounter<i64>,
}

impl OpenTelemetryObserver {
    /// With the meter `falconry.kestrel` of the global provider that is set now.
    pub fn global() -> Self {
        Self::new(&opentelemetry::global::meter(METER))
    }

    /// With a meter of any provider.
    pub fn new(meter: &Meter) -> Self {
        Self {
            active_connections: up_down(meter, &all::ACTIVE_CONNECTIONS),
            connection_duration: histogram(meter, &all::CONNECTION_DURATION, &LONG_BUCKETS),
            rejected_connections: meter
                .u64_counter(all::REJECTED_CONNECTIONS.name)
                .with_unit(all::REJECTED_CONNECTIONS.unit)
                .with_description(all::REJECTED_CONNECTIONS.description)
                .build(),
            queued_connections: up_down(meter, &all::QUEUED_CONNECTIONS),
            upgraded_connections: up_down(meter, &all::UPGRADED_CONNECTIONS),
            tls_handshake_duration: histogram(meter, &all::TLS_HANDSHAKE_DURATION, &SHORT_BUCKETS),
            active_tls_handshakes: up_down(meter, &all::ACTIVE_TLS_HANDSHAKES),
        }
    }
}

impl KestrelObserver for OpenTelemetryObserver {
    fn connection_queued(&self, connection: &ConnectionTags) {
        self.queued_connections.add(1, &attributes(all::connection(connection)));
    }

    fn connection_dequeued(&self, connection: &ConnectionTags) {
        self.queued_connections.add(-1, &attributes(all::connection(connection)));
    }

    fn connection_started(&self, connection: &ConnectionTags) {
        self.active_connections.add(1, &attributes(all::connection(connection)));
    }

    fn connection_stopped(&self, connection: &ConnectionTags, end: &ConnectionEnd) {
        self.active_connections.add(-1, &attributes(all::connection(connection)));
        let attributes = attributes(all::connection_end(connection, end));
        self.connection_duration.record(end.duration.as_secs_f64(), &attributes);
    }

    fn connection_rejected(&self, connection: &ConnectionTags, error_type: &'static str) {
        self.rejected_connections.add(1, &attributes(all::rejected(connection, error_type)));
    }

    fn tls_handshake_started(&self, connection: &ConnectionTags) {
        self.active_tls_handshakes.add(1, &attributes(all::connection(connection)));
    }

    fn tls_handshake_stopped(&self, connection: &ConnectionTags, end: &HandshakeEnd) {
        self.active_tls_handshakes.add(-1, &attributes(all::connection(connection)));
        let attributes = attributes(all::handshake_end(connection, end));
        self.tls_handshake_duration.record(end.duration.as_secs_f64(), &attributes);
    }

    fn upgraded_connection_started(&self, connection: &ConnectionTags) {
        self.upgraded_connections.add(1, &attributes(all::connection(connection)));
    }

    fn upgraded_connection_stopped(&self, connection: &ConnectionTags) {
        self.upgraded_connections.add(-1, &attributes(all::connection(connection)));
    }
}

fn up_down(meter: &Meter, instrument: &Instrument) -> UpDownCounter<i64> {
    meter
        .i64_up_down_counter(instrument.name)
        .with_unit(instrument.unit)
        .with_description(instrument.description)
        .build()
}

fn histogram(meter: &Meter, instrument: &Instrument, buckets: &[f64]) -> Histogram<f64> {
    meter
        .f64_histogram(instrument.name)
        .with_unit(instrument.unit)
        .with_description(instrument.description)
        .with_boundaries(buckets.to_vec())
        .build()
}

fn attributes(tags: Vec<Tag>) -> Vec<KeyValue> {
    let attribute = |(name, value): Tag| match value {
        Value::Text(text) => KeyValue::new(name, text),
        Value::Name(text) => KeyValue::new(name, text),
        Value::Bool(is_so) => KeyValue::new(name, is_so),
        Value::Number(number) => KeyValue::new(name, number),
        Value::Float(number) => KeyValue::new(name, number),
    };
    tags.into_iter().map(attribute).collect()
}
