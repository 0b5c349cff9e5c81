//! A request as the client put it together.

use std::sync::Arc;

use falconry_features::{FeatureCollection, PlainConnection, RequestBody};
use http::{HeaderMap, Method, Version};

use crate::InterimResponse;

/// Changes the features before the application sees them.
pub(crate) type Configure = Box<dyn FnOnce(&mut FeatureCollection) + Send>;

/// Is told of interim responses as they are sent.
pub(crate) type OnInterim = Arc<dyn Fn(&InterimResponse) + Send + Sync>;

/// Everything that a request is made of.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    /// `None` if there is no body at all, not even an empty one.
    pub(crate) body: Option<RequestBody>,
    pub(crate) trailers: Option<HeaderMap>,
    /// The `:protocol` of an extended CONNECT.
    pub(crate) protocol: Option<String>,
    pub(crate) connection: Option<PlainConnection>,
    pub(crate) configure: Vec<Configure>,
    pub(crate) on_interim: Option<OnInterim>,
}

impl Outgoing {
    pub(crate) fn new(method: Method, target: String) -> Self {
        Self {
            method,
            target,
            version: Version::HTTP_11,
            headers: HeaderMap::new(),
            body: None,
            trailers: None,
            protocol: None,
            connection: None,
            configure: Vec::new(),
            on_interim: None,
        }
    }
}
