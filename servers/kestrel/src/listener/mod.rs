//! Listening sockets.

mod accept;
mod bind;
mod manner;
mod security;

use self::security::Security;
pub(crate) use self::{
    accept::Listener,
    bind::{BoundEndpoint, bind, url},
    manner::{Current, Manner},
};
