//! The body of a request: its framing is inspected, its data is only counted.

use super::chunked::{Chunked, Progress};
use super::{Inspector, State, Step};

impl Inspector {
    /// Trailer fields obey the rules and the limits of the head's, but decide nothing: the application gets them
    /// apart from the head (RFC 9110 section 6.5.1).
    pub(super) fn trailers(&mut self, input: &[u8], consumed: usize) -> Step {
        let mut rest = input.get(consumed..).unwrap_or_default();
        let mut len = consumed;
        loop {
            if rest.starts_with(b"\r\n") {
                self.end_message();
                return Step::Body { framing: len + 2, data: 0, end: true };
            }
            match self.next_field(rest) {
                Ok(Some(line)) => {
                    len += line.len;
                    self.trailers.extend_from_slice(rest.get(..line.len).unwrap_or_default());
                    rest = rest.get(line.len..).unwrap_or_default();
                    self.scanned = 0;
                }
                Ok(None) if len == 0 => return Step::NeedMore,
                Ok(None) => return Step::Body { framing: len, data: 0, end: false },
                // What is in order before it passes first, so that a refusal always means the next octet.
                Err(_) if len > 0 => {
                    self.scanned = 0;
                    return Step::Body { framing: len, data: 0, end: false };
                }
                Err(rejection) => return self.reject(rejection),
            }
        }
    }

    /// A body delimited by Content-Length.
    pub(super) fn length(&mut self, input: &[u8], left: u64) -> Step {
        if input.is_empty() {
            return Step::NeedMore;
        }
        let len = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        match left - len as u64 {
            0 => self.end_message(),
            left => self.state = State::Length(left),
        }
        Step::Body { framing: 0, data: len, end: !self.in_body() }
    }

    /// A chunked body up to its trailer section.
    pub(super) fn chunked(&mut self, input: &[u8], mut chunked: Chunked) -> Step {
        let (framing, data, progress) = chunked.advance(input);
        self.state = State::Chunked(chunked);
        match progress {
            Progress::LastChunk => {
                self.state = State::Trailers;
                self.line_start = 0;
                self.scanned = 0;
                self.trailers(input, framing)
            }
            Progress::Bad(rejection) if framing == 0 => self.reject(rejection),
            _ if framing + data == 0 => Step::NeedMore,
            _ => Step::Body { framing, data, end: false },
        }
    }
}
