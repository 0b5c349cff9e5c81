//! Forwarding, byte by byte: a raw client, the module on Kestrel, and a backend that a test plays by hand.

mod client_fields;
mod ends;
mod fields;
mod framing;
mod limits;
mod pages;
mod pool;
mod responses;
mod shutdown;
mod support;
mod trailers;
mod upgrades;
