//! The lines of a head: where they end, how long they may be, and what a bad one is refused with.

use memchr::memchr;

use super::{Inspector, Rejection, Step, fields::FieldLine};

impl Inspector {
    /// The field line at `line_start`, counted against the limits. None: its end is not there yet.
    #[inline(always)]
    pub(super) fn next_field(&mut self, input: &[u8]) -> Result<Option<FieldLine>, Rejection> {
        if self.is_still_open(input) {
            return self.settle_field(input, None, Rejection::InvalidRequestHeader);
        }
        let bytes = input.get(self.line_start..).unwrap_or_default();
        match FieldLine::parse(bytes) {
            Ok(line) => {
                let total = self.fields_total + line.len;
                if total > self.limits.max_headers_total {
                    return Err(Rejection::HeadersExceedMaxTotalSize);
                }
                if self.fields_count >= self.limits.max_header_count {
                    return Err(Rejection::TooManyHeaders);
                }
                self.fields_total = total;
                self.fields_count += 1;
                Ok(Some(line))
            }
            Err(rejection) => self.settle_field(input, memchr(b'\n', bytes), rejection),
        }
    }

    /// Whether the line at `line_start` was incomplete before and still is. Searches only what is new.
    #[inline]
    pub(super) fn is_still_open(&self, input: &[u8]) -> bool {
        self.scanned > self.line_start
            && memchr(b'\n', input.get(self.scanned..).unwrap_or_default()).is_none()
    }

    /// The field line at `line_start` is bad or incomplete; `lf` is where its LF is, counted from there.
    #[cold]
    fn settle_field(
        &mut self,
        input: &[u8],
        lf: Option<usize>,
        bad: Rejection,
    ) -> Result<Option<FieldLine>, Rejection> {
        let room = self.limits.max_headers_total.saturating_sub(self.fields_total);
        let bytes = input.get(self.line_start..).unwrap_or_default();
        match lf {
            Some(lf) if lf < room => Err(bad),
            Some(_) => Err(Rejection::HeadersExceedMaxTotalSize),
            // The empty line is no field and has no limit.
            None if bytes.len() < room || matches!(bytes, [] | [b'\r']) => {
                self.scanned = input.len();
                Ok(None)
            }
            None => Err(Rejection::HeadersExceedMaxTotalSize),
        }
    }

    /// The request line is bad or incomplete; `lf` is where its LF is.
    #[cold]
    pub(super) fn settle_request_line(&mut self, input: &[u8], lf: Option<usize>, bad: Rejection) -> Step {
        let room = self.limits.max_request_line;
        match lf {
            Some(lf) if lf < room => self.reject(bad),
            None if input.len() < room => {
                self.scanned = input.len();
                Step::NeedMore
            }
            _ => match memchr(b' ', input.get(..room).unwrap_or(input)) {
                Some(_) => self.reject(Rejection::RequestLineTooLong),
                None => self.reject(Rejection::MethodTooLong),
            },
        }
    }

    /// RFC 9112 section 2.2.
    #[cold]
    pub(super) fn skip_empty_lines(&mut self, input: &[u8]) -> Step {
        let lines = input.chunks(2).take_while(|line| line == b"\r\n").count();
        self.skipped += 2 * lines;
        // Without a limit, a client could keep an idle connection alive with them.
        match self.skipped > self.limits.max_request_line {
            true => self.reject(Rejection::InvalidRequestLine),
            false => Step::Skip(2 * lines),
        }
    }
}
