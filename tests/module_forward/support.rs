//! The contract app behind the module, and raw clients.

use std::{net::SocketAddr, net::TcpStream, sync::Arc, time::Duration};

use falconry::{
    HostingApplication, Pipeline, Server,
    features::{Deadline, ServerAddressesFeature},
};
use falconry_conformance::contract;
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use falconry_module::forward::ForwardOptions;

use crate::front::Module;

/// Long enough for a busy machine; a test that needs it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The module and the application behind it.
pub(crate) struct Running {
    pub(crate) module: Module,
}

impl Running {
    /// On a free port of loopback, if `options` name no endpoint. Nothing limits the size of bodies.
    pub(crate) async fn start(options: KestrelServerOptions) -> Self {
        Self::with_app(options, contract::app()).await
    }

    /// The same before another application.
    pub(crate) async fn with_app(mut options: KestrelServerOptions, app: Pipeline) -> Self {
        if options.endpoints().is_empty() {
            options.listen(SocketAddr::from(([127, 0, 0, 1], 0)));
        }
        let mut back = KestrelServerOptions::default();
        back.listen(SocketAddr::from(([127, 0, 0, 1], 0)));
        back.limits.set_max_request_body_size(None);
        let mut forward = ForwardOptions::default();
        forward.max_request_body_size = None;
        let module = Module::with_back(options, forward, back);
        module.start(Arc::new(HostingApplication::new(app))).await.expect("it starts");
        Self { module }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let server: &KestrelServer = self.module.front();
        let addresses = server.features().get::<dyn ServerAddressesFeature>().unwrap().addresses();
        let (_, address) = addresses[0].split_once("://").expect("an URL");
        address.parse().expect("an address with a port")
    }

    pub(crate) async fn stop(&self) {
        self.module.stop(Deadline::never()).await.expect("it stops");
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}
