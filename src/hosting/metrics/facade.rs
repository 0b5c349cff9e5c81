//! The instruments on the `metrics` facade.

use ::metrics::{Label, Unit};
use falconry_features::TagValue;

use super::{
    RequestEnd, RequestObserver, RequestTags,
    instruments::{self as all, Tag},
};

/// Records requests with the [`metrics`](https://docs.rs/metrics) facade: the gauge `http.server.active_requests` and the
/// histogram `http.server.request.duration` in seconds.
///
/// The exporter chooses the buckets of histograms.
///
/// ```
/// use std::sync::Arc;
///
/// use falconry::{MetricsRequestObserver, WebHost};
///
/// // The program has installed a recorder before, such as that of metrics-exporter-prometheus.
/// let builder = WebHost::builder().request_observer(Arc::new(MetricsRequestObserver::new()));
/// # drop(builder);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct MetricsRequestObserver {}

impl MetricsRequestObserver {
    /// Describes the instruments to the recorder that is installed, and records from now on with the one that is
    /// installed then.
    pub fn new() -> Self {
        metrics::describe_gauge!(all::ACTIVE_REQUESTS, Unit::Count, all::ACTIVE_REQUESTS_DESCRIPTION);
        metrics::describe_histogram!(all::REQUEST_DURATION, Unit::Seconds, all::REQUEST_DURATION_DESCRIPTION);
        Self {}
    }
}

impl Default for MetricsRequestObserver {
    fn default() -> Self {
        Self::new()
    }
}

impl RequestObserver for MetricsRequestObserver {
    fn request_started(&self, request: &RequestTags) {
        metrics::gauge!(all::ACTIVE_REQUESTS, labels(all::request(request))).increment(1);
    }

    fn request_stopped(&self, request: &RequestTags, end: &RequestEnd) {
        metrics::gauge!(all::ACTIVE_REQUESTS, labels(all::request(request))).decrement(1);
        if !end.is_disabled {
            let labels = labels(all::request_end(request, end));
            metrics::histogram!(all::REQUEST_DURATION, labels).record(end.duration);
        }
    }
}

fn labels(tags: Vec<Tag>) -> Vec<Label> {
    let label = |(name, value): Tag| {
        let value = match value {
            TagValue::Text(text) => text,
            TagValue::Bool(value) => value.to_string().into(),
            TagValue::Integer(number) => number.to_string().into(),
            TagValue::Float(number) => number.to_string().into(),
            // What is added to the kinds of values there has no text yet.
            _ => "".into(),
        };
        Label::new(name, value)
    };
    tags.into_iter().map(label).collect()
}
