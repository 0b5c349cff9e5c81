//! A module in front of a backend, both on Kestrel and in this process.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use falconry_features::{
    BoxError, BoxFuture, Deadline, FeatureCollection, HostContext, HttpApplication, Processed, Server,
    ServerAddressesFeature, ServerError,
};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use falconry_module::forward::{Backend, BackendAddress, ForwardOptions, forward, pages};

/// An application that forwards everything to one backend.
#[derive(Debug)]
pub struct Forwarding {
    pub backend: Arc<Backend>,
    pub options: ForwardOptions,
}

struct Context(FeatureCollection);

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

impl HttpApplication for Forwarding {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        Ok(Box::new(Context(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let (backend, options) = (Arc::clone(&self.backend), self.options.clone());
        Box::pin(async move {
            let features = context.features_mut();
            let result = match forward(features, &backend, &options).await {
                Ok(_) => Ok(()),
                Err(error) => pages::answer_error(features, &error).await.map_err(Into::into),
            };
            Processed { context, result }
        })
    }

    fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
        std::mem::take(context.features_mut())
    }
}

/// A server that runs its application behind the module.
pub struct Module {
    front: KestrelServer,
    back: KestrelServer,
    options: ForwardOptions,
    backend: OnceLock<Arc<Backend>>,
}

impl Module {
    /// A module that adds nothing but what it must, with these options of the server in front.
    pub fn new(front: KestrelServerOptions, options: ForwardOptions) -> Self {
        let mut back = KestrelServerOptions::default();
        back.listen(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
        Self::with_back(front, options, back)
    }

    pub fn with_back(
        mut front: KestrelServerOptions,
        options: ForwardOptions,
        back: KestrelServerOptions,
    ) -> Self {
        // The application's `Server` field, or none.
        front.add_server_header = false;
        let (front, back) = (KestrelServer::new(front), KestrelServer::new(back));
        Self { front, back, options, backend: OnceLock::new() }
    }

    pub fn front(&self) -> &KestrelServer {
        &self.front
    }

    /// The backend, once the module has started.
    pub fn backend(&self) -> &Arc<Backend> {
        self.backend.get().expect("the module has started")
    }
}

#[async_trait]
impl Server for Module {
    fn features(&self) -> &FeatureCollection {
        self.front.features()
    }

    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        self.back.start(application).await?;
        let addresses =
            self.back.features().get::<dyn ServerAddressesFeature>().expect("addresses").addresses();
        let address = addresses.first().expect("the backend is bound");
        let address = match address.strip_prefix("http://unix:") {
            Some(path) => BackendAddress::Unix(path.into()),
            None => {
                let address = address.trim_start_matches("http://").parse();
                BackendAddress::Tcp(address.expect("an address with a port"))
            }
        };
        let backend = Arc::new(Backend::new(address));
        let _ = self.backend.set(Arc::clone(&backend));
        self.front.start(Arc::new(Forwarding { backend, options: self.options.clone() })).await
    }

    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError> {
        let stopped = self.front.stop(deadline.clone()).await;
        if let Some(backend) = self.backend.get() {
            backend.retire();
        }
        self.back.stop(deadline).await.and(stopped)
    }
}
