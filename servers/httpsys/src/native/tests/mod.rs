//! Tests on the system's own HTTP.sys, and on functions put in its place.

mod fake;
mod operations;
mod requests;
mod responses;
mod site;
mod system;

use std::time::Duration;

/// Generous: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test's future to its end.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await.expect("in time") })
}
