//! The broker: owns the sockets, hands requests to attached processes.

mod client;
mod exchange;
mod handles;
mod orphans;
mod owners;
mod peer;
mod receiving;
mod socket;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use falconry_features::FeatureError;

use self::{client::Client, orphans::Orphans, owners::QueueOwners, socket::Socket};
use super::accounts::group_number;
use crate::PortableDriver;

/// How a broker is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BrokerOptions {
    /// A group of the system, by its number, whose members may attach, too. Default: none; then only the user that the
    /// broker runs as, and root. Outside of Linux only the primary group of a process counts.
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

impl BrokerOptions {
    /// Sets [`allowed_group`](Self::allowed_group) by the name of the group in `/etc/group`, or by its number.
    ///
    /// # Errors
    /// Out of range: there is no such group.
    pub fn allow_group(&mut self, group: &str) -> Result<&mut Self, FeatureError> {
        let number = group_number(group).ok_or_else(|| {
            FeatureError::out_of_range(format!(
                "there is no group {group:?} in /etc/group; give a number for another"
            ))
        })?;
        self.allowed_group = Some(number);
        Ok(self)
    }
}

/// A broker: the portable driver for the processes that attach to its socket.
pub struct Broker {
    socket: Socket,
    shared: Arc<Shared>,
}

/// What is one for all clients.
struct Shared {
    driver: PortableDriver,
    options: BrokerOptions,
    /// The user that the broker runs as.
    user: u32,
    orphans: Orphans,
    owners: QueueOwners,
}

impl Broker {
    /// Listens on the unix socket `path`. A socket that a broker has left behind is replaced.
    ///
    /// # Errors
    /// Another broker listens there, a file is there, or the socket cannot be made.
    pub fn bind(
        path: impl Into<PathBuf>,
        driver: PortableDriver,
        options: BrokerOptions,
    ) -> io::Result<Self> {
        // Who may attach is judged by who connects; a group must be able to do that.
        let mode = if options.allowed_group.is_some() { 0o666 } else { 0o600 };
        let socket = Socket::bind(path.into(), mode)?;
        let orphans = Orphans::new(options.orphans);
        let shared = Shared { driver, options, user: socket.owner, orphans, owners: QueueOwners::default() };
        Ok(Self { socket, shared: Arc::new(shared) })
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        &self.socket.path
    }

    /// Serves clients until the future is dropped.
    pub async fn run(&self) {
        loop {
            match self.socket.listener.accept().await {
                Ok((socket, _)) => match peer::admit(&socket, &self.shared) {
                    Ok(peer) => {
                        tokio::spawn(Client::serve(Arc::clone(&self.shared), peer, socket));
                    }
                    Err(reason) => {
                        tokio::spawn(peer::refuse(socket, reason));
                    }
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

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("path", &self.path()).finish_non_exhaustive()
    }
}
