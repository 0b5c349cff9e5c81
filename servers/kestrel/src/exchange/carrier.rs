//! What an exchange asks of the protocol that carries it.

use std::{
    sync::atomic::Ordering,
    task::{Context, Poll, ready},
};

use super::{ExchangeShared, Phase};
use crate::{events, http1::Rejection, metrics::error_type};

impl ExchangeShared {
    /// The body is read for the first time. On HTTP/1 the body itself asks.
    pub(crate) fn ask_for_body(&self, expects_continue: bool) {
        if expects_continue && let Some(stream) = &self.stream {
            stream.send_continue();
        }
    }

    /// Why the request's body ended before its time, if the server has ended it.
    pub(crate) fn body_failure(&self) -> Option<Rejection> {
        match &self.stream {
            None => self.connection.http1.body_failure(),
            Some(stream) => stream.body_failure(),
        }
    }

    /// Completes when what the protocol has taken is on its way, counted from the first call with
    /// this `wait`.
    pub(crate) fn poll_flushed(&self, cx: &mut Context<'_>, wait: &mut Option<u64>) -> Poll<()> {
        // What comes after the end has nothing to wait for; the protocol may be done with the exchange.
        if self.lock().output.phase == Phase::Completed {
            *wait = None;
            return Poll::Ready(());
        }
        match &self.stream {
            None => self.connection.http1.poll_flushed(cx, wait),
            // QUIC sends by itself what the client has room for.
            Some(stream) if stream.is_http3() => Poll::Ready(()),
            Some(stream) => {
                ready!(stream.poll_handed_over(cx));
                self.connection.flushes.poll(cx, wait)
            }
        }
    }

    /// What carries an aborted exchange goes with it: the stream or, on HTTP/1, the connection, unless
    /// the application has returned and only its response is given up.
    pub(crate) fn abort_transport(&self) {
        events::application_aborted_connection(self);
        match &self.stream {
            Some(stream) => stream.abort(),
            None if self.is_ended.load(Ordering::Relaxed) => {}
            None => {
                self.connection.observed.failed(error_type::ABORTED_BY_APP);
                self.connection.signal.abort();
            }
        }
    }
}
