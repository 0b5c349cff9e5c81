//! What is sent to a client.

use std::{io::Write as _, time::SystemTime};

/// A response on its way.
#[derive(Debug)]
pub(crate) struct Output {
    status: u16,
    reason: Vec<u8>,
    fields: Vec<(String, Vec<u8>)>,
    trailers: Vec<(String, Vec<u8>)>,
    is_head_request: bool,
    is_http11: bool,
    is_sent: bool,
    is_chunked: bool,
    is_raw: bool,
    /// The connection ends with this response.
    pub(crate) is_last: bool,
}

impl Output {
    pub(crate) fn new(is_head_request: bool, is_http11: bool, is_last: bool) -> Self {
        Self {
            status: 200,
            reason: b"OK".to_vec(),
            fields: Vec::new(),
            trailers: Vec::new(),
            is_head_request,
            is_http11,
            is_sent: false,
            is_chunked: false,
            is_raw: false,
            is_last,
        }
    }

    pub(crate) fn set_status(&mut self, status: u16, reason: &[u8]) {
        self.status = status;
        self.reason = reason.to_vec();
    }

    pub(crate) fn set_field(&mut self, name: &str, value: &[u8], replace: bool) {
        if replace {
            self.remove_field(name);
        }
        self.fields.push((name.to_owned(), value.to_vec()));
    }

    pub(crate) fn remove_field(&mut self, name: &str) {
        self.fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    pub(crate) fn set_trailer(&mut self, name: &str, value: &[u8]) {
        self.trailers.push((name.to_owned(), value.to_vec()));
    }

    pub(crate) fn clear(&mut self) {
        self.fields.clear();
        self.trailers.clear();
        self.set_status(200, b"OK");
    }

    pub(crate) fn is_sent(&self) -> bool {
        self.is_sent
    }

    /// The bytes from now on are no HTTP.
    pub(crate) fn become_raw(&mut self) {
        self.is_raw = true;
        self.is_last = true;
    }

    /// `data` as it goes to the client, behind the head if that has not left.
    pub(crate) fn data(&mut self, data: &[u8]) -> Vec<u8> {
        let mut bytes = self.head(None);
        if self.is_head_request || data.is_empty() {
            return bytes;
        }
        if self.is_chunked {
            bytes.extend(format!("{:x}\r\n", data.len()).into_bytes());
        }
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(if self.is_chunked { b"\r\n" } else { b"" });
        bytes
    }

    /// The end of the response.
    pub(crate) fn end(&mut self) -> Vec<u8> {
        let mut bytes = self.head(Some(0));
        if self.is_chunked && !self.is_head_request {
            bytes.extend_from_slice(b"0\r\n");
            for (name, value) in &self.trailers {
                field(&mut bytes, name, value);
            }
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }

    /// The head, unless it has left. `whole` is the length of the body if all of it is known.
    fn head(&mut self, whole: Option<usize>) -> Vec<u8> {
        if std::mem::replace(&mut self.is_sent, true) {
            return Vec::new();
        }
        let may_have_body = !matches!(self.status, 100..=199 | 204 | 304);
        if may_have_body && !self.is_raw && !self.has_field("content-length") {
            match whole {
                Some(_) if self.is_head_request => {}
                Some(length) => self.set_field("Content-Length", length.to_string().as_bytes(), true),
                None if self.is_http11 => {
                    self.is_chunked = true;
                    self.set_field("Transfer-Encoding", b"chunked", true);
                }
                None => self.is_last = true,
            }
        }
        let closes = |(name, value): &(String, Vec<u8>)| {
            name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case(b"close")
        };
        self.is_last |= self.fields.iter().any(closes);
        if self.is_last && !self.is_raw {
            self.set_field("Connection", b"close", true);
        }
        let mut bytes = Vec::new();
        let _ = write!(bytes, "HTTP/1.1 {} ", self.status);
        bytes.extend_from_slice(&self.reason);
        bytes.extend_from_slice(b"\r\n");
        for (name, value) in &self.fields {
            field(&mut bytes, name, value);
        }
        if !self.has_field("date") {
            field(&mut bytes, "Date", httpdate::fmt_http_date(SystemTime::now()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

fn field(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}
