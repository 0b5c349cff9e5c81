//! nginx, the installed one and one built from its source, with the module and applications in its workers.

#![cfg(unix)]

#[path = "../support/skip.rs"]
mod skip;
mod support;

mod clients;
mod configuration;
mod encrypted;
mod failures;
mod http3;
mod load;
mod worker;

/// True, and noted, if this machine lacks what the test needs.
fn is_skipped(test: &str) -> bool {
    let missing = support::missing();
    if let Some(reason) = missing {
        skip::skip(test, reason);
    }
    missing.is_some()
}
