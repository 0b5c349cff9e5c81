//! WebSockets: handshakes and frames as recorded, raw bytes over sockets, in memory, other clients.

#![cfg(all(feature = "kestrel", feature = "web-sockets"))]

mod app;
mod clients;
mod closing;
mod frames;
mod golden;
mod handshakes;
mod keep_alive;
mod limits;
mod memory;
mod peer;
