//! Handing requests over to the queues of other processes.

use std::{
    any::Any,
    fmt,
    pin::pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
};

use falconry_features::{
    DelegationRule, FeatureError, HttpSysRequestDelegationFeature, ServerDelegationFeature,
};

use super::view::View;
use crate::{
    UrlPrefix,
    driver::{
        CreateQueueFlags, Driver, RequestQueue, RequestQueueOptions, UrlGroup, UrlGroupProperty, Win32Error,
    },
    exchange::Phase,
};

impl HttpSysRequestDelegationFeature for View {
    fn can_delegate(&self) -> bool {
        let state = self.0.lock();
        !state.body.has_begun
            && state.output.phase == Phase::Unstarted
            && !state.is_upgraded
            && !state.is_delegated
    }

    fn delegate_request(&mut self, rule: &dyn DelegationRule) -> Result<(), FeatureError> {
        if !self.can_delegate() {
            return Err(FeatureError::invalid_state(
                "the request cannot be delegated any more: its body has been read from, or its response has started",
            ));
        }
        let rule: &dyn Any = rule;
        let Some(rule) = rule.downcast_ref::<Rule>() else {
            return Err(FeatureError::invalid_argument("the delegation rule is another server's"));
        };
        let handle = self.0.handle().ok_or_else(|| FeatureError::finished("the request has ended"))?;
        handle.delegate(&rule.queue, &rule.url_prefix)?;
        self.0.lock().is_delegated = true;
        Ok(())
    }
}

/// Makes the rules. At server level; works while the server runs.
pub(crate) struct ServerDelegation {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) group: Arc<OnceLock<Arc<dyn UrlGroup>>>,
}

impl ServerDelegationFeature for ServerDelegation {
    fn create_delegation_rule(
        &self,
        queue_name: &str,
        url_prefix: &str,
    ) -> Result<Arc<dyn DelegationRule>, FeatureError> {
        url_prefix.parse::<UrlPrefix>()?;
        let group = self.group.get().ok_or_else(|| {
            FeatureError::invalid_state("delegation rules can be made once the server has been started")
        })?;
        let options = RequestQueueOptions {
            name: Some(queue_name.to_owned()),
            flags: CreateQueueFlags::OpenForDelegation,
            security_descriptor: None,
        };
        let queue = at_once(self.driver.create_request_queue(options))?;
        let property = UrlGroupProperty::Delegation { queue: Arc::clone(&queue), is_set: true };
        at_once(group.set_property(property))?;
        Ok(Arc::new(Rule {
            queue_name: queue_name.to_owned(),
            url_prefix: url_prefix.to_owned(),
            queue,
            group: Arc::clone(group),
        }))
    }
}

/// Where requests go; ends when it is dropped.
struct Rule {
    queue_name: String,
    url_prefix: String,
    queue: Arc<dyn RequestQueue>,
    group: Arc<dyn UrlGroup>,
}

impl DelegationRule for Rule {
    fn queue_name(&self) -> &str {
        &self.queue_name
    }

    fn url_prefix(&self) -> &str {
        &self.url_prefix
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        let property = UrlGroupProperty::Delegation { queue: Arc::clone(&self.queue), is_set: false };
        // The group may have been closed.
        let _ = at_once(self.group.set_property(property));
    }
}

/// The result of an operation that the drivers with delegation do at once.
fn at_once<T>(operation: impl Future<Output = Result<T, Win32Error>>) -> Result<T, FeatureError> {
    match pin!(operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Ok(result?),
        Poll::Pending => Err(FeatureError::not_supported("this driver makes no delegation rules")),
    }
}

impl fmt::Debug for ServerDelegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerDelegation").finish_non_exhaustive()
    }
}
