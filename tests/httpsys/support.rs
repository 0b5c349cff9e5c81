//! Servers, and a client that sends bytes.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use falconry::{Handler, HostingApplication};
use falconry_features::{Deadline, Server, ServerAddressesFeature};
use falconry_httpsys::{HttpSysOptions, HttpSysServer, PortableDriver};
use tokio::runtime::Runtime;

/// However busy the machine is.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A started server; stopped at once when dropped.
pub(crate) struct Running {
    pub(crate) server: Arc<HttpSysServer>,
    runtime: Arc<Runtime>,
}

/// A driver of its own, and what its servers run on.
pub(crate) struct Site {
    pub(crate) driver: PortableDriver,
    pub(crate) runtime: Arc<Runtime>,
}

impl Site {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self { driver: PortableDriver::new(), runtime: Arc::new(runtime.expect("a runtime")) }
    }

    /// Starts a server with these prefixes and options.
    pub(crate) fn serve(
        &self,
        prefixes: &[&str],
        configure: impl FnOnce(&mut HttpSysOptions),
        handler: impl Handler,
    ) -> Running {
        let server = self.server(prefixes, configure);
        self.start(&server, handler);
        Running { server, runtime: Arc::clone(&self.runtime) }
    }

    pub(crate) fn server(
        &self,
        prefixes: &[&str],
        configure: impl FnOnce(&mut HttpSysOptions),
    ) -> Arc<HttpSysServer> {
        let mut options = HttpSysOptions::default();
        for prefix in prefixes {
            options.add_prefix(prefix).expect("a prefix");
        }
        configure(&mut options);
        Arc::new(HttpSysServer::with_driver(options, self.driver.clone()))
    }

    pub(crate) fn start(&self, server: &HttpSysServer, handler: impl Handler) {
        let application = Arc::new(HostingApplication::new(handler));
        self.runtime.block_on(server.start(application)).expect("the server starts");
    }
}

impl Running {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let feature = self.server.features().get::<dyn ServerAddressesFeature>().expect("addresses");
        let url = feature.addresses().into_iter().next().expect("an address");
        let port = url.split(':').nth(2).and_then(|rest| rest.split('/').next()?.parse().ok());
        ([127, 0, 0, 1], port.expect("a port")).into()
    }

    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(async { tokio::time::timeout(LIMIT, future).await.expect("in time") })
    }

    pub(crate) fn stop(&self) {
        self.wait(self.server.stop(Deadline::never())).expect("a stop");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let server = Arc::clone(&self.server);
        // A test that has failed already does not wait.
        let _ = self.runtime.block_on(async move {
            tokio::time::timeout(Duration::from_secs(5), server.stop(Deadline::now())).await
        });
    }
}

/// What a client has received.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn field(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }
}

/// A connection.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(LIMIT)).expect("a timeout");
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).expect("the request can be sent");
    }

    /// A response that has a length.
    pub(crate) fn receive(&mut self) -> io::Result<Response> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let mut response = Response { status, head, body: String::new() };
        let length = response.field("content-length").first().and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body)?;
        response.body = String::from_utf8_lossy(&body).into_owned();
        Ok(response)
    }

    /// True once the server has closed or reset the connection without another byte.
    pub(crate) fn is_ended(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

/// A GET on a connection of its own, with these further lines.
pub(crate) fn get(address: SocketAddr, host: &str, target: &str, lines: &str) -> io::Result<Response> {
    let mut client = Client::connect(address);
    client.send(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"));
    client.receive()
}

/// A port that nobody has; tests that look for one themselves look elsewhere.
pub(crate) fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("its address").port()
}
