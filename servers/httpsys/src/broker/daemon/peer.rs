//! Who attaches.

use tokio::net::UnixStream;

use super::Shared;

/// A process that may attach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) user: u32,
    pub(super) process: Option<i32>,
}

/// Lets the broker's own user, root, and members of the allowed group in.
pub(super) fn admit(socket: &UnixStream, shared: &Shared) -> Result<Peer, String> {
    let credentials =
        socket.peer_cred().map_err(|error| format!("the system does not say who it is ({error})"))?;
    let (user, group) = (credentials.uid(), credentials.gid());
    let is_allowed = user == shared.user
        || user == 0
        || shared.options.allowed_group.is_some_and(|allowed| allowed == group);
    match is_allowed {
        true => Ok(Peer { user, process: credentials.pid() }),
        false => Err(format!("user {user} of group {group} may not attach; see --group")),
    }
}
