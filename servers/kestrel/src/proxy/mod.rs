//! Proxies that tell who their client is: the PROXY protocol, versions 1 and 2.

mod header;
mod network;
#[cfg(test)]
mod tests;

use std::time::Duration;

use falconry_features::FeatureError;

use self::{
    header::{Header, HeaderError},
    network::Network,
};
use crate::{ListenOptions, connection::ConnectionShared, transport::Socket};

/// The PROXY protocol on an endpoint (versions 1 and 2): whom to believe, and how long to wait.
///
/// A connection from a trusted address must begin with the header, before TLS; what it tells becomes the remote and the
/// local address of the connection. Where the proxy says that the connection is its own (`LOCAL`, `UNKNOWN`), the
/// addresses stay. A wrong header ends the connection. Connections from other addresses are served as they are, and a
/// header that they send is a bad request: nobody else can pretend to be a client. Whoever may connect to a unix socket
/// is trusted.
///
/// ```
/// # use falconry_kestrel::{KestrelServerOptions, ProxyProtocolOptions};
/// let proxies = ProxyProtocolOptions::trusting(["10.0.0.0/8", "2001:db8::1"])?;
/// let mut options = KestrelServerOptions::default();
/// options.listen_any_ip_with(8080, |endpoint| {
///     endpoint.use_proxy_protocol(proxies);
/// });
/// assert!(ProxyProtocolOptions::trusting(["everybody"]).is_err());
/// # Ok::<(), falconry_features::FeatureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyProtocolOptions {
    trusted: Vec<Network>,
    timeout: Option<Duration>,
}

impl ProxyProtocolOptions {
    /// Believes proxies with these addresses: networks such as `10.0.0.0/8`, or single addresses.
    ///
    /// # Errors
    /// Invalid argument: a text that is neither.
    pub fn trusting<'a>(networks: impl IntoIterator<Item = &'a str>) -> Result<Self, FeatureError> {
        let trusted = networks.into_iter().map(str::parse).collect::<Result<_, _>>();
        match trusted {
            Ok(trusted) => Ok(Self { trusted, timeout: Some(Duration::from_secs(5)) }),
            Err(error) => Err(FeatureError::invalid_argument(error.to_string())),
        }
    }

    /// Sets how long the header may take; `None` for ever. Default: 5 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// How long the header may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Reads the header, if there must be one, and tells the connection of it. False if there is nobody to serve.
    pub(crate) async fn admit(&self, socket: &mut Socket, connection: &ConnectionShared) -> bool {
        let peer = connection.endpoints.of_socket().remote;
        if peer.is_some_and(|peer| !self.trusted.iter().any(|network| network.contains(peer.ip()))) {
            return true;
        }
        let header = tokio::select! {
            header = Header::read(socket) => header,
            () = too_long(self.timeout) => Err(HeaderError::Malformed("it took too long")),
            () = connection.signal.stopping() => Err(HeaderError::Malformed("the server stops")),
        };
        match header {
            Ok(Header::Own) => true,
            Ok(Header::Client(endpoints)) => {
                connection.endpoints.tell(endpoints);
                true
            }
            Err(reason) => {
                tracing::debug!(
                    connection = connection.id,
                    "a header of the PROXY protocol is wrong: {reason}"
                );
                false
            }
        }
    }
}

async fn too_long(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

impl ListenOptions {
    /// Believes proxies that tell who their client is ([`ProxyProtocolOptions`]). Default: nobody is believed, and a
    /// header is a bad request.
    pub fn use_proxy_protocol(&mut self, options: ProxyProtocolOptions) -> &mut Self {
        self.proxy_protocol = Some(options);
        self
    }
}
