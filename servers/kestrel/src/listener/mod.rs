//! Listening sockets.

mod accept;
mod bind;

pub(crate) use self::{
    accept::Listener,
    bind::{BoundEndpoint, bind},
};
