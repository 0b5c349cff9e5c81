//! A server with the contract app, and raw clients.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use falconry::{
    HostingApplication, Server,
    features::{CancellationToken, Deadline, ServerAddressesFeature},
};
use falconry_conformance::contract;
use falconry_kestrel::{KestrelServer, KestrelServerOptions};

/// Long enough for a busy machine; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Running {
    pub(crate) server: KestrelServer,
    pub(crate) addresses: Vec<String>,
}

impl Running {
    /// Starts the contract app; without endpoints on a free port of loopback.
    pub(crate) async fn start(mut options: KestrelServerOptions) -> Self {
        if options.endpoints().is_empty() {
            options.listen(SocketAddr::from(([127, 0, 0, 1], 0)));
        }
        Self::start_as_it_is(options).await
    }

    /// Starts the contract app.
    pub(crate) async fn start_as_it_is(options: KestrelServerOptions) -> Self {
        Self::run(KestrelServer::new(options)).await
    }

    /// Starts the contract app with an address of the host.
    pub(crate) async fn start_on(options: KestrelServerOptions, url: &str, is_preferred: bool) -> Self {
        let server = KestrelServer::new(options);
        let addresses = server.features().get::<dyn ServerAddressesFeature>().unwrap();
        addresses.add(url).unwrap();
        addresses.set_prefer_hosting_urls(is_preferred);
        Self::run(server).await
    }

    async fn run(server: KestrelServer) -> Self {
        server.start(Arc::new(HostingApplication::new(contract::app()))).await.expect("it starts");
        let addresses = server.features().get::<dyn ServerAddressesFeature>().unwrap().addresses();
        Self { server, addresses }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0].trim_start_matches("http://").parse().expect("an address with a port")
    }

    pub(crate) async fn stop(&self) {
        self.server.stop(Deadline::never()).await.expect("it stops");
    }

    /// Stops; what has not ended when `deadline` fires is aborted.
    pub(crate) async fn stop_on(&self, deadline: &CancellationToken) {
        self.server.stop(Deadline::on(deadline.clone(), None)).await.expect("it stops");
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// One `GET /` on a connection, and its answer: `None` if the connection ended without one.
pub(crate) fn get(stream: &mut (impl Read + Write)) -> Option<String> {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(b"Hello World!") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8(answer).ok()
}
