//! Raw connections, as a client has them and as a backend has them.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use socket2::SockRef;

use super::PATIENCE;

/// One end of a connection.
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

/// Where the module connects to.
pub(crate) struct Backend {
    listener: TcpListener,
}

impl Backend {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        // On Linux this limits `accept`, too.
        SockRef::from(&listener).set_read_timeout(Some(PATIENCE)).unwrap();
        Self { listener }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// The next connection of the module.
    #[track_caller]
    pub(crate) fn accept(&self) -> Wire {
        let (stream, _) = self.listener.accept().expect("the module connects");
        Wire::new(stream)
    }

    /// True if the module has not connected again.
    pub(crate) fn is_left_alone(&self) -> bool {
        self.listener.set_nonblocking(true).unwrap();
        let accepted = self.listener.accept();
        self.listener.set_nonblocking(false).unwrap();
        matches!(accepted, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

impl Wire {
    #[track_caller]
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).expect("the server accepts"))
    }

    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    pub(crate) fn local_port(&self) -> u16 {
        self.stream.local_addr().unwrap().port()
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the peer takes it");
    }

    /// A head up to its empty line, without that, fields in the order of their names.
    #[track_caller]
    pub(crate) fn head(&mut self) -> String {
        let end = loop {
            if let Some(end) = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            assert!(self.receive() > 0, "the end came before that of the head: {:?}", self.text());
        };
        let head: Vec<u8> = self.received.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.trim_end().split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let mut fields: Vec<&str> = lines.collect();
        fields.sort_by_key(|line| line.split(':').next().unwrap_or_default().to_owned());
        fields.into_iter().fold(first, |head, field| head + "\n" + field)
    }

    /// The next `length` bytes.
    #[track_caller]
    pub(crate) fn bytes(&mut self, length: usize) -> String {
        while self.received.len() < length {
            assert!(self.receive() > 0, "the end came after {:?}", self.text());
        }
        String::from_utf8_lossy(&self.received.drain(..length).collect::<Vec<_>>()).into_owned()
    }

    /// Everything up to and with `end`.
    #[track_caller]
    pub(crate) fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.received.windows(end.len()).position(|bytes| bytes == end.as_bytes()) {
                return self.bytes(at + end.len());
            }
            assert!(self.receive() > 0, "the end came after {:?}", self.text());
        }
    }

    /// Everything up to the end of the connection, which must be an orderly one.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> String {
        while self.receive() > 0 {}
        let length = self.received.len();
        self.bytes(length)
    }

    /// Everything up to the end of the connection, and whether it was a reset.
    pub(crate) fn rest_or_reset(&mut self) -> (String, bool) {
        let mut buffer = [0; 16 * 1024];
        let was_reset = loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => break false,
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break true,
                Err(error) => panic!("no end of the connection: {error}"),
            }
        };
        let length = self.received.len();
        (self.bytes(length), was_reset)
    }

    /// Sends up to `most` bytes for as long as the peer takes them; how many it took.
    pub(crate) fn fill(&mut self, most: usize) -> usize {
        let piece = [b'x'; 64 * 1024];
        self.stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut sent = 0;
        while sent < most {
            match self.stream.write(&piece[..piece.len().min(most - sent)]) {
                Ok(count) => sent += count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => panic!("the peer closes after {sent} bytes: {error}"),
            }
        }
        self.stream.set_write_timeout(Some(PATIENCE)).unwrap();
        sent
    }

    /// True if the connection is open and there is nothing to read.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let read = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock) && self.received.is_empty()
    }

    /// Ends the sending side only.
    pub(crate) fn end(&self) {
        // A peer that has had enough may have reset the connection.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Closes at once, with a reset.
    pub(crate) fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    #[track_caller]
    fn receive(&mut self) -> usize {
        let mut buffer = [0; 16 * 1024];
        let count = self.stream.read(&mut buffer).unwrap_or_else(|error| {
            panic!("nothing more came after {:?}: {error}", self.text());
        });
        self.received.extend_from_slice(&buffer[..count]);
        count
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }
}
