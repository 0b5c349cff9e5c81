//! Writes the head anew where hyper must not see what the client sent. Rare, so clarity comes before speed.

use super::fields::FieldLine;
use super::request_line::{RequestLine, Version};

/// What to change in a valid head.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes<'a> {
    /// Stands in place of the target.
    pub(super) target: Option<&'a [u8]>,
    /// Stands in place of the value of Host.
    pub(super) host: Option<&'a [u8]>,
    /// Content-Length becomes X-Content-Length, as it must not decide anything beside Transfer-Encoding.
    pub(super) set_length_aside: bool,
    /// Transfer-Encoding is written as plain `chunked`.
    pub(super) plain_chunked: bool,
}

impl Changes<'_> {
    /// Whether there is anything to change besides the version.
    pub(super) fn is_empty(&self) -> bool {
        self.target.is_none() && self.host.is_none() && !self.set_length_aside && !self.plain_chunked
    }

    /// The head with the changes made.
    #[cold]
    pub(super) fn apply(&self, head: &[u8], line: &RequestLine) -> Vec<u8> {
        let mut out = Vec::with_capacity(head.len() + 32);
        out.extend_from_slice(line.method(head));
        out.push(b' ');
        out.extend_from_slice(self.target.unwrap_or_else(|| line.target(head)));
        out.extend_from_slice(match line.version {
            Version::Http10 => b" HTTP/1.0\r\n",
            Version::Http11 | Version::Later => b" HTTP/1.1\r\n",
        });
        let mut rest = head.get(line.len..).unwrap_or_default();
        while let Ok(field) = FieldLine::parse(rest) {
            let (bytes, after) = rest.split_at(field.len);
            self.apply_to_field(bytes, &field, &mut out);
            rest = after;
        }
        if self.plain_chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    /// Writes one field line, or what stands in its place.
    fn apply_to_field(&self, bytes: &[u8], field: &FieldLine, out: &mut Vec<u8>) {
        let name = field.name(bytes);
        if self.plain_chunked && name.eq_ignore_ascii_case(b"transfer-encoding") {
            return;
        }
        if self.set_length_aside && name.eq_ignore_ascii_case(b"content-length") {
            out.extend_from_slice(b"X-Content-Length: ");
            out.extend_from_slice(field.value(bytes));
            out.extend_from_slice(b"\r\n");
            return;
        }
        // Only the server may say what it has set aside.
        if self.set_length_aside && name.eq_ignore_ascii_case(b"x-content-length") {
            return;
        }
        match self.host {
            Some(host) if name.eq_ignore_ascii_case(b"host") => {
                out.extend_from_slice(b"Host: ");
                out.extend_from_slice(host);
                out.extend_from_slice(b"\r\n");
            }
            _ => out.extend_from_slice(bytes),
        }
    }
}
