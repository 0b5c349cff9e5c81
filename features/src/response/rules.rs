//! What a response's head says about its body, and whether the body keeps to it.

use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};

use super::ResponseHead;
use crate::FeatureError;

/// Watches over one response: which body its head allows, and how much of it has been written.
///
/// Servers ask it at the start, at every write and at the end (RFC 9110 sections 6.4, 8.6 and 15).
///
/// ```
/// use falconry_features::{BodyWrite, ResponseHead, ResponseRules};
/// use http::{HeaderValue, Method};
///
/// let mut head = ResponseHead::default();
/// head.headers.insert("content-length", HeaderValue::from_static("5"));
/// let mut rules = ResponseRules::new(&Method::GET, &head).unwrap();
/// assert_eq!(rules.write(5).unwrap(), BodyWrite::Send);
/// assert!(rules.write(1).unwrap_err().is_invalid_state());
/// ```
#[derive(Clone, Debug, Default)]
pub struct ResponseRules {
    is_head: bool,
    body_forbidden: Option<StatusCode>,
    content_length: Option<u64>,
    written: u64,
}

/// What becomes of data that the application writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyWrite {
    /// It is sent.
    Send,
    /// It is dropped, as in the answer to HEAD.
    Drop,
}

impl ResponseRules {
    /// The rules for the answer to `method` with this head.
    ///
    /// # Errors
    /// Invalid state: a `Content-Length` that is no number, or a framing field with a status that
    /// has no body (1xx, 204, 205, 304, and 2xx to CONNECT).
    pub fn new(method: &Method, head: &ResponseHead) -> Result<Self, FeatureError> {
        let content_length = content_length(&head.headers)?;
        let status = head.status;
        let tunnel = *method == Method::CONNECT && status.is_success();
        let bodyless = tunnel
            || status.is_informational()
            || matches!(
                status,
                StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
            );
        if bodyless && head.headers.contains_key(TRANSFER_ENCODING) {
            return Err(forbidden_field(status, "Transfer-Encoding"));
        }
        // A 304 says how long the body of a 200 would be (RFC 9110 section 8.6).
        if bodyless && status != StatusCode::NOT_MODIFIED && content_length.is_some_and(|length| length > 0) {
            return Err(forbidden_field(status, "Content-Length above 0"));
        }
        Ok(Self {
            is_head: *method == Method::HEAD,
            body_forbidden: bodyless.then_some(status),
            content_length,
            written: 0,
        })
    }

    /// Counts `length` bytes that the application writes.
    ///
    /// # Errors
    /// Invalid state: the status has no body, or `Content-Length` is exceeded.
    pub fn write(&mut self, length: usize) -> Result<BodyWrite, FeatureError> {
        if length == 0 {
            return Ok(BodyWrite::Drop);
        }
        if let Some(status) = self.body_forbidden {
            return Err(FeatureError::invalid_state(format!("a response with status {status} has no body")));
        }
        if self.is_head {
            return Ok(BodyWrite::Drop);
        }
        let written = self.written + length as u64;
        if let Some(declared) = self.content_length.filter(|declared| written > *declared) {
            return Err(FeatureError::invalid_state(format!(
                "{written} bytes written, more than the Content-Length of {declared}"
            )));
        }
        self.written = written;
        Ok(BodyWrite::Send)
    }

    /// Checks the end of the body.
    ///
    /// # Errors
    /// Invalid state: fewer bytes than `Content-Length` (HEAD and 304 are exempt).
    pub fn finish(&self) -> Result<(), FeatureError> {
        match self.content_length {
            Some(declared) if self.may_have_body() && self.written < declared => {
                Err(FeatureError::invalid_state(format!(
                    "{} bytes written, fewer than the Content-Length of {declared}",
                    self.written
                )))
            }
            _ => Ok(()),
        }
    }

    /// True if data of the body may be on the wire at all.
    pub fn may_have_body(&self) -> bool {
        !self.is_head && self.body_forbidden.is_none()
    }

    /// True if the response may carry a `Content-Length` or `Transfer-Encoding` at all
    /// (RFC 9110 section 8.6, RFC 9112 section 6.1).
    pub fn may_have_framing(&self) -> bool {
        !self.body_forbidden.is_some_and(|status| {
            // 205 is said to have no content by a length of 0 (RFC 9110 section 15.3.6).
            status != StatusCode::RESET_CONTENT && status != StatusCode::NOT_MODIFIED
        })
    }

    /// The length that the head declares.
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// How many bytes of the body have been accepted for sending.
    pub fn written(&self) -> u64 {
        self.written
    }
}

fn content_length(headers: &HeaderMap) -> Result<Option<u64>, FeatureError> {
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let digits = value.to_str().unwrap_or_default();
    let length = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    match (length, values.next()) {
        (Some(length), None) => Ok(Some(length)),
        _ => Err(FeatureError::invalid_state(format!(
            "the response's Content-Length is {value:?}; it must be one decimal number of bytes"
        ))),
    }
}

fn forbidden_field(status: StatusCode, field: &str) -> FeatureError {
    FeatureError::invalid_state(format!(
        "a response with status {status} cannot have {field}; it has no body"
    ))
}
