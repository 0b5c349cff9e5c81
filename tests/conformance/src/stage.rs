//! Where a trial takes place: starts servers of the subject and runs applications on them.

use std::{
    io,
    ops::Deref,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use falconry::{Handler, HostingApplication, HttpContext, Result};
use falconry_features::{BoxFuture, Deadline, HttpApplication, ServerError};
use tokio::runtime::Runtime;

use crate::{
    Capability, Subject,
    client::{Client, Response},
    connect::{Connector, TIMEOUT, TcpConnection, target_of},
    contract,
    subject::Instance,
};

/// What a trial is given.
pub(crate) struct Stage {
    subject: Arc<Subject>,
}

impl Stage {
    pub(crate) fn new(subject: Arc<Subject>) -> Self {
        Self { subject }
    }

    /// Starts a server whose application is `handler`, called with a clone of `state`.
    #[track_caller]
    pub(crate) fn serve<S, F>(&self, state: &S, handler: F) -> Running
    where
        S: Clone + Send + Sync + 'static,
        F: for<'b> Fn(S, &'b mut HttpContext) -> BoxFuture<'b, Result> + Send + Sync + 'static,
    {
        self.run(Arc::new(HostingApplication::new(WithState { state: state.clone(), handler })))
    }

    /// Starts a server with this application.
    #[track_caller]
    pub(crate) fn run(&self, application: Arc<dyn HttpApplication>) -> Running {
        let instance = self.unstarted();
        start(&instance, application).unwrap_or_else(|error| panic!("the server does not start: {error}"));
        let keeps_connections = self.subject.can(Capability::KeepAlive);
        let site = Site::new(Arc::clone(&instance.connector), keeps_connections, self.subject.scheme());
        Running { instance, site }
    }

    /// Starts a server that runs the contract app.
    #[track_caller]
    pub(crate) fn serve_contract(&self) -> Running {
        self.run(Arc::new(HostingApplication::new(contract::app())))
    }

    /// A server that has not been started.
    pub(crate) fn unstarted(&self) -> Instance {
        self.subject.make()
    }

    /// The address that a server of the subject is told to bind; its port is 0.
    pub(crate) fn address(&self) -> &str {
        self.subject.address()
    }

    /// The scheme that applications see.
    pub(crate) fn scheme(&self) -> &str {
        self.subject.scheme()
    }

    pub(crate) fn can(&self, capability: Capability) -> bool {
        self.subject.can(capability)
    }
}

/// Where an application answers, on whatever server.
pub(crate) struct Site {
    connector: Arc<dyn Connector>,
    keeps_connections: bool,
    scheme: String,
    /// Clients that do not leave before the site is done with: an application may still have something
    /// to do when its answer has arrived.
    kept: Mutex<Vec<Client>>,
}

impl Site {
    pub(crate) fn new(connector: Arc<dyn Connector>, keeps_connections: bool, scheme: &str) -> Self {
        Self { connector, keeps_connections, scheme: scheme.to_owned(), kept: Mutex::default() }
    }

    /// The scheme that the application sees.
    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// A client with a connection of its own.
    pub(crate) fn client(&self) -> Client {
        Client::new(Arc::clone(&self.connector), self.keeps_connections)
    }

    /// A GET on a connection of its own.
    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Response {
        let mut client = self.client();
        let response = client.get(target);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        response
    }
}

/// A started server. It is stopped at once when dropped.
pub(crate) struct Running {
    pub(crate) instance: Instance,
    site: Site,
}

impl Running {
    /// A TCP connection to a server that speaks HTTP/1.1.
    #[track_caller]
    pub(crate) fn wire(&self) -> TcpConnection {
        self.try_wire().unwrap_or_else(|error| panic!("cannot connect: {error}"))
    }

    pub(crate) fn try_wire(&self) -> io::Result<TcpConnection> {
        let addresses = self.instance.addresses();
        let address = addresses.first().ok_or_else(|| io::Error::other("the server lists no address"))?;
        TcpConnection::open(target_of(address)?)
    }

    /// Sends `bytes`, which are whole requests with these methods.
    #[track_caller]
    pub(crate) fn wire_with(&self, bytes: impl AsRef<[u8]>, methods: &[&str]) -> TcpConnection {
        let mut wire = self.wire();
        wire.send_bytes(bytes, methods).unwrap_or_else(|error| panic!("cannot send: {error}"));
        wire
    }

    #[track_caller]
    pub(crate) fn stop(&self, deadline: Deadline) {
        block_on("the server stops", self.instance.server.stop(deadline))
            .unwrap_or_else(|error| panic!("the server does not stop: {error}"));
    }

    /// Waits until the server takes no more connections, as one that stops does, where it binds addresses
    /// at all.
    pub(crate) fn wait_until_refused(&self) {
        let until = Instant::now() + TIMEOUT;
        while Instant::now() < until {
            let is_taken = if self.site.scheme() == "http" {
                // What a system accepts on a server's behalf is closed without an answer.
                self.try_wire().and_then(|mut wire| wire.is_silent_for(Duration::from_millis(20)))
            } else {
                self.site.connector.connect().map(|_| true)
            };
            if !is_taken.unwrap_or_default() {
                return;
            }
        }
    }

    /// Begins to stop on another thread.
    pub(crate) fn stop_in_background(&self, deadline: Deadline) -> std::thread::JoinHandle<bool> {
        let server = Arc::clone(&self.instance.server);
        std::thread::spawn(move || {
            let stop = async { tokio::time::timeout(2 * TIMEOUT, server.stop(deadline)).await };
            runtime().block_on(stop).is_ok_and(|stopped| stopped.is_ok())
        })
    }
}

impl Deref for Running {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let server = Arc::clone(&self.instance.server);
        let stop = async { tokio::time::timeout(Duration::from_secs(2), server.stop(Deadline::now())).await };
        let _ = runtime().block_on(stop);
    }
}

/// Starts a server that a trial has prepared itself.
#[track_caller]
pub(crate) fn start(instance: &Instance, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
    block_on("the server starts", instance.server.start(application))
}

/// As [`start`], with the contract app.
#[track_caller]
pub(crate) fn start_contract(instance: &Instance) -> Result<(), ServerError> {
    start(instance, Arc::new(HostingApplication::new(contract::app())))
}

/// Runs a future of the contract to its end.
#[track_caller]
pub(crate) fn block_on<F: Future>(what: &str, future: F) -> F::Output {
    let limited = runtime().block_on(async { tokio::time::timeout(TIMEOUT, future).await });
    limited.unwrap_or_else(|_| panic!("waited {TIMEOUT:?} in vain until {what}"))
}

/// The runtime that servers find themselves in.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("the system has threads for a runtime")
    })
}

/// A function with what it shares with its trial, as a handler.
struct WithState<S, F> {
    state: S,
    handler: F,
}

impl<S, F> Handler for WithState<S, F>
where
    S: Clone + Send + Sync + 'static,
    F: for<'b> Fn(S, &'b mut HttpContext) -> BoxFuture<'b, Result> + Send + Sync + 'static,
{
    fn handle<'b>(&'b self, ctx: &'b mut HttpContext) -> BoxFuture<'b, Result> {
        (self.handler)(self.state.clone(), ctx)
    }
}
