//! The suite's own HTTP/1.1 client over TCP.

use std::{
    collections::VecDeque,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use falconry_features::{Server, ServerAddressesFeature};
use http::HeaderMap;

use super::{
    Connection, Connector, Framing, Head, Request,
    parse::{self, BodyEnd},
};

/// How long a client waits for anything.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(4);

/// Connects to the first address that a server has bound.
pub(crate) struct Tcp {
    server: Arc<dyn Server>,
}

impl Tcp {
    pub(crate) fn new(server: Arc<dyn Server>) -> Self {
        Self { server }
    }
}

impl Connector for Tcp {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let addresses = self.server.features().get::<dyn ServerAddressesFeature>();
        let address = addresses.and_then(|addresses| addresses.addresses().into_iter().next());
        let address = address.ok_or_else(|| io::Error::other("the server lists no address"))?;
        Ok(Box::new(TcpConnection::open(target_of(&address)?)?))
    }
}

/// Connects to one address.
pub(crate) struct Fixed(pub(crate) SocketAddr);

impl Connector for Fixed {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        Ok(Box::new(TcpConnection::open(self.0)?))
    }
}

/// The end of the connection that an `http` address means.
pub(crate) fn target_of(address: &str) -> io::Result<SocketAddr> {
    let wrong = || io::Error::other(format!("{address:?} is no address of the form http://host:port"));
    let authority = address.strip_prefix("http://").ok_or_else(wrong)?.split('/').next().unwrap_or_default();
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    authority.to_socket_addrs()?.next().ok_or_else(wrong)
}

/// One connection.
pub(crate) struct TcpConnection {
    stream: TcpStream,
    peer: SocketAddr,
    buffer: Vec<u8>,
    framing: Framing,
    /// The methods of the requests that have no answer yet.
    methods: VecDeque<String>,
    state: State,
    trailers: HeaderMap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Length(u64),
    ChunkSize,
    Chunk(u64),
    Close,
    Raw,
}

impl TcpConnection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(2 * TIMEOUT))?;
        Ok(Self {
            stream,
            peer: address,
            buffer: Vec::new(),
            framing: Framing::None,
            methods: VecDeque::new(),
            state: State::Head,
            trailers: HeaderMap::new(),
        })
    }

    /// Sends bytes as they are; `methods` are those of the requests that they complete.
    pub(crate) fn send_bytes(&mut self, bytes: impl AsRef<[u8]>, methods: &[&str]) -> io::Result<()> {
        self.methods.extend(methods.iter().map(|method| (*method).to_owned()));
        self.stream.write_all(bytes.as_ref())
    }

    /// Ends the sending side; the other stays open.
    pub(crate) fn end_sending(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// This end and the server's.
    pub(crate) fn addresses(&self) -> (SocketAddr, SocketAddr) {
        let ends = self.stream.local_addr().and_then(|local| Ok((local, self.stream.peer_addr()?)));
        ends.expect("the stream is connected")
    }

    /// The first line of what comes, which is taken off.
    pub(crate) fn status_line(&mut self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.line("a status line")?).into_owned())
    }

    /// True if the server ended the connection without another byte.
    pub(crate) fn is_closed_by_server(&mut self) -> io::Result<bool> {
        if !self.buffer.is_empty() {
            return Ok(false);
        }
        match self.fill() {
            Ok(length) => Ok(length == 0),
            Err(error) if is_end(&error) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// True if within `time` neither a byte nor the end came.
    pub(crate) fn is_silent_for(&mut self, time: Duration) -> io::Result<bool> {
        self.stream.set_read_timeout(Some(time))?;
        let outcome = if self.buffer.is_empty() { self.fill() } else { Ok(0) };
        self.stream.set_read_timeout(Some(TIMEOUT))?;
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(true),
            Err(error) => Err(error),
            Ok(_) => Ok(false),
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 16 * 1024];
        let length = self.stream.read(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                io::Error::new(io::ErrorKind::TimedOut, "nothing came from the server in time")
            }
            _ => error,
        })?;
        self.buffer.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    /// Fills the buffer until `find` finds something in it.
    fn fill_until<T>(&mut self, what: &str, find: impl Fn(&[u8]) -> Option<T>) -> io::Result<T> {
        loop {
            if let Some(found) = find(&self.buffer) {
                return Ok(found);
            }
            if self.fill()? == 0 {
                let message = format!("the connection ended before {what}, after {:?}", self.shown());
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
        }
    }

    fn line(&mut self, what: &str) -> io::Result<Vec<u8>> {
        let length = self.fill_until(what, |bytes| bytes.windows(2).position(|window| window == b"\r\n"))?;
        let mut line: Vec<u8> = self.buffer.drain(..length + 2).collect();
        line.truncate(length);
        Ok(line)
    }

    fn take(&mut self, most: u64) -> Bytes {
        let length = self.buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        self.buffer.drain(..length).collect::<Vec<_>>().into()
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.buffer[..self.buffer.len().min(80)]).into_owned()
    }
}

