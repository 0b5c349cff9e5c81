//! Who attaches.

use tokio::{io::AsyncWriteExt, net::UnixStream};

use super::Shared;
use crate::broker::{
    accounts::{group_named, user_named},
    wire::{Frame, FrameKind},
};

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
        || shared
            .options
            .allowed_group
            .is_some_and(|allowed| allowed == group || further_groups(socket).contains(&allowed));
    match is_allowed {
        true => Ok(Peer { user, process: credentials.pid() }),
        false => Err(refusal(user, shared.user, shared.options.allowed_group)),
    }
}

/// Tells a process why it may not attach, and closes its connection.
pub(super) async fn refuse(mut socket: UnixStream, reason: String) {
    tracing::warn!("a process was refused: {reason}");
    let frame = Frame::new(FrameKind::Refused, 0, reason).to_bytes();
    // There is room for that in a new socket. Who does not want to know has gone.
    let _ = socket.write_all(&frame).await;
}

fn refusal(user: u32, own: u32, group: Option<u32>) -> String {
    let mut allowed = vec![format!("the user {}", user_named(own))];
    if own != 0 {
        allowed.push("root".to_owned());
    }
    if let Some(group) = group {
        allowed.push(format!("members of the group {}", group_named(group)));
    }
    let what_to_do = match group {
        Some(group) => format!(
            "Make it a member of {}, or start falconry-httpsysd with another --group",
            group_named(group)
        ),
        None => "Start falconry-httpsysd with --group GROUP to let the members of a group in".to_owned(),
    };
    format!("the user {} may not attach, only {}. {what_to_do}", user_named(user), allowed.join(" and "))
}

/// The groups of the process beside its primary one, as they were when it connected.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[expect(unsafe_code, reason = "no safe crate asks for SO_PEERGROUPS")]
fn further_groups(socket: &UnixStream) -> Vec<u32> {
    use std::os::fd::AsRawFd;

    /// How many groups Linux lets a process have.
    const MOST: usize = 65_536;
    let mut groups: Vec<libc::gid_t> = vec![0; 64];
    loop {
        let size = size_of_val(groups.as_slice());
        let Ok(mut length) = libc::socklen_t::try_from(size) else { return Vec::new() };
        // SAFETY: the buffer is `length` bytes long, and the system writes no more; any bytes are numbers.
        let failed = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERGROUPS,
                groups.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if failed == 0 {
            groups.truncate(length as usize / size_of::<libc::gid_t>());
            return groups;
        }
        // ERANGE: they are more.
        let is_short = std::io::Error::last_os_error().raw_os_error() == Some(libc::ERANGE);
        if !is_short || groups.len() >= MOST {
            return Vec::new();
        }
        groups.resize(MOST, 0);
    }
}

/// Other systems tell the primary group only.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn further_groups(_socket: &UnixStream) -> Vec<u32> {
    Vec::new()
}
