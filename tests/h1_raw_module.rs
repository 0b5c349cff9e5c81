//! Raw HTTP/1 octets through the module to the contract app behind it, which shows what it got: one trial for each
//! case of `data/h1_cases.json`.

#[path = "module_forward/front.rs"]
mod front;
#[path = "support/h1_raw.rs"]
mod h1_raw;
#[path = "support/skip.rs"]
mod skip;

use std::{process::ExitCode, sync::Arc};

use falconry::{
    HostingApplication, Server,
    features::{Deadline, ServerAddressesFeature},
};
use falconry_conformance::contract;
use falconry_kestrel::KestrelServerOptions;
use falconry_module::forward::ForwardOptions;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    h1_raw::main(serve)
}

fn serve(runtime: &Runtime) -> Result<h1_raw::Served, String> {
    let mut options = KestrelServerOptions::default();
    options.listen(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let module = front::Module::new(options, ForwardOptions::default());
    let application = Arc::new(HostingApplication::new(contract::app()));
    runtime.block_on(module.start(application)).map_err(|error| error.to_string())?;
    let addresses = module.features().get::<dyn ServerAddressesFeature>().ok_or("no addresses")?.addresses();
    let stop = Box::new(move |runtime: &Runtime| {
        let _ = runtime.block_on(module.stop(Deadline::now()));
    });
    Ok(h1_raw::Served { address: addresses[0].clone(), stop })
}
