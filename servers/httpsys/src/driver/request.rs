//! What is received: a request, and what is done with it.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{
    BoxFuture, CancellationToken, Certificate, RequestTimingType, TlsCipherSuite, TlsVersion, User,
};
use http::{HeaderMap, Method, Version};

use super::{RequestQueue, SendEntityBody, SendResponse, Win32Error};

/// The times of a request, in ticks, 0 where there is none; see [`RequestTimingType`].
pub type Timestamps = [i64; RequestTimingType::ALL.len()];

/// A request that has been taken from a queue.
#[derive(Debug)]
pub struct ReceivedRequest {
    /// What the client sent, and what the system knows of it.
    pub request: Box<DriverRequest>,
    /// What can be done with it.
    pub handle: Arc<dyn RequestHandle>,
}

/// `HTTP_REQUEST_V2`, without pointers.
#[derive(Clone, Debug)]
pub struct DriverRequest {
    /// `RequestId`.
    pub request_id: u64,
    /// `ConnectionId`.
    pub connection_id: u64,
    /// `RawConnectionId`: of the connection of TCP that may carry several of HTTP; 0 if unknown.
    pub raw_connection_id: u64,
    /// `UrlContext`: what the prefix was registered with that the request fits.
    pub url_context: u64,
    /// The method.
    pub verb: Method,
    /// The version.
    pub version: Version,
    /// `pRawUrl`: the target, as it was sent.
    pub raw_url: String,
    /// True if the connection is encrypted.
    pub is_https: bool,
    /// Host and port of the cooked URL; `None` if they are as in the field `Host`.
    pub cooked_host: Option<Box<str>>,
    /// The fields, in the order of their arrival. On HTTP/2 and later with `host`.
    pub headers: HeaderMap,
    /// This end of the connection.
    pub local_address: Option<SocketAddr>,
    /// The client's end.
    pub remote_address: Option<SocketAddr>,
    /// What TLS has agreed on; `None` on a connection in clear.
    pub tls: Option<Arc<TlsInfo>>,
    /// Whom the system has authenticated.
    pub user: Option<User>,
    /// True if the request has a body that is not here yet (`HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS`).
    pub has_body: bool,
    /// `HTTP_REQUEST_INFO` by type, as the native structures are laid out.
    pub info: BTreeMap<u32, Bytes>,
    /// The times of `HttpRequestInfoTypeRequestTiming`, in ticks, 0 where there is none; see
    /// [`RequestTimingType`](falconry_features::RequestTimingType).
    pub timestamps: Timestamps,
    /// Ticks per second.
    pub frequency: u64,
}

impl Default for DriverRequest {
    fn default() -> Self {
        Self {
            request_id: 0,
            connection_id: 0,
            raw_connection_id: 0,
            url_context: 0,
            verb: Method::GET,
            version: Version::HTTP_11,
            raw_url: String::new(),
            is_https: false,
            cooked_host: None,
            headers: HeaderMap::new(),
            local_address: None,
            remote_address: None,
            tls: None,
            user: None,
            has_body: false,
            info: BTreeMap::new(),
            timestamps: [0; RequestTimingType::ALL.len()],
            frequency: 0,
        }
    }
}

/// `HTTP_SSL_INFO` and `HTTP_SSL_PROTOCOL_INFO`.
#[derive(Clone, Debug, Default)]
pub struct TlsInfo {
    /// The version of the protocol.
    pub protocol: Option<TlsVersion>,
    /// The cipher suite, where [`DriverFeature::QueryCipherInfo`](super::DriverFeature) is there.
    pub cipher_suite: Option<TlsCipherSuite>,
    /// The name that the client asked for; empty if none.
    pub host_name: String,
    /// What ALPN has agreed on; empty if nothing, or unknown.
    pub application_protocol: Bytes,
    /// The client's certificate, if the handshake brought one.
    pub client_certificate: Option<Certificate>,
}

/// The operations on one request, which stay possible until the last send, a cancel, or the end of its connection.
///
/// Reading and sending may go on at the same time, from different tasks; of each, one operation at a time. Dropping the
/// last handle of a request that has not been answered cancels it.
///
/// The client's end makes every operation fail with [`CONNECTION_INVALID`](Win32Error::CONNECTION_INVALID).
pub trait RequestHandle: Any + Send + Sync + fmt::Debug {
    /// The next piece of the body, of at most `limit` bytes, above 0. `HttpReceiveRequestEntityBody`.
    ///
    /// After an opaque response: raw bytes from the client.
    ///
    /// # Errors
    /// [`HANDLE_EOF`](Win32Error::HANDLE_EOF) at the end, every time.
    fn poll_receive_entity_body(&self, cx: &mut Context<'_>, limit: usize)
    -> Poll<Result<Bytes, Win32Error>>;

    /// Sends the head, and as much of the body as there is. `HttpSendHttpResponse`.
    ///
    /// The first poll takes `response` out; later polls wait for its completion. It completes when the data is on
    /// its way or, with [`BUFFER_DATA`](super::SendFlags::BUFFER_DATA), when it was taken.
    fn poll_send_response(
        &self,
        cx: &mut Context<'_>,
        response: &mut Option<SendResponse>,
    ) -> Poll<Result<(), Win32Error>>;

    /// Sends more of the body. `HttpSendResponseEntityBody`. As [`poll_send_response`](Self::poll_send_response).
    fn poll_send_entity_body(
        &self,
        cx: &mut Context<'_>,
        body: &mut Option<SendEntityBody>,
    ) -> Poll<Result<(), Win32Error>>;

    /// Ends the connection (HTTP/1) or stream without finishing the response. `HttpCancelHttpRequest`.
    fn cancel(&self) -> Result<(), Win32Error>;

    /// Fires when the client has gone. `HttpWaitForDisconnectEx`, begun with the first call.
    fn disconnected(&self) -> CancellationToken;

    /// Says with which code the stream shall be reset by the [`cancel`](Self::cancel) that follows.
    /// `HttpSetRequestProperty(HttpRequestPropertyStreamError)`.
    ///
    /// # Errors
    /// [`NOT_SUPPORTED`](Win32Error::NOT_SUPPORTED) without [`DriverFeature::Reset`](super::DriverFeature).
    fn set_stream_error(&self, code: u32) -> Result<(), Win32Error>;

    /// The client's first TLS message. `HttpQueryRequestProperty(HttpRequestPropertyTlsClientHello)`.
    ///
    /// # Errors
    /// [`NOT_SUPPORTED`](Win32Error::NOT_SUPPORTED) without [`DriverFeature::CacheTlsClientHello`](super::DriverFeature).
    fn tls_client_hello(&self) -> Result<Bytes, Win32Error>;

    /// Asks the client for its certificate, on HTTP/1. `HttpReceiveClientCertificate`.
    ///
    /// # Errors
    /// [`NOT_FOUND`](Win32Error::NOT_FOUND): it has none.
    fn receive_client_certificate(&self) -> BoxFuture<'static, Result<Certificate, Win32Error>>;

    /// Hands the request over to another queue, which was opened for that; afterwards nothing can be done with it
    /// here. `HttpDelegateRequestEx`, with the property `HttpDelegateRequestDelegateUrlProperty`.
    ///
    /// # Errors
    /// [`NOT_SUPPORTED`](Win32Error::NOT_SUPPORTED) without [`DriverFeature::DelegateEx`](super::DriverFeature).
    fn delegate(&self, queue: &Arc<dyn RequestQueue>, url_prefix: &str) -> Result<(), Win32Error>;
}
