//! The trials, area by area.

mod abort;
mod bodies;
mod contract;
mod errors;
mod features;
mod lifecycle;
mod limits;
mod request;
mod response;
mod started;
mod trailers;

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
        contract::TRIALS,
    ]
    .concat()
}
