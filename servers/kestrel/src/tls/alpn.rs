//! Which HTTP version a connection speaks: what is offered, and what comes of it.

use crate::HttpProtocols;

/// What a connection speaks after its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// What is served, the best first.
const SERVED: [(Protocol, HttpProtocols, &[u8]); 2] =
    [(Protocol::Http2, HttpProtocols::HTTP2, b"h2"), (Protocol::Http1, HttpProtocols::HTTP1, b"http/1.1")];

/// What the handshake offers; a client that wants none of it is refused.
pub(super) fn offered(protocols: HttpProtocols) -> Vec<Vec<u8>> {
    SERVED.iter().filter(|(_, set, _)| protocols.contains(*set)).map(|(_, _, name)| name.to_vec()).collect()
}

/// What to speak with a client that agreed on `name`. A client that agreed on nothing speaks HTTP/1, and has come to
/// the wrong place where that is not spoken.
pub(super) fn chosen(name: Option<&[u8]>, protocols: HttpProtocols) -> Option<Protocol> {
    let Some(name) = name else {
        return protocols.contains(HttpProtocols::HTTP1).then_some(Protocol::Http1);
    };
    SERVED.iter().find(|(_, _, served)| *served == name).map(|(protocol, ..)| *protocol)
}
