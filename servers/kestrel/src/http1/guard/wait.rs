//! What the server waits for, how long, and what follows.

use std::{io, sync::atomic::Ordering, time::Duration};

use tokio::time::Instant;

use super::{super::inspect::Rejection, Guard};
use crate::{events, metrics::error_type, transport::Transport};

/// How long a connection without a request is kept when the server stops, counted from its last byte.
const STOP_GRACE: Duration = Duration::from_millis(500);

/// How long a client that has ended its side may wait for the next piece of its answer: long enough
/// for one that has only half-closed, and an end for the work of one that has left.
const DEPARTED_GRACE: Duration = Duration::from_secs(2);

/// What the guard waits for, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http1) enum Wait {
    NextRequest,
    Head,
    RequestBody,
    Response,
    /// A client that has ended its side, for an answer.
    Departed,
}

impl<S: Transport> Guard<S> {
    /// What the server waits for now and until when; called when nothing more can be done.
    pub(in crate::http1) fn wait(&mut self) -> Option<(Wait, Instant)> {
        let link = &self.connection.http1;
        let limits = &self.connection.options.limits;
        if self.response.is_waiting()
            && let Some(deadline) = self.response.deadline(link.rates().response)
        {
            return Some((Wait::Response, deadline));
        }
        if self.is_at_end && link.is_in_flight.load(Ordering::Relaxed) && !self.response.is_waiting() {
            let since = *self.at_end_since.get_or_insert_with(Instant::now);
            return Some((Wait::Departed, since + DEPARTED_GRACE));
        }
        if !self.is_read_pending || self.is_refused {
            return None;
        }
        if self.inspector.in_body() {
            if !link.is_app_reading.load(Ordering::Relaxed) {
                self.request_body.pause(0);
                return None;
            }
            self.request_body.begin(Instant::now);
            let deadline = self.request_body.deadline(link.rates().request_body)?;
            return Some((Wait::RequestBody, deadline));
        }
        if self.inspector.at_message_start() && self.input.is_empty() {
            let since = *self.idle_since.get_or_insert_with(|| {
                events::connection_keep_alive(&self.connection);
                Instant::now()
            });
            return Some((Wait::NextRequest, deadline(since, limits.keep_alive_timeout())));
        }
        let since = *self.head_since.get_or_insert_with(Instant::now);
        Some((Wait::Head, deadline(since, limits.request_headers_timeout())))
    }

    /// Acts on a wait that was too long. An error is the end of the connection.
    pub(in crate::http1) fn expire(&mut self, wait: Wait) -> io::Result<()> {
        match wait {
            Wait::NextRequest => {
                self.connection.observed.failed(error_type::KEEP_ALIVE_TIMEOUT);
                self.is_at_end = true;
            }
            Wait::Head => self.refuse(Rejection::RequestHeadersTimeout, false),
            Wait::RequestBody => {
                events::request_body_too_slow(&self.connection, self.connection.http1.request_number());
                self.refuse(Rejection::RequestBodyTimeout, true);
            }
            Wait::Response => {
                events::response_too_slow(&self.connection, self.connection.http1.request_number());
                self.connection.observed.failed(error_type::MIN_RESPONSE_DATA_RATE);
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client reads the response more slowly than the minimum data rate",
                ));
            }
            Wait::Departed => {
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionAborted,
                    "the client has ended its side and was sent nothing for a while",
                ));
            }
        }
        Ok(())
    }

    /// The same while the server stops: a connection without a request, or with a part of one, is
    /// kept a little, as the client's next bytes may be under way.
    pub(in crate::http1) fn wait_at_stop(&mut self) -> Option<(Wait, Instant)> {
        match self.wait() {
            Some((wait @ Wait::NextRequest, _)) => Some((wait, self.idle_since? + STOP_GRACE)),
            Some((wait @ Wait::Head, _)) => Some((wait, self.head_since? + STOP_GRACE)),
            wait => wait,
        }
    }
}

/// The end of a time limit; without one it lies so far ahead that it is never seen.
fn deadline(since: Instant, limit: Option<Duration>) -> Instant {
    const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    since + limit.map_or(NEVER, |limit| limit.min(NEVER))
}
