//! What a client sends.

mod chunk;
mod fields;
mod head;
mod host;
mod input;
mod limits;
mod line;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use self::{
    fields::{Fields, Section},
    input::{Input, LineError},
    line::RequestLine,
};
pub use self::{
    head::{RequestFraming, RequestHead},
    limits::RequestLimits,
};
use super::{bad, chars::is_token};
use crate::BadHttpRequestError;

/// Reads the requests of one connection from the octets that it receives.
///
/// What it makes of them does not depend on how they were cut. Once it has refused something it does so for ever:
/// nobody can say where a next request would begin.
#[derive(Debug)]
pub struct RequestReader {
    limits: RequestLimits,
    input: Input,
    state: State,
    fields: Fields,
    skipped: u64,
    /// Octets of empty lines before the request line.
    empty: usize,
}

/// What comes next.
#[derive(Debug)]
enum State {
    RequestLine,
    Fields(RequestLine),
    Body(Body),
    Refused(BadHttpRequestError),
}

/// What comes next of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Length(u64),
    /// The line before a chunk.
    ChunkSize,
    Chunk(u64),
    /// The CRLF behind the data of a chunk.
    ChunkEnd,
    Trailers,
}

/// What there is of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyPiece {
    /// Nothing can be said before more has been received.
    Incomplete,
    /// Data, never empty.
    Data(Bytes),
    /// The body is over.
    End,
}

impl RequestReader {
    /// A reader for a new connection.
    pub fn new(limits: RequestLimits) -> Self {
        Self {
            limits,
            input: Input::default(),
            state: State::RequestLine,
            fields: Fields::default(),
            skipped: 0,
            empty: 0,
        }
    }

