//! A server from scratch: blocking sockets, a thread for every connection, no runtime.

use std::{
    future::poll_fn,
    io::{
        self,
        ErrorKind::{Interrupted, TimedOut, WouldBlock},
        Read as _, Write as _,
    },
    net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use falconry_features::{
    Connections, Deadline, DuplexStream, FeatureCollection, HttpApplication, HttpConnectionFeature,
    OpenConnection, PlainConnection, Server, ServerAddresses, ServerAddressesFeature, ServerError, block_on,
    http1::{Connection, RequestLimits},
};

/// No thread waits longer for its client without a look at what else has happened.
const TICK: Duration = Duration::from_millis(20);
/// How long a connection is kept for the next request, and how long for one that crosses with the server's stop.
const KEEP_ALIVE: Duration = Duration::from_secs(130);
const STOP_GRACE: Duration = Duration::from_millis(500);
/// How long a client has to take the last answer and to end its side.
const LINGER: Duration = Duration::from_secs(1);

/// A server with a thread for every connection.
#[derive(Default)]
pub(crate) struct ThreadServer {
    features: FeatureCollection,
    addresses: Arc<ServerAddresses>,
    connections: Connections,
}

impl ThreadServer {
    /// A server without addresses; it offers the list of them as a feature, so that the host can fill it.
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
        let listen = |address: &str| {
            let listener = TcpListener::bind(address)?;
            let bound = listener.local_addr()?;
            Ok(((listener, bound), bound))
        };
        for (listener, bound) in self.addresses.bind(listen)? {
            // The thread that accepts sleeps in a system call; a connection wakes it.
            self.connections.stopping().on_cancelled(move || drop(TcpStream::connect(reachable(bound))));
            let (connections, application) = (self.connections.clone(), Arc::clone(&application));
            thread::spawn(move || accept(&listener, &connections, &application));
        }
        Ok(())
    }

    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError> {
        self.connections.stop(&deadline).await;
        Ok(())
    }
}

/// Not every system connects to the address that stands for all.
fn reachable(bound: SocketAddr) -> SocketAddr {
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, bound.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, bound.port()).into(),
        _ => bound,
    }
}

fn accept(listener: &TcpListener, connections: &Connections, application: &Arc<dyn HttpApplication>) {
    for stream in listener.incoming() {
        if connections.stopping().is_cancelled() {
            return;
        }
        // A client may have gone before its turn.
        let Ok(stream) = stream else { continue };
        let (open, application) = (connections.open(), Arc::clone(application));
        // A connection that breaks is the client's affair.
        thread::spawn(move || drop(serve(stream, &open, &*application)));
    }
}

/// Serves requests until somebody ends the connection.
fn serve(stream: TcpStream, open: &OpenConnection, application: &dyn HttpApplication) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    let (local, peer, other) = (stream.local_addr()?, stream.peer_addr()?, stream.try_clone()?);
    open.aborted().on_cancelled(move || drop(other.shutdown(Shutdown::Both)));

    let about = PlainConnection {
        connection_id: peer.to_string(),
        remote_ip_address: Some(peer.ip()),
        remote_port: peer.port(),
        local_ip_address: Some(local.ip()),
        local_port: local.port(),
    };
    let mut connection = Connection::new(Blocking(stream), RequestLimits::default(), open.stopping());
    let idle = || if open.stopping().is_cancelled() { STOP_GRACE } else { KEEP_ALIVE };
    let served = async {
        while let Some(mut features) = connection.next_request(waited(idle)).await? {
            features.set::<dyn HttpConnectionFeature>(Box::new(about.clone()));
            connection.respond(application, features).await?;
        }
        connection.close(waited(|| LINGER)).await
    };
    block_on(open.aborted().run_until_cancelled(served)).unwrap_or(Ok(()))
}

/// Completes when it has taken longer than `limit` since the call; asked after every tick.
fn waited(limit: impl Fn() -> Duration) -> impl Future<Output = ()> {
    let since = Instant::now();
    poll_fn(move |_| if since.elapsed() < limit() { Poll::Pending } else { Poll::Ready(()) })
}

/// A blocking socket, as the contract sees a stream of bytes: the thread has nothing else to do.
struct Blocking(TcpStream);

impl DuplexStream for Blocking {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        ready_unless_late(self.0.read(buffer), cx)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        ready_unless_late(self.0.write(data), cx)
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown(Shutdown::Write))
    }
}

/// After a tick without anything, whoever waits is asked at once what else it waits for.
fn ready_unless_late(done: io::Result<usize>, cx: &Context<'_>) -> Poll<io::Result<usize>> {
    match done {
        Err(error) if matches!(error.kind(), WouldBlock | TimedOut | Interrupted) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        done => Poll::Ready(done),
    }
}
