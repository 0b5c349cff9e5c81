//! [`InProcessServer`]: the server of an application that lives in a native worker.

use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use async_trait::async_trait;
use falconry_features::{
    CancellationToken, Deadline, Feature, FeatureCollection, HttpApplication, Server, ServerAddresses,
    ServerAddressesFeature, ServerError, run_request,
};
use tokio::runtime::Handle;

use crate::{
    Host, NativeRequest, RequestKey, RequestTable, RequestTask,
    exchange::{Exchange, State as ExchangeState},
    features,
};

/// The server of an application that lives in a native worker: the host hands it requests.
///
/// It binds nothing: the native server has its own configuration, whose addresses the host may
/// tell. Clones are the same server.
#[derive(Clone)]
pub struct InProcessServer {
    shared: Arc<Shared>,
}

struct Shared {
    features: Arc<FeatureCollection>,
    addresses: Arc<ServerAddresses>,
    listening_on: Vec<String>,
    state: Mutex<State>,
    started: CancellationToken,
    stop_requested: CancellationToken,
    on_stop: Option<Box<dyn Fn() + Send + Sync>>,
    takes_requests_until_closed: bool,
}

#[derive(Default)]
struct State {
    phase: Phase,
    requests: RequestTable<Arc<Exchange>>,
    /// The host has said that no more requests come.
    is_closed: bool,
    /// Who waits for any of this to change.
    waiting: Vec<Waker>,
}

#[derive(Default)]
enum Phase {
    #[default]
    New,
    Started(Arc<dyn HttpApplication>),
    /// The application stops, and the host still has requests for it.
    Stopping(Arc<dyn HttpApplication>),
    Stopped,
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotAccepted {
    /// The application has not started the server yet.
    NotStarted,
    /// The application has stopped the server, or the host has [closed](InProcessServer::close) it.
    Stopped,
}

/// What an [`InProcessServer`] is made with.
#[derive(Default)]
pub struct InProcessServerOptions {
    /// What the server as a whole offers beyond its addresses. Default: nothing.
    pub features: FeatureCollection,
    /// The addresses that the native server listens on, as URLs, if the host knows them. Default: none.
    pub listening_on: Vec<String>,
    /// Called once when the application stops the server by itself, for the host to end the worker in
    /// order. Default: nothing.
    pub on_stop: Option<Box<dyn Fn() + Send + Sync>>,
    /// A stop still takes requests, and waits, until the host has called [`InProcessServer::close`]: for hosts
    /// that end their connections one by one. Default: false, no request is taken from the stop on.
    pub takes_requests_until_closed: bool,
}

impl InProcessServerOptions {
    /// Adds a feature of the server.
    pub fn feature<F: ?Sized + Feature>(&mut self, feature: Box<F>) {
        self.features.set(feature);
    }
}

impl fmt::Debug for InProcessServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessServerOptions")
            .field("features", &self.features)
            .field("listening_on", &self.listening_on)
            .finish_non_exhaustive()
    }
}

impl InProcessServer {
    /// A server that waits for its application.
    pub fn new(options: InProcessServerOptions) -> Self {
        let InProcessServerOptions { mut features, listening_on, on_stop, takes_requests_until_closed } =
            options;
        let addresses = Arc::new(ServerAddresses::new());
        features.set::<dyn ServerAddressesFeature>(Box::new(Arc::clone(&addresses)));
        let features = Arc::new(features);
        Self {
            shared: Arc::new(Shared {
                features,
                addresses,
                listening_on,
                state: Mutex::default(),
                started: CancellationToken::new(),
                stop_requested: CancellationToken::new(),
                on_stop,
                takes_requests_until_closed,
            }),
        }
    }

    /// Takes a request. The host then polls the task and, when it notices that the client has gone, tells
    /// the handle.
    ///
    /// # Errors
    /// The application is not there yet, or no more; 503 is the answer for it. The host is dropped, and
    /// nothing of it was called.
    pub fn accept(
        &self,
        request: NativeRequest,
        host: impl Host,
        runtime: &Handle,
    ) -> Result<(RequestTask, RequestHandle), NotAccepted> {
        let state = ExchangeState::new(request.max_body_size, request.full_duplex);
        let exchange = Arc::new(Exchange::new(Box::new(host), state));
        let (application, key) = {
            let mut state = self.shared.lock();
            let application = match &state.phase {
                Phase::New => return Err(NotAccepted::NotStarted),
                _ if state.is_closed => return Err(NotAccepted::Stopped),
                Phase::Started(application) | Phase::Stopping(application) => Arc::clone(application),
                Phase::Stopped => return Err(NotAccepted::Stopped),
            };
            (application, state.requests.insert(Arc::clone(&exchange)))
        };
        exchange.register(Registration { server: Arc::clone(&self.shared), key });
        let features = features::fill(request, &exchange, &self.shared.features);
        let run = Box::pin(async move { run_request(&*application, features).await });
        let task = RequestTask::new(Arc::clone(&exchange), runtime.clone(), run);
        Ok((task, RequestHandle { exchange }))
    }

