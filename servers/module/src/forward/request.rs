//! The request as the backend gets it.

use falconry_features::{
    FeatureCollection, HttpExtendedConnectFeature, HttpRequestBodyDetectionFeature, HttpRequestFeature,
    HttpResponseTrailersFeature, HttpUpgradeFeature,
};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Version,
    header::{
        CONNECTION, CONTENT_LENGTH, EXPECT, HOST, MAX_FORWARDS, SEC_WEBSOCKET_KEY, TE, TRAILER,
        TRANSFER_ENCODING, UPGRADE,
    },
};
use http_body::Body as _;

use super::{
    ForwardError, ForwardErrorKind, ForwardOptions,
    body::ForwardBody,
    client,
    fields::{self, Nominated},
    target,
};

/// What the request is to the module, beside its fields.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) framing: Framing,
    /// How many bytes the request's body has, if the client has said so.
    pub(super) length: Option<u64>,
    /// What ends at the module.
    pub(super) nominated: Nominated,
    pub(super) leaving: Leaving,
    /// The client waits for `100 Continue`.
    pub(super) expects_continue: bool,
    /// Sending it twice is as good as once (RFC 9110 section 9.2.2).
    pub(super) is_idempotent: bool,
}

/// How the end of the request's body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    None,
    /// By its length in bytes.
    Length(u64),
    Chunked,
}

/// Whether the request asks to leave HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    No,
    /// By an upgrade of HTTP/1.1, to one of these protocols.
    Upgrade(HeaderValue),
    /// By an extended CONNECT for a WebSocket, which is an upgrade to the backend, with this key.
    WebSocket(HeaderValue),
}

impl Plan {
    pub(super) fn new(features: &mut FeatureCollection) -> Result<Self, ForwardError> {
        let leaving = Leaving::new(features)?;
        let detected = features
            .get::<dyn HttpRequestBodyDetectionFeature>()
            .map(HttpRequestBodyDetectionFeature::can_have_body);
        let request = features.required_mut::<dyn HttpRequestFeature>().map_err(front)?;
        let has_body =
            leaving == Leaving::No && detected.unwrap_or_else(|| !request.body_mut().is_end_stream());
        let headers = request.headers();
        let nominated = Nominated::new(headers);
        let framing = match has_body {
            true => framing(headers)?,
            // Said for the methods that usually have a body.
            false if headers.contains_key(CONTENT_LENGTH) => Framing::Length(0),
            false => Framing::None,
        };
        let length = match framing {
            Framing::Length(length) => Some(length),
            Framing::None | Framing::Chunked => None,
        };
        // HTTP/2 and HTTP/3 have trailers behind bodies of known length, too; HTTP/1.1 has them behind chunks only.
        let framing = match has_body && request.version() >= Version::HTTP_2 && headers.contains_key(TRAILER)
        {
            true => Framing::Chunked,
            false => framing,
        };
        let expects_continue = has_body
            && request.version() > Version::HTTP_10
            && fields::options(headers, &EXPECT).any(|option| option.eq_ignore_ascii_case("100-continue"));
        let is_idempotent = leaving == Leaving::No && is_idempotent(request.method());
        Ok(Self { framing, length, nominated, leaving, expects_continue, is_idempotent })
    }

    pub(super) fn has_body(&self) -> bool {
        !matches!(self.framing, Framing::None | Framing::Length(0))
    }

