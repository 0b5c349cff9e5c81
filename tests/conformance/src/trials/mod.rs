//! The trials, area by area.

mod contract;
mod features;
mod lifecycle;
mod request;

use crate::runner::Trial;

/// Every trial.
pub(crate) fn all() -> Vec<Trial> {
    [request::TRIALS, features::TRIALS, lifecycle::TRIALS, contract::TRIALS].concat()
}
