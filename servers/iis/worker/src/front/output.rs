//! What is sent to a client.

use bytes::BytesMut;
use falconry_features::{BodyFraming, ReasonPhrase, ResponseHead, http1::ResponseWriter};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode, Version,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};

/// A response on its way.
#[derive(Debug)]
pub(crate) struct Output {
    head: ResponseHead,
    trailers: HeaderMap,
    writer: ResponseWriter,
    is_head_request: bool,
    is_raw: bool,
    /// The connection ends with this response.
    pub(crate) is_last: bool,
}

impl Output {
    pub(crate) fn new(is_head_request: bool, is_http11: bool, is_last: bool) -> Self {
        let version = if is_http11 { Version::HTTP_11 } else { Version::HTTP_10 };
        Self {
            head: ResponseHead::default(),
            trailers: HeaderMap::new(),
            writer: ResponseWriter::with(version, !is_last),
            is_head_request,
            is_raw: false,
            is_last,
        }
    }

    pub(crate) fn set_status(&mut self, status: u16, reason: &[u8]) {
        self.head.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.head.reason = std::str::from_utf8(reason).ok().and_then(|reason| ReasonPhrase::new(reason).ok());
    }

    pub(crate) fn set_field(&mut self, name: &str, value: &[u8], replace: bool) {
        let Some((name, value)) = field(name, value) else { return };
        if replace {
            self.head.headers.remove(&name);
        }
        self.head.headers.append(name, value);
    }

    pub(crate) fn remove_field(&mut self, name: &str) {
        self.head.headers.remove(name);
    }

    pub(crate) fn set_trailer(&mut self, name: &str, value: &[u8]) {
        self.trailers.extend(field(name, value));
    }

    pub(crate) fn clear(&mut self) {
        self.head.clear();
        self.trailers.clear();
    }

    pub(crate) fn is_sent(&self) -> bool {
        self.writer.has_started()
    }

    /// The bytes from now on are no HTTP.
    pub(crate) fn become_raw(&mut self) {
        self.is_raw = true;
        self.is_last = true;
    }

    /// `data` as it goes to the client, behind the head if that has not left.
    pub(crate) fn data(&mut self, data: &[u8]) -> BytesMut {
        let mut bytes = self.start(BodyFraming::Unknown);
        if !self.is_head_request {
            self.writer.data(data, &mut bytes);
        }
        bytes
    }

    /// The end of the response.
    pub(crate) fn end(&mut self) -> BytesMut {
        let mut bytes = self.start(BodyFraming::Length(0));
        self.writer.end(Some(&self.trailers), &mut bytes);
        bytes
    }

    /// The head, unless it has left. `framing` is that of a response that has one and does not say so itself.
    fn start(&mut self, framing: BodyFraming) -> BytesMut {
        let mut bytes = BytesMut::new();
        if self.is_sent() {
            return bytes;
        }
        let headers = &mut self.head.headers;
        let is_free = !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING);
        let may_have_body = !matches!(self.head.status.as_u16(), 100..=199 | 204 | 304);
        let framing = match framing {
            _ if self.is_head_request || self.is_raw || !may_have_body || !is_free => BodyFraming::None,
            framing => framing,
        };
        if framing == BodyFraming::Length(0) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if self.is_last {
            self.writer.close();
        }
        self.writer.start(&self.head, framing, &mut bytes);
        self.is_last = !self.writer.keep_alive();
        bytes
    }
}

fn field(name: &str, value: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    Some((name.parse().ok()?, HeaderValue::from_bytes(value).ok()?))
}