impl Connection for TcpConnection {
    fn send(&mut self, request: &Request) -> io::Result<()> {
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
        if !request.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("Host: {}\r\n", self.peer));
        }
        for (name, value) in &request.fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match request.framing {
            Framing::None => {}
            Framing::Length(length) => head.push_str(&format!("Content-Length: {length}\r\n")),
            Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
        }
        head.push_str("\r\n");
        self.framing = request.framing;
        self.send_bytes(head, &[&request.method])
    }

    fn send_data(&mut self, data: &[u8]) -> io::Result<()> {
        if self.framing != Framing::Chunked || self.state == State::Raw {
            return self.stream.write_all(data);
        }
        if data.is_empty() {
            return Ok(());
        }
        let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
        chunk.extend_from_slice(data);
        chunk.extend_from_slice(b"\r\n");
        self.stream.write_all(&chunk)
    }

    fn send_end(&mut self, trailers: &HeaderMap) -> io::Result<()> {
        if self.state == State::Raw {
            return self.end_sending();
        }
        if self.framing != Framing::Chunked {
            return Ok(());
        }
        let mut end = b"0\r\n".to_vec();
        for (name, value) in trailers {
            end.extend_from_slice(name.as_str().as_bytes());
            end.extend_from_slice(b": ");
            end.extend_from_slice(value.as_bytes());
            end.extend_from_slice(b"\r\n");
        }
        end.extend_from_slice(b"\r\n");
        self.stream.write_all(&end)
    }

    fn head(&mut self) -> io::Result<Head> {
        let length = self.fill_until("the head of a response", parse::head_length)?;
        let head = parse::head(&self.buffer.drain(..length).collect::<Vec<_>>())?;
        let method = self.methods.front().cloned().unwrap_or_default();
        let end = parse::body_end(&head, &method)?;
        if head.status >= 200 || head.status == 101 {
            self.methods.pop_front();
            self.trailers.clear();
            self.state = match end {
                _ if head.status == 101 => State::Raw,
                BodyEnd::Length(length) => State::Length(length),
                BodyEnd::Chunks => State::ChunkSize,
                BodyEnd::Close => State::Close,
            };
        }
        Ok(head)
    }

    fn data(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            match self.state {
                State::Head => return Ok(None),
                State::Length(0) => self.state = State::Head,
                State::Length(left) => {
                    self.fill_until("the end of the body", |bytes| (!bytes.is_empty()).then_some(()))?;
                    let data = self.take(left);
                    self.state = State::Length(left - data.len() as u64);
                    return Ok(Some(data));
                }
                State::ChunkSize => {
                    let line = self.line("the size of a chunk")?;
                    self.state = State::Chunk(parse::chunk_size(&line)?);
                    if self.state == State::Chunk(0) {
                        let mut lines = Vec::new();
                        loop {
                            let line = self.line("the end of the trailers")?;
                            if line.is_empty() {
                                break;
                            }
                            lines.push(line);
                        }
                        self.trailers = parse::fields(lines.iter().map(Vec::as_slice))?;
                        self.state = State::Head;
                    }
                }
                State::Chunk(left) => {
                    self.fill_until("the end of a chunk", |bytes| (!bytes.is_empty()).then_some(()))?;
                    let data = self.take(left);
                    self.state = State::Chunk(left - data.len() as u64);
                    if self.state == State::Chunk(0) {
                        if !self.line("the line end after a chunk")?.is_empty() {
                            return Err(parse::malformed("a chunk that is longer than its size"));
                        }
                        self.state = State::ChunkSize;
                    }
                    return Ok(Some(data));
                }
                State::Close | State::Raw => {
                    if self.buffer.is_empty() && self.fill()? == 0 {
                        return Ok(None);
                    }
                    return Ok(Some(self.take(u64::MAX)));
                }
            }
        }
    }

    fn trailers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.trailers)
    }
}

/// True for the ways in which a system tells that the other end has gone.
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
