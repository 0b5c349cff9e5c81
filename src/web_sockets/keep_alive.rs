//! When an idle client hears from the server, and when it is given up.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep},
};

/// The clock of one WebSocket.
#[derive(Debug)]
pub(super) struct KeepAlive {
    interval: Duration,
    timeout: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    last_heard: Option<Instant>,
    /// The number of the ping that has not been answered, and until when it may be.
    awaited: Option<(u64, Instant)>,
    pings: u64,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A pong that nobody asked for: one-way heartbeat (RFC 6455 section 5.5.3).
    Pong,
    /// A ping, with what its answer must repeat.
    Ping(Bytes),
    /// The client has not answered.
    GiveUp,
}

impl KeepAlive {
    /// Zero is never, for both; so is a timeout of [`Duration::MAX`].
    pub(super) fn new(interval: Duration, timeout: Option<Duration>) -> Self {
        let timeout = timeout.filter(|timeout| !timeout.is_zero() && *timeout != Duration::MAX);
        Self { interval, timeout, timer: None, last_heard: None, awaited: None, pings: 0 }
    }

    /// A frame has come.
    pub(super) fn heard(&mut self) {
        if self.timeout.is_some() {
            self.last_heard = Some(Instant::now());
        }
    }

    /// A pong has come.
    pub(super) fn heard_pong(&mut self, payload: &[u8]) {
        if self.awaited.is_some_and(|(number, _)| payload == number.to_be_bytes()) {
            self.awaited = None;
        }
    }

    /// Completes when something is due.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        if self.interval.is_zero() || (self.timer.is_none() && Handle::try_current().is_err()) {
            return Poll::Pending;
        }
        loop {
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.interval)));
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            let due = self.due(now);
            let next = match (&self.awaited, self.last_heard) {
                (Some((_, until)), _) => *until,
                (None, Some(heard)) if due.is_none() => heard + self.interval,
                _ => now + self.interval,
            };
            if let Some(timer) = &mut self.timer {
                timer.as_mut().reset(next);
            }
            if let Some(due) = due {
                return Poll::Ready(due);
            }
        }
    }

    fn due(&mut self, now: Instant) -> Option<Due> {
        let Some(timeout) = self.timeout else { return Some(Due::Pong) };
        if let Some((_, until)) = self.awaited {
            return (until <= now).then_some(Due::GiveUp);
        }
        if self.last_heard.is_some_and(|heard| heard + self.interval > now) {
            return None;
        }
        self.pings += 1;
        self.awaited = Some((self.pings, now + timeout));
        Some(Due::Ping(Bytes::copy_from_slice(&self.pings.to_be_bytes())))
    }
}
