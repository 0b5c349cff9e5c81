//! A request and its response, from what the driver received to the last send.

mod caching;
mod framing;
mod output;
mod pool;
mod run;
mod sends;
mod shared;

pub(crate) use self::{
    caching::may_be_kept,
    output::Phase,
    pool::{Exchange, ExchangePool},
    shared::{ExchangeShared, LiveSchemes, RequestBodyState, ServerSettings},
};
