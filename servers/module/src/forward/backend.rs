//! A backend process as requests see it.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Handle, time::Instant};

use super::{ForwardError, ForwardErrorKind, connection::BackendConnection};

/// How long a connection is kept without a request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How often idle connections are looked at: closed ones go.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The most connections that are kept without a request.
const MOST_IDLE: usize = 512;

/// Where a backend listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BackendAddress {
    /// TCP, usually on the loopback interface.
    Tcp(SocketAddr),
    /// The path of a unix socket.
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

/// One backend process as requests see it: its address and its idle connections.
///
/// The connection that was used last is used first. Before it is, it is made sure that the backend has not closed it:
/// by what the runtime knows for a request that can be repeated, else by asking the system. Dropping the backend, or [`retire`](Self::retire), closes the idle ones; requests under way go on.
pub struct Backend {
    address: BackendAddress,
    pool: Arc<Pool>,
}

#[derive(Default)]
struct Pool {
    is_retired: AtomicBool,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    /// The one used last is the last.
    #[expect(clippy::vec_box, reason = "a connection stays in its box wherever it goes")]
    connections: Vec<Box<BackendConnection>>,
    has_sweeper: bool,
}

/// What a request needs of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// The request can be repeated, should the backend have closed an idle connection just now.
    Any,
    /// It cannot.
    Sure,
    /// An idle one has just failed.
    New,
}

impl Backend {
    /// A backend to which nothing is connected yet.
    pub fn new(address: BackendAddress) -> Self {
        Self { address, pool: Arc::default() }
    }

    /// Where it listens.
    pub fn address(&self) -> &BackendAddress {
        &self.address
    }

    /// Closes the idle connections. From now on requests are refused, with an error that is
    /// [repeatable](ForwardError::is_repeatable); those under way go on.
    pub fn retire(&self) {
        self.pool.is_retired.store(true, Ordering::Release);
        let idle = std::mem::take(&mut self.pool.lock().connections);
        drop(idle);
    }

    /// How many connections are kept for the next requests.
    pub fn idle_connections(&self) -> usize {
        self.pool.lock().connections.len()
    }

    /// A connection for a request: an idle one if the need allows it, or a new one.
    pub(super) async fn connection(
        &self,
        need: Need,
        timeout: Duration,
    ) -> Result<Box<BackendConnection>, ForwardError> {
        if self.pool.is_retired() {
            let message = "the backend is no longer in use";
            return Err(ForwardError::new(ForwardErrorKind::Retired, message).repeatable(true));
        }
        let pooled = match need {
            Need::New => None,
            Need::Any => self.pool.take(false),
            Need::Sure => self.pool.take(true),
        };
        if let Some(connection) = pooled {
            return Ok(connection);
        }
        match tokio::time::timeout(timeout, BackendConnection::open(&self.address)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => {
                let message = format!("cannot connect to the backend at {}", self.address);
                Err(ForwardError::new(ForwardErrorKind::ConnectFailed, message)
                    .with_source(error)
                    .repeatable(true))
            }
            Err(_) => {
                let message =
                    format!("the backend at {} did not take a connection in {timeout:?}", self.address);
                Err(ForwardError::new(ForwardErrorKind::TimedOut, message).repeatable(true))
            }
        }
    }

    /// Keeps a connection that is fit for another request.
    pub(super) fn put_back(&self, mut connection: Box<BackendConnection>) {
        connection.is_reused = true;
        connection.idle_since = Instant::now();
        let mut idle = self.pool.lock();
        // Under the lock: `retire` sets it before it empties the list.
        if self.pool.is_retired() || idle.connections.len() >= MOST_IDLE {
            return;
        }
        idle.connections.push(connection);
        if !idle.has_sweeper
            && let Ok(runtime) = Handle::try_current()
        {
            idle.has_sweeper = true;
            runtime.spawn(sweep(Arc::downgrade(&self.pool)));
        }
    }
}

impl Pool {
    fn take(&self, looks: bool) -> Option<Box<BackendConnection>> {
        loop {
            let mut connection = self.lock().connections.pop()?;
            if connection.is_open(looks) {
                return Some(connection);
            }
        }
    }

    fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that nobody needs, or that the backend has closed, for as long as there are any.
async fn sweep(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        let Some(pool) = pool.upgrade() else { return };
        let now = Instant::now();
        let mut idle = pool.lock();
        idle.connections.retain_mut(|connection| {
            now.duration_since(connection.idle_since) < IDLE_TIMEOUT && connection.is_open(true)
        });
        if idle.connections.is_empty() {
            idle.has_sweeper = false;
            return;
        }
    }
}

impl fmt::Display for BackendAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl From<SocketAddr> for BackendAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("address", &self.address)
            .field("idle_connections", &self.idle_connections())
            .field("is_retired", &self.pool.is_retired())
            .finish()
    }
}
