//! The three parties of a test.

mod front;
mod wire;

pub(crate) use self::{
    front::{Front, Prepare},
    wire::{Backend, Wire},
};

use std::time::Duration;

/// Long enough for a busy machine; a test that needs it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
