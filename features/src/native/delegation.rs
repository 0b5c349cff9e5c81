//! Handing a request over to another process's queue.

use std::{any::Any, sync::Arc};

use crate::{Feature, FeatureError};

/// Hands the request over to the queue of another process. HTTP.sys, where the system can.
///
/// ```
/// use falconry_features::{DelegationRule, FeatureCollection, FeatureError, HttpSysRequestDelegationFeature};
///
/// fn hand_over(features: &mut FeatureCollection, rule: &dyn DelegationRule) -> Result<bool, FeatureError> {
///     match features.get_mut::<dyn HttpSysRequestDelegationFeature>() {
///         Some(delegation) if delegation.can_delegate() => delegation.delegate_request(rule).map(|()| true),
///         _ => Ok(false),
///     }
/// }
/// # struct Rule;
/// # impl DelegationRule for Rule {
/// #     fn queue_name(&self) -> &str { "other" }
/// #     fn url_prefix(&self) -> &str { "http://+:80/" }
/// # }
/// # assert!(!hand_over(&mut FeatureCollection::new(), &Rule).unwrap());
/// ```
pub trait HttpSysRequestDelegationFeature: Feature {
    /// True while the request can be handed over: nothing of its body read, nothing answered.
    fn can_delegate(&self) -> bool;

    /// Hands the request over. From then on nothing of it can be read or answered here.
    ///
    /// # Errors
    /// Invalid state: too late. Invalid argument: the rule is another server's. IO: the native
    /// server refused.
    fn delegate_request(&mut self, rule: &dyn DelegationRule) -> Result<(), FeatureError>;
}

/// Makes the rules that say where requests go. Server level; HTTP.sys, where the system can.
///
/// ```
/// use falconry_features::{DelegationRule, FeatureError, Server, ServerDelegationFeature};
/// use std::sync::Arc;
///
/// fn to_other(server: &dyn Server) -> Result<Arc<dyn DelegationRule>, FeatureError> {
///     let delegation = server.features().required::<dyn ServerDelegationFeature>()?;
///     delegation.create_delegation_rule("other", "http://+:80/other")
/// }
/// ```
pub trait ServerDelegationFeature: Feature {
    /// Makes a rule for the queue `queue_name` and the URLs below `url_prefix`. It ends when the
    /// last handle to it is dropped.
    ///
    /// # Errors
    /// Invalid argument: a malformed prefix. IO: the native server refused.
    fn create_delegation_rule(
        &self,
        queue_name: &str,
        url_prefix: &str,
    ) -> Result<Arc<dyn DelegationRule>, FeatureError>;
}

/// Where delegated requests go. The server that made it finds its own type behind it by
/// [`Any`]. Example: [`HttpSysRequestDelegationFeature`].
pub trait DelegationRule: Any + Send + Sync {
    /// The queue of the other process.
    fn queue_name(&self) -> &str;

    /// The URLs.
    fn url_prefix(&self) -> &str;
}
