//! A request and its response, from the features to the last byte, whatever the protocol.

mod carrier;
mod driver;
mod features;
mod output;
mod pace;
mod pool;
mod response;
mod shared;
mod streaming;

#[cfg(feature = "http3")]
pub(crate) use self::features::ExtendedConnect;
use self::output::Output;
pub(crate) use self::{
    driver::{Driver, Progress},
    features::KestrelRequestBody,
    output::Phase,
    pace::BodyPace,
    pool::{Exchange, ExchangePool},
    response::{ResponseBody, head_response, streaming_response, usual_response, whole_response},
    shared::{ExchangeShared, RequestBodyState, UpgradeState},
    streaming::Streaming,
};
