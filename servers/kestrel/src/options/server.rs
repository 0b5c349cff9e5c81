//! The options of the whole server.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use falconry_features::{FeatureError, ServerError};

use crate::configuration::{Configured, Layers};

use super::{
    HttpProtocols, KestrelServerLimits, ListenEndpoint, ListenHandle, ListenOptions,
    NamedPipeTransportOptions, QuicTransportOptions, SocketTransportOptions,
};
use crate::KestrelObserver;

/// What a Kestrel server is made from.
///
/// ```
/// # use falconry_kestrel::KestrelServerOptions;
/// let mut options = KestrelServerOptions::default();
/// options.add_server_header = false;
/// options.limits.set_max_request_body_size(1_000_000);
/// options.listen("127.0.0.1:8080".parse()?).listen_localhost(5000);
/// options.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Endpoints given here win over the addresses of the host, unless those are preferred; without any the server listens
/// on `http://localhost:5000`.
#[derive(Clone)]
#[non_exhaustive]
pub struct KestrelServerOptions {
    /// Adds `Server: Kestrel` to every response whose application set no `Server` field. Default: true.
    pub add_server_header: bool,

    /// Lets `:scheme` of an HTTP/2 or HTTP/3 request differ from the transport, as behind a proxy that ends TLS; else
    /// such a stream is reset. Default: false.
    pub allow_alternate_schemes: bool,

    /// Lets the authority of an absolute request target replace a `Host` field that differs from it; else such a
    /// request is answered by 400. Default: false.
    pub allow_host_header_override: bool,

    /// Compresses the fields of HTTP/2 and HTTP/3 responses with a dynamic table; turn it off if responses mix secrets
    /// with what clients choose. Default: true.
    pub allow_response_header_compression: bool,

    /// What clients may ask of the server.
    pub limits: KestrelServerLimits,

    /// How sockets are opened.
    pub transport: SocketTransportOptions,

    /// How named pipes are opened.
    pub named_pipes: NamedPipeTransportOptions,

    /// What HTTP/3 connections allow clients.
    pub quic: QuicTransportOptions,

    endpoints: Vec<ListenOptions>,
    endpoint_defaults: Option<Configure>,
    /// What a configuration says of endpoints.
    pub(crate) configured: Option<Arc<Configured>>,
    /// What a configuration has made of the settings.
    pub(crate) layers: Option<Layers>,
    /// What code says of endpoints that a configuration names.
    pub(crate) named: Vec<(String, Configure)>,
    #[cfg(feature = "tls")]
    pub(crate) https_defaults: Option<crate::tls::ConfigureHttps>,
    observers: Vec<Arc<dyn KestrelObserver>>,
}

pub(crate) type Configure = Arc<dyn Fn(&mut ListenOptions) + Send + Sync>;

impl KestrelServerOptions {
    /// Listens on one address and port.
    pub fn listen(&mut self, address: SocketAddr) -> &mut Self {
        self.listen_with(address, |_| {})
    }

    /// As [`listen`](Self::listen); `configure` sets the endpoint up.
    pub fn listen_with(
        &mut self,
        address: SocketAddr,
        configure: impl FnOnce(&mut ListenOptions),
    ) -> &mut Self {
        self.add(ListenEndpoint::Ip(address), configure)
    }

    /// Listens on both loopback addresses. The port must not be 0; [`validate`](Self::validate) says so.
    pub fn listen_localhost(&mut self, port: u16) -> &mut Self {
        self.listen_localhost_with(port, |_| {})
    }

    /// As [`listen_localhost`](Self::listen_localhost); `configure` sets the endpoint up.
    pub fn listen_localhost_with(
        &mut self,
        port: u16,
        configure: impl FnOnce(&mut ListenOptions),
    ) -> &mut Self {
        self.add(ListenEndpoint::Localhost { name: "localhost".into(), port }, configure)
    }

    /// Listens on every address of the machine.
    pub fn listen_any_ip(&mut self, port: u16) -> &mut Self {
        self.listen_any_ip_with(port, |_| {})
    }

    /// As [`listen_any_ip`](Self::listen_any_ip); `configure` sets the endpoint up.
    pub fn listen_any_ip_with(&mut self, port: u16, configure: impl FnOnce(&mut ListenOptions)) -> &mut Self {
        self.add(ListenEndpoint::AnyIp { port }, configure)
    }

    /// Listens on a unix socket, whose file the server makes.
    ///
    /// # Errors
    /// The path is not absolute.
    pub fn listen_unix_socket(&mut self, path: impl Into<PathBuf>) -> Result<&mut Self, FeatureError> {
        self.listen_unix_socket_with(path, |_| {})
    }

    /// As [`listen_unix_socket`](Self::listen_unix_socket); `configure` sets the endpoint up.
    ///
    /// # Errors
    /// The path is not absolute.
    pub fn listen_unix_socket_with(
        &mut self,
        path: impl Into<PathBuf>,
        configure: impl FnOnce(&mut ListenOptions),
    ) -> Result<&mut Self, FeatureError> {
        let path = path.into();
        if !path.is_absolute() {
            return Err(FeatureError::invalid_argument(format!(
                "the path of a unix socket must be absolute, '{}' is not: write it with a leading /",
                path.display()
            )));
        }
        Ok(self.add(ListenEndpoint::Unix(path), configure))
    }

    /// Listens on a socket that is bound already.
    pub fn listen_handle(&mut self, handle: impl Into<ListenHandle>) -> &mut Self {
        self.listen_handle_with(handle, |_| {})
    }

    /// As [`listen_handle`](Self::listen_handle); `configure` sets the endpoint up.
    pub fn listen_handle_with(
        &mut self,
        handle: impl Into<ListenHandle>,
        configure: impl FnOnce(&mut ListenOptions),
    ) -> &mut Self {
        self.add(ListenEndpoint::Handle(handle.into()), configure)
    }

