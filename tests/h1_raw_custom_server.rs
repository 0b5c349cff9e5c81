//! Raw HTTP/1 octets against the contract app on the example of a custom server: one trial for each case of
//! `data/h1_cases.json`.

#[path = "support/h1_raw.rs"]
mod h1_raw;
#[path = "../examples/custom_server/server.rs"]
mod server;
#[path = "support/skip.rs"]
mod skip;

use std::{process::ExitCode, sync::Arc};

use falconry::{
    HostingApplication, Server as _,
    features::{Deadline, ServerAddressesFeature},
};
use falconry_conformance::contract;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    h1_raw::main(serve)
}

fn serve(runtime: &Runtime) -> Result<h1_raw::Served, String> {
    let server = server::ThreadServer::new();
    let addresses = server.features().get::<dyn ServerAddressesFeature>().ok_or("no addresses")?;
    addresses.add("http://127.0.0.1:0").map_err(|error| error.to_string())?;
    let application = Arc::new(HostingApplication::new(contract::app()));
    runtime.block_on(server.start(application)).map_err(|error| error.to_string())?;
    let address = addresses.addresses()[0].clone();
    let stop = Box::new(move |runtime: &Runtime| {
        let _ = runtime.block_on(server.stop(Deadline::now()));
    });
    Ok(h1_raw::Served { address, stop })
}
