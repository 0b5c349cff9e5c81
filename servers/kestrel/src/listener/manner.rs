//! How the connections of an endpoint are served; a changed configuration changes it while the endpoint listens.

use std::sync::{Arc, PoisonError, RwLock};

use falconry_features::ServerError;

use super::Security;
use crate::{ListenOptions, ProxyProtocolOptions, middleware::Middlewares, server::ConnectionGroup};

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

    /// New connections go by `next` from now on; what those before went by.
    pub(crate) fn replace(&self, next: Current) -> Current {
        std::mem::replace(&mut self.0.write().unwrap_or_else(PoisonError::into_inner), next)
    }
}

impl Current {
    /// What the endpoint asks for; its certificates are read.
    pub(crate) fn of(endpoint: &ListenOptions) -> Result<Self, ServerError> {
        Ok(Self {
            proxy_protocol: endpoint.proxy_protocol.clone().map(Arc::new),
            middleware: Arc::new(endpoint.middleware.clone()),
            security: Security::of(endpoint)?,
            group: ConnectionGroup::new(),
        })
    }
}
