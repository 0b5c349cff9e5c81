//! The module before a whole application: trailers, WebSockets, large bodies, HTTP/2 and HTTP/3 outside.

#[cfg(feature = "http3")]
#[allow(dead_code, reason = "each test program uses a part")]
#[path = "../../servers/kestrel/tests/support/certificates.rs"]
mod certificates;
#[cfg(feature = "http3")]
mod encrypted;
mod front;
#[cfg(feature = "http3")]
#[allow(dead_code, reason = "each test program uses a part")]
#[path = "../../servers/kestrel/tests/support/h3/client.rs"]
mod h3_client;
#[cfg(feature = "http3")]
#[allow(dead_code, reason = "each test program uses a part")]
#[path = "../../servers/kestrel/tests/support/h3/raw.rs"]
mod h3_raw;
mod http2;
#[cfg(feature = "http3")]
mod http3;
#[cfg(feature = "http3")]
#[path = "../support/skip.rs"]
mod skip;
mod streaming;
mod support;
mod trailers;
mod web_sockets;