    /// True from the start on until the stop is complete.
    pub fn is_started(&self) -> bool {
        matches!(self.shared.lock().phase, Phase::Started(_) | Phase::Stopping(_))
    }

    /// Fires when the application has started the server: the host may hand over requests.
    pub fn started(&self) -> &CancellationToken {
        &self.shared.started
    }

    /// The host ends the worker: the application shall stop the server.
    pub fn request_stop(&self) {
        self.shared.stop_requested.cancel();
    }

    /// Fires when the host ends the worker: whoever runs the application then stops the server.
    pub fn stop_requested(&self) -> &CancellationToken {
        &self.shared.stop_requested
    }

    /// How many requests the host has not been told to finish yet.
    pub fn running_requests(&self) -> usize {
        self.shared.lock().requests.len()
    }

    /// No more requests come: the host's part of the stop. One that does is not accepted.
    pub fn close(&self) {
        self.shared.change(|state| state.is_closed = true);
    }

    /// Aborts every request under way, whose applications are dropped.
    pub fn abort_all(&self) {
        let requests: Vec<_> = self.shared.lock().requests.iter().map(Arc::clone).collect();
        requests.iter().for_each(Exchange::give_up);
    }

    /// Completes when `is_so`.
    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        poll_fn(|cx| {
            let mut state = self.shared.lock();
            if is_so(&state) {
                return Poll::Ready(());
            }
            state.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

#[async_trait]
impl Server for InProcessServer {
    fn features(&self) -> &FeatureCollection {
        &self.shared.features
    }

    /// Begins to take what the host hands over. Addresses that were asked for are of no account.
    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        {
            let mut state = self.shared.lock();
            if !matches!(state.phase, Phase::New) {
                return Err(ServerError::invalid_state(
                    "the server of this worker has been started before: a worker runs one application, once",
                ));
            }
            state.phase = Phase::Started(application);
        }
        self.shared.addresses.bound(self.shared.listening_on.clone());
        self.shared.started.cancel();
        Ok(())
    }

    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError> {
        let is_first = {
            let mut state = self.shared.lock();
            let (phase, is_first) = match std::mem::replace(&mut state.phase, Phase::Stopped) {
                Phase::Started(application) if self.shared.takes_requests_until_closed => {
                    (Phase::Stopping(application), true)
                }
                Phase::Started(_) => (Phase::Stopped, true),
                phase @ Phase::Stopping(_) => (phase, false),
                Phase::New | Phase::Stopped => (Phase::Stopped, false),
            };
            state.phase = phase;
            is_first
        };
        if is_first && let Some(on_stop) = &self.shared.on_stop {
            on_stop();
        }
        let closed = self.until(|state| {
            state.requests.is_empty() && (state.is_closed || !matches!(state.phase, Phase::Stopping(_)))
        });
        let is_drained = deadline.limit(closed).await.is_some();
        self.shared.change(|state| state.phase = Phase::Stopped);
        if !is_drained {
            self.abort_all();
            self.until(|state| state.requests.is_empty()).await;
        }
        Ok(())
    }
}

impl fmt::Debug for InProcessServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessServer")
            .field("is_started", &self.is_started())
            .field("running_requests", &self.running_requests())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Changes the state and wakes who waits for that.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let waiting = {
            let mut state = self.lock();
            change(&mut state);
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the host tells of a request that it handed over.
#[derive(Clone, Debug)]
pub struct RequestHandle {
    exchange: Arc<Exchange>,
}

impl RequestHandle {
    /// The client has gone: `RequestAborted` fires, unless the response has been sent to its end, and
    /// the application is polled once more and dropped. May be called from any thread, and more than once.
    ///
    /// Outstanding operations are the host's to complete, with
    /// [`OperationError::Disconnected`](crate::OperationError::Disconnected).
    pub fn disconnected(&self) {
        self.exchange.disconnected();
    }
}

/// Counts a request as one under way until it is dropped.
pub(crate) struct Registration {
    server: Arc<Shared>,
    key: RequestKey,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.server.lock();
        let exchange = state.requests.remove(self.key);
        let waiting = if state.requests.is_empty() { std::mem::take(&mut state.waiting) } else { Vec::new() };
        drop(state);
        drop(exchange);
        waiting.into_iter().for_each(Waker::wake);
    }
}
