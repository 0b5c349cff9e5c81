//! The public conformance suite of falconry, for people who write servers.

pub mod contract;
mod timer;
