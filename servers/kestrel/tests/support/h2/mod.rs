//! A server, its application and a client of single frames for the tests of HTTP/2.
#![allow(dead_code, unused_imports, reason = "each test program uses a part")]

pub(crate) mod app;
pub(crate) mod frame;
pub(crate) mod raw;
pub(crate) mod server;

pub(crate) use self::{
    frame::{Frame, block, code, data, flag, frame, headers, kind, settings},
    raw::Raw,
    server::Server,
};
