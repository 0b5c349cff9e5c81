//! What is known of a request, and what is to be done next.

use std::{mem, task::Waker};

use bytes::Bytes;
use falconry_features::BadHttpRequestError;
use http::HeaderMap;

use crate::{
    OperationError, ReadResult, RequestEnd,
    operation::{Content, HeadToSend},
};

/// How much of a response may wait, in bytes: above that, the application's writes wait.
pub(super) const HIGH_WATER: usize = 256 * 1024;

/// What is known of a request.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) read: Reading,
    pub(super) write: Writing,
    pub(crate) body: BodyState,
    pub(crate) phase: Phase,
    /// A read and a write may be outstanding at the same time.
    pub(super) is_full_duplex: bool,
    /// The application is being polled: operations wait for what else it has to send.
    pub(super) is_polling: bool,
    pub(super) is_application_done: bool,
    /// The error code of an abort.
    pub(super) aborted: Option<Option<u32>>,
    /// The server has given up: the application is to be dropped.
    pub(super) is_abandoned: bool,
    pub(super) is_disconnected: bool,
    /// [`Host::cancel`](crate::Host::cancel) is being called: what begins now could be hit by it.
    pub(super) is_cancelling: bool,
    pub(super) is_finished: bool,
    /// Whoever polls the application.
    pub(super) driver: Option<Waker>,
}

/// Where a request is on its way out of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Http,
    /// The 101 is on its way.
    Upgrading,
    /// Both directions carry bytes, and somebody has the stream.
    Upgraded,
    /// The stream has been dropped.
    Left,
}

/// What the features of the body know.
#[derive(Debug, Default)]
pub(crate) struct BodyState {
    pub(crate) limit: Option<u64>,
    pub(crate) is_read_only: bool,
    /// Once the body has been read to its end.
    pub(crate) trailers: Option<HeaderMap>,
}

#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Somebody waits for data.
    pub(super) is_wanted: bool,
    pub(super) is_outstanding: bool,
    pub(super) is_cancelled: bool,
    pub(super) ready: Option<Result<Bytes, BadHttpRequestError>>,
    /// The trailers, if the end has come; it is behind what is ready.
    pub(super) end: Option<Option<HeaderMap>>,
    pub(super) waker: Option<Waker>,
}

#[derive(Debug, Default)]
pub(super) struct Writing {
    /// What waits to be sent.
    pub(super) content: Content,
    /// The bytes of data in that.
    pub(super) queued: usize,
    /// The bytes of data in the outstanding operation.
    pub(super) in_flight: usize,
    pub(super) is_outstanding: bool,
    pub(super) is_cancelled: bool,
    /// The head has gone to the host.
    pub(super) is_head_begun: bool,
    /// The end has been written, if not sent.
    pub(super) is_ended: bool,
    /// The end has been sent.
    pub(super) is_end_sent: bool,
    pub(super) waker: Option<Waker>,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Next {
    Nothing,
    Read,
    Write(Content),
    Cancel,
    Finish(RequestEnd),
}

impl State {
    /// A request whose body may have so many bytes.
    pub(crate) fn new(max_body_size: Option<u64>, is_full_duplex: bool) -> Self {
        let body = BodyState { limit: max_body_size, ..BodyState::default() };
        Self { body, is_full_duplex, ..Self::default() }
    }

    /// Decides what is next, and notes that it is done.
    pub(super) fn next(&mut self) -> Next {
        if self.is_finished || self.is_cancelling {
            return Next::Nothing;
        }
        if self.is_over() {
            return self.next_of_end();
        }
        if self.is_polling || self.is_disconnected {
            return Next::Nothing;
        }
        if !self.write.is_outstanding && self.write.has_content() {
            if !self.read.is_outstanding || self.is_full_duplex {
                return Next::Write(self.write.begin());
            }
            if !mem::replace(&mut self.read.is_cancelled, true) {
                self.is_cancelling = true;
                return Next::Cancel;
            }
            return Next::Nothing;
        }
        let may_read = self.is_full_duplex || !self.write.is_outstanding;
        if self.read.is_wanted && !self.read.is_outstanding && may_read {
            self.read.is_outstanding = true;
            return Next::Read;
        }
        Next::Nothing
    }

    /// True if the driver is to drop the application.
    pub(super) fn is_given_up(&self) -> bool {
        self.is_abandoned || (self.is_disconnected && self.phase == Phase::Http && !self.write.is_end_sent)
    }

    /// True if the application has left a response that is neither whole nor given up.
    pub(super) fn is_incomplete(&self) -> bool {
        matches!(self.phase, Phase::Http | Phase::Upgrading) && !self.write.is_ended && !self.is_disconnected
    }

