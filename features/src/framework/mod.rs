//! Features that middleware and hosts lay over those of the server.

mod date;
mod diagnostics;
mod form;
mod items;
mod multipart;
mod parameters;
mod policy;
mod query;
mod request_cookies;
mod response_cookies;
mod routing;
mod services;
mod session;
mod token;
mod user;
mod web_socket;
mod web_socket_stream;
mod web_transport;

#[cfg(feature = "http1")]
pub(crate) use self::date::HttpDate;
pub use self::{
    diagnostics::{Activity, HttpActivityFeature, HttpMetricsTagsFeature, PlainMetricsTags, TagValue, Tags},
    form::{Form, FormFeature, FormFile, FormOptions, PlainForm, has_form_content_type, read_form},
    items::{Items, ItemsFeature, PlainItems},
    parameters::Parameters,
    policy::{
        AntiforgeryValidation, AntiforgeryValidationFeature, HttpRequestTimeoutFeature,
        TrackingConsentFeature,
    },
    query::{PlainQuery, QueryFeature},
    request_cookies::{PlainRequestCookies, RequestCookies, RequestCookiesFeature},
    response_cookies::{CookieOptions, PlainResponseCookies, ResponseCookiesFeature, SameSite},
    routing::{Endpoint, EndpointFeature, PlainEndpoint, PlainRouteValues, RouteValuesFeature},
    services::{PlainServiceProviders, ServiceProvidersFeature, Services},
    session::{MemorySession, PlainSession, Session, SessionFeature},
    user::{
        AuthenticateResult, AuthenticateResultFeature, AuthenticationFeature, Claim,
        HttpAuthenticationFeature, Identity, OriginalPath, PlainAuthentication, User,
    },
    web_socket::{HttpWebSocketFeature, WebSocketAcceptContext, accept_web_socket},
    web_socket_stream::{WebSocket, WebSocketClose, WebSocketMessage, WebSocketMessageKind, WebSocketState},
    web_transport::{HttpWebTransportFeature, WebTransportSession, WebTransportStream},
};
