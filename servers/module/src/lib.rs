//! The module: starts an application's processes and forwards requests to them.

mod configuration;
pub mod forward;

pub use self::configuration::*;
