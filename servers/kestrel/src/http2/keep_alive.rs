//! PINGs that find out whether a silent client is still there (RFC 9113 section 6.7).

use std::{
    task::{Context, Poll},
    time::Duration,
};

use h2::{Ping, PingPong};
use tokio::time::Instant;

use crate::Http2Limits;

/// The PINGs of one connection.
pub(super) struct KeepAlive {
    /// There are none without a delay.
    pings: Option<(PingPong, Duration)>,
    timeout: Option<Duration>,
    /// When the PING was sent whose answer is awaited.
    sent: Option<Instant>,
}

/// What is due next, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Ping(Instant),
    /// The answer.
    Pong(Instant),
}

impl KeepAlive {
    pub(super) fn new(pings: Option<PingPong>, limits: &Http2Limits) -> Self {
        let pings = pings.zip(limits.keep_alive_ping_delay());
        Self { pings, timeout: limits.keep_alive_ping_timeout(), sent: None }
    }

    /// What is due next; the task of `cx` hears of an answer.
    pub(super) fn next(&mut self, cx: &mut Context<'_>, last_read: Instant) -> Option<Due> {
        let (pings, delay) = self.pings.as_mut()?;
        if let Some(sent) = self.sent {
            let is_answered = !matches!(pings.poll_pong(cx), Poll::Pending);
            if !is_answered && last_read <= sent {
                return self.timeout.map(|timeout| Due::Pong(sent + timeout));
            }
            // Whatever the client sends shows that it is there.
            self.sent = None;
        }
        Some(Due::Ping(last_read + *delay))
    }

    /// Sends a PING; false if the connection takes none any more.
    pub(super) fn send(&mut self) -> bool {
        self.sent = Some(Instant::now());
        self.pings.as_mut().is_some_and(|(pings, _)| pings.send_ping(Ping::opaque()).is_ok())
    }
}
