//! Whether a request asks for a WebSocket, and for which.

use falconry_features::{
    FeatureCollection, HttpExtendedConnectFeature, HttpRequestFeature, HttpUpgradeFeature,
};
use http::{HeaderMap, Method, Version, header};
use tungstenite::handshake::derive_accept_key;

/// A valid opening handshake.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) kind: Kind,
    /// What the client offers, best first.
    pub(super) protocols: Vec<String>,
}

/// How the request leaves HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// RFC 6455 section 4: an HTTP/1.1 upgrade, answered with what proves that it was understood.
    Upgrade {
        /// `Sec-WebSocket-Accept`.
        accept: String,
    },
    /// RFC 8441 section 5: an extended CONNECT.
    Connect,
}

impl Handshake {
    /// The handshake of the request; `None` if it is none or not a valid one.
    pub(super) fn read(features: &FeatureCollection) -> Option<Self> {
        let request = features.get::<dyn HttpRequestFeature>()?;
        let headers = request.headers();
        let kind = if request.method() == Method::CONNECT {
            let connect = features.get::<dyn HttpExtendedConnectFeature>()?;
            let is_ours = connect.is_extended_connect()
                && connect.protocol().is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"));
            is_ours.then_some(Kind::Connect)?
        } else {
            // HTTP/1.0 cannot be upgraded, whatever it asks for (RFC 9110 section 7.8).
            let is_ours = request.method() == Method::GET
                && request.version() == Version::HTTP_11
                && list(headers, header::UPGRADE).any(|name| name.eq_ignore_ascii_case("websocket"))
                && list(headers, header::CONNECTION).any(|name| name.eq_ignore_ascii_case("upgrade"))
                && features.get::<dyn HttpUpgradeFeature>()?.is_upgradable_request();
            is_ours.then(|| key(headers)).flatten()?
        };
        if !list(headers, header::SEC_WEBSOCKET_VERSION).any(|version| version == "13") {
            return None;
        }
        let protocols = list(headers, header::SEC_WEBSOCKET_PROTOCOL).map(str::to_owned).collect();
        Some(Self { kind, protocols })
    }
}

/// The answer to the request's one key: 16 bytes in base64 (RFC 6455 section 4.2.1).
fn key(headers: &HeaderMap) -> Option<Kind> {
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).into_iter();
    let (key, None) = (keys.next()?.as_bytes().trim_ascii(), keys.next()) else { return None };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = key.strip_suffix(b"==")?;
    let is_valid = digits.len() == 22 && digits.iter().all(is_base64);
    is_valid.then(|| Kind::Upgrade { accept: derive_accept_key(key) })
}

/// The members of a list field over all its lines.
fn list(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|member| !member.is_empty())
}
