//! What a client is sent.

use std::{fmt::Write as _, time::SystemTime};

use bytes::{BufMut as _, BytesMut};
use http::{
    HeaderMap, HeaderName, StatusCode, Version,
    header::{CONNECTION, DATE},
};

use super::{RequestHead, has_option};
use crate::{BadHttpRequestError, BodyFraming, ResponseHead, framework::HttpDate};

/// Writes the response to one request, with its interim ones.
///
/// What goes out is appended to a buffer of the caller's. It sees to `Connection`, `Date` and the chunked transfer
/// coding; everything else is the head's, whose consistency [`PlainResponseBody`](crate::PlainResponseBody) has checked.
#[derive(Debug)]
pub struct ResponseWriter {
    is_http11: bool,
    keep_alive: bool,
    expects_continue: bool,
    is_chunked: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Before,
    Started,
    Ended,
}

impl ResponseWriter {
    /// A writer for the response to `request`.
    pub fn new(request: &RequestHead) -> Self {
        let writer = Self::with(request.request.version, request.keep_alive);
        Self { expects_continue: request.expects_continue, ..writer }
    }

    /// A writer for the response to a request of `version`; `keep_alive` says whether another one may follow.
    pub fn with(version: Version, keep_alive: bool) -> Self {
        Self {
            is_http11: version == Version::HTTP_11,
            keep_alive,
            expects_continue: false,
            is_chunked: false,
            stage: Stage::Before,
        }
    }

    /// Says before the start that the connection closes after this response, as a server does that stops.
    pub fn close(&mut self) {
        self.keep_alive = false;
    }

    /// True if another response may follow: what the client and the head of this response have said.
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// True once the head has been written.
    pub fn has_started(&self) -> bool {
        self.stage != Stage::Before
    }

    /// True once the response is complete.
    pub fn has_ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// True as long as the client waits for 100 Continue and need not send its body without (RFC 9110 section 10.1.1).
    pub fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    /// The interim response with which the client sends its body; once, and nothing if it does not wait for it.
    pub fn take_continue(&mut self) -> &'static [u8] {
        match std::mem::take(&mut self.expects_continue) {
            true => b"HTTP/1.1 100 Continue\r\n\r\n",
            false => b"",
        }
    }

    /// An interim response, to be written before the start. HTTP/1.0 has none (RFC 9110 section 15.2).
    pub fn interim(&mut self, status: StatusCode, headers: &HeaderMap, out: &mut BytesMut) {
        if self.is_http11 {
            status_line(status, None, out);
            fields(headers, None, out);
            out.put_slice(b"\r\n");
        }
    }

    /// The head. 101 and 2xx to CONNECT end HTTP on the connection.
    pub fn start(&mut self, head: &ResponseHead, framing: BodyFraming, out: &mut BytesMut) {
        let is_switch = head.status == StatusCode::SWITCHING_PROTOCOLS;
        self.is_chunked = framing == BodyFraming::Unknown && self.is_http11;
        // HTTP/1.0 has no chunks: the end of the connection is that of the body.
        let has_end = self.is_http11 || !matches!(framing, BodyFraming::Unknown | BodyFraming::Application);
        self.keep_alive &= has_end && !is_switch && !has_option(&head.headers, CONNECTION, "close");
        status_line(head.status, head.reason.as_ref().map(crate::ReasonPhrase::as_str), out);
        let replaced = (!self.keep_alive && !is_switch).then_some(CONNECTION);
        fields(&head.headers, replaced, out);
        match self.keep_alive {
            _ if is_switch => {}
            false => out.put_slice(b"connection: close\r\n"),
            true if !self.is_http11 => out.put_slice(b"connection: keep-alive\r\n"),
            true => {}
        }
        if !head.headers.contains_key(DATE) {
            date(out);
        }
        out.put_slice(if self.is_chunked { b"transfer-encoding: chunked\r\n\r\n" } else { b"\r\n" });
        self.stage = if is_switch { Stage::Ended } else { Stage::Started };
    }

    /// Data of the body.
    pub fn data(&mut self, data: &[u8], out: &mut BytesMut) {
        if !self.is_chunked {
            out.put_slice(data);
        } else if !data.is_empty() {
            write(out, format_args!("{:x}\r\n", data.len()));
            out.put_slice(data);
            out.put_slice(b"\r\n");
        }
    }

    /// The end of the response. Trailers are left out where there are no chunks to carry them.
    pub fn end(&mut self, trailers: Option<&HeaderMap>, out: &mut BytesMut) {
        if self.is_chunked {
            out.put_slice(b"0\r\n");
            if let Some(trailers) = trailers {
                fields(trailers, None, out);
            }
            out.put_slice(b"\r\n");
        }
        self.stage = Stage::Ended;
    }

    /// The whole answer to what was refused; the connection closes after it.
    pub fn refuse(refusal: &BadHttpRequestError, out: &mut BytesMut) {
        status_line(refusal.status(), None, out);
        out.put_slice(b"content-length: 0\r\nconnection: close\r\n");
        date(out);
        out.put_slice(b"\r\n");
    }
}

fn status_line(status: StatusCode, reason: Option<&str>, out: &mut BytesMut) {
    let reason = reason.or_else(|| status.canonical_reason()).unwrap_or_default();
    write(out, format_args!("HTTP/1.1 {} {reason}\r\n", status.as_str()));
}

fn fields(headers: &HeaderMap, without: Option<HeaderName>, out: &mut BytesMut) {
    for (name, value) in headers {
        if without.as_ref() != Some(name) {
            out.put_slice(name.as_str().as_bytes());
            out.put_slice(b": ");
            out.put_slice(value.as_bytes());
            out.put_slice(b"\r\n");
        }
    }
}

fn date(out: &mut BytesMut) {
    write(out, format_args!("date: {}\r\n", HttpDate(SystemTime::now())));
}

fn write(out: &mut BytesMut, text: std::fmt::Arguments<'_>) {
    // A buffer takes everything.
    let _ = out.write_fmt(text);
}
