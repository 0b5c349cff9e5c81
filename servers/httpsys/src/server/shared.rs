//! What all requests of a running server share.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use falconry_features::{FeatureCollection, HttpApplication};
use http::header::HOST;

use super::outstanding::Outstanding;
use crate::{
    UrlPrefix,
    direct::Directs,
    driver::DriverRequest,
    exchange::{ExchangePool, ServerSettings},
    request::split_path_base,
};

/// The running server, as its requests see it.
pub(crate) struct ServerShared {
    pub(crate) application: Arc<dyn HttpApplication>,
    pub(crate) settings: Arc<ServerSettings>,
    pub(crate) features: Arc<FeatureCollection>,
    pub(crate) exchanges: ExchangePool,
    pub(crate) outstanding: Outstanding,
    pub(crate) directs: Directs,
    pub(crate) allow_anonymous: bool,
    pub(crate) use_latin1_request_headers: bool,
    pub(super) prefixes: RwLock<Vec<Registered>>,
    pub(super) stopping: AtomicBool,
}

/// A prefix with the number that its requests bring.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    pub(super) id: u64,
    pub(super) prefix: Arc<UrlPrefix>,
}

impl ServerShared {
    /// True once the server takes no more requests.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// True if requests can be [direct](crate::direct): their users and their fields are as the connection has them.
    pub(crate) fn takes_direct(&self) -> bool {
        !self.is_stopping()
            && self.allow_anonymous
            && !self.use_latin1_request_headers
            && self.settings.schemes.get().is_empty()
    }

    /// True if `id` is the number of one of the prefixes.
    pub(crate) fn has_prefix(&self, id: u64) -> bool {
        let prefixes = self.prefixes.read().unwrap_or_else(PoisonError::into_inner);
        prefixes.iter().any(|registered| registered.id == id)
    }

    /// The path base of the prefix that a request fits; `None` if the request is of somebody else's prefix.
    pub(crate) fn prefix_of(&self, request: &DriverRequest) -> Option<Arc<UrlPrefix>> {
        let prefixes = self.prefixes.read().unwrap_or_else(PoisonError::into_inner);
        let known = prefixes.iter().find(|registered| registered.id == request.url_context);
        match known {
            Some(registered) => Some(Arc::clone(&registered.prefix)),
            // A queue that is shared, or a request that was delegated: the longest prefix that fits.
            None => longest(&prefixes, request),
        }
    }
}

fn longest(prefixes: &[Registered], request: &DriverRequest) -> Option<Arc<UrlPrefix>> {
    let host: Cow<'_, str> = match &request.cooked_host {
        Some(host) => Cow::Borrowed(&**host),
        None => String::from_utf8_lossy(request.headers.get(HOST)?.as_bytes()),
    };
    let path = request.raw_url.split('?').next().unwrap_or_default();
    prefixes
        .iter()
        .map(|registered| &registered.prefix)
        .filter(|prefix| {
            prefix.is_https() == request.is_https
                && host_and_port(prefix).eq_ignore_ascii_case(&host)
                && split_path_base(path, prefix.path_base()).is_some()
        })
        .max_by_key(|prefix| prefix.path().len())
        .cloned()
}

/// As clients name it: without a port that goes without saying.
fn host_and_port(prefix: &UrlPrefix) -> String {
    let default = if prefix.is_https() { 443 } else { 80 };
    match prefix.port() {
        port if port == default => prefix.host().to_owned(),
        port => format!("{}:{port}", prefix.host()),
    }
}

impl fmt::Debug for ServerShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerShared").field("outstanding", &self.outstanding).finish_non_exhaustive()
    }
}