    /// Listens on a named pipe, given without the `\\.\pipe\` before it. Only Windows has them.
    pub fn listen_named_pipe(&mut self, name: impl Into<String>) -> &mut Self {
        self.listen_named_pipe_with(name, |_| {})
    }

    /// As [`listen_named_pipe`](Self::listen_named_pipe); `configure` sets the endpoint up.
    pub fn listen_named_pipe_with(
        &mut self,
        name: impl Into<String>,
        configure: impl FnOnce(&mut ListenOptions),
    ) -> &mut Self {
        self.add(ListenEndpoint::NamedPipe(name.into()), configure)
    }

    /// Sets up every endpoint that is made from now on, before its own closure: those of the `listen` methods and those
    /// from addresses. The last call counts.
    pub fn configure_endpoint_defaults(
        &mut self,
        configure: impl Fn(&mut ListenOptions) + Send + Sync + 'static,
    ) -> &mut Self {
        self.endpoint_defaults = Some(Arc::new(configure));
        self
    }

    /// The endpoints given by the `listen` methods, in their order.
    pub fn endpoints(&self) -> &[ListenOptions] {
        &self.endpoints
    }

    /// A new endpoint with the defaults of this server.
    pub fn endpoint(&self, endpoint: ListenEndpoint) -> ListenOptions {
        let mut options = ListenOptions::new(endpoint);
        let configured = self.configured.as_deref();
        options.protocols = configured.and_then(Configured::protocols).unwrap_or(options.protocols);
        #[cfg(feature = "tls")]
        options.https.set_defaults(match configured {
            Some(configured) => configured.https_defaults(self.https_defaults.clone()),
            None => self.https_defaults.clone(),
        });
        if let Some(configure) = &self.endpoint_defaults {
            configure(&mut options);
        }
        options
    }

    /// Tells `observer` of every connection, for metrics. Of several, each is told, in the order in which they were
    /// added. Default: none, and nothing is measured.
    pub fn observer(&mut self, observer: Arc<dyn KestrelObserver>) -> &mut Self {
        self.observers.push(observer);
        self
    }

    /// Who is told of connections.
    pub(crate) fn observers(&self) -> &[Arc<dyn KestrelObserver>] {
        &self.observers
    }

    /// Judges what can only be judged together: called at the start.
    ///
    /// # Errors
    /// Options that contradict each other, or an endpoint that cannot be.
    pub fn validate(&self) -> Result<(), ServerError> {
        self.validate_buffer()?;
        if self.transport.backlog > i32::MAX as u32 {
            return Err(ServerError::options(format!(
                "transport.backlog is {}: it must be at most {}",
                self.transport.backlog,
                i32::MAX
            )));
        }
        if self.named_pipes.listener_queue_count == 0 {
            return Err(ServerError::options(
                "named_pipes.listener_queue_count is 0: it must be at least 1, or nobody can connect",
            ));
        }
        self.endpoints.iter().try_for_each(validate_endpoint)?;
        self.configured_endpoints().iter().try_for_each(|endpoint| validate_endpoint(&endpoint.options))
    }

    fn validate_buffer(&self) -> Result<(), ServerError> {
        let Some(buffer) = self.limits.max_request_buffer_size() else { return Ok(()) };
        let parts = [
            ("max_request_line_size", self.limits.max_request_line_size()),
            ("max_request_headers_total_size", self.limits.max_request_headers_total_size()),
        ];
        match parts.into_iter().find(|(_, size)| *size > buffer) {
            Some((name, size)) => Err(ServerError::options(format!(
                "limits.max_request_buffer_size is {buffer} bytes, less than limits.{name}, {size} bytes: \
                 raise the first or lower the second"
            ))),
            None => Ok(()),
        }
    }

    fn add(&mut self, endpoint: ListenEndpoint, configure: impl FnOnce(&mut ListenOptions)) -> &mut Self {
        let mut options = self.endpoint(endpoint);
        configure(&mut options);
        self.endpoints.push(options);
        self
    }
}

fn validate_endpoint(options: &ListenOptions) -> Result<(), ServerError> {
    options.endpoint().validate()?;
    let protocols = options.protocols;
    if !options.tls && protocols.contains(HttpProtocols::HTTP3) && !protocols.contains(HttpProtocols::HTTP1) {
        return Err(ServerError::options(format!(
            "{options} is to speak {protocols}: HTTP/3 needs TLS, so give it a certificate or add HTTP/1"
        )));
    }
    Ok(())
}

impl Default for KestrelServerOptions {
    fn default() -> Self {
        Self {
            add_server_header: true,
            allow_alternate_schemes: false,
            allow_host_header_override: false,
            allow_response_header_compression: true,
            limits: KestrelServerLimits::default(),
            transport: SocketTransportOptions::default(),
            named_pipes: NamedPipeTransportOptions::default(),
            quic: QuicTransportOptions::default(),
            endpoints: Vec::new(),
            endpoint_defaults: None,
            configured: None,
            layers: None,
            named: Vec::new(),
            #[cfg(feature = "tls")]
            https_defaults: None,
            observers: Vec::new(),
        }
    }
}

impl fmt::Debug for KestrelServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KestrelServerOptions")
            .field("add_server_header", &self.add_server_header)
            .field("allow_alternate_schemes", &self.allow_alternate_schemes)
            .field("allow_host_header_override", &self.allow_host_header_override)
            .field("allow_response_header_compression", &self.allow_response_header_compression)
            .field("limits", &self.limits)
            .field("transport", &self.transport)
            .field("named_pipes", &self.named_pipes)
            .field("quic", &self.quic)
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}
