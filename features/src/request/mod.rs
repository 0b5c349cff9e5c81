//! Features of the request.

mod bad_request;
mod body_detection;
mod identifier;
mod lifetime;
mod max_body_size;
mod message;
mod min_data_rate;
mod plain;
mod stream_id;
mod target;
mod trailers;
mod upgrade;

pub use self::{
    bad_request::BadHttpRequestFeature,
    body_detection::HttpRequestBodyDetectionFeature,
    identifier::{HttpRequestIdentifierFeature, PlainRequestIdentifier, native_trace_identifier},
    lifetime::{HttpRequestLifetimeFeature, PlainRequestLifetime},
    max_body_size::HttpMaxRequestBodySizeFeature,
    message::HttpRequestFeature,
    min_data_rate::{HttpMinRequestBodyDataRateFeature, HttpMinResponseDataRateFeature, MinDataRate},
    plain::PlainRequest,
    stream_id::Http2StreamIdFeature,
    target::{RequestTarget, TargetForm, decode_path},
    trailers::HttpRequestTrailersFeature,
    upgrade::{HttpExtendedConnectFeature, HttpUpgradeFeature},
};
