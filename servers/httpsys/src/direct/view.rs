//! Small views: identity, limit, closing, delegation.

use std::{fmt, sync::Arc};

use falconry_features::{
    CancellationToken, ConnectionLifetimeNotificationFeature, DelegationRule, FeatureError,
    HttpMaxRequestBodySizeFeature, HttpRequestIdentifierFeature, HttpSysRequestDelegationFeature,
};

use super::DirectShared;

/// A view of the shared state. It has no state of its own, so there is nothing to clear.
#[derive(Clone, Debug)]
pub(super) struct View(pub(super) Arc<DirectShared>);

impl HttpRequestIdentifierFeature for View {
    fn trace_identifier(&self) -> String {
        self.0.trace_identifier()
    }

    fn set_trace_identifier(&mut self, identifier: &str) {
        self.0.set_trace_identifier(identifier);
    }
}

impl ConnectionLifetimeNotificationFeature for View {
    fn connection_closed_requested(&self) -> CancellationToken {
        self.0.close_requested()
    }

    fn request_close(&self) {
        self.0.request_close();
    }
}

/// A direct request is one of a group without delegation rules: there is nobody to hand it to.
impl HttpSysRequestDelegationFeature for View {
    fn can_delegate(&self) -> bool {
        false
    }

    fn delegate_request(&mut self, _rule: &dyn DelegationRule) -> Result<(), FeatureError> {
        Err(FeatureError::invalid_state(
            "the request cannot be delegated: its server had no delegation rule when it arrived",
        ))
    }
}

/// The limit of a body that the request does not have.
pub(super) struct BodyLimit {
    view: View,
    /// That of the connection, which knows when it is too late to change it.
    connection: Box<dyn HttpMaxRequestBodySizeFeature>,
}

impl BodyLimit {
    pub(super) fn new(view: View, connection: Box<dyn HttpMaxRequestBodySizeFeature>) -> Self {
        Self { view, connection }
    }
}

impl HttpMaxRequestBodySizeFeature for BodyLimit {
    fn is_read_only(&self) -> bool {
        self.connection.is_read_only()
    }

    fn max_request_body_size(&self) -> Option<u64> {
        self.view.0.max_request_body_size()
    }

    fn set_max_request_body_size(&mut self, limit: Option<u64>) -> Result<(), FeatureError> {
        self.connection.set_max_request_body_size(limit)?;
        self.view.0.set_max_request_body_size(limit);
        Ok(())
    }
}

impl fmt::Debug for BodyLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyLimit").field("view", &self.view).finish_non_exhaustive()
    }
}
