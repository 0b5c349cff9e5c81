//! The fields that need not be sent to be named (RFC 7541 appendix A). Places are counted from 1.

use super::text::{Kind, Name, Scheme};

/// How many there are; the places behind them are those of the connection's own table.
pub(super) const LEN: usize = NAMES.len();

const AUTHORITY: usize = 1;
const HTTP: usize = 6;
const HTTPS: usize = 7;
const LAST_PSEUDO_FIELD: usize = 14;

/// The name in a place; `None` if it is not in this table.
pub(super) fn name(index: usize) -> Option<Name> {
    let len = NAMES.get(index.checked_sub(1)?)?.len();
    let kind = match index {
        AUTHORITY => Kind::Authority,
        HTTP | HTTPS => Kind::Scheme,
        ..=LAST_PSEUDO_FIELD => Kind::Pseudo,
        _ => Kind::Field,
    };
    Some(Name { len, kind })
}

/// The scheme in a place, if that is what it has.
pub(super) fn scheme(index: usize) -> Option<Scheme> {
    match index {
        HTTP => Some(Scheme::Http),
        HTTPS => Some(Scheme::Https),
        _ => None,
    }
}

const NAMES: [&str; 61] = [
    ":authority",
    ":method",
    ":method",
    ":path",
    ":path",
    ":scheme",
    ":scheme",
    ":status",
    ":status",
    ":status",
    ":status",
    ":status",
    ":status",
    ":status",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "accept",
    "access-control-allow-origin",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "server",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
];
