//! The trials, area by area.

mod abort;
mod addresses;
mod bodies;
mod callbacks;
mod collection;
mod connection;
mod contract;
mod contract_ends;
mod errors;
mod features;
mod fields;
mod framing;
mod informational;
mod kept;
mod lifecycle;
mod limits;
mod pooling;
mod recorder;
mod request;
mod response;
mod secrets;
mod server;
mod started;
mod streaming;
mod trailers;
mod upgrade;

use crate::runner::Trial;

/// Every trial.
pub(crate) fn all() -> Vec<Trial> {
    [
        request::TRIALS,
        fields::TRIALS,
        features::TRIALS,
        collection::TRIALS,
        lifecycle::TRIALS,
        callbacks::TRIALS,
        started::TRIALS,
        response::TRIALS,
        framing::TRIALS,
        bodies::TRIALS,
        streaming::TRIALS,
        trailers::TRIALS,
        informational::TRIALS,
        upgrade::TRIALS,
        errors::TRIALS,
        abort::TRIALS,
        limits::TRIALS,
        pooling::TRIALS,
        secrets::TRIALS,
        kept::TRIALS,
        connection::TRIALS,
        addresses::TRIALS,
        server::TRIALS,
        contract::TRIALS,
        contract_ends::TRIALS,
    ]
    .concat()
}
