//! What a client sends.

use bytes::{Buf as _, Bytes};
use falconry_features::{
    BadHttpRequestError,
    http1::{BodyPiece, RequestFraming, RequestHead, RequestLimits, RequestReader},
};
use http::Version;

/// What has been read and not been used.
#[derive(Debug)]
pub(crate) struct Input {
    reader: RequestReader,
    /// Data of the body, or what is no HTTP any more.
    data: Bytes,
    is_raw: bool,
}

/// The head of a request, as HTTP.sys has it.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: Vec<u8>,
    pub(crate) minor_version: u16,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) has_body: bool,
    /// Another request may follow.
    pub(crate) keep_alive: bool,
}

/// What is there of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Data(usize),
    NotYet,
    End,
}

impl Input {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.reader.receive(bytes);
    }

    /// Nothing of the next request has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.reader.is_idle()
    }

    /// The next head, if it is there.
    pub(crate) fn head(&mut self) -> Result<Option<Head>, BadHttpRequestError> {
        Ok(self.reader.head()?.map(Head::new))
    }

    /// What `GetRemainingEntityBytes` tells: what is known to be left, or that nobody knows.
    pub(crate) fn remaining(&self) -> u32 {
        let left = self.reader.body_left().filter(|_| !self.is_raw);
        left.map_or(u32::MAX, |left| u32::try_from(left + self.data.len() as u64).unwrap_or(u32::MAX))
    }

    /// From here on the bytes are no HTTP.
    pub(crate) fn become_raw(&mut self) {
        self.is_raw = true;
    }

    pub(crate) fn has_data(&mut self) -> bool {
        self.fill().is_ok_and(|taken| matches!(taken, Taken::Data(_)))
    }

    /// Takes data of the body into `buffer`; an error if it is malformed.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) -> Result<Taken, BadHttpRequestError> {
        let taken = self.fill()?;
        let Taken::Data(length) = taken else { return Ok(taken) };
        let length = length.min(buffer.len());
        self.data.copy_to_slice(&mut buffer[..length]);
        Ok(Taken::Data(length))
    }

    /// How much data there is.
    fn fill(&mut self) -> Result<Taken, BadHttpRequestError> {
        if self.data.is_empty() {
            self.data = match self.is_raw {
                true => self.reader.take_rest(),
                false => match self.reader.body()? {
                    BodyPiece::Data(data) => data,
                    BodyPiece::Incomplete => return Ok(Taken::NotYet),
                    BodyPiece::End => return Ok(Taken::End),
                },
            };
        }
        Ok(if self.data.is_empty() { Taken::NotYet } else { Taken::Data(self.data.len()) })
    }
}

impl Default for Input {
    fn default() -> Self {
        let limits = RequestLimits {
            max_request_line_size: 64 * 1024,
            max_fields_size: 64 * 1024,
            max_field_count: 128,
            ..RequestLimits::default()
        };
        Self { reader: RequestReader::new(limits), data: Bytes::new(), is_raw: false }
    }
}

impl Head {
    fn new(head: RequestHead) -> Self {
        let RequestHead { request, framing, keep_alive, .. } = head;
        let fields = request.headers.iter();
        Self {
            method: request.method.as_str().to_owned(),
            target: request.raw_target.into_bytes(),
            minor_version: u16::from(request.version == Version::HTTP_11),
            fields: fields
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect(),
            has_body: framing != RequestFraming::None,
            keep_alive,
        }
    }

    /// True if the list-like field `name` has `option`.
    pub(crate) fn has_option(&self, name: &str, option: &str) -> bool {
        self.fields
            .iter()
            .filter(|field| field.0.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .any(|member| member.trim().eq_ignore_ascii_case(option))
    }
}
