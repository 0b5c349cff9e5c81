//! Where a process shall listen, and whether it does.

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use tokio::{net::TcpStream, time::sleep};

use super::StartErrorKind;
use crate::{ApplicationConfiguration, BackendAddress, ListenOn};

/// What the original allows `ASPNETCORE_PORT` to be.
const CONFIGURED_PORTS: std::ops::RangeInclusive<u16> = 1025..=48000;

/// Where ports are chosen: below those that systems give to clients, which would take them away.
const CHOSEN_PORTS: std::ops::Range<u16> = 10000..32768;

/// How often another port is tried if one is taken.
const TRIES: usize = 10;

/// Where the next process of an application shall listen.
pub(super) struct Place {
    pub(super) address: BackendAddress,
    /// The configuration says it: another try would end the same way.
    pub(super) is_fixed: bool,
    /// The folder of the socket.
    #[cfg(unix)]
    pub(super) folder: Option<super::socket_folder::SocketFolder>,
}

impl Place {
    pub(super) fn choose(configuration: &ApplicationConfiguration) -> Result<Self, StartErrorKind> {
        match configuration.handler_settings.listen_on {
            ListenOn::Tcp => port(configuration),
            #[cfg(unix)]
            ListenOn::Unix => {
                let folder = super::socket_folder::SocketFolder::new().map_err(StartErrorKind::System)?;
                let address = BackendAddress::Unix(folder.socket());
                Ok(Self { address, is_fixed: false, folder: Some(folder) })
            }
            #[cfg(not(unix))]
            ListenOn::Unix => Err(StartErrorKind::System(io::ErrorKind::Unsupported.into())),
        }
    }

    fn tcp(port: u16, is_fixed: bool) -> Self {
        Self {
            address: BackendAddress::Tcp((Ipv4Addr::LOCALHOST, port).into()),
            is_fixed,
            #[cfg(unix)]
            folder: None,
        }
    }
}

fn port(configuration: &ApplicationConfiguration) -> Result<Place, StartErrorKind> {
    if let Some(text) = configuration.fixed_port() {
        let port = text.parse().ok().filter(|port| CONFIGURED_PORTS.contains(port));
        let port = port.ok_or_else(|| StartErrorKind::BadPort(text.to_owned()))?;
        // Else whoever listens there would be taken for the process.
        return match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => Ok(Place::tcp(port, true)),
            Err(error) => Err(StartErrorKind::PortTaken(port, error)),
        };
    }
    for _ in 0..TRIES {
        let number = RandomState::new().hash_one(()) % u64::from(CHOSEN_PORTS.end - CHOSEN_PORTS.start);
        let port = CHOSEN_PORTS.start + u16::try_from(number).unwrap_or_default();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(Place::tcp(port, false));
        }
    }
    Err(StartErrorKind::NoPort)
}

/// Completes when somebody takes connections there.
pub(super) async fn listens(address: &BackendAddress) {
    let mut pause = Duration::from_millis(2);
    while !takes_connections(address).await {
        sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_millis(100));
    }
}

async fn takes_connections(address: &BackendAddress) -> bool {
    match address {
        BackendAddress::Tcp(address) => connects(*address).await.unwrap_or(false),
        #[cfg(unix)]
        BackendAddress::Unix(path) => tokio::net::UnixStream::connect(path).await.is_ok(),
    }
}

async fn connects(address: SocketAddr) -> io::Result<bool> {
    let stream = TcpStream::connect(address).await?;
    // A client to which the system gives the very port connects to itself.
    Ok(stream.local_addr()? != stream.peer_addr()?)
}
