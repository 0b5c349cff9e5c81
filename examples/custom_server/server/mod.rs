//! The server: binds addresses, gives every connection a thread, stops.

mod connection;
mod input;

use std::{
    collections::HashMap,
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Thread},
};

use async_trait::async_trait;
use falconry_features::{
    CancellationToken, Deadline, FeatureCollection, HttpApplication, Server, ServerAddresses,
    ServerAddressesFeature, ServerError,
};

/// A server with a thread for every connection.
pub(crate) struct ThreadServer {
    features: FeatureCollection,
    addresses: Arc<ServerAddresses>,
    listening: Mutex<Vec<SocketAddr>>,
    is_started: AtomicBool,
    shared: Arc<Shared>,
}

/// What the server and its threads share.
#[derive(Default)]
pub(crate) struct Shared {
    is_stopping: AtomicBool,
    is_aborting: AtomicBool,
    connections: Mutex<HashMap<SocketAddr, Entry>>,
    /// Fires when the server stops and the last connection has ended.
    drained: CancellationToken,
}

/// An open connection.
struct Entry {
    stream: TcpStream,
    thread: Thread,
    is_busy: bool,
}

impl ThreadServer {
    /// A server without addresses.
    pub(crate) fn new() -> Self {
        let addresses = Arc::new(ServerAddresses::new());
        let mut features = FeatureCollection::new();
        features.set::<dyn ServerAddressesFeature>(Box::new(Arc::clone(&addresses)));
        Self {
            features,
            addresses,
            listening: Mutex::default(),
            is_started: AtomicBool::new(false),
            shared: Arc::default(),
        }
    }
}

#[async_trait]
impl Server for ThreadServer {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        if self.is_started.swap(true, Ordering::AcqRel) {
            return Err(ServerError::already_started());
        }
        let mut addresses = self.addresses.addresses();
        if addresses.is_empty() {
            addresses.push("http://localhost:5000".to_owned());
        }
        let bound = addresses.iter().map(|address| bind(address)).collect::<Result<Vec<_>, _>>()?;
        self.addresses.bound(bound.iter().map(|(_, address)| format!("http://{address}")).collect());
        for (listener, address) in bound {
            lock(&self.listening).push(address);
            let (shared, application) = (Arc::clone(&self.shared), Arc::clone(&application));
            thread::spawn(move || accept(&listener, &shared, &application));
        }
        Ok(())
    }

    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError> {
        self.shared.is_stopping.store(true, Ordering::Release);
        for address in lock(&self.listening).drain(..) {
            // Wakes the thread that accepts; it sees that it shall stop.
            let _ = TcpStream::connect(address);
        }
        self.shared.close(|entry| !entry.is_busy);
        if deadline.limit(self.shared.drained.cancelled()).await.is_none() {
            self.shared.is_aborting.store(true, Ordering::Release);
            self.shared.close(|_| true);
        }
        Ok(())
    }
}

impl Shared {
    /// Notes a new connection, unless the server stops.
    fn open(&self, peer: SocketAddr, stream: &TcpStream) -> io::Result<()> {
        let entry = Entry { stream: stream.try_clone()?, thread: thread::current(), is_busy: false };
        let mut connections = lock(&self.connections);
        if self.is_stopping() {
            return Err(io::Error::other("the server stops"));
        }
        connections.insert(peer, entry);
        Ok(())
    }

    /// Ends the connections that `is_meant` picks.
    fn close(&self, is_meant: impl Fn(&Entry) -> bool) {
        let connections = lock(&self.connections);
        for entry in connections.values().filter(|entry| is_meant(entry)) {
            let _ = entry.stream.shutdown(Shutdown::Both);
            entry.thread.unpark();
        }
        self.check_drained(&connections);
    }

    pub(crate) fn set_busy(&self, peer: SocketAddr, is_busy: bool) {
        if let Some(entry) = lock(&self.connections).get_mut(&peer) {
            entry.is_busy = is_busy;
        }
    }

    fn forget(&self, peer: SocketAddr) {
        let mut connections = lock(&self.connections);
        connections.remove(&peer);
        self.check_drained(&connections);
    }

    fn check_drained(&self, connections: &HashMap<SocketAddr, Entry>) {
        if self.is_stopping() && connections.is_empty() {
            self.drained.cancel();
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    pub(crate) fn is_aborting(&self) -> bool {
        self.is_aborting.load(Ordering::Acquire)
    }
}

fn bind(address: &str) -> Result<(TcpListener, SocketAddr), ServerError> {
    let authority = address.strip_prefix("http://").unwrap_or_default().trim_end_matches('/');
    if authority.is_empty() {
        return Err(ServerError::address(format!("{address:?} is not of the form http://host:port")));
    }
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    let bound = TcpListener::bind(&authority).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            ServerError::address_in_use(format!("{address} is in use")).with_source(error)
        }
        _ => ServerError::address(format!("{address} cannot be bound")).with_source(error),
    })
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, application: &Arc<dyn HttpApplication>) {
    for (number, stream) in listener.incoming().enumerate() {
        if shared.is_stopping() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let (shared, application) = (Arc::clone(shared), Arc::clone(application));
        let thread = thread::Builder::new().name(format!("connection {number}"));
        let _ = thread.spawn(move || {
            let Ok(peer) = stream.peer_addr() else { return };
            if shared.open(peer, &stream).is_ok() {
                let _forget = Forget(&shared, peer);
                let _ = connection::serve(&stream, peer, &shared, &*application);
            }
        });
    }
}

/// Takes the connection off the list however its thread ends.
struct Forget<'a>(&'a Shared, SocketAddr);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.forget(self.1);
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
