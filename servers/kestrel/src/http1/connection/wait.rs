//! What the server waits for, how long, and what follows.

use std::{
    future::Future,
    io::{Error, ErrorKind, Result},
    pin::{Pin, pin},
    task::Context,
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::{Connection, End, Flow, Stage};
use crate::{
    connection::REST_AFTER,
    events,
    http1::{inspect::Rejection, waits::DataWait},
    metrics::error_type,
    transport::Transport,
};

/// How long a connection without a request is kept when the server stops, counted from its last byte.
const STOP_GRACE: Duration = Duration::from_millis(500);

/// How long a client that has ended its side may wait for the next piece of its answer: long enough
/// for one that has only half-closed, and an end for the work of one that has left.
const DEPARTED_GRACE: Duration = Duration::from_secs(2);

/// The waits of a connection and the timer for them.
#[derive(Debug)]
pub(super) struct Waits {
    idle_since: Option<Instant>,
    /// What an idle connection need not keep is gone.
    has_rested: bool,
    head_since: Option<Instant>,
    request_body: DataWait,
    timer: Option<Pin<Box<Sleep>>>,
    /// When the timer wakes the task. It may be set too early: then it is set anew when it fires.
    armed: Option<Instant>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    NextRequest,
    /// The same, before the connection comes to rest.
    Rest,
    Head,
    RequestBody,
    Response,
    /// A client that has ended its side, for an answer.
    Departed,
}

impl Waits {
    /// Waits for a head that began at `since`, if it has.
    pub(super) fn new(since: Option<Instant>) -> Self {
        Self {
            idle_since: None,
            has_rested: false,
            head_since: since,
            request_body: DataWait::default(),
            timer: None,
            armed: None,
        }
    }

    /// Something has come for which the connection was idle.
    pub(super) fn end_idle(&mut self) {
        self.idle_since = None;
    }

    /// A head is complete.
    pub(super) fn begin_request(&mut self, has_body: bool) {
        (self.idle_since, self.head_since) = (None, None);
        if has_body {
            self.request_body.reset();
        }
    }

    pub(super) fn count_request_body(&mut self, count: usize) {
        self.request_body.pause(count);
    }

    /// The application does not wait for the body.
    pub(super) fn pause_request_body(&mut self) {
        self.request_body.pause(0);
    }

    pub(super) fn end_request_body(&mut self) {
        self.request_body.reset();
    }

    /// The timer has to be set anew.
    pub(super) fn disarm(&mut self) {
        self.armed = None;
    }

    /// True when `deadline` has passed; until then the task in `cx` is woken in time.
    fn has_passed(&mut self, cx: &mut Context<'_>, deadline: Instant) -> bool {
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        loop {
            match self.armed {
                Some(armed) if armed <= deadline && !timer.is_elapsed() => return false,
                Some(armed) if armed <= deadline => {}
                _ => {
                    self.armed = Some(deadline);
                    timer.as_mut().reset(deadline);
                }
            }
            // Whatever the application has used of the task's budget: without this look the timer would wake nobody.
            if pin!(tokio::task::unconstrained(timer.as_mut())).poll(cx).is_pending() {
                return false;
            }
            self.armed = None;
            if deadline <= Instant::now() {
                return true;
            }
        }
    }
}

impl<S: Transport> Connection<S> {
    /// Goes on when a deadline has passed and was acted upon.
    pub(super) fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Result<Flow> {
        let is_stopping = self.shared.signal.is_stopping();
        let next = if is_stopping { self.wait_at_stop() } else { self.wait() };
        let Some((wait, deadline)) = next else { return Ok(Flow::Waits) };
        if !self.waits.has_passed(cx, deadline) {
            return Ok(Flow::Waits);
        }
        match wait {
            // Nothing of a request was answered, and nothing is owed.
            Wait::NextRequest | Wait::Rest | Wait::Head if is_stopping => Ok(Flow::Ends(End::Orderly)),
            wait => self.expire(wait),
        }
    }

    /// What the server waits for now and until when; called when nothing more can be done.
    fn wait(&mut self) -> Option<(Wait, Instant)> {
        let limits = &self.shared.options.limits;
        if self.io.response.is_waiting() {
            let rate = self.shared.http1.rates().response;
            return Some((Wait::Response, self.io.response.deadline(rate)?));
        }
        if self.io.is_at_end && self.is_in_flight() {
            let since = *self.io.at_end_since.get_or_insert_with(Instant::now);
            return Some((Wait::Departed, since + DEPARTED_GRACE));
        }
        if !self.io.is_read_pending {
            return None;
        }
        if !matches!(self.stage, Stage::Head) {
            let rate = self.shared.http1.rates().request_body;
            self.waits.request_body.begin(Instant::now);
            return Some((Wait::RequestBody, self.waits.request_body.deadline(rate)?));
        }
        if self.inspector.at_message_start() && self.io.input.is_empty() {
            let since = *self.waits.idle_since.get_or_insert_with(|| {
                events::connection_keep_alive(&self.shared);
                self.waits.has_rested = false;
                Instant::now()
            });
            self.io.input.shrink();
            self.io.output.shrink();
            let (rest, end) = (since + REST_AFTER, deadline(since, limits.keep_alive_timeout()));
            let is_restless = !self.waits.has_rested && rest < end;
            return Some(if is_restless { (Wait::Rest, rest) } else { (Wait::NextRequest, end) });
        }
        let since = *self.waits.head_since.get_or_insert_with(Instant::now);
        Some((Wait::Head, deadline(since, limits.request_headers_timeout())))
    }

    /// The same while the server stops: a connection without a request, or with a part of one, is
    /// kept a little, as the client's next bytes may be under way.
    fn wait_at_stop(&mut self) -> Option<(Wait, Instant)> {
        match self.wait() {
            Some((Wait::NextRequest | Wait::Rest, _)) => {
                Some((Wait::NextRequest, self.waits.idle_since? + STOP_GRACE))
            }
            Some((wait @ Wait::Head, _)) => Some((wait, self.waits.head_since? + STOP_GRACE)),
            wait => wait,
        }
    }

    /// Gives back what the next request does not need: it may be far off.
    fn rest(&mut self) {
        self.waits.has_rested = true;
        self.spare = None;
        self.hold = None;
        self.shared.exchanges.rest();
        self.io.input.release();
        self.io.output.release();
    }

    /// Acts on a wait that was too long. An error is the end of the connection.
    fn expire(&mut self, wait: Wait) -> Result<Flow> {
        let number = self.request.number;
        match wait {
            Wait::NextRequest => {
                self.shared.observed.failed(error_type::KEEP_ALIVE_TIMEOUT);
                self.io.is_at_end = true;
                Ok(Flow::Ends(End::Orderly))
            }
            Wait::Rest => {
                self.rest();
                Ok(Flow::Moved)
            }
            Wait::Head => Ok(self.refuse(Rejection::RequestHeadersTimeout)),
            Wait::RequestBody => {
                events::request_body_too_slow(&self.shared, number);
                self.refuse_body(Rejection::RequestBodyTimeout);
                Ok(Flow::Moved)
            }
            Wait::Response => {
                events::response_too_slow(&self.shared, number);
                self.shared.observed.failed(error_type::MIN_RESPONSE_DATA_RATE);
                Err(Error::new(
                    ErrorKind::TimedOut,
                    "the client reads the response more slowly than the minimum data rate",
                ))
            }
            Wait::Departed => Err(Error::new(
                ErrorKind::ConnectionAborted,
                "the client has ended its side and was sent nothing for a while",
            )),
        }
    }
}

/// The end of a time limit; without one it lies so far ahead that it is never seen.
fn deadline(since: Instant, limit: Option<Duration>) -> Instant {
    const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    since + limit.map_or(NEVER, |limit| limit.min(NEVER))
}
