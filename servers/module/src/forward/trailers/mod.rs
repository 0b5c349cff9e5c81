//! The fields after a body, in both directions.
//!
//! Those of a request go past hyper: its body leaves them in a [`TrailerSlot`], and [`TrailerIo`] writes them.

mod io;
mod scanner;
mod slot;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use falconry_features::may_be_trailer;
use http::{HeaderMap, HeaderName};

use self::scanner::ChunkScanner;
pub(super) use self::{io::TrailerIo, slot::TrailerSlot};
use super::fields::{self, Nominated};

/// Takes out what may not stand behind a body (RFC 9110 section 6.5.1): a recipient that merges trailers into the
/// fields must not be told another framing, route, origin or identity by them. Those that the message's `Connection`
/// names end at this hop (section 7.6.1).
pub(super) fn retain_forwardable(trailers: &mut HeaderMap, nominated: &Nominated) {
    let is_refused = |name: &&HeaderName| !is_forwardable(name) || nominated.contains(name);
    let refused: Vec<HeaderName> = trailers.keys().filter(is_refused).cloned().collect();
    for name in refused {
        trailers.remove(&name);
    }
}

/// The lines of a trailer section, without the empty one at its end (RFC 9112 section 7.1.2).
pub(super) fn lines(trailers: &HeaderMap) -> Bytes {
    let mut lines = Vec::with_capacity(trailers.len() * 48);
    for (name, value) in trailers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            lines.extend_from_slice(part);
        }
    }
    lines.into()
}

fn is_forwardable(name: &HeaderName) -> bool {
    may_be_trailer(name)
        && !fields::is_hop_by_hop(name)
        && !fields::is_reserved(name)
        && !fields::is_disguised(name)
        && !matches!(
            name.as_str(),
            "cookie"
                | "expect"
                | "proxy-authorization"
                | "range"
                | "x-forwarded-for"
                | "x-forwarded-host"
                | "x-forwarded-prefix"
                | "x-forwarded-proto"
        )
}
