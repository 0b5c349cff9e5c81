//! [`NativeRequest`]: a request as the host hands it over.

use falconry_features::{FeatureCollection, PlainConnection, PlainRequest};

/// A request as the host hands it over, and what the host can do for it.
///
/// ```
/// use falconry_features::PlainRequest;
/// use falconry_in_process::{BodyLength, NativeRequest};
/// use http::{HeaderMap, Method, Version};
///
/// let request = PlainRequest::received(Method::POST, "/a?b", Version::HTTP_11, HeaderMap::new()).unwrap();
/// let request = NativeRequest { body: BodyLength::Known(5), ..NativeRequest::new(request) };
/// ```
#[derive(Debug)]
pub struct NativeRequest {
    /// Method, target, fields, scheme and version. Its body is of no account.
    pub request: PlainRequest,
    /// What is known of the body.
    pub body: BodyLength,
    /// The largest body that the application is given, in bytes, until it changes that. Default: no
    /// limit but the host's own.
    pub max_body_size: Option<u64>,
    /// The connection. Default: one without an identifier and addresses.
    pub connection: PlainConnection,
    /// The identifier of the request. Default: one of a process-wide counter.
    pub identifier: Option<String>,
    /// A read and a write may be outstanding at the same time. Default: false.
    pub full_duplex: bool,
    /// The connection can leave HTTP: the request asks for an upgrade, and the host can do it. Both
    /// directions are independent from then on. Default: false.
    pub can_upgrade: bool,
    /// The host can send interim responses. Default: false.
    pub can_inform: bool,
    /// The host can reset the stream with an error code. Default: false.
    pub can_reset: bool,
    /// The host can send trailers. Default: false.
    pub can_send_trailers: bool,
    /// The host hands over the request's trailers. Default: false.
    pub has_request_trailers: bool,
    /// Further features of the request, over those of the server: TLS, server variables and so on.
    /// What the core makes itself is set over them. Default: none.
    pub features: FeatureCollection,
}

/// What is known of a request's body before it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyLength {
    /// There is none.
    #[default]
    None,
    /// Its length in bytes.
    Known(u64),
    /// It ends where the host says.
    Unknown,
}

impl NativeRequest {
    /// A request without a body, for which the host can do nothing special.
    pub fn new(request: PlainRequest) -> Self {
        Self {
            request,
            body: BodyLength::None,
            max_body_size: None,
            connection: PlainConnection::default(),
            identifier: None,
            full_duplex: false,
            can_upgrade: false,
            can_inform: false,
            can_reset: false,
            can_send_trailers: false,
            has_request_trailers: false,
            features: FeatureCollection::new(),
        }
    }
}
