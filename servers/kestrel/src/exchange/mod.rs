//! A request and its response, from the features to the last byte, whatever the protocol.

mod drain;
mod driver;
mod features;
mod output;
mod pool;
mod response;
mod shared;

pub(crate) use self::{
    drain::Drain,
    driver::{Driver, Progress},
    features::KestrelRequestBody,
    output::Phase,
    pool::ExchangePool,
    response::{ResponseBody, head_response, into_response},
    shared::{ExchangeShared, RequestBodyState, UpgradeState},
};
use self::{output::Output, pool::Exchange};
