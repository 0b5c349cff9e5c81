//! Who is told, and of what. The names are those of OpenTelemetry's conventions for HTTP servers.

use std::{borrow::Cow, time::Duration};

use falconry_features::Tags;

/// Hears of the requests that reach the application; set by
/// [`WebHostBuilder::request_observer`](crate::WebHostBuilder::request_observer) or
/// [`HostingApplication::request_observer`](crate::HostingApplication::request_observer).
///
/// The methods are called in the tasks of the requests: they must neither wait nor panic. Each does nothing unless it is
/// implemented.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
///
/// use falconry::{RequestEnd, RequestObserver, RequestTags, WebHost};
///
/// #[derive(Default)]
/// struct Failures(AtomicUsize);
///
/// impl RequestObserver for Failures {
///     fn request_stopped(&self, _request: &RequestTags, end: &RequestEnd) {
///         self.0.fetch_add(usize::from(end.error_type.is_some()), Ordering::Relaxed);
///     }
/// }
///
/// let failures = Arc::new(Failures::default());
/// let builder = WebHost::builder().request_observer(failures.clone());
/// # drop(builder);
/// ```
#[allow(unused_variables, reason = "the names tell implementors what the parameters are")]
pub trait RequestObserver: Send + Sync {
    /// A request begins.
    fn request_started(&self, request: &RequestTags) {}

    /// A request that had begun has ended: the application is done with it, or was abandoned. What has left HTTP, such
    /// as a WebSocket, ends with its application.
    fn request_stopped(&self, request: &RequestTags, end: &RequestEnd) {}
}

/// What is the same from the beginning of a request to its end, whatever middleware changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestTags {
    /// `http.request.method`: a method of RFC 9110 or `PATCH`; `_OTHER` for all others, so that clients cannot invent
    /// values.
    pub method: &'static str,
    /// `url.scheme`: `http` or `https`, or what the server lets clients say instead.
    pub scheme: Cow<'static, str>,
}

/// How a request ended.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RequestEnd {
    /// From the beginning to the end of the application's work.
    pub duration: Duration,
    /// `network.protocol.version` of HTTP: `1.0`, `1.1`, `2` or `3`; none where the server says something else.
    pub protocol_version: Option<&'static str>,
    /// `http.response.status_code`; none if there was no response.
    pub status_code: Option<u16>,
    /// `error.type`: `panic`, `bad_request`, `request_aborted` or `application_error` if the application ended with an
    /// error, else the status code from 500 on; none for all others.
    pub error_type: Option<Cow<'static, str>>,
    /// What the application has added with
    /// [`HttpMetricsTagsFeature`](falconry_features::HttpMetricsTagsFeature), such as `http.route`.
    pub tags: Tags,
    /// True if the application asked with the same feature that the duration not be counted. Default: false.
    pub is_disabled: bool,
}
