//! What a client sends: heads and bodies, read from a blocking socket.

use std::{
    io::Read as _,
    net::TcpStream,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker, ready},
    thread::{self, Thread},
};

use bytes::Bytes;
use falconry_features::{BadHttpRequestError, BoxError, PlainRequest};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};

use super::lock;

const LARGEST_HEAD: usize = 64 * 1024;

/// The receiving half of a connection, between its loop and the body of the present request.
pub(crate) struct Input {
    stream: TcpStream,
    buffer: Vec<u8>,
    has_ended: bool,
    left: Left,
    /// The number of the request, so that a body that was kept cannot read another's.
    number: u64,
    /// Who waits for more of the body.
    waiting: Option<Waker>,
}

/// What is left of the body.
#[derive(Clone, Copy, PartialEq)]
enum Left {
    Nothing,
    Bytes(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
}

impl Input {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new(), has_ended: false, left: Left::Nothing, number: 0, waiting: None }
    }

    /// The next request without its body; `None` when the client has ended the connection.
    pub(crate) fn request(&mut self) -> Result<Option<PlainRequest>, BoxError> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; 100];
            let mut head = httparse::Request::new(&mut fields);
            match head.parse(&self.buffer) {
                Ok(httparse::Status::Complete(length)) => {
                    let request = to_request(&head)?;
                    self.left = body_length(&request)?;
                    self.number += 1;
                    self.buffer.drain(..length);
                    return Ok(Some(request));
                }
                Ok(httparse::Status::Partial) if self.buffer.len() > LARGEST_HEAD => {
                    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                    return Err(BadHttpRequestError::new(status, "the head is too large").into());
                }
                Ok(httparse::Status::Partial) if self.has_ended => return Ok(None),
                Ok(httparse::Status::Partial) => {
                    let mut bytes = [0; 16 * 1024];
                    let length = self.stream.read(&mut bytes)?;
                    self.add(&bytes[..length]);
                }
                Err(error) => return Err(bad(format!("the head is malformed: {error}"))),
            }
        }
    }

    pub(crate) fn is_body_read(&self) -> bool {
        self.left == Left::Nothing
    }

    pub(crate) fn is_waited_for(&self) -> bool {
        self.waiting.is_some()
    }

    /// Adds what was read from the socket: nothing is its end.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.has_ended = bytes.is_empty();
        self.buffer.extend_from_slice(bytes);
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }

    /// The next data of the body; pending if more must be read for it.
    fn poll_data(&mut self) -> Poll<Result<Option<Bytes>, BoxError>> {
        loop {
            match self.left {
                Left::Nothing => return Poll::Ready(Ok(None)),
                Left::Bytes(left) | Left::Chunk(left) => {
                    let data = ready!(self.poll_take(left))?;
                    let left = left - data.len() as u64;
                    self.left = match (self.left, left) {
                        (Left::Bytes(_), 0) => Left::Nothing,
                        (Left::Bytes(_), left) => Left::Bytes(left),
                        (_, 0) => Left::ChunkEnd,
                        (_, left) => Left::Chunk(left),
                    };
                    return Poll::Ready(Ok(Some(data)));
                }
                Left::ChunkSize => {
                    let line = ready!(self.poll_line())?;
                    let size = line.split(';').next().unwrap_or_default();
                    if size.is_empty() || !size.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                        return Poll::Ready(Err(bad("the size of a chunk is no number")));
                    }
                    self.left = match u64::from_str_radix(size, 16) {
                        Ok(0) => Left::Trailers,
                        Ok(size) => Left::Chunk(size),
                        Err(_) => return Poll::Ready(Err(bad("a chunk is too large"))),
                    };
                }
                Left::ChunkEnd => match ready!(self.poll_line())?.is_empty() {
                    true => self.left = Left::ChunkSize,
                    false => return Poll::Ready(Err(bad("a chunk is longer than its size"))),
                },
                // Trailers are read and dropped.
                Left::Trailers => {
                    if ready!(self.poll_line())?.is_empty() {
                        self.left = Left::Nothing;
                    }
                }
            }
        }
    }

    fn poll_take(&mut self, most: u64) -> Poll<Result<Bytes, BoxError>> {
        if self.buffer.is_empty() {
            return self.poll_more();
        }
        let length = self.buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        Poll::Ready(Ok(self.buffer.drain(..length).collect::<Vec<_>>().into()))
    }

    fn poll_line(&mut self) -> Poll<Result<String, BoxError>> {
        let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') else {
            if self.buffer.len() > LARGEST_HEAD {
                return Poll::Ready(Err(bad("a line in the body is too long")));
            }
            return self.poll_more();
        };
        let line: Vec<u8> = self.buffer.drain(..=end).collect();
        Poll::Ready(match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            None => Err(bad("a line in the body is malformed")),
        })
    }

    fn poll_more<T>(&self) -> Poll<Result<T, BoxError>> {
        if self.has_ended { Poll::Ready(Err(bad("the body broke off"))) } else { Poll::Pending }
    }
}