    /// Takes what the connection has received.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.input.push(bytes);
    }

    /// The head of the next request; `None` before all of it has been received. What is left of the body before it is
    /// skipped.
    ///
    /// # Errors
    /// The client has sent what is no request, or what is not to be trusted as one.
    pub fn head(&mut self) -> Result<Option<RequestHead>, BadHttpRequestError> {
        while !self.is_body_over() {
            match self.body()? {
                BodyPiece::Data(data) => self.skipped += data.len() as u64,
                BodyPiece::Incomplete => return Ok(None),
                BodyPiece::End => break,
            }
        }
        let head = self.read_head();
        self.or_refuse(head)
    }

    /// The next piece of the body of the request whose head was the last.
    ///
    /// # Errors
    /// The client has broken the rules of the chunked transfer coding.
    pub fn body(&mut self) -> Result<BodyPiece, BadHttpRequestError> {
        let piece = self.read_body();
        self.or_refuse(piece)
    }

    /// True between requests, when nothing of the next one has been received.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::RequestLine) && self.input.is_empty()
    }

    /// True if nothing of the body is to come, or there was none.
    pub fn is_body_over(&self) -> bool {
        !matches!(self.state, State::Body(_))
    }

    /// How many octets of the body are to come, if that is known.
    pub fn body_left(&self) -> Option<u64> {
        match self.state {
            State::Body(Body::Length(left)) => Some(left),
            State::Body(_) => None,
            _ => Some(0),
        }
    }

    /// The trailers behind the body; `None` before that is over.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.is_body_over().then_some(&self.fields.trailers)
    }

    /// Octets of data that nobody wanted, since the last head.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// What it means that the client has ended its side: nothing between requests, else that one is incomplete.
    pub fn end_of_input(&self) -> Option<BadHttpRequestError> {
        match &self.state {
            State::RequestLine if self.is_idle() => None,
            State::RequestLine | State::Fields(_) => Some(bad("the connection ended inside the head")),
            State::Body(_) => Some(bad("the connection ended inside the body")),
            State::Refused(refusal) => Some(refusal.clone()),
        }
    }

    /// The refusal of what the client has sent, if there was one.
    pub fn refusal(&self) -> Option<&BadHttpRequestError> {
        match &self.state {
            State::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// What has been received and is none of HTTP: for connections that leave it.
    pub fn take_rest(&mut self) -> Bytes {
        self.input.take(u64::MAX)
    }

    fn read_head(&mut self) -> Result<Option<RequestHead>, BadHttpRequestError> {
        loop {
            match std::mem::replace(&mut self.state, State::RequestLine) {
                State::RequestLine => match self.request_line()? {
                    Some(line) => {
                        self.fields = Fields::default();
                        (self.skipped, self.empty) = (0, 0);
                        self.state = State::Fields(line);
                    }
                    None => return Ok(None),
                },
                State::Fields(line) => {
                    if !self.fields.read(&mut self.input, Section::Head, &self.limits)? {
                        self.state = State::Fields(line);
                        return Ok(None);
                    }
                    let head = RequestHead::new(line, std::mem::take(&mut self.fields.headers))?;
                    match head.framing {
                        RequestFraming::None => {}
                        RequestFraming::Length(length) => self.state = State::Body(Body::Length(length)),
                        RequestFraming::Chunked => self.state = State::Body(Body::ChunkSize),
                    }
                    return Ok(Some(head));
                }
                State::Body(body) => {
                    self.state = State::Body(body);
                    return Ok(None);
                }
                State::Refused(refusal) => return Err(refusal),
            }
        }
    }

    fn request_line(&mut self) -> Result<Option<RequestLine>, BadHttpRequestError> {
        // RFC 9112 section 2.2: old clients send an empty line after a body.
        while self.input.as_slice().starts_with(b"\r\n") {
            self.input.skip(2);
            self.empty += 2;
            // Without a limit, a client could keep an idle connection alive with them.
            if self.empty > self.limits.max_request_line_size {
                return Err(bad("there are too many empty lines before the request line"));
            }
        }
        match self.input.as_slice() {
            [] | [b'\r'] => return Ok(None),
            // Nothing that could follow makes a request line of it.
            [first, ..] if !is_token(*first) => return Err(bad("the request line is malformed")),
            _ => {}
        }
        let limit = self.limits.max_request_line_size;
        match self.input.line(limit) {
            Ok(Some(line)) => RequestLine::parse(&line).map(Some),
            Ok(None) => Ok(None),
            // RFC 9112 section 3 has a status for either part.
            Err(LineError::TooLong) if self.input.as_slice().iter().take(limit).any(|&byte| byte == b' ') => {
                Err(BadHttpRequestError::new(StatusCode::URI_TOO_LONG, "the request line is too long"))
            }
            Err(LineError::TooLong) => Err(line::method_too_long()),
            Err(LineError::NotCrLf) => Err(bad("the request line has a bare CR or LF")),
        }
    }

    fn read_body(&mut self) -> Result<BodyPiece, BadHttpRequestError> {
        loop {
            let body = match &self.state {
                State::Body(body) => *body,
                State::Refused(refusal) => return Err(refusal.clone()),
                State::RequestLine | State::Fields(_) => return Ok(BodyPiece::End),
            };
            let next = match body {
                Body::Length(left) | Body::Chunk(left) => {
                    let data = self.input.take(left);
                    if data.is_empty() {
                        return Ok(BodyPiece::Incomplete);
                    }
                    self.state = match (body, left - data.len() as u64) {
                        (Body::Length(_), 0) => State::RequestLine,
                        (Body::Length(_), left) => State::Body(Body::Length(left)),
                        (_, 0) => State::Body(Body::ChunkEnd),
                        (_, left) => State::Body(Body::Chunk(left)),
                    };
                    return Ok(BodyPiece::Data(data));
                }
                Body::ChunkSize => match self.input.line(self.limits.max_chunk_line_size) {
                    Ok(Some(line)) => match chunk::parse_size(&line)? {
                        0 => Some(Body::Trailers),
                        size => Some(Body::Chunk(size)),
                    },
                    Ok(None) => None,
                    Err(_) => return Err(bad("the line before a chunk is malformed or too long")),
                },
                Body::ChunkEnd => match self.input.as_slice() {
                    [b'\r', b'\n', ..] => {
                        self.input.skip(2);
                        Some(Body::ChunkSize)
                    }
                    [] | [b'\r'] => None,
                    _ => return Err(bad("the data of a chunk is longer than its size")),
                },
                Body::Trailers => {
                    if self.fields.read(&mut self.input, Section::Trailers, &self.limits)? {
                        self.state = State::RequestLine;
                        return Ok(BodyPiece::End);
                    }
                    None
                }
            };
            match next {
                Some(next) => self.state = State::Body(next),
                None => return Ok(BodyPiece::Incomplete),
            }
        }
    }

    fn or_refuse<V>(&mut self, result: Result<V, BadHttpRequestError>) -> Result<V, BadHttpRequestError> {
        if let Err(refusal) = &result {
            self.state = State::Refused(refusal.clone());
        }
        result
    }
}