    /// Aborts unless the response has been written to its end; true if this is the first abort.
    pub(super) fn abort(&mut self, error_code: Option<u32>) -> bool {
        let is_too_late = self.write.is_ended && self.phase == Phase::Http && !self.is_abandoned;
        if self.aborted.is_some() || is_too_late || self.is_finished {
            return false;
        }
        self.aborted = Some(error_code);
        self.write.discard();
        true
    }

    /// Puts another response, of a head alone, in the place of one whose head has not left; one that has
    /// been written to its end is left as it is.
    pub(super) fn replace_response(&mut self, head: impl FnOnce() -> HeadToSend) -> bool {
        if self.write.is_ended {
            return true;
        }
        if self.write.is_head_begun || self.aborted.is_some() || self.phase != Phase::Http {
            return false;
        }
        self.write.discard();
        self.write.content.head = Some(head());
        self.write.end(None);
        true
    }

    /// Notes that the client has gone; true if that comes before the end of the response.
    pub(super) fn disconnect(&mut self) -> bool {
        self.read.is_wanted = false;
        self.write.discard();
        !self.write.is_end_sent && !self.is_finished
    }

    /// Gives whom to wake.
    pub(super) fn read_completed(
        &mut self,
        data: Bytes,
        result: Result<ReadResult, OperationError>,
    ) -> Option<Waker> {
        let read = &mut self.read;
        read.is_outstanding = false;
        read.is_cancelled = false;
        match result {
            Ok(ReadResult::Data) if data.is_empty() => return None,
            Err(OperationError::Cancelled | OperationError::Disconnected) => return None,
            Ok(ReadResult::Data) => read.ready = Some(Ok(data)),
            Ok(ReadResult::LastData) => {
                read.ready = (!data.is_empty()).then_some(Ok(data));
                read.end = Some(None);
            }
            Ok(ReadResult::End(trailers)) => read.end = Some(trailers),
            Err(OperationError::Refused(error)) => read.ready = Some(Err(error)),
        }
        read.is_wanted = false;
        read.waker.take()
    }

    /// Gives whom to wake.
    pub(super) fn write_completed(&mut self, was_last: bool, is_sent: bool) -> Option<Waker> {
        let write = &mut self.write;
        write.is_outstanding = false;
        write.is_cancelled = false;
        write.in_flight = 0;
        if !is_sent {
            return None;
        }
        write.is_end_sent |= was_last;
        if self.phase == Phase::Upgrading {
            self.phase = Phase::Upgraded;
            // The two directions have nothing to do with each other any more.
            self.is_full_duplex = true;
            self.read.end = None;
        }
        write.waker.take()
    }

    /// True if nothing more is to be begun, but for the end.
    fn is_over(&self) -> bool {
        let is_through = match self.phase {
            Phase::Http | Phase::Upgrading => self.write.is_end_sent,
            Phase::Upgraded => false,
            Phase::Left => !self.write.has_content() && !self.write.is_outstanding,
        };
        self.aborted.is_some() || (self.is_application_done && (is_through || self.is_disconnected))
    }

    fn next_of_end(&mut self) -> Next {
        let read = self.read.is_outstanding && !mem::replace(&mut self.read.is_cancelled, true);
        let write = self.write.is_outstanding && !mem::replace(&mut self.write.is_cancelled, true);
        if (read || write) && !self.is_disconnected {
            self.is_cancelling = true;
            return Next::Cancel;
        }
        if self.read.is_outstanding || self.write.is_outstanding {
            return Next::Nothing;
        }
        self.is_finished = true;
        Next::Finish(match self.aborted {
            _ if self.is_disconnected => RequestEnd::Disconnected,
            Some(error_code) => RequestEnd::Aborted { error_code },
            None => RequestEnd::Complete,
        })
    }
}

impl Writing {
    pub(super) fn push(&mut self, data: Bytes) {
        if !data.is_empty() {
            self.queued += data.len();
            self.content.chunks.push(data);
        }
    }

    pub(super) fn end(&mut self, trailers: Option<HeaderMap>) {
        self.content.end = Some(trailers);
        self.is_ended = true;
    }

    pub(super) fn has_room(&self) -> bool {
        self.queued + self.in_flight < HIGH_WATER
    }

    /// True if everything written has been handed to the transport.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_outstanding && !self.has_content()
    }

    pub(super) fn has_content(&self) -> bool {
        let content = &self.content;
        content.head.is_some()
            || !content.chunks.is_empty()
            || content.end.is_some()
            || !content.interim.is_empty()
    }

    fn begin(&mut self) -> Content {
        let content = mem::take(&mut self.content);
        self.is_outstanding = true;
        self.is_head_begun |= content.head.is_some();
        self.in_flight = mem::take(&mut self.queued);
        content
    }

    fn discard(&mut self) {
        self.content = Content::default();
        self.queued = 0;
    }
}
