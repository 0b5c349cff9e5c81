//! The module: starts an application's processes and forwards requests to them.

mod configuration;

pub use self::configuration::*;
