//! Numbers, texts and fields, one after the other.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::frame::Malformed;

/// Writes.
#[derive(Debug, Default)]
pub(super) struct Writer(BytesMut);

impl Writer {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(BytesMut::with_capacity(capacity))
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.0.put_u64(number);
        self
    }

    pub(super) fn small(&mut self, number: u16) -> &mut Self {
        self.0.put_u16(number);
        self
    }

    pub(super) fn flag(&mut self, flag: bool) -> &mut Self {
        self.0.put_u8(flag.into());
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.0.put_slice(bytes);
        self
    }

    /// Bytes that lie in several places.
    pub(super) fn pieces(&mut self, pieces: &[&[u8]]) -> &mut Self {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        self.0.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        self.0.reserve(length);
        pieces.iter().for_each(|piece| self.0.put_slice(piece));
        self
    }

    pub(super) fn option(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        self.flag(bytes.is_some());
        if let Some(bytes) = bytes {
            self.bytes(bytes);
        }
        self
    }

    pub(super) fn headers(&mut self, headers: &HeaderMap) -> &mut Self {
        self.0.put_u32(u32::try_from(headers.len()).unwrap_or(u32::MAX));
        for (name, value) in headers {
            self.bytes(name.as_str().as_bytes()).bytes(value.as_bytes());
        }
        self
    }

    pub(super) fn finish(self) -> Bytes {
        self.0.freeze()
    }
}

/// Reads what a [`Writer`] has written.
#[derive(Debug)]
pub(super) struct Reader(pub(super) Bytes);

impl Reader {
    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        self.0.try_get_u64().map_err(|_| Malformed)
    }

    pub(super) fn small(&mut self) -> Result<u16, Malformed> {
        self.0.try_get_u16().map_err(|_| Malformed)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Malformed> {
        self.0.try_get_u8().map(|flag| flag != 0).map_err(|_| Malformed)
    }

    pub(super) fn bytes(&mut self) -> Result<Bytes, Malformed> {
        let length = self.0.try_get_u32().map_err(|_| Malformed)? as usize;
        if length > self.0.len() {
            return Err(Malformed);
        }
        Ok(self.0.split_to(length))
    }

    pub(super) fn text(&mut self) -> Result<String, Malformed> {
        String::from_utf8(self.bytes()?.into()).map_err(|_| Malformed)
    }

    pub(super) fn option(&mut self) -> Result<Option<Bytes>, Malformed> {
        if self.flag()? { self.bytes().map(Some) } else { Ok(None) }
    }

    pub(super) fn headers(&mut self) -> Result<HeaderMap, Malformed> {
        let count = self.0.try_get_u32().map_err(|_| Malformed)? as usize;
        // Each takes at least its two lengths.
        if count > self.0.len() / 8 {
            return Err(Malformed);
        }
        let mut headers = HeaderMap::try_with_capacity(count).map_err(|_| Malformed)?;
        for _ in 0..count {
            let name = HeaderName::from_bytes(&self.bytes()?).map_err(|_| Malformed)?;
            let value = HeaderValue::from_maybe_shared(self.bytes()?).map_err(|_| Malformed)?;
            headers.try_append(name, value).map_err(|_| Malformed)?;
        }
        Ok(headers)
    }
}
