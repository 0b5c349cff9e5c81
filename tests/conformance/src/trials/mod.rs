//! The trials, area by area.

mod abort;
mod bodies;
mod connection;
mod contract;
mod errors;
mod features;
mod lifecycle;
mod limits;
mod pooling;
mod request;
mod response;
mod server;
mod started;
mod trailers;
mod upgrade;

use crate::runner::Trial;

/// Every trial.
pub(crate) fn all() -> Vec<Trial> {
    [
        request::TRIALS,
        features::TRIALS,
        lifecycle::TRIALS,
        started::TRIALS,
        response::TRIALS,
        bodies::TRIALS,
        trailers::TRIALS,
        errors::TRIALS,
        abort::TRIALS,
        limits::TRIALS,
        upgrade::TRIALS,
        pooling::TRIALS,
        connection::TRIALS,
        server::TRIALS,
        contract::TRIALS,
    ]
    .concat()
}
