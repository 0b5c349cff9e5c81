//! Listening sockets.

mod accept;
mod bind;
mod security;

use self::security::Security;
pub(crate) use self::{
    accept::Listener,
    bind::{BoundEndpoint, bind},
};
