//! The instruments on OpenTelemetry.

use falconry_features::TagValue;
use opentelemetry::{
    KeyValue, Value,
    metrics::{Histogram, Meter, UpDownCounter},
};

use super::{
    RequestEnd, RequestObserver, RequestTags,
    instruments::{self as all, Tag},
};

/// The name of the meter.
const METER: &str = "falconry.hosting";

/// Upper bounds of the buckets, in seconds.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Records requests with [OpenTelemetry](https://docs.rs/opentelemetry), as its conventions for HTTP servers say: the
/// up-down counter `http.server.active_requests` and the histogram `http.server.request.duration` in seconds, with
/// buckets from 0.005 to 10 s, which a view of the SDK can change.
///
/// ```
/// use std::sync::Arc;
///
/// use falconry::{OpenTelemetryRequestObserver, WebHost};
///
/// // The program has set a global meter provider before.
/// let builder = WebHost::builder().request_observer(Arc::new(OpenTelemetryRequestObserver::global()));
/// # drop(builder);
/// ```
#[derive(Debug)]
pub struct OpenTelemetryRequestObserver {
    active_requests: UpDownCounter<i64>,
    request_duration: Histogram<f64>,
}

impl OpenTelemetryRequestObserver {
    /// With the meter `falconry.hosting` of the global provider that is set now.
    pub fn global() -> Self {
        Self::new(&opentelemetry::global::meter(METER))
    }

    /// With a meter of any provider.
    pub fn new(meter: &Meter) -> Self {
        Self {
            active_requests: meter
                .i64_up_down_counter(all::ACTIVE_REQUESTS)
                .with_unit("{request}")
                .with_description(all::ACTIVE_REQUESTS_DESCRIPTION)
                .build(),
            request_duration: meter
                .f64_histogram(all::REQUEST_DURATION)
                .with_unit("s")
                .with_description(all::REQUEST_DURATION_DESCRIPTION)
                .with_boundaries(BUCKETS.to_vec())
                .build(),
        }
    }
}

impl RequestObserver for OpenTelemetryRequestObserver {
    fn request_started(&self, request: &RequestTags) {
        self.active_requests.add(1, &attributes(all::request(request)));
    }

    fn request_stopped(&self, request: &RequestTags, end: &RequestEnd) {
        self.active_requests.add(-1, &attributes(all::request(request)));
        if !end.is_disabled {
            let attributes = attributes(all::request_end(request, end));
            self.request_duration.record(end.duration.as_secs_f64(), &attributes);
        }
    }
}

fn attributes(tags: Vec<Tag>) -> Vec<KeyValue> {
    let attribute = |(name, value): Tag| {
        let value: Value = match value {
            TagValue::Text(text) => text.into(),
            TagValue::Bool(value) => value.into(),
            TagValue::Integer(number) => number.into(),
            TagValue::Float(number) => number.into(),
            // What is added to the kinds of values there has no text yet.
            _ => "".into(),
        };
        KeyValue::new(name, value)
    };
    tags.into_iter().map(attribute).collect()
}
