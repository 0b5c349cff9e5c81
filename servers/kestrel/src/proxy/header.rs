//! The header that a proxy sends before the bytes of its client: version 1, a line of text, and version 2, binary.
//!
//! It is read without a byte too many, so that what follows stays in the socket.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::transport::Endpoints;

const SIGNATURE_2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const START_1: &[u8] = b"PROXY ";
/// The longest line of version 1, with its end.
const MAX_LINE: usize = 107;

/// What a proxy says of a connection.
#[derive(Debug)]
pub(super) enum Header {
    /// It is the proxy's own, or it does not know.
    Own,
    /// It is that of a client with these addresses; none if it came over something without.
    Client(Endpoints),
}

/// Why there is no header.
#[derive(Debug)]
pub(super) enum HeaderError {
    Io(io::Error),
    Malformed(&'static str),
}

impl Header {
    /// Reads a header of either version.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Self, HeaderError> {
        // Either version is longer.
        let mut start = [0; SIGNATURE_2.len()];
        let mut filled = 0;
        while filled < start.len() {
            let count = stream.read(&mut start[filled..]).await?;
            if count == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            filled += count;
            let found = &start[..filled];
            // What cannot become a header is refused at once: its sender may wait for an answer.
            let begins = |whole: &[u8]| found.iter().zip(whole).all(|(one, other)| one == other);
            if !begins(SIGNATURE_2) && !begins(START_1) {
                return Err(HeaderError::Malformed("it begins with something else"));
            }
        }
        if start == *SIGNATURE_2 { Self::read_2(stream).await } else { Self::read_1(stream, &start).await }
    }

    async fn read_1(stream: &mut (impl AsyncRead + Unpin), start: &[u8]) -> Result<Self, HeaderError> {
        let mut line = [0; MAX_LINE];
        line[..start.len()].copy_from_slice(start);
        let mut length = start.len();
        // Byte by byte: how many follow is not known.
        while !line[..length].ends_with(b"\r\n") {
            let Some(free) = line.get_mut(length) else {
                return Err(HeaderError::Malformed("the line is too long"));
            };
            *free = stream.read_u8().await?;
            length += 1;
        }
        let text = str::from_utf8(&line[START_1.len()..length - 2]);
        text.ok().and_then(parse_1).ok_or(HeaderError::Malformed("the line does not hold two addresses"))
    }

    async fn read_2(stream: &mut (impl AsyncRead + Unpin)) -> Result<Self, HeaderError> {
        let mut fixed = [0; 4];
        stream.read_exact(&mut fixed).await?;
        let [command, family, high, low] = fixed;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let size = match (command, family) {
            (0x20, _) => None,
            // Nothing is said of the client, or something that this server does not listen on.
            (0x21, 0x00 | 0x31) => None,
            (0x21, 0x11) => Some(4),
            (0x21, 0x21) => Some(16),
            (0x21, _) => return Err(HeaderError::Malformed("it is of an unknown family or of datagrams")),
            _ => return Err(HeaderError::Malformed("its version or command is unknown")),
        };
        let wanted = size.map_or(0, |size| 2 * (size + 2));
        if length < wanted {
            return Err(HeaderError::Malformed("it is too short for its addresses"));
        }
        let mut addresses = [0; 2 * (16 + 2)];
        stream.read_exact(&mut addresses[..wanted]).await?;
        skip(stream, length - wanted).await?;
        Ok(match size {
            Some(size) => Self::Client(parse_2(&addresses[..wanted], size)),
            None if family == 0x31 && command == 0x21 => Self::Client(Endpoints::default()),
            None => Self::Own,
        })
    }
}

/// What follows `PROXY `.
fn parse_1(text: &str) -> Option<Header> {
    let (family, rest) = text.split_once(' ').unwrap_or((text, ""));
    match family {
        // The rest may be anything.
        "UNKNOWN" => Some(Header::Own),
        "TCP4" => two_addresses::<Ipv4Addr>(rest),
        "TCP6" => two_addresses::<Ipv6Addr>(rest),
        _ => None,
    }
}

fn two_addresses<A: FromStr + Into<IpAddr>>(text: &str) -> Option<Header> {
    let parts: [&str; 4] = text.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let [remote, local, remote_port, local_port] = parts;
    let address = |address: &str, port: &str| {
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = is_port.then(|| port.parse().ok()).flatten()?;
        Some(SocketAddr::new(address.parse::<A>().ok()?.into(), port))
    };
    Some(Header::Client(Endpoints {
        remote: Some(address(remote, remote_port)?),
        local: Some(address(local, local_port)?),
    }))
}

/// Two addresses of `size` bytes, then their ports.
fn parse_2(data: &[u8], size: usize) -> Endpoints {
    let address = |index: usize| {
        let bytes = data.get(index * size..(index + 1) * size)?;
        let port = data.get(2 * size + 2 * index..2 * size + 2 * index + 2)?;
        let port = u16::from_be_bytes(port.try_into().ok()?);
        let address = match <[u8; 4]>::try_from(bytes) {
            Ok(bytes) => IpAddr::from(bytes),
            Err(_) => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        };
        Some(SocketAddr::new(address, port))
    };
    Endpoints { remote: address(0), local: address(1) }
}

/// More about the connection, of which nothing is known here.
async fn skip(stream: &mut (impl AsyncRead + Unpin), mut length: usize) -> io::Result<()> {
    let mut buffer = [0; 256];
    while length > 0 {
        let part = length.min(buffer.len());
        stream.read_exact(&mut buffer[..part]).await?;
        length -= part;
    }
    Ok(())
}

impl From<io::Error> for HeaderError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the connection ended in the header: {error}"),
            Self::Malformed(reason) => f.write_str(reason),
        }
    }
}
