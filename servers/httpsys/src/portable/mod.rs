//! The portable driver: what http.sys does, in user mode, on every system.
//!
//! It listens itself, on Kestrel's connections, and hands requests to queues by the prefixes that are registered. Many
//! servers share one port: those of this process by one [`PortableDriver`], those of several processes by
//! `falconry-httpsysd`.
//!
//! A request goes: [`router`] (which prefix?) -> [`queue`] (who takes it?) -> [`exchange`] (its operations), all of
//! it in the task of its connection, which [`run`] drives. An ordinary request of a server in this process has no
//! operations: [`direct`] gives it to the server with the features of the connection.

mod answer;
mod authentication;
mod cache;
mod connections;
mod context;
mod direct;
mod exchange;
mod listener;
mod operations;
mod port;
mod queue;
mod router;
mod run;
mod sending;
mod session;
mod table;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use falconry_features::BoxFuture;
use falconry_kestrel::HttpsOptions;

pub use self::authentication::BasicAuthenticator;
use self::{cache::ResponseCache, port::Ports, queue::Queue, session::Session};
use crate::driver::{
    CreateQueueFlags, Driver, DriverFeature, DriverFuture, RequestQueue, RequestQueueOptions, ServerSession,
    Win32Error,
};

/// The driver in user mode. Clones are the same driver: servers that share one share its ports.
///
/// Its listeners run on the tokio runtime that the first server of their port runs on.
///
/// ```
/// use falconry_httpsys::{HttpSysOptions, HttpSysServer, PortableDriver};
///
/// let driver = PortableDriver::new();
/// let one = HttpSysServer::with_driver(HttpSysOptions::default(), driver.clone());
/// let other = HttpSysServer::with_driver(HttpSysOptions::default(), driver);
/// # drop((one, other));
/// ```
#[derive(Clone)]
pub struct PortableDriver {
    kernel: Arc<Kernel>,
}

/// What is one for all servers of a driver.
pub(crate) struct Kernel {
    ports: Ports,
    queues: Mutex<HashMap<String, Weak<Queue>>>,
    cache: ResponseCache,
    https: Mutex<HashMap<Option<u16>, ConfigureHttps>>,
    basic: OnceLock<BasicAuthenticator>,
    last_id: AtomicU64,
}

type ConfigureHttps = Arc<dyn Fn(&mut HttpsOptions) + Send + Sync>;

impl PortableDriver {
    /// A driver of its own, which shares ports with nobody.
    pub fn new() -> Self {
        Self {
            kernel: Arc::new(Kernel {
                ports: Ports::default(),
                queues: Mutex::default(),
                cache: ResponseCache::default(),
                https: Mutex::default(),
                basic: OnceLock::new(),
                last_id: AtomicU64::new(0),
            }),
        }
    }

    /// The driver of this process, which all servers share that are given no other.
    pub fn of_process() -> Self {
        static DRIVER: OnceLock<PortableDriver> = OnceLock::new();
        DRIVER.get_or_init(Self::new).clone()
    }

    /// Sets TLS up for the https prefixes of `port`, or of every port that has nothing of its own (`None`), where
    /// HTTP.sys has `netsh http add sslcert`. Without it the development certificate is used.
    pub fn configure_https(
        &self,
        port: Option<u16>,
        configure: impl Fn(&mut HttpsOptions) + Send + Sync + 'static,
    ) -> &Self {
        lock(&self.kernel.https).insert(port, Arc::new(configure));
        self
    }

    /// Says who checks names and passwords where servers have
    /// [`BASIC`](crate::AuthenticationSchemes::BASIC) among their schemes; Windows asks the system. Without one nobody
    /// is authenticated. Only the first call counts.
    pub fn authenticate_basic(&self, authenticator: BasicAuthenticator) -> &Self {
        let _ = self.kernel.basic.set(authenticator);
        self
    }

    fn create_queue(&self, options: &RequestQueueOptions) -> Result<Arc<dyn RequestQueue>, Win32Error> {
        let is_new = options.flags == CreateQueueFlags::Create;
        let queue = match &options.name {
            None if is_new => Queue::new(None, &self.kernel),
            None => return Err(Win32Error::INVALID_PARAMETER),
            Some(name) if name.is_empty() || name.contains('\\') || name.chars().count() > 260 => {
                return Err(Win32Error::INVALID_NAME);
            }
            Some(name) => {
                let mut queues = lock(&self.kernel.queues);
                let existing = queues.get(name).and_then(Weak::upgrade).filter(|queue| queue.is_open());
                match existing {
                    Some(_) if is_new => return Err(Win32Error::ALREADY_EXISTS),
                    Some(queue) => queue,
                    None if is_new => {
                        let queue = Queue::new(Some(name.clone()), &self.kernel);
                        queues.insert(name.clone(), Arc::downgrade(&queue));
                        queue
                    }
                    None => return Err(Win32Error::FILE_NOT_FOUND),
                }
            }
        };
        Ok(Queue::open(queue, options.flags == CreateQueueFlags::OpenForDelegation))
    }
}

impl Default for PortableDriver {
    /// The driver of this process.
    fn default() -> Self {
        Self::of_process()
    }
}

impl Driver for PortableDriver {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn is_feature_supported(&self, feature: DriverFeature) -> bool {
        match feature {
            DriverFeature::ResponseTrailers
            | DriverFeature::DelegateEx
            | DriverFeature::QueryCipherInfo
            | DriverFeature::Reset
            | DriverFeature::Upgrade
            | DriverFeature::GoAway
            | DriverFeature::ResponseFraming => true,
            // rustls keeps no client hello and knows no renegotiation; Windows has the users.
            DriverFeature::CacheTlsClientHello
            | DriverFeature::ClientCertificateRenegotiation
            | DriverFeature::WindowsAuthentication => false,
        }
    }

    fn create_server_session(&self) -> DriverFuture<'_, Arc<dyn ServerSession>> {
        let session: Arc<dyn ServerSession> = Arc::new(Session::new(Arc::clone(&self.kernel)));
        ready(Ok(session))
    }

    fn create_request_queue(&self, options: RequestQueueOptions) -> DriverFuture<'_, Arc<dyn RequestQueue>> {
        ready(self.create_queue(&options))
    }
}

impl Kernel {
    /// A number that no request and no connection has had.
    fn next_id(&self) -> u64 {
        // Zero is none.
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn https_of(&self, port: u16) -> Option<ConfigureHttps> {
        let https = lock(&self.https);
        https.get(&Some(port)).or_else(|| https.get(&None)).cloned()
    }

    fn forget_queue(&self, name: &str) {
        let mut queues = lock(&self.queues);
        if queues.get(name).and_then(Weak::upgrade).is_none_or(|queue| !queue.is_open()) {
            queues.remove(name);
        }
    }
}

impl fmt::Debug for PortableDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortableDriver").finish_non_exhaustive()
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").finish_non_exhaustive()
    }
}

/// A panic while a lock was held leaves what it guards as it was: all changes here are whole.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ready<'a, T: Send + 'a>(result: Result<T, Win32Error>) -> BoxFuture<'a, Result<T, Win32Error>> {
    Box::pin(std::future::ready(result))
}
