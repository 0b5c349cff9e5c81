//! A server on a port of its own, with a runtime of its own.

use std::{net::SocketAddr, sync::Arc};

use falconry_features::{Deadline, Server as _, ServerAddressesFeature};
use falconry_kestrel::{KestrelServer, KestrelServerLimits, KestrelServerOptions, ListenOptions};
use tokio::runtime::Runtime;

use super::{Raw, app::App};

/// A running server; aborted by a drop.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    pub(crate) runtime: Runtime,
    kestrel: Arc<KestrelServer>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(|_| {}, |_| {})
    }

    pub(crate) fn with_limits(configure: impl FnOnce(&mut KestrelServerLimits)) -> Self {
        Self::with(|options| configure(&mut options.limits), |_| {})
    }

    pub(crate) fn with(
        configure: impl FnOnce(&mut KestrelServerOptions),
        endpoint: impl FnOnce(&mut ListenOptions),
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut options = KestrelServerOptions::default();
        configure(&mut options);
        options.listen_with(([127, 0, 0, 1], 0).into(), endpoint);
        let kestrel = Arc::new(KestrelServer::new(options));
        let app = Arc::new(App::default());
        runtime.block_on(kestrel.start(Arc::clone(&app) as _)).unwrap();
        let url = kestrel.features().get::<dyn ServerAddressesFeature>().unwrap().addresses().remove(0);
        let address = url.rsplit('/').next().unwrap().parse().unwrap();
        Self { address, app, runtime, kestrel }
    }

    /// A client that has exchanged settings.
    pub(crate) fn connect(&self) -> Raw {
        Raw::connect(self.address)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Begins to stop; the result is there when the server has stopped.
    pub(crate) fn stop(&self, deadline: Deadline) -> std::sync::mpsc::Receiver<()> {
        let (sender, stopped) = std::sync::mpsc::channel();
        let kestrel = Arc::clone(&self.kestrel);
        self.runtime.spawn(async move {
            kestrel.stop(deadline).await.unwrap();
            let _ = sender.send(());
        });
        stopped
    }
}
