//! Raw HTTP/1 octets against the contract app on Kestrel: one trial for each case of `data/h1_cases.json`.

#[path = "support/h1_raw.rs"]
mod h1_raw;
#[path = "support/skip.rs"]
mod skip;

use std::process::ExitCode;

use falconry::{WebHost, features::Deadline};
use falconry_conformance::contract;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    h1_raw::main(serve)
}

fn serve(runtime: &Runtime) -> Result<h1_raw::Served, String> {
    let host = WebHost::builder()
        .server_named("kestrel")
        .urls("http://127.0.0.1:0")
        .suppress_status_messages(true)
        .build(contract::app())
        .map_err(|error| error.to_string())?;
    runtime.block_on(host.start()).map_err(|error| error.to_string())?;
    let address = host.addresses().first().cloned().unwrap_or_default();
    let stop = Box::new(move |runtime: &Runtime| {
        let _ = runtime.block_on(host.stop(Deadline::now()));
    });
    Ok(h1_raw::Served { address, stop })
}
