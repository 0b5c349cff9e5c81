//! Responses on systems that take a response only as a whole: Wine before version 10.

use crate::driver::{SendEntityBody, SendFlags, SendResponse, Win32Error};

/// How many sends are kept at most; each is at least a byte.
const MOST: usize = 1 << 16;

/// `ERROR_NOT_ENOUGH_MEMORY`.
const NOT_ENOUGH_MEMORY: Win32Error = Win32Error::from_code(8);

/// What has been sent so far of a response of which more follows.
#[derive(Debug, Default)]
pub(super) struct Collected {
    response: Option<SendResponse>,
}

impl Collected {
    /// The first send. Returns the response if it is whole.
    pub(super) fn begin(&mut self, response: SendResponse) -> Option<SendResponse> {
        if !response.flags.contains(SendFlags::MORE_DATA) {
            return Some(response);
        }
        self.response = Some(response);
        None
    }

    /// A later send. Returns the response if it is whole now.
    pub(super) fn add(&mut self, body: SendEntityBody) -> Result<Option<SendResponse>, Win32Error> {
        let Some(response) = &mut self.response else { return Err(Win32Error::INVALID_PARAMETER) };
        if response.chunks.len() + body.chunks.len() > MOST {
            return Err(NOT_ENOUGH_MEMORY);
        }
        body.chunks.into_iter().for_each(|chunk| response.chunks.push(chunk));
        if body.flags.contains(SendFlags::MORE_DATA) {
            return Ok(None);
        }
        response.flags = response.flags.without(SendFlags::MORE_DATA) | body.flags;
        Ok(self.response.take())
    }
}
