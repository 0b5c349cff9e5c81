//! Why a process cannot attach, and what to do about it.

use std::{
    fmt, fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::Path,
};

use crate::{
    broker::{
        accounts::{group_named, user_named},
        wire::{Frame, FrameKind, PROTOCOL, version_of},
    },
    driver::Win32Error,
};

/// Why a connection to a broker was not made.
#[derive(Debug)]
pub(super) enum AttachError {
    /// The socket cannot be connected to.
    Connect(io::Error),
    /// Whoever listens is no broker.
    NoBroker,
    /// The broker speaks this version of the protocol.
    Version(u64),
    /// The broker does not want this process, for this reason.
    Refused(String),
    /// Nobody answers.
    Silent,
}

impl AttachError {
    /// What a first frame says that is no hello to go on with.
    pub(super) fn of(frame: &Frame) -> Self {
        match version_of(frame) {
            Some(version) => Self::Version(version),
            None if frame.kind == FrameKind::Refused => {
                Self::Refused(String::from_utf8_lossy(&frame.content).into_owned())
            }
            None => Self::NoBroker,
        }
    }

    /// What the server is told.
    pub(super) fn code(&self) -> Win32Error {
        match self {
            Self::Refused(_) => Win32Error::ACCESS_DENIED,
            Self::Connect(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Win32Error::ACCESS_DENIED
            }
            _ => Win32Error::SERVICE_NOT_ACTIVE,
        }
    }

    /// The same for people: which socket, what is wrong, and what to do.
    pub(super) fn tell(&self, path: &Path) -> String {
        let socket = Socket(path);
        match self {
            Self::Connect(error) => tell_connect(path, error),
            Self::NoBroker => format!(
                "what listens on {socket} is not falconry-httpsysd, or one of another release: name the socket that \
                 falconry-httpsysd was given with --socket, and use the same release of both"
            ),
            Self::Version(version) => format!(
                "the broker on {socket} speaks version {version} of its protocol and this program version {PROTOCOL}: \
                 use falconry-httpsysd and falconry of the same release"
            ),
            Self::Refused(reason) => {
                format!("the broker falconry-httpsysd on {socket} refuses this program: {reason}")
            }
            Self::Silent => format!(
                "the broker on {socket} does not answer: see whether it is falconry-httpsysd, and start that again"
            ),
        }
    }
}

fn tell_connect(path: &Path, error: &io::Error) -> String {
    let socket = Socket(path);
    let start = format!(
        "start it with `falconry-httpsysd --socket {}`, or leave the setting away to serve without one",
        path.display()
    );
    let file = fs::metadata(path);
    match (error.kind(), file) {
        (io::ErrorKind::NotFound, _) => format!("there is no broker on {socket}: {start}"),
        (_, Ok(file)) if !file.file_type().is_socket() => format!(
            "{socket} is no socket: name the one that falconry-httpsysd was given with --socket, or leave the setting \
             away to serve without a broker"
        ),
        (io::ErrorKind::ConnectionRefused, _) => {
            format!("the broker that has left {socket} behind runs no more: {start}")
        }
        (io::ErrorKind::PermissionDenied, Ok(file)) => tell_forbidden(socket, &file),
        (io::ErrorKind::PermissionDenied, Err(_)) => format!(
            "this program's user, {}, may not look into the folder of {socket}: let it in there (chmod o+x), or have \
             falconry-httpsysd listen elsewhere with --socket",
            own_user()
        ),
        _ => format!("falconry-httpsysd cannot be reached on {socket} ({error}): {start}"),
    }
}

/// The permissions of the socket are those that the broker gives it without `--group`, or somebody else's.
fn tell_forbidden(socket: Socket<'_>, file: &fs::Metadata) -> String {
    let owner = user_named(file.uid());
    let others = if file.uid() == 0 { "" } else { "root and " };
    let group = match file.permissions().mode() & 0o020 {
        0 => String::new(),
        _ => format!(" and members of the group {}", group_named(file.gid())),
    };
    format!(
        "the broker falconry-httpsysd on {socket} lets only {others}the user {owner}{group} attach, and this program's \
         user is {}: run it as {owner}, or start falconry-httpsysd with --group GROUP, a group of this user",
        own_user()
    )
}

fn own_user() -> String {
    user_named(rustix::process::geteuid().as_raw())
}

/// A socket as messages name it: with the setting that it comes from.
#[derive(Clone, Copy)]
struct Socket<'a>(&'a Path);

impl fmt::Display for Socket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HttpSys:Broker)", self.0.display())
    }
}
