//! The trials, area by area.

mod contract;
mod request;

use crate::runner::Trial;

/// Every trial.
pub(crate) fn all() -> Vec<Trial> {
    [contract::TRIALS, request::TRIALS].concat()
}
