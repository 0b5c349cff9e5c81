//! Which fields end at this hop (RFC 9110 section 7.6.1), and which belong to the module.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, UPGRADE},
};

/// The prefix of the fields between the module and an application; no client's copy passes.
const OWN_PREFIX: &str = "ms-aspnetcore";

/// Fields that the `Connection` field of a message names.
#[derive(Clone, Debug, Default)]
pub(super) struct Nominated(Vec<HeaderName>);

impl Nominated {
    pub(super) fn new(headers: &HeaderMap) -> Self {
        let mut names = Vec::new();
        if !headers.contains_key(CONNECTION) {
            return Self(names);
        }
        for option in options(headers, &CONNECTION) {
            // Common options that are no fields, or that are looked at elsewhere.
            if ["close", "keep-alive", "upgrade", "te"].iter().any(|known| option.eq_ignore_ascii_case(known))
            {
                continue;
            }
            names.extend(HeaderName::from_bytes(option.as_bytes()).ok());
        }
        Self(names)
    }

    pub(super) fn contains(&self, name: &HeaderName) -> bool {
        self.0.contains(name)
    }
}

/// True for fields that only say something about one connection, whatever `Connection` names, and for the framing of
/// the body, which is made anew.
pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "content-length"
            | "http2-settings"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// True for the fields that only the module may send to an application. Some applications take `_` for `-`
/// (CGI variables), so that is the same here.
pub(super) fn is_reserved(name: &HeaderName) -> bool {
    is_alike(name.as_str().get(..OWN_PREFIX.len()), OWN_PREFIX)
}

/// True for fields that the module extends, under the other spelling that some applications take for the same.
pub(super) fn is_disguised(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with('x')
        && name.contains('_')
        && ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix"]
            .iter()
            .any(|own| is_alike(Some(name), own))
}

fn is_alike(name: Option<&str>, own: &str) -> bool {
    name.is_some_and(|name| {
        name.len() == own.len()
            && name.bytes().zip(own.bytes()).all(|(is, own)| is == own || (is == b'_' && own == b'-'))
    })
}

/// The elements of a list of tokens (RFC 9110 section 5.6.1).
pub(super) fn options<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|option| !option.is_empty())
}

/// Adds `more` to what is there.
pub(super) fn append_all(headers: &mut HeaderMap, more: HeaderMap) {
    let mut name = None;
    for (next, value) in more {
        name = next.or(name);
        if let Some(name) = &name {
            headers.append(name, value);
        }
    }
}

/// What of an `Upgrade` field may be passed on. HTTP itself may not: an application that then speaks HTTP/2 with the
/// client would be out of the module's sight.
pub(super) fn passable_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let is_passable = |protocol: &&str| {
        let name = protocol.split('/').next().unwrap_or_default().trim();
        !["h2c", "h2", "h3", "http", "tls"].iter().any(|refused| name.eq_ignore_ascii_case(refused))
    };
    let passable: Vec<&str> = options(headers, &UPGRADE).filter(is_passable).collect();
    if passable.is_empty() { None } else { HeaderValue::try_from(passable.join(", ")).ok() }
}
