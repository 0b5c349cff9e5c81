//! The broker: owns the sockets, hands requests to attached processes.

mod client;
mod exchange;
mod orphans;
mod peer;

use std::{
    fmt, fs, io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixStream as StdUnixStream,
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::net::UnixListener;

use self::{client::Client, orphans::Orphans};
use crate::PortableDriver;

/// How a broker is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BrokerOptions {
    /// A group of the system whose members may attach, too. Their primary group counts. Default: none; then only the
    /// user that the broker runs as, and root.
    pub allowed_group: Option<u32>,

    /// How long the prefixes of a process that has died stay registered, answered by 503, until somebody of the same
    /// user registers them again. Default: 60 seconds.
    pub orphans: Duration,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self { allowed_group: None, orphans: Duration::from_secs(60) }
    }
}

/// A broker: the portable driver for the processes that attach to its socket.
pub struct Broker {
    listener: UnixListener,
    path: PathBuf,
    shared: Arc<Shared>,
}

/// What is one for all clients.
struct Shared {
    driver: PortableDriver,
    options: BrokerOptions,
    /// The user that the broker runs as.
    user: u32,
    orphans: Orphans,
}

impl Broker {
    /// Listens on the unix socket `path`. A socket that a broker has left behind is replaced.
    ///
    /// # Errors
    /// Another broker listens there, or the socket cannot be made.
    pub fn bind(
        path: impl Into<PathBuf>,
        driver: PortableDriver,
        options: BrokerOptions,
    ) -> io::Result<Self> {
        let path = path.into();
        let listener = match UnixListener::bind(&path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if StdUnixStream::connect(&path).is_ok() {
                    return Err(error);
                }
                fs::remove_file(&path)?;
                UnixListener::bind(&path)?
            }
            other => other?,
        };
        // Who may attach is judged by who connects; a group must be able to do that.
        let mode = if options.allowed_group.is_some() { 0o666 } else { 0o600 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        let user = fs::metadata(&path)?.uid();
        let shared = Arc::new(Shared { driver, options, user, orphans: Orphans::default() });
        Ok(Self { listener, path, shared })
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves clients until the future is dropped.
    pub async fn run(&self) {
        loop {
            match self.listener.accept().await {
                Ok((socket, _)) => match peer::admit(&socket, &self.shared) {
                    Ok(peer) => {
                        tokio::spawn(Client::new(Arc::clone(&self.shared), peer).run(socket));
                    }
                    Err(reason) => tracing::warn!("a process was refused: {reason}"),
                },
                Err(error) => {
                    tracing::error!(%error, "a process that attaches could not be accepted");
                    // Such as too many open files: it will not be better at once.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Whoever has removed it already wanted the same.
        let _ = fs::remove_file(&self.path);
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("path", &self.path).finish_non_exhaustive()
    }
}
