//! HTTP/1.1 for servers of one's own (RFC 9110, RFC 9112): no sockets, no runtime, no clock but that of `Date`.
//!
//! There are two layers.
//!
//! * [`RequestReader`] and [`ResponseWriter`] know the octets and nothing else: what came in becomes requests and pieces
//!   of bodies, responses become what goes out. They suit any kind of I/O.
//! * [`Connection`] puts them over a [`DuplexStream`](crate::DuplexStream), a byte stream that is blocking or async,
//!   and gives the features of one request after the other. The guide walks through a server that is made this way.
//!
//! What is read is read strictly, as Kestrel does it: whatever a proxy in front could understand otherwise is refused with
//! the status of a [`BadHttpRequestError`].
//!
//! ```
//! use bytes::BytesMut;
//! use falconry_features::{
//!     BodyFraming, HttpRequestFeature, ResponseHead,
//!     http1::{BodyPiece, RequestLimits, RequestReader, ResponseWriter},
//! };
//!
//! let mut reader = RequestReader::new(RequestLimits::default());
//! reader.receive(b"POST /a%20b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
//! let head = reader.head()?.expect("the head is complete");
//! assert_eq!(head.request.path(), "/a b");
//!
//! assert_eq!(reader.body()?, BodyPiece::Incomplete);
//! reader.receive(b"5\r\nhello\r\n0\r\n\r\n");
//! assert_eq!(reader.body()?, BodyPiece::Data("hello".into()));
//! assert_eq!(reader.body()?, BodyPiece::End);
//!
//! let mut out = BytesMut::new();
//! let mut writer = ResponseWriter::new(&head);
//! writer.start(&ResponseHead::default(), BodyFraming::Length(2), &mut out);
//! writer.data(b"ok", &mut out);
//! writer.end(None, &mut out);
//! assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n") && out.ends_with(b"\r\n\r\nok"));
//! assert!(writer.keep_alive());
//! # Ok::<(), falconry_features::BadHttpRequestError>(())
//! ```

mod chars;
mod connection;
mod request;
mod response;

use http::{HeaderMap, HeaderName, StatusCode};

pub use self::{
    connection::Connection,
    request::{BodyPiece, RequestFraming, RequestHead, RequestLimits, RequestReader},
    response::ResponseWriter,
};
use crate::BadHttpRequestError;

/// The members of the list that the fields `name` are together (RFC 9110 section 5.6.1); some may be empty.
fn options(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(name).into_iter();
    values.flat_map(|value| value.as_bytes().split(|&byte| byte == b',')).map(chars::trim)
}

/// Whether that list has `option`.
fn has_option(headers: &HeaderMap, name: HeaderName, option: &str) -> bool {
    options(headers, name).any(|other| other.eq_ignore_ascii_case(option.as_bytes()))
}

fn bad(message: &'static str) -> BadHttpRequestError {
    BadHttpRequestError::new(StatusCode::BAD_REQUEST, message)
}
