//! A server from scratch: blocking sockets, a thread for every connection, no runtime.

mod body;
mod connection;

use std::{
    collections::HashMap,
    io::{Error, ErrorKind},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use async_trait::async_trait;
use falconry_features::{
    CancellationToken, Deadline, FeatureCollection, HttpApplication, Server, ServerAddresses,
    ServerAddressesFeature, ServerError,
};

/// A server with a thread for every connection.
#[derive(Default)]
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
    connections: Mutex<HashMap<SocketAddr, TcpStream>>,
    /// Fires when the server stops and the last connection has ended.
    drained: CancellationToken,
}

impl ThreadServer {
    /// A server without addresses.
    pub(crate) fn new() -> Self {
        let mut server = Self::default();
        server.features.set::<dyn ServerAddressesFeature>(Box::new(Arc::clone(&server.addresses)));
        server
    }
}

#[async_trait]
impl Server for ThreadServer {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        if self.is_started.swap(true, SeqCst) {
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
        self.shared.is_stopping.store(true, SeqCst);
        // A connection wakes the thread that accepts; it sees that it shall stop.
        lock(&self.listening).drain(..).for_each(|address| drop(TcpStream::connect(address)));
        self.shared.check_drained(&lock(&self.shared.connections));
        if deadline.limit(self.shared.drained.cancelled()).await.is_none() {
            self.shared.is_aborting.store(true, SeqCst);
            let connections = lock(&self.shared.connections);
            connections.values().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        }
        Ok(())
    }
}

impl Shared {
    /// Runs `serve` while the connection is on the list of the open ones.
    fn connected(&self, peer: SocketAddr, stream: TcpStream, serve: impl FnOnce()) {
        lock(&self.connections).insert(peer, stream);
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(serve));
        let mut connections = lock(&self.connections);
        connections.remove(&peer);
        self.check_drained(&connections);
    }

    fn check_drained(&self, connections: &HashMap<SocketAddr, TcpStream>) {
        if self.is_stopping.load(SeqCst) && connections.is_empty() {
            self.drained.cancel();
        }
    }
}

fn bind(address: &str) -> Result<(TcpListener, SocketAddr), ServerError> {
    let authority = address.strip_prefix("http://").unwrap_or_default().trim_end_matches('/');
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    let bound = match (authority, has_port) {
        ("", _) => Err(Error::new(ErrorKind::InvalidInput, "the form is http://host:port")),
        (_, true) => TcpListener::bind(authority),
        (_, false) => TcpListener::bind((authority, 80)),
    };
    bound.and_then(|listener| listener.local_addr().map(|local| (listener, local))).map_err(|error| {
        if error.kind() == ErrorKind::AddrInUse {
            return ServerError::address_in_use(format!("{address} is in use")).with_source(error);
        }
        ServerError::address(format!("{address} cannot be bound")).with_source(error)
    })
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, application: &Arc<dyn HttpApplication>) {
    for stream in listener.incoming() {
        if shared.is_stopping.load(SeqCst) {
            return;
        }
        let Ok((stream, peer)) = stream.and_then(|stream| stream.peer_addr().map(|peer| (stream, peer)))
        else {
            continue;
        };
        let Ok(listed) = stream.try_clone() else { continue };
        let (shared, application) = (Arc::clone(shared), Arc::clone(application));
        thread::spawn(move || {
            shared.connected(peer, listed, || {
                // A connection that breaks is the client's affair.
                let _ = connection::serve(stream, peer, &shared, &*application);
            });
        });
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
