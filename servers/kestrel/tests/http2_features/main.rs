//! What applications are offered on HTTP/2.

#[path = "../support/h2/mod.rs"]
mod h2;
mod limits;
mod requests;
mod tunnels;

const END: u8 = h2::flag::END_STREAM;
