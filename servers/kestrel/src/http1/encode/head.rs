//! The head of a response, and what follows from it for the body.

use falconry_features::ResponseHead;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{ALT_SVC, CONNECTION, CONTENT_LENGTH, DATE, SERVER, TRAILER, TRANSFER_ENCODING},
};

use super::{BodyEncoder, Framing, has_token, push_content_length, push_field, tokens};

/// What a head that has been encoded says.
#[derive(Debug)]
pub(in crate::http1) struct Answered {
    pub(in crate::http1) body: BodyEncoder,
    /// The connection closes after the response.
    pub(in crate::http1) closes: bool,
}

/// Appends a head to `out`.
pub(in crate::http1) fn encode_head(
    out: &mut Vec<u8>,
    head: &ResponseHead,
    framing: &Framing<'_>,
) -> Answered {
    // Enough for most, so that the buffer grows once.
    out.reserve(192);
    push_status_line(out, head.status, head.reason.as_ref().map(|reason| reason.as_str()));
    let mut fields = Fields::new(framing, head.status);
    for (name, value) in &head.headers {
        fields.push(out, name, value);
    }
    fields.finish(out)
}

pub(super) fn push_status_line(out: &mut Vec<u8>, status: StatusCode, reason: Option<&str>) {
    if status == StatusCode::OK && reason.is_none() {
        return out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    let reason = reason.or_else(|| status.canonical_reason()).unwrap_or_default();
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The fields on their way out: those of the application, then those that the protocol and the server add.
struct Fields<'a> {
    framing: &'a Framing<'a>,
    status: StatusCode,
    /// What the status and the method allow.
    may_have_body: bool,
    declared: Option<u64>,
    is_chunked: bool,
    last_coding_is_chunked: bool,
    closes: bool,
    has_keep_alive: bool,
    has_date: bool,
    has_server: bool,
    has_alt_svc: bool,
}

impl<'a> Fields<'a> {
    fn new(framing: &'a Framing<'a>, status: StatusCode) -> Self {
        Self {
            framing,
            status,
            may_have_body: !framing.is_head
                && may_have_length(status, framing)
                && status != StatusCode::NOT_MODIFIED,
            declared: None,
            is_chunked: false,
            last_coding_is_chunked: false,
            closes: framing.closes,
            has_keep_alive: false,
            has_date: false,
            has_server: false,
            has_alt_svc: false,
        }
    }

    fn push(&mut self, out: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
        // The length tells nearly all fields apart from the few that count here.
        match name.as_str().len() {
            4 if *name == DATE => self.has_date = true,
            6 if *name == SERVER => self.has_server = true,
            7 if *name == ALT_SVC => self.has_alt_svc = true,
            // Without chunks there is no place for trailers.
            7 if *name == TRAILER && !self.may_be_chunked() => return,
            10 if *name == CONNECTION => {
                if self.framing.closes {
                    // Written at the end.
                    return;
                }
                self.closes |= has_token(value, "close");
                self.has_keep_alive |= has_token(value, "keep-alive");
            }
            // It is written once, and only if it decides.
            14 if *name == CONTENT_LENGTH => {
                self.declared = value.to_str().ok().and_then(|length| length.parse().ok());
                return;
            }
            17 if *name == TRANSFER_ENCODING => {
                if !self.may_be_chunked() {
                    return;
                }
                self.is_chunked = true;
                self.last_coding_is_chunked =
                    tokens(value).next_back().is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
            }
            _ => {}
        }
        push_field(out, name, value);
    }

    fn finish(mut self, out: &mut Vec<u8>) -> Answered {
        let body = self.push_framing(out);
        if self.framing.closes {
            out.extend_from_slice(b"connection: close\r\n");
        } else if self.framing.is_http10 && !self.has_keep_alive && !self.closes {
            // A client of HTTP/1.0 has to be told (RFC 9112 appendix C.2.2).
            out.extend_from_slice(b"connection: keep-alive\r\n");
        }
        let adds_server = self.framing.adds_server && !self.has_server;
        out.extend_from_slice(self.framing.stamp.lines(!self.has_date, adds_server));
        if let Some(alt_svc) = self.framing.alt_svc
            && !self.has_alt_svc
        {
            push_field(out, &ALT_SVC, alt_svc);
        }
        out.extend_from_slice(b"\r\n");
        Answered { body, closes: self.closes }
    }

    /// RFC 9112 section 6.
    fn push_framing(&mut self, out: &mut Vec<u8>) -> BodyEncoder {
        if self.is_chunked {
            if !self.last_coding_is_chunked {
                out.extend_from_slice(b"transfer-encoding: chunked\r\n");
            }
            return BodyEncoder::chunked();
        }
        if !may_have_length(self.status, self.framing) {
            return BodyEncoder::none();
        }
        let length = self.declared.or_else(|| self.framing.length.filter(|_| self.may_have_body));
        if let Some(length) = length {
            push_content_length(out, length);
        }
        match length {
            _ if !self.may_have_body => BodyEncoder::none(),
            Some(length) => BodyEncoder::length(length),
            None if self.framing.is_http10 => {
                // Only the end of the connection can end it.
                if !self.framing.closes && !self.closes {
                    out.extend_from_slice(b"connection: close\r\n");
                }
                self.closes = true;
                BodyEncoder::until_close()
            }
            None => {
                out.extend_from_slice(b"transfer-encoding: chunked\r\n");
                BodyEncoder::chunked()
            }
        }
    }

    fn may_be_chunked(&self) -> bool {
        self.may_have_body && !self.framing.is_http10
    }
}

/// RFC 9110 section 8.6; a 304 may say how long the body of a 200 would be.
fn may_have_length(status: StatusCode, framing: &Framing<'_>) -> bool {
    !(status.is_informational()
        || status == StatusCode::NO_CONTENT
        || framing.is_connect && status.is_success())
}
