//! Listening sockets.

mod accept;
mod bind;
mod manner;
#[cfg(windows)]
mod pipe;
#[cfg(feature = "http3")]
mod quic;
mod security;
mod serve;

use self::security::Security;
pub(crate) use self::{
    accept::Listener,
    bind::{BoundEndpoint, bind, url},
    manner::{Current, Manner},
};
