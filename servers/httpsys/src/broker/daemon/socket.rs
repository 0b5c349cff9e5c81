//! The unix socket of a broker: who can reach it, and what became of the one before.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::UnixStream as StdUnixStream,
    },
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixSocket};

/// How many processes may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A listening socket, whose file goes with it.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) listener: UnixListener,
    pub(super) path: PathBuf,
    /// Device and number of its file.
    file: (u64, u64),
    /// Whose it is.
    pub(super) owner: u32,
}

impl Socket {
    /// Listens. `mode` says who may connect, before anybody can.
    pub(super) fn bind(path: PathBuf, mode: u32) -> io::Result<Self> {
        let socket = match bind(&path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_abandoned(&path)?;
                bind(&path)
            }
            other => other,
        }
        .map_err(|error| explain(&path, error))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        let file = fs::symlink_metadata(&path)?;
        let listener = socket.listen(BACKLOG)?;
        Ok(Self { listener, path, file: (file.dev(), file.ino()), owner: file.uid() })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Another broker may have taken the place.
        let is_own = fs::symlink_metadata(&self.path).is_ok_and(|file| (file.dev(), file.ino()) == self.file);
        if is_own {
            // Whoever has removed it already wanted the same.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn bind(path: &Path) -> io::Result<UnixSocket> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    Ok(socket)
}

/// Removes the socket of a broker that was killed, and nothing else.
fn remove_abandoned(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path)?.file_type().is_socket();
    if !is_socket {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file that is no socket; choose another path, or remove it",
        ));
    }
    match StdUnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another broker listens there; stop it, or choose another path",
        )),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("there is a socket, and whether somebody listens cannot be told ({error})"),
        )),
    }
}

fn explain(path: &Path, error: io::Error) -> io::Error {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let folder = folder.display();
    let text = match error.kind() {
        io::ErrorKind::NotFound => format!("there is no folder {folder}; make it"),
        io::ErrorKind::PermissionDenied => {
            format!("this user may not make files in {folder}; choose another path, or run as another user")
        }
        io::ErrorKind::InvalidInput => format!("the path is too long for a socket ({error})"),
        _ => return error,
    };
    io::Error::new(error.kind(), text)
}
