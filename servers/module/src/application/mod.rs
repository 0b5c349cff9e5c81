//! One application: which of its processes serves a request, and what becomes of them when something changes.

mod control;
mod journal;
mod measures;
mod pool;
mod rapid_fail;
mod serve;
mod snapshot;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use falconry_features::CancellationToken;
use tokio::sync::watch;

pub(crate) use self::snapshot::{ApplicationSnapshot, ModuleSnapshot, milliseconds};
use self::{control::Desired, journal::Journal, measures::Measures, pool::Pool};
use crate::ApplicationConfiguration;

/// An application under its path.
pub(crate) struct Application {
    pub(crate) path: String,
    state: ArcSwap<State>,
    desired: watch::Sender<Desired>,
    context: Context,
    measures: Measures,
    /// Fires when everything has been stopped.
    ended: CancellationToken,
}

/// What a request meets.
#[derive(Debug)]
enum State {
    /// Processes, running or to be started.
    Online(Arc<Pool>),
    /// The page that says why not.
    Offline(Bytes),
    /// The module ends.
    Stopped,
}

/// What the processes of an application share.
#[derive(Clone, Debug)]
struct Context {
    log: Arc<Journal>,
    listening: Arc<Listening>,
}

/// What all applications of a module share.
#[derive(Debug)]
pub(crate) struct Listening {
    /// The port of the only https address; empty if there is none, or several.
    pub(crate) https_port: OnceLock<String>,
    /// How long the window of the rapid-fail protection is.
    pub(crate) rapid_fail_window: Duration,
}

impl Application {
    /// An application that has started nothing yet; `offline` is the content of its `app_offline.htm`.
    pub(crate) fn new(
        configuration: ApplicationConfiguration,
        offline: Option<Bytes>,
        listening: Arc<Listening>,
    ) -> Arc<Self> {
        let context = Context { log: Arc::default(), listening };
        let configuration = Arc::new(configuration);
        let state = match &offline {
            Some(page) => State::Offline(page.clone()),
            None => {
                let pool = context.pool(Arc::clone(&configuration));
                pool.open();
                State::Online(pool)
            }
        };
        let path = configuration.path.clone();
        let (desired, desires) = watch::channel(Desired { configuration, offline, is_stopped: false });
        let application = Arc::new(Self {
            path,
            state: ArcSwap::from_pointee(state),
            desired,
            context,
            measures: Measures::default(),
            ended: CancellationToken::new(),
        });
        tokio::spawn(control::run(Arc::downgrade(&application), desires));
        application
    }

    /// Starts what shall always run.
    pub(crate) fn start(&self) {
        if let State::Online(pool) = &**self.state.load() {
            pool.start_if_always_running();
        }
    }

    /// Goes on with another configuration, without losing a request: the processes that run finish theirs while others
    /// start.
    pub(crate) fn reconfigure(&self, configuration: ApplicationConfiguration) {
        self.desired.send_modify(|desired| desired.configuration = Arc::new(configuration));
    }

    /// The configuration that was asked for last.
    pub(crate) fn configuration(&self) -> Arc<ApplicationConfiguration> {
        Arc::clone(&self.desired.borrow().configuration)
    }

    /// Shows this page in the place of the application, or the application again.
    pub(crate) fn set_offline(&self, page: Option<Bytes>) {
        self.desired.send_if_modified(|desired| {
            let is_other = desired.offline != page;
            desired.offline = page;
            is_other
        });
    }

    /// Lets the requests under way finish and stops all processes.
    pub(crate) async fn stop(&self) {
        self.desired.send_modify(|desired| desired.is_stopped = true);
        self.ended.cancelled().await;
    }

    /// Notes what happened since the last second; called once a second.
    pub(crate) fn tick(&self) {
        self.measures.tick(self.in_flight());
    }

    fn in_flight(&self) -> usize {
        self.measures.in_flight()
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        if let State::Online(pool) = &**self.state.load() {
            pool.retire();
        }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("path", &self.path)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Context {
    fn pool(&self, configuration: Arc<ApplicationConfiguration>) -> Arc<Pool> {
        Pool::new(configuration, self.clone(), self.listening.rapid_fail_window)
    }

    fn https_port(&self) -> &str {
        self.listening.https_port.get().map_or("", String::as_str)
    }
}
