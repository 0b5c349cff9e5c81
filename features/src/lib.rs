//! The contract of falconry: one application, any HTTP server.
//!
//! A **feature** is a trait; a [`FeatureCollection`] maps a trait object type to the one object that
//! implements it. A [`Server`] fills a collection for every request and hands it to an
//! [`HttpApplication`]. What a server cannot do is an absent feature, never a stub that fails later.
//!
//! # Writing a server
//!
//! A server depends on this crate alone. It offers three features for every request, for which
//! plain structs exist: [`HttpRequestFeature`] ([`PlainRequest`]), [`HttpResponseFeature`]
//! ([`PlainResponse`]) and [`HttpResponseBodyFeature`] ([`PlainResponseBody`] over a
//! [`ResponseSink`]); then it calls [`run_request`]. Everything else is optional.
//!
//! With the Cargo feature `http1`, the module `http1` has HTTP/1.1 for servers over streams of bytes. [`ServerAddresses`],
//! [`Connections`] and [`block_on`] do the rest that servers share.
//!
//! # Features
//!
//! What a request may offer, beside the three that every server has:
//!
//! | About | Features |
//! |---|---|
//! | the request | [`HttpRequestLifetimeFeature`], [`HttpRequestIdentifierFeature`], [`HttpRequestBodyDetectionFeature`], [`HttpMaxRequestBodySizeFeature`], [`HttpMinRequestBodyDataRateFeature`], [`HttpRequestTrailersFeature`], [`BadHttpRequestFeature`], [`Http2StreamIdFeature`] |
//! | the response | [`HttpResponseTrailersFeature`], [`HttpInformationalResponseFeature`], [`HttpResetFeature`], [`HttpSendFileFeature`], [`HttpMinResponseDataRateFeature`] |
//! | leaving HTTP | [`HttpUpgradeFeature`], [`HttpExtendedConnectFeature`], [`HttpWebSocketFeature`], [`HttpWebTransportFeature`] |
//! | the connection | [`HttpConnectionFeature`], [`ConnectionIdFeature`], [`ConnectionEndPointFeature`], [`ConnectionUserFeature`], [`ConnectionItemsFeature`], [`ConnectionMetricsTagsFeature`], [`ConnectionSocketFeature`] |
//! | its life | [`ConnectionLifetimeFeature`], [`ConnectionLifetimeNotificationFeature`], [`ConnectionCompleteFeature`], [`ConnectionHeartbeatFeature`], [`ConnectionInherentKeepAliveFeature`], [`ConnectionTimeoutFeature`], [`DecrementConcurrentConnectionCountFeature`], [`PersistentStateFeature`], [`TransferFormatFeature`] |
//! | its streams | [`StreamIdFeature`], [`StreamDirectionFeature`], [`StreamAbortFeature`], [`StreamClosedFeature`], [`ProtocolErrorCodeFeature`] |
//! | TLS | [`TlsConnectionFeature`], [`TlsHandshakeFeature`], [`TlsApplicationProtocolFeature`], [`HttpsCompressionFeature`] |
//! | what middleware and hosts add | [`ItemsFeature`], [`ServiceProvidersFeature`], [`HttpAuthenticationFeature`], [`AuthenticateResultFeature`], [`AuthenticationFeature`], [`SessionFeature`], [`QueryFeature`], [`FormFeature`], [`RequestCookiesFeature`], [`ResponseCookiesFeature`], [`RouteValuesFeature`], [`EndpointFeature`], [`HttpRequestTimeoutFeature`], [`TrackingConsentFeature`], [`AntiforgeryValidationFeature`], [`HttpMetricsTagsFeature`], [`HttpActivityFeature`] |
//! | native servers | [`ServerVariablesFeature`], [`HttpSysRequestInfoFeature`], [`HttpSysRequestTimingFeature`], [`HttpSysRequestPropertyFeature`], [`HttpSysRequestDelegationFeature`] |
//! | the server as a whole | [`ServerAddressesFeature`], [`ServerDelegationFeature`], [`ServerIntegratedAuthFeature`], [`IisEnvironmentFeature`] |
//!
//! Where one is made on demand, a plain holder named `Plain...` goes with it. Features of the
//! connection and of the server are shared by its requests: they take `&self`.

mod application;
mod block_on;
mod body;
mod cancellation;
mod collection;
mod connection;
mod error;
mod framework;
#[cfg(feature = "http1")]
pub mod http1;
mod native;
mod request;
mod response;
mod server;
mod tls;

pub use self::{
    application::*,
    block_on::block_on,
    body::{DuplexStream, RequestBody},
    cancellation::{CancellationToken, Cancelled},
    collection::{Entry, Feature, FeatureCollection, FeatureKeys, Iter, Key},
    connection::*,
    error::{BadHttpRequestError, BoxError, FeatureError},
    framework::*,
    native::*,
    request::*,
    response::*,
    server::*,
    tls::*,
};
