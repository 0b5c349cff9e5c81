//! The streams on which a client may still send.

use std::collections::VecDeque;

use h2::Reason;

/// How many streams that have ended are remembered, to say so to a client that goes on with one.
const MAX_ENDED: usize = 128;

/// The client's sides of its streams.
#[derive(Debug)]
pub(super) struct OpenStreams {
    /// Those that the client has not ended, in the order of their numbers. Streams that the server has
    /// ended are among them as long as the client says nothing.
    open: Vec<u32>,
    max_open: usize,
    /// Up to here streams may be open that are not among them any more.
    forgotten: u32,
    /// Those that the client ended last.
    ended: VecDeque<u32>,
    /// The highest that the client has opened.
    pub(super) highest: u32,
}

impl OpenStreams {
    pub(super) fn new(max_streams: u32) -> Self {
        let max_open = (max_streams as usize).saturating_mul(10).max(1000);
        Self { open: Vec::new(), max_open, forgotten: 0, ended: VecDeque::new(), highest: 0 }
    }

    /// Takes HEADERS: true if they begin a stream, false if they are trailers.
    pub(super) fn begin(&mut self, stream: u32) -> Result<bool, Reason> {
        if stream <= self.highest {
            return self.check(stream, Reason::PROTOCOL_ERROR).map(|()| false);
        }
        self.highest = stream;
        self.open.push(stream);
        if self.open.len() > self.max_open {
            // Half of them at once, so that it does not happen often.
            let half = self.open.len() / 2;
            self.forgotten = self.open.drain(..half).next_back().unwrap_or(self.forgotten);
        }
        Ok(true)
    }

    /// Checks that the client may send on a stream. `unknown` is what it is if the stream has not
    /// ended: it has been left out (section 5.1.1).
    pub(super) fn check(&self, stream: u32, unknown: Reason) -> Result<(), Reason> {
        if stream <= self.forgotten || self.open.binary_search(&stream).is_ok() {
            return Ok(());
        }
        Err(if self.ended.contains(&stream) { Reason::STREAM_CLOSED } else { unknown })
    }

    /// The client has ended its side.
    pub(super) fn end(&mut self, stream: u32) {
        // The one that ends is often the one that began last.
        let is_last = self.open.last() == Some(&stream);
        if is_last {
            self.open.pop();
        } else if let Ok(at) = self.open.binary_search(&stream) {
            self.open.remove(at);
        }
        if self.ended.len() == MAX_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(stream);
    }
}
