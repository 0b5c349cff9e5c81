//! One request's host: what the core asks for goes to the loop.

use std::error::Error;

use falconry_features::BoxError;
use falconry_in_process::{Host, ReadOperation, RequestEnd, RequestKey, WriteOperation};

use crate::{
    abi,
    event_loop::{Loop, Message},
};

/// nginx as the host of one request.
pub(crate) struct NginxHost {
    pub(crate) key: RequestKey,
    pub(crate) event_loop: &'static Loop,
}

impl Host for NginxHost {
    fn begin_read(&self, operation: ReadOperation) {
        self.event_loop.push(Message::Read(self.key, operation));
    }

    fn begin_write(&self, operation: WriteOperation) {
        self.event_loop.push(Message::Write(self.key, operation));
    }

    fn cancel(&self) {
        self.event_loop.push(Message::Cancel(self.key));
    }

    fn finish(&self, end: RequestEnd) {
        self.event_loop.push(Message::Finish(self.key, end));
    }

    fn report(&self, error: &BoxError) {
        self.event_loop.push(Message::Log(Some(self.key), abi::LOG_ERROR, chain(&**error)));
    }
}

/// The error and what caused it, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    // A line break would forge a line of the log.
    text.replace(['\r', '\n'], " ")
}
