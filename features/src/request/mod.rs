//! Features of the request.

mod body_detection;
mod identifier;
mod lifetime;
mod max_body_size;
mod message;
mod min_data_rate;
mod plain;
mod trailers;
mod upgrade;

pub use self::{
    body_detection::HttpRequestBodyDetectionFeature,
    identifier::HttpRequestIdentifierFeature,
    lifetime::HttpRequestLifetimeFeature,
    max_body_size::HttpMaxRequestBodySizeFeature,
    message::HttpRequestFeature,
    min_data_rate::{HttpMinRequestBodyDataRateFeature, HttpMinResponseDataRateFeature, MinDataRate},
    plain::PlainRequest,
    trailers::HttpRequestTrailersFeature,
    upgrade::{HttpExtendedConnectFeature, HttpUpgradeFeature},
};