    /// The head of the request; made anew for every try.
    pub(super) fn request(
        &self,
        features: &FeatureCollection,
        options: &ForwardOptions,
        body: ForwardBody,
    ) -> Result<Request<ForwardBody>, ForwardError> {
        let source = features.required::<dyn HttpRequestFeature>().map_err(front)?;
        let mut request = Request::new(body);
        *request.method_mut() = match self.leaving {
            Leaving::WebSocket(_) => Method::GET,
            _ => source.method().clone(),
        };
        *request.uri_mut() = target::uri(source)?;
        let takes_trailers = features.contains::<dyn HttpResponseTrailersFeature>();
        let mut headers = self.fields(source, takes_trailers);
        client::add(&mut headers, features, source, options);
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn fields(&self, source: &dyn HttpRequestFeature, takes_trailers: bool) -> HeaderMap {
        let sent = source.headers();
        // Room for what the module adds.
        let mut headers = HeaderMap::with_capacity(sent.keys_len() + 6);
        if !sent.contains_key(HOST) {
            // Only HTTP/1.0 may be without; HTTP/1.1 says that there is none (RFC 9112 section 3.2).
            headers.insert(HOST, HeaderValue::from_static(""));
        }
        for (name, value) in sent {
            let is_passed = !fields::is_hop_by_hop(name)
                && !fields::is_reserved(name)
                && !fields::is_disguised(name)
                && *name != EXPECT
                && *name != MAX_FORWARDS
                && (*name == HOST || !self.nominated.contains(name));
            if is_passed {
                headers.append(name.clone(), value.clone());
            }
        }
        self.add_framing(&mut headers);
        if let Some(hops) = sent.get(MAX_FORWARDS) {
            headers.insert(MAX_FORWARDS, one_hop_less(source.method(), hops));
        }
        let upgrade = match &self.leaving {
            Leaving::No => None,
            Leaving::Upgrade(protocols) => Some(protocols.clone()),
            Leaving::WebSocket(key) => {
                headers.insert(SEC_WEBSOCKET_KEY, key.clone());
                Some(HeaderValue::from_static("websocket"))
            }
        };
        let has_upgrade = upgrade.is_some();
        if let Some(protocols) = upgrade {
            headers.insert(UPGRADE, protocols);
        }
        if takes_trailers {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        let connection = match (has_upgrade, takes_trailers) {
            (true, true) => "Upgrade, TE",
            (true, false) => "Upgrade",
            (false, true) => "TE",
            (false, false) => return headers,
        };
        headers.insert(CONNECTION, HeaderValue::from_static(connection));
        headers
    }

    /// One framing, whatever the client's bytes had.
    fn add_framing(&self, headers: &mut HeaderMap) {
        match self.framing {
            Framing::None => {}
            Framing::Length(length) => {
                headers.insert(CONTENT_LENGTH, length.into());
            }
            Framing::Chunked => {
                headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
        }
        if self.framing != Framing::Chunked {
            // Behind a body of known length there are no trailers.
            headers.remove(TRAILER);
        }
        if self.expects_continue {
            headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        }
    }
}

impl Leaving {
    fn new(features: &FeatureCollection) -> Result<Self, ForwardError> {
        let request = features.required::<dyn HttpRequestFeature>().map_err(front)?;
        if let Some(connect) = features.get::<dyn HttpExtendedConnectFeature>()
            && connect.is_extended_connect()
        {
            return match connect.protocol() {
                Some(protocol) if protocol.eq_ignore_ascii_case("websocket") => {
                    let key = tungstenite::handshake::client::generate_key();
                    HeaderValue::try_from(key).map(Self::WebSocket).map_err(front)
                }
                _ => Err(refused(
                    StatusCode::NOT_IMPLEMENTED,
                    "only WebSockets are forwarded of extended CONNECT",
                )),
            };
        }
        if *request.method() == Method::CONNECT {
            return Err(refused(
                StatusCode::NOT_IMPLEMENTED,
                "CONNECT is not forwarded: the module is no proxy",
            ));
        }
        let is_upgradable =
            features.get::<dyn HttpUpgradeFeature>().is_some_and(HttpUpgradeFeature::is_upgradable_request);
        let protocols = is_upgradable.then(|| fields::passable_upgrade(request.headers())).flatten();
        Ok(protocols.map_or(Self::No, Self::Upgrade))
    }
}

/// Of a request that has a body: RFC 9112 section 6.3.
fn framing(headers: &HeaderMap) -> Result<Framing, ForwardError> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Ok(Framing::Chunked);
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else { return Ok(Framing::Chunked) };
    let digits = length.to_str().unwrap_or_default();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(length) if is_number && lengths.next().is_none() => Ok(Framing::Length(length)),
        _ => Err(refused(StatusCode::BAD_REQUEST, "the request's Content-Length is not one decimal number")),
    }
}

/// RFC 9110 section 7.6.2: counted for TRACE and OPTIONS only. At 0 the module would have to answer in the
/// application's place; the application, which is the last one, gets to see the 0 instead.
fn one_hop_less(method: &Method, hops: &HeaderValue) -> HeaderValue {
    if *method != Method::OPTIONS && *method != Method::TRACE {
        return hops.clone();
    }
    let number = hops.to_str().ok().and_then(|hops| hops.parse::<u32>().ok());
    number.map_or_else(|| hops.clone(), |number| number.saturating_sub(1).into())
}

pub(super) fn refused(status: StatusCode, message: &'static str) -> ForwardError {
    ForwardError::new(ForwardErrorKind::Refused(status), message)
}

pub(super) fn front(error: impl Into<falconry_features::BoxError>) -> ForwardError {
    ForwardError::new(ForwardErrorKind::Front, "the front server lacks something").with_source(error)
}

fn is_idempotent(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    )
}
