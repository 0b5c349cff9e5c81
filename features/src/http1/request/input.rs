//! What has been received and not been used, and the lines in it.

use bytes::{Buf as _, Bytes, BytesMut};

/// Received octets, to be taken off the front.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: BytesMut,
    /// So many octets from the start hold no LF.
    scanned: usize,
}

/// Why there is no line and will be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineError {
    /// It is longer than its limit.
    TooLong,
    /// It ends with a bare LF or has a bare CR (RFC 9112 section 2.2).
    NotCrLf,
}

impl Input {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes the next line, without its CRLF; `None` if its end is not there yet. `limit` counts the CRLF, too.
    ///
    /// A line is judged when its end is there or when it has outgrown its limit, never earlier, so the result
    /// does not depend on how the octets were cut into packets.
    pub(super) fn line(&mut self, limit: usize) -> Result<Option<Bytes>, LineError> {
        let end = self.bytes.len().min(limit);
        let unseen = self.bytes.get(self.scanned..end).unwrap_or_default();
        let Some(at) = unseen.iter().position(|&byte| byte == b'\n') else {
            self.scanned = end;
            return if self.bytes.len() < limit { Ok(None) } else { Err(LineError::TooLong) };
        };
        let line = self.bytes.split_to(self.scanned + at + 1).freeze();
        self.scanned = 0;
        match line.strip_suffix(b"\r\n") {
            Some(text) if !text.contains(&b'\r') => Ok(Some(line.slice(..text.len()))),
            _ => Err(LineError::NotCrLf),
        }
    }

    /// Takes what is there, up to `limit` octets.
    pub(super) fn take(&mut self, limit: u64) -> Bytes {
        let length = usize::try_from(limit).map_or(self.bytes.len(), |limit| limit.min(self.bytes.len()));
        self.scanned = 0;
        self.bytes.split_to(length).freeze()
    }

    pub(super) fn skip(&mut self, length: usize) {
        self.scanned = 0;
        self.bytes.advance(length.min(self.bytes.len()));
    }
}
