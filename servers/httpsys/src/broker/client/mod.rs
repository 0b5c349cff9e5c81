//! The driver that hands everything to a broker.

mod connection;
mod failure;
mod journal;
mod link;
mod pieces;
mod queue;
mod request;
mod session;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::Mutex;

use self::{
    connection::{Connection, lock},
    queue::BrokerQueue,
    session::BrokerSession,
};
use super::wire::Call;
use crate::driver::{
    CreateQueueFlags, Driver, DriverFeature, DriverFuture, RequestQueue, RequestQueueOptions, ServerSession,
    Win32Error,
};

/// The portable driver of another process, `falconry-httpsysd`: servers of several processes share ports.
///
/// ```no_run
/// use falconry_httpsys::{BrokerDriver, HttpSysOptions, HttpSysServer};
///
/// let driver = BrokerDriver::new("/run/falconry-httpsysd.sock");
/// let server = HttpSysServer::with_driver(HttpSysOptions::default(), driver);
/// ```
///
/// Servers that are given one driver share its connection (`HttpSysServer::with_shared_driver`).
///
/// Against the driver in this process it lacks delegation and Basic authentication. Files are read by this process,
/// which sends their bytes.
///
/// When the broker dies, the requests under way are lost. The driver attaches again when there is a broker at the same
/// path, after at most 5 seconds, and registers everything anew; meanwhile calls fail with
/// [`SERVICE_NOT_ACTIVE`](Win32Error::SERVICE_NOT_ACTIVE).
pub struct BrokerDriver {
    path: PathBuf,
    connection: Mutex<Option<Arc<Connection>>>,
    failure: std::sync::Mutex<Option<String>>,
}

impl BrokerDriver {
    /// A driver over the broker whose socket is `path`; it connects when a server starts.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), connection: Mutex::new(None), failure: std::sync::Mutex::default() }
    }

    /// The broker's socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connection to the broker, made if there is none.
    async fn connection(&self) -> Result<Arc<Connection>, Win32Error> {
        let mut connection = self.connection.lock().await;
        if let Some(open) = connection.as_ref().filter(|open| open.is_open()) {
            return Ok(Arc::clone(open));
        }
        let opened = Connection::open(&self.path).await;
        let new = opened.map_err(|error| {
            *lock(&self.failure) = Some(error.tell(&self.path));
            error.code()
        })?;
        *connection = Some(Arc::clone(&new));
        Ok(new)
    }
}

impl Driver for BrokerDriver {
    fn name(&self) -> &'static str {
        "broker"
    }

    fn is_feature_supported(&self, feature: DriverFeature) -> bool {
        matches!(
            feature,
            DriverFeature::ResponseTrailers
                | DriverFeature::QueryCipherInfo
                | DriverFeature::Reset
                | DriverFeature::Upgrade
                | DriverFeature::GoAway
                | DriverFeature::ResponseFraming
        )
    }

    fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    fn create_server_session(&self) -> DriverFuture<'_, Arc<dyn ServerSession>> {
        Box::pin(async move {
            lock(&self.failure).take();
            let session = BrokerSession::open(self.connection().await?).await?;
            let session: Arc<dyn ServerSession> = Arc::new(session);
            Ok(session)
        })
    }

    fn create_request_queue(&self, options: RequestQueueOptions) -> DriverFuture<'_, Arc<dyn RequestQueue>> {
        Box::pin(async move {
            let opens_existing = match options.flags {
                CreateQueueFlags::Create => false,
                CreateQueueFlags::OpenExisting => true,
                CreateQueueFlags::OpenForDelegation => return Err(Win32Error::NOT_SUPPORTED),
            };
            let connection = self.connection().await?;
            let queue = connection.next_number();
            // Before the call: requests may come with its result.
            let handle = BrokerQueue::new(Arc::clone(&connection), queue);
            let call = Call::OpenQueue { queue, name: options.name, opens_existing };
            connection.call(&call).await?;
            let handle: Arc<dyn RequestQueue> = Arc::new(handle);
            Ok(handle)
        })
    }
}

impl fmt::Debug for BrokerDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerDriver").field("path", &self.path).finish_non_exhaustive()
    }
}
