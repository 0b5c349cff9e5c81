//! How the trials reach a server.

mod parse;
mod tcp;

use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

pub(crate) use self::tcp::{Fixed, TIMEOUT, Tcp, TcpConnection, target_of};

/// Opens connections to a started server.
///
/// Everything blocks, and gives up after a few seconds with [`io::ErrorKind::TimedOut`].
pub trait Connector: Send + Sync {
    /// A new connection.
    ///
    /// # Errors
    /// The server does not take it.
    fn connect(&self) -> io::Result<Box<dyn Connection>>;
}

/// The client's end of a connection. Dropping it leaves.
///
/// A request is sent by [`send`](Self::send), any number of [`send_data`](Self::send_data) and, if it
/// has a body, [`send_end`](Self::send_end); meanwhile the answer is read by [`head`](Self::head) and
/// [`data`](Self::data). After a 101, `send_data` and `data` carry bytes as they are.
pub trait Connection: Send {
    /// Sends the head of a request.
    ///
    /// # Errors
    /// The connection is gone.
    fn send(&mut self, request: &Request) -> io::Result<()>;

    /// Sends a part of the body.
    ///
    /// # Errors
    /// The connection is gone.
    fn send_data(&mut self, data: &[u8]) -> io::Result<()>;

    /// Ends the body; after an upgrade, this side.
    ///
    /// # Errors
    /// The connection is gone.
    fn send_end(&mut self, trailers: &HeaderMap) -> io::Result<()>;

    /// The next head: that of an interim response or of the response.
    ///
    /// # Errors
    /// The connection ended before a whole head had come, or what came is no head.
    fn head(&mut self) -> io::Result<Head>;

    /// The next part of the response's body; `None` at its end.
    ///
    /// # Errors
    /// The body ended before its time, or is malformed.
    fn data(&mut self) -> io::Result<Option<Bytes>>;

    /// The trailers, after the end of the body.
    fn trailers(&mut self) -> HeaderMap;
}

/// The head of a request as a trial wants it sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: String,
    /// The target in origin form.
    pub target: String,
    /// The fields, without framing. A `Host` is added if there is none.
    pub fields: Vec<(String, String)>,
    /// How the end of the body is told.
    pub framing: Framing,
}

/// How the end of a request's body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// By its length in bytes.
    Length(u64),
    /// By chunks.
    Chunked,
}

/// The head of a response as it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The reason phrase; empty where the protocol has none.
    pub reason: String,
    /// The fields.
    pub fields: HeaderMap,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            fields: Vec::new(),
            framing: Framing::None,
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: &str) -> Self {
        Self { framing: Framing::Chunked, ..Self::new("POST", target) }
    }

    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn length(mut self, length: u64) -> Self {
        self.framing = Framing::Length(length);
        self
    }

    pub(crate) fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }
}

impl Head {
    /// A head, for connectors.
    pub fn new(status: u16, reason: impl Into<String>, fields: HeaderMap) -> Self {
        Self { status, reason: reason.into(), fields }
    }

    /// The values of a field, joined by `, `; empty if there is none.
    pub fn field(&self, name: &str) -> String {
        let values = self.fields.get_all(name).iter().map(HeaderValue::as_bytes).map(String::from_utf8_lossy);
        values.collect::<Vec<_>>().join(", ")
    }
}
