//! Field lines (RFC 9112 section 5), of a head or of a trailer section.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{
    RequestLimits,
    input::{Input, LineError},
};
use crate::{
    BadHttpRequestError,
    http1::{
        bad,
        chars::{is_token, trim},
    },
};

/// The field lines of one request so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) headers: HeaderMap,
    pub(super) trailers: HeaderMap,
    /// Octets of all lines, CRLF included.
    size: usize,
    count: usize,
}

/// The two sections of field lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Head,
    Trailers,
}

impl Fields {
    /// Reads lines up to the empty one behind the section; false if that is not there yet. The limits are for both
    /// sections together.
    pub(super) fn read(
        &mut self,
        input: &mut Input,
        section: Section,
        limits: &RequestLimits,
    ) -> Result<bool, BadHttpRequestError> {
        loop {
            // The empty line is no field and has no limit.
            let room = limits.max_fields_size.saturating_sub(self.size);
            let line = match input.line(room.max(2)) {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(false),
                Err(LineError::TooLong) => return Err(too_large("the fields are too large")),
                Err(LineError::NotCrLf) => return Err(bad("a field line has a bare CR or LF")),
            };
            if line.is_empty() {
                return Ok(true);
            }
            self.size += line.len() + 2;
            self.count += 1;
            if self.count > limits.max_field_count {
                return Err(too_large("there are too many fields"));
            }
            let (name, value) = parse(&line)?;
            let fields = match section {
                Section::Head => &mut self.headers,
                Section::Trailers => &mut self.trailers,
            };
            fields.try_append(name, value).map_err(|_| too_large("there are too many fields"))?;
        }
    }
}

/// Folded lines (they begin with a space), a space before the colon and lines without one are refused (RFC 9112
/// sections 5.1 and 5.2).
fn parse(line: &[u8]) -> Result<(HeaderName, HeaderValue), BadHttpRequestError> {
    let colon = line.iter().position(|&byte| !is_token(byte)).filter(|&at| line.get(at) == Some(&b':'));
    let (name, value) = colon.and_then(|at| line.split_at_checked(at)).ok_or_else(malformed)?;
    let name = HeaderName::from_bytes(name).map_err(|_| malformed())?;
    let value = HeaderValue::from_bytes(trim(value.get(1..).unwrap_or_default()))
        .map_err(|_| bad("the value of a field has a control character"))?;
    Ok((name, value))
}

fn malformed() -> BadHttpRequestError {
    bad("a field line is malformed")
}

fn too_large(message: &'static str) -> BadHttpRequestError {
    BadHttpRequestError::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, message)
}
