//! Responses as HTTP/1.1 puts them on the wire (RFC 9112).

mod body;
mod head;
mod stamp;
#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

pub(super) use self::{body::BodyEncoder, head::encode_head, stamp::Stamp};

/// What of the request decides how it is answered, and what the server adds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing<'a> {
    pub(super) is_http10: bool,
    pub(super) is_head: bool,
    pub(super) is_connect: bool,
    /// The connection closes after the response.
    pub(super) closes: bool,
    /// How long the body is, if it is whole and without trailers.
    pub(super) length: Option<u64>,
    pub(super) stamp: &'a Stamp,
    pub(super) adds_server: bool,
    pub(super) alt_svc: Option<&'a HeaderValue>,
}

/// Appends an interim response.
pub(super) fn encode_interim(out: &mut Vec<u8>, status: StatusCode, fields: &HeaderMap) {
    head::push_status_line(out, status, None);
    fields.iter().for_each(|(name, value)| push_field(out, name, value));
    out.extend_from_slice(b"\r\n");
}

fn push_field(out: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn push_content_length(out: &mut Vec<u8>, mut length: u64) {
    const NAME: &[u8; 16] = b"content-length: ";
    const DIGITS: usize = 20;
    // Written from its end, so that it goes out in one piece.
    let mut line = [b'\n'; NAME.len() + DIGITS + 2];
    let mut at = NAME.len() + DIGITS;
    line[at] = b'\r';
    loop {
        at -= 1;
        line[at] = b'0' + (length % 10) as u8;
        length /= 10;
        if length == 0 {
            break;
        }
    }
    at -= NAME.len();
    line[at..at + NAME.len()].copy_from_slice(NAME);
    out.extend_from_slice(&line[at..]);
}

/// True if a list of tokens holds `token` (RFC 9110 section 5.6.1).
fn has_token(value: &HeaderValue, token: &str) -> bool {
    tokens(value).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

fn tokens(value: &HeaderValue) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}