/// The body of one request.
pub(crate) struct InputBody {
    input: Arc<Mutex<Input>>,
    number: u64,
    /// The connection's thread, which reads.
    reader: Thread,
}

impl InputBody {
    pub(crate) fn new(input: &Arc<Mutex<Input>>) -> Self {
        let number = lock(input).number;
        Self { input: Arc::clone(input), number, reader: thread::current() }
    }
}

impl Body for InputBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut input = lock(&self.input);
        if input.number != self.number {
            return Poll::Ready(Some(Err("the request has ended".into())));
        }
        let polled = input.poll_data();
        if polled.is_pending() {
            input.waiting = Some(cx.waker().clone());
            self.reader.unpark();
        }
        polled.map(|data| data.map(|data| data.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        lock(&self.input).is_body_read()
    }

    fn size_hint(&self) -> SizeHint {
        match lock(&self.input).left {
            Left::Nothing => SizeHint::with_exact(0),
            Left::Bytes(left) => SizeHint::with_exact(left),
            _ => SizeHint::default(),
        }
    }
}

fn to_request(head: &httparse::Request<'_, '_>) -> Result<PlainRequest, BoxError> {
    let mut headers = HeaderMap::new();
    for field in head.headers.iter() {
        headers.append(HeaderName::from_bytes(field.name.as_bytes())?, HeaderValue::from_bytes(field.value)?);
    }
    let version = if head.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let hosts = headers.get_all("host").iter().count();
    if hosts > 1 || (hosts == 0 && version == Version::HTTP_11) {
        return Err(bad("there must be one Host"));
    }
    let target = head.path.unwrap_or_default();
    let origin = match target.strip_prefix("http://").map(|rest| rest.find(['/', '?']).map(|at| &rest[at..]))
    {
        Some(after_host) => after_host.unwrap_or_default(),
        None => target,
    };
    let (path, query) = origin.split_at(origin.find('?').unwrap_or(origin.len()));
    Ok(PlainRequest {
        version,
        method: Method::from_bytes(head.method.unwrap_or_default().as_bytes())?,
        path: if target == "*" { String::new() } else { decode(path) },
        query_string: query.to_owned(),
        raw_target: target.to_owned(),
        headers,
        ..PlainRequest::default()
    })
}

/// Percent-decodes all but slashes, and removes dot segments.
fn decode(path: &str) -> String {
    let mut decoded = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let is_kept = matches!(byte, None | Some(b'/' | 0));
        decoded.push(if is_kept { first } else { byte.unwrap_or(first) });
        rest = if is_kept { after } else { &after[2..] };
    }
    let decoded = String::from_utf8(decoded).unwrap_or_else(|_| path.to_owned());
    let mut segments = Vec::new();
    let last = decoded.split('/').skip(1).inspect(|segment| match *segment {
        "." => {}
        ".." => drop(segments.pop()),
        other => segments.push(other.to_owned()),
    });
    let ends_in_dots = matches!(last.last(), Some("." | ".."));
    format!("/{}{}", segments.join("/"), if ends_in_dots && !segments.is_empty() { "/" } else { "" })
}

fn body_length(request: &PlainRequest) -> Result<Left, BoxError> {
    let lengths: Vec<_> = request.headers.get_all("content-length").iter().collect();
    match (request.headers.get("transfer-encoding"), &lengths[..]) {
        (None, []) => Ok(Left::Nothing),
        (None, [length]) => {
            let digits = length.to_str().ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()));
            match digits
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(|| bad("Content-Length is no number"))?
            {
                0 => Ok(Left::Nothing),
                length => Ok(Left::Bytes(length)),
            }
        }
        (Some(coding), []) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(Left::ChunkSize),
        _ => Err(bad("the framing contradicts itself")),
    }
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> BoxError {
    BadHttpRequestError::new(StatusCode::BAD_REQUEST, message).into()
}
