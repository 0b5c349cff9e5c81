//! The module before a whole application: WebSockets, large bodies, HTTP/2 and HTTP/3 outside.

#[cfg(feature = "http3")]
#[allow(dead_code, reason = "each test program uses a part")]
#[path = "../../servers/kestrel/tests/support/certificates.rs"]
mod certificates;
mod front;
mod http2;
#[cfg(feature = "http3")]
mod http3;
#[cfg(feature = "http3")]
#[path = "../support/skip.rs"]
mod skip;
mod streaming;
mod support;
mod web_sockets;
