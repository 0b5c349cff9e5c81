//! How the connections of an endpoint are served; a changed configuration changes it while the endpoint listens.

use std::sync::{Arc, PoisonError, RwLock};

use falconry_features::ServerError;

use super::Security;
use crate::{
    KestrelServerOptions, ListenOptions, ProxyProtocolOptions, middleware::Middlewares,
    server::ConnectionGroup,
};

/// What all listening sockets of one endpoint go by.
#[derive(Debug)]
pub(crate) struct Manner(RwLock<Current>);

/// What a new connection goes by.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(super) proxy_protocol: Option<Arc<ProxyProtocolOptions>>,
    pub(super) middleware: Arc<Middlewares>,
    pub(super) security: Security,
    /// HTTP/3, if the endpoint has it.
    #[cfg(feature = "http3")]
    pub(crate) quic: Option<crate::http3::Quic>,
    pub(crate) group: ConnectionGroup,
}

impl Manner {
    pub(super) fn new(current: Current) -> Self {
        Self(RwLock::new(current))
    }

    pub(crate) fn current(&self) -> Current {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// New connections of HTTP/3 have other limits from now on.
    #[cfg(feature = "http3")]
    pub(crate) fn set_limits(&self, options: &KestrelServerOptions) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        current.quic = current.quic.as_ref().map(|quic| quic.with_limits(options));
    }

    /// New connections go by `next` from now on; what those before went by.
    pub(crate) fn replace(&self, next: Current) -> Current {
        std::mem::replace(&mut self.0.write().unwrap_or_else(PoisonError::into_inner), next)
    }
}

impl Current {
    /// What the endpoint asks for; its certificates are read.
    pub(crate) fn of(endpoint: &ListenOptions, options: &KestrelServerOptions) -> Result<Self, ServerError> {
        let security = Security::of(endpoint)?;
        #[cfg(feature = "http3")]
        let quic = security.quic(endpoint, options)?;
        #[cfg(not(feature = "http3"))]
        refuse_http3_alone(endpoint, options)?;
        Ok(Self {
            proxy_protocol: endpoint.proxy_protocol.clone().map(Arc::new),
            middleware: Arc::new(endpoint.middleware.clone()),
            security,
            #[cfg(feature = "http3")]
            quic,
            group: ConnectionGroup::new(),
        })
    }
}

#[cfg(feature = "http3")]
impl Current {
    /// True if clients shall be told of HTTP/3.
    pub(super) fn announces_quic(&self) -> bool {
        self.quic.as_ref().is_some_and(|quic| quic.is_announced())
    }
}

#[cfg(not(feature = "http3"))]
fn refuse_http3_alone(endpoint: &ListenOptions, _options: &KestrelServerOptions) -> Result<(), ServerError> {
    if endpoint.protocols != crate::HttpProtocols::HTTP3 {
        return Ok(());
    }
    Err(ServerError::options(format!(
        "{endpoint} asks for HTTP/3 alone, which is not compiled in: turn on the Cargo feature `http3` of \
         falconry-kestrel, or add another protocol"
    )))
}
