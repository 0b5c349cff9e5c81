//! The instruments on the `metrics` facade.

use ::metrics::{Label, Unit};

use super::{
    ConnectionEnd, ConnectionTags, HandshakeEnd, KestrelObserver,
    instruments::{self as all, Instrument, Tag, Value},
};

/// Records what a server tells with the [`metrics`](https://docs.rs/metrics) facade: gauges, a counter and histograms
/// named as `kestrel.active_connections` and `kestrel.connection.duration`, times in seconds.
///
/// The exporter chooses the buckets of histograms.
///
/// ```
/// use std::sync::Arc;
///
/// use falconry_kestrel::{KestrelServerOptions, MetricsObserver};
///
/// // The program has installed a recorder before, such as that of metrics-exporter-prometheus.
/// let mut options = KestrelServerOptions::default();
/// options.observer(Arc::new(MetricsObserver::new()));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct MetricsObserver {}

impl MetricsObserver {
    /// Describes the instruments to the recorder that is installed, and records from now on with the one that is
    /// installed then.
    pub fn new() -> Self {
        for gauge in [
            all::ACTIVE_CONNECTIONS,
            all::QUEUED_CONNECTIONS,
            all::UPGRADED_CONNECTIONS,
            all::ACTIVE_TLS_HANDSHAKES,
        ] {
            metrics::describe_gauge!(gauge.name, Unit::Count, gauge.description);
        }
        let counter = all::REJECTED_CONNECTIONS;
        metrics::describe_counter!(counter.name, Unit::Count, counter.description);
        for histogram in [all::CONNECTION_DURATION, all::TLS_HANDSHAKE_DURATION] {
            metrics::describe_histogram!(histogram.name, Unit::Seconds, histogram.description);
        }
        Self {}
    }
}

impl Default for MetricsObserver {
    fn default() -> Self {
        Self::new()
    }
}

impl KestrelObserver for MetricsObserver {
    fn connection_queued(&self, connection: &ConnectionTags) {
        change(&all::QUEUED_CONNECTIONS, 1.0, connection);
    }

    fn connection_dequeued(&self, connection: &ConnectionTags) {
        change(&all::QUEUED_CONNECTIONS, -1.0, connection);
    }

    fn connection_started(&self, connection: &ConnectionTags) {
        change(&all::ACTIVE_CONNECTIONS, 1.0, connection);
    }

    fn connection_stopped(&self, connection: &ConnectionTags, end: &ConnectionEnd) {
        change(&all::ACTIVE_CONNECTIONS, -1.0, connection);
        let labels = labels(all::connection_end(connection, end));
        metrics::histogram!(all::CONNECTION_DURATION.name, labels).record(end.duration);
    }

    fn connection_rejected(&self, connection: &ConnectionTags, error_type: &'static str) {
        let labels = labels(all::rejected(connection, error_type));
        metrics::counter!(all::REJECTED_CONNECTIONS.name, labels).increment(1);
    }

    fn tls_handshake_started(&self, connection: &ConnectionTags) {
        change(&all::ACTIVE_TLS_HANDSHAKES, 1.0, connection);
    }

    fn tls_handshake_stopped(&self, connection: &ConnectionTags, end: &HandshakeEnd) {
        change(&all::ACTIVE_TLS_HANDSHAKES, -1.0, connection);
        let labels = labels(all::handshake_end(connection, end));
        metrics::histogram!(all::TLS_HANDSHAKE_DURATION.name, labels).record(end.duration);
    }

    fn upgraded_connection_started(&self, connection: &ConnectionTags) {
        change(&all::UPGRADED_CONNECTIONS, 1.0, connection);
    }

    fn upgraded_connection_stopped(&self, connection: &ConnectionTags) {
        change(&all::UPGRADED_CONNECTIONS, -1.0, connection);
    }
}

fn change(gauge: &Instrument, by: f64, connection: &ConnectionTags) {
    metrics::gauge!(gauge.name, labels(all::connection(connection))).increment(by);
}

fn labels(tags: Vec<Tag>) -> Vec<Label> {
    let label = |(name, value): Tag| match value {
        Value::Text(text) => Label::new(name, text),
        Value::Name(text) => Label::new(name, text),
        Value::Bool(is_so) => Label::new(name, is_so.to_string()),
        Value::Number(number) => Label::new(name, number.to_string()),
        Value::Float(number) => Label::new(name, number.to_string()),
    };
    tags.into_iter().map(label).collect()
}
