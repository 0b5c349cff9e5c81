//! The client that trials hold: fails the trial when something goes wrong on the way.

use std::{io, sync::Arc};

use bytes::Bytes;
use http::HeaderMap;

use crate::connect::{Connection, Connector, Framing, Head, Request};

/// A client of one server. Where the server keeps connections, all its requests take the same one.
pub(crate) struct Client {
    connector: Arc<dyn Connector>,
    connection: Option<Box<dyn Connection>>,
    keeps_connections: bool,
    interim: Vec<Head>,
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) interim: Vec<Head>,
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

/// What became of a request that may fail.
#[derive(Debug)]
pub(crate) enum Outcome {
    Complete(Response),
    /// The connection or stream ended first; the head is there if it had come.
    Cut(Option<Head>, Bytes),
}

impl Client {
    pub(crate) fn new(connector: Arc<dyn Connector>, keeps_connections: bool) -> Self {
        Self { connector, connection: None, keeps_connections, interim: Vec::new() }
    }

    /// A GET and its whole answer.
    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) -> Response {
        self.exchange(&Request::get(target), b"")
    }

    /// A request with this body and its whole answer.
    #[track_caller]
    pub(crate) fn exchange(&mut self, request: &Request, body: &[u8]) -> Response {
        match self.attempt(request, body) {
            Outcome::Complete(response) => response,
            Outcome::Cut(head, body) => panic!(
                "{} {} was cut off: {}, {} bytes of body",
                request.method,
                request.target,
                head.map_or_else(|| "no head".to_owned(), |head| format!("status {}", head.status)),
                body.len()
            ),
        }
    }

    /// A request that may be cut off.
    #[track_caller]
    pub(crate) fn attempt(&mut self, request: &Request, body: &[u8]) -> Outcome {
        self.begin(request);
        if request.framing != Framing::None {
            // A server may answer and close before it has read everything.
            let connection = self.connection();
            let _ = connection.send_data(body).and_then(|()| connection.send_end(&HeaderMap::new()));
        }
        self.outcome()
    }

    /// Sends the head of a request.
    #[track_caller]
    pub(crate) fn begin(&mut self, request: &Request) {
        if !self.keeps_connections {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection =
                Some(self.connector.connect().unwrap_or_else(|error| panic!("cannot connect: {error}")));
        }
        self.connection().send(request).unwrap_or_else(|error| panic!("cannot send a request: {error}"));
    }

    #[track_caller]
    pub(crate) fn send(&mut self, data: &[u8]) {
        self.connection().send_data(data).unwrap_or_else(|error| panic!("cannot send data: {error}"));
    }

    #[track_caller]
    pub(crate) fn end(&mut self) {
        self.end_with(&HeaderMap::new());
    }

    #[track_caller]
    pub(crate) fn end_with(&mut self, trailers: &HeaderMap) {
        self.connection().send_end(trailers).unwrap_or_else(|error| panic!("cannot end the body: {error}"));
    }

    /// The head of the final response; interim ones are kept for later.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Head {
        self.try_head().unwrap_or_else(|error| panic!("no response: {error}"))
    }

    /// The next part of the body; `None` at its end.
    #[track_caller]
    pub(crate) fn data(&mut self) -> Option<Bytes> {
        self.connection().data().unwrap_or_else(|error| panic!("no more of the body: {error}"))
    }

    /// Exactly `length` bytes of the body, or of the upgraded stream.
    #[track_caller]
    pub(crate) fn read(&mut self, length: usize) -> Vec<u8> {
        let mut read = Vec::new();
        while read.len() < length {
            match self.data() {
                Some(data) => read.extend_from_slice(&data),
                None => panic!("the body ended after {:?}", String::from_utf8_lossy(&read)),
            }
        }
        assert_eq!(read.len(), length, "more came than was expected: {:?}", String::from_utf8_lossy(&read));
        read
    }

    /// The rest of the body.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut read = Vec::new();
        while let Some(data) = self.data() {
            read.extend_from_slice(&data);
        }
        read
    }

    /// The whole response to the request that was begun.
    #[track_caller]
    pub(crate) fn response(&mut self) -> Response {
        match self.outcome() {
            Outcome::Complete(response) => response,
            Outcome::Cut(head, body) => panic!("the response was cut off: {head:?}, then {body:?}"),
        }
    }

    /// What becomes of the request that was begun.
    #[track_caller]
    pub(crate) fn outcome(&mut self) -> Outcome {
        let interim = std::mem::take(&mut self.interim);
        let outcome = receive(self.connection(), interim);
        let is_over = match &outcome {
            Outcome::Complete(response) => response.field("connection").eq_ignore_ascii_case("close"),
            Outcome::Cut(..) => true,
        };
        if is_over {
            self.leave();
        }
        outcome
    }

    /// Drops the connection.
    pub(crate) fn leave(&mut self) {
        self.connection = None;
    }

    /// The connection alone, for trials that read and write it from two threads.
    #[track_caller]
    pub(crate) fn connection(&mut self) -> &mut dyn Connection {
        self.connection.as_deref_mut().expect("a request has been begun")
    }

    fn try_head(&mut self) -> io::Result<Head> {
        let (interim, head) = final_head(self.connection())?;
        self.interim.extend(interim);
        Ok(head)
    }
}

/// Reads the next response on a connection.
#[track_caller]
pub(crate) fn response_on(connection: &mut dyn Connection) -> Response {
    match receive(connection, Vec::new()) {
        Outcome::Complete(response) => response,
        Outcome::Cut(head, body) => panic!("the response was cut off: {head:?}, then {body:?}"),
    }
}

/// Reads the next response on a connection, if it comes.
#[track_caller]
pub(crate) fn receive(connection: &mut dyn Connection, mut interim: Vec<Head>) -> Outcome {
    let head = match final_head(connection) {
        Ok((more, head)) => {
            interim.extend(more);
            head
        }
        Err(error) => return cut(error, None, Vec::new()),
    };
    let mut body = Vec::new();
    // After a 101 the rest is no body.
    let mut has_more = head.status != 101;
    while has_more {
        match connection.data() {
            Ok(Some(data)) => body.extend_from_slice(&data),
            Ok(None) => has_more = false,
            Err(error) => return cut(error, Some(head), body),
        }
    }
    Outcome::Complete(Response { interim, head, body: body.into(), trailers: connection.trailers() })
}

fn final_head(connection: &mut dyn Connection) -> io::Result<(Vec<Head>, Head)> {
    let mut interim = Vec::new();
    loop {
        let head = connection.head()?;
        if head.status >= 200 || head.status == 101 {
            return Ok((interim, head));
        }
        interim.push(head);
    }
}

#[track_caller]
fn cut(error: io::Error, head: Option<Head>, body: Vec<u8>) -> Outcome {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::InvalidData => {
            panic!("{error}; until then: {head:?}, {} bytes of body", body.len())
        }
        _ => Outcome::Cut(head, body.into()),
    }
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    pub(crate) fn field(&self, name: &str) -> String {
        self.head.field(name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
