//! What a client sends: heads and bodies, read from a blocking socket.

use std::{
    io::{ErrorKind, Read as _},
    net::TcpStream,
    pin::Pin,
    sync::mpsc::Sender,
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes, BytesMut};
use falconry_features::{BadHttpRequestError, BoxError, PlainRequest};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use httparse::Status;

const LARGEST_HEAD: usize = 64 * 1024;

/// The receiving half of a connection.
pub(crate) struct Input {
    pub(crate) stream: TcpStream,
    pub(crate) buffer: BytesMut,
    pub(crate) left: Left,
}

/// What is left of the body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Left {
    Nothing,
    Bytes(u64),
    /// The line before a chunk; true if the end of another stands before it.
    ChunkSize(bool),
    Chunk(u64),
    Trailers,
}

impl Input {
    /// The head of the next request; `None` if more must be read for it.
    pub(crate) fn head(&mut self) -> Result<Option<PlainRequest>, BoxError> {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Request::new(&mut fields);
        let length = match head.parse(&self.buffer) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if self.buffer.len() < LARGEST_HEAD => return Ok(None),
            Ok(Status::Partial) => {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                return Err(BadHttpRequestError::new(status, "the head is too large").into());
            }
            Err(error) => return Err(bad(format!("the head is malformed: {error}"))),
        };
        let mut headers = HeaderMap::new();
        for field in head.headers.iter() {
            let name = HeaderName::from_bytes(field.name.as_bytes())?;
            headers.append(name, HeaderValue::from_bytes(field.value)?);
        }
        let version = if head.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
        let hosts = headers.get_all("host").iter().count();
        if hosts > 1 || (hosts == 0 && version == Version::HTTP_11) {
            return Err(bad("there must be one Host"));
        }
        let method = Method::from_bytes(head.method.unwrap_or_default().as_bytes())?;
        let target = head.path.unwrap_or_default();
        self.left = framing(&headers).ok_or_else(|| bad("the framing of the body is not understood"))?;
        let request = PlainRequest::received(method, target, version, headers)?;
        self.buffer.advance(length);
        Ok(Some(request))
    }

    /// Reads once; false if the client sent nothing in time.
    pub(crate) fn read(&mut self) -> Result<bool, BoxError> {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err("the client has ended the connection".into()),
            Ok(length) => {
                self.buffer.extend_from_slice(&bytes[..length]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The next data of the body, empty at its end; `None` if more must be read for it.
    fn data(&mut self) -> Result<Option<Bytes>, BoxError> {
        loop {
            match self.left {
                Left::Nothing => return Ok(Some(Bytes::new())),
                Left::Bytes(left) | Left::Chunk(left) => {
                    let length = self.buffer.len().min(usize::try_from(left)?);
                    if length == 0 {
                        return Ok(None);
                    }
                    self.left = match (self.left, left - length as u64) {
                        (Left::Bytes(_), 0) => Left::Nothing,
                        (Left::Bytes(_), left) => Left::Bytes(left),
                        (_, 0) => Left::ChunkSize(true),
                        (_, left) => Left::Chunk(left),
                    };
                    return Ok(Some(self.buffer.split_to(length).freeze()));
                }
                Left::ChunkSize(true) if self.buffer.len() < 2 => return Ok(None),
                Left::ChunkSize(true) if !self.buffer.starts_with(b"\r\n") => {
                    return Err(bad("a chunk is longer than its size"));
                }
                Left::ChunkSize(is_after_chunk) => {
                    let skip = if is_after_chunk { 2 } else { 0 };
                    let line = httparse::parse_chunk_size(&self.buffer[skip..]);
                    match line.map_err(|_| bad("the size of a chunk is no number"))? {
                        Status::Complete((length, size)) => {
                            self.buffer.advance(skip + length);
                            self.left = if size == 0 { Left::Trailers } else { Left::Chunk(size) };
                        }
                        Status::Partial => return self.more_of_line(),
                    }
                }
                // Trailers are read and dropped.
                Left::Trailers => {
                    let mut fields = [httparse::EMPTY_HEADER; 100];
                    let trailers = httparse::parse_headers(&self.buffer, &mut fields);
                    match trailers.map_err(|_| bad("the trailers are malformed"))? {
                        Status::Complete((length, _)) => {
                            self.buffer.advance(length);
                            self.left = Left::Nothing;
                        }
                        Status::Partial => return self.more_of_line(),
                    }
                }
            }
        }
    }

    fn more_of_line(&self) -> Result<Option<Bytes>, BoxError> {
        if self.buffer.len() < LARGEST_HEAD { Ok(None) } else { Err(bad("a line in the body is too long")) }
    }
}

/// How the body ends (RFC 9112 section 6.3).
fn framing(headers: &HeaderMap) -> Option<Left> {
    let mut lengths = headers.get_all("content-length").iter();
    match (headers.get("transfer-encoding"), lengths.next(), lengths.next()) {
        (None, None, _) => Some(Left::Nothing),
        (None, Some(length), None) if length.as_bytes().iter().all(u8::is_ascii_digit) => {
            let length = length.to_str().ok()?.parse().ok()?;
            Some(if length == 0 { Left::Nothing } else { Left::Bytes(length) })
        }
        (Some(coding), None, _) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            Some(Left::ChunkSize(false))
        }
        _ => None,
    }
}

/// The body of one request. It has the input for so long, and gives it back when it goes.
pub(crate) struct InputBody {
    pub(crate) input: Option<Input>,
    pub(crate) back: Sender<Input>,
}

impl Body for InputBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(input) = &mut self.input else { return Poll::Ready(None) };
        let data = match input.data().and_then(|data| Ok((data.is_none() && input.read()?, data))) {
            Err(error) => return Poll::Ready(Some(Err(error))),
            Ok((_, Some(data))) => data,
            Ok((_, None)) => {
                // The application may wait for something else, too, so it is asked in between.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        };
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.input.as_ref().is_none_or(|input| input.left == Left::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        match self.input.as_ref().map(|input| input.left) {
            None | Some(Left::Nothing) => SizeHint::with_exact(0),
            Some(Left::Bytes(left)) => SizeHint::with_exact(left),
            Some(_) => SizeHint::default(),
        }
    }
}

impl Drop for InputBody {
    fn drop(&mut self) {
        // Nobody takes it if the connection has ended.
        self.input.take().map(|input| self.back.send(input));
    }
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> BoxError {
    BadHttpRequestError::new(StatusCode::BAD_REQUEST, message).into()
}
