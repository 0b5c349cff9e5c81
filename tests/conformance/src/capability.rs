//! What a server says it can do.

use std::fmt;

/// Something that a server may lack. A trial that needs what a subject does not declare is ignored,
/// with the reason in the report; what no capability names, every server must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Applications see the parts of a request's body while the client still sends.
    RequestStreaming,
    /// Clients see what an application flushed while the application still runs.
    ResponseStreaming,
    /// What an application flushed arrives although its response is cut off afterwards. A reset of a stream of QUIC
    /// discards what has not been read (RFC 9000 section 3.2).
    DataBeforeReset,
    /// A side that does not read makes the other wait: bodies are never held as a whole.
    Backpressure,
    /// A response that the application has ended is whole for the client before the application returns.
    EarlyEnd,
    /// `HttpRequestTrailersFeature`.
    RequestTrailers,
    /// `HttpResponseTrailersFeature`.
    ResponseTrailers,
    /// `HttpUpgradeFeature`.
    Upgrade,
    /// `HttpInformationalResponseFeature`.
    Informational,
    /// `HttpRequestLifetimeFeature`: an application can abort its request.
    Abort,
    /// An application learns that its client left before the end.
    AbortObservation,
    /// Several requests follow each other on one connection.
    KeepAlive,
    /// HTTP/1.1 over TCP: the trials may look at the bytes.
    Http1,
    /// Every valid request line reaches the application: methods in any case, `OPTIONS *`, dot segments that
    /// lead above the root. Servers in front of the application may refuse some.
    AnyRequestLine,
    /// `100 Continue` when the application begins to read.
    ExpectContinue,
    /// `HttpMaxRequestBodySizeFeature`.
    MaxRequestBodySize,
    /// `HttpConnectionFeature` with an identifier.
    ConnectionInfo,
    /// `HttpConnectionFeature` with the addresses of both ends.
    EndpointInfo,
    /// `HttpRequestIdentifierFeature`.
    Identifier,
    /// `HttpRequestBodyDetectionFeature`.
    BodyDetection,
    /// `PersistentStateFeature`.
    PersistentState,
    /// `ConnectionHeartbeatFeature`.
    Heartbeat,
    /// Binds the addresses of `ServerAddressesFeature`.
    Addresses,
    /// Is started once and stopped once: a second start is an error.
    StartOnce,
    /// A stop waits for the requests under way.
    GracefulStop,
    /// A stop aborts at its deadline what is still under way.
    StopDeadline,
}

impl Capability {
    /// Every capability.
    pub const ALL: &[Self] = &[
        Self::RequestStreaming,
        Self::ResponseStreaming,
        Self::DataBeforeReset,
        Self::EarlyEnd,
        Self::Backpressure,
        Self::RequestTrailers,
        Self::ResponseTrailers,
        Self::Upgrade,
        Self::Informational,
        Self::Abort,
        Self::AbortObservation,
        Self::KeepAlive,
        Self::Http1,
        Self::AnyRequestLine,
        Self::ExpectContinue,
        Self::MaxRequestBodySize,
        Self::ConnectionInfo,
        Self::EndpointInfo,
        Self::Identifier,
        Self::BodyDetection,
        Self::PersistentState,
        Self::Heartbeat,
        Self::Addresses,
        Self::StartOnce,
        Self::GracefulStop,
        Self::StopDeadline,
    ];
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
