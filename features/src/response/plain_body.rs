//! A plain response body over whatever a custom server writes to.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};

use super::{BodyWrite, HttpResponseBodyFeature, ResponseHead, ResponseRules};
use crate::FeatureError;

/// How the end of a response's body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is no body.
    None,
    /// By its length in bytes.
    Length(u64),
    /// By what the protocol offers when the length is unknown: chunks, the end of the stream or of
    /// the connection.
    Unknown,
    /// By the application, which set `Transfer-Encoding` itself.
    Application,
}

/// Where a [`PlainResponseBody`] goes: what a custom server implements.
pub trait ResponseSink: Send + Sync + 'static {
    /// Sends the head. Comes once, and first.
    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        head: &ResponseHead,
        framing: BodyFraming,
    ) -> Poll<Result<(), FeatureError>>;

    /// Sends data; takes it out of `data`.
    fn poll_data(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>>;

    /// Hands everything to the transport.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>>;

    /// Ends the response. Comes once, and last.
    fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        trailers: Option<&HeaderMap>,
    ) -> Poll<Result<(), FeatureError>>;
}

/// The plain [`HttpResponseBodyFeature`]: keeps the rules of a response and writes to a [`ResponseSink`].
///
/// The head leaves with the first data, flush or end. A response that ends without data gets a
/// `Content-Length` of 0 where it may have one.
pub struct PlainResponseBody<S> {
    sink: S,
    method: Method,
    head: Option<Arc<ResponseHead>>,
    rules: ResponseRules,
    is_head_sent: bool,
    is_completed: bool,
}

impl<S: ResponseSink> PlainResponseBody<S> {
    /// The body of the answer to a request with `method`.
    pub fn new(method: Method, sink: S) -> Self {
        Self {
            sink,
            method,
            head: None,
            rules: ResponseRules::default(),
            is_head_sent: false,
            is_completed: false,
        }
    }

    /// The sink.
    pub fn sink(&self) -> &S {
        &self.sink
    }

    fn poll_send_head(
        &mut self,
        cx: &mut Context<'_>,
        is_whole_body_empty: bool,
    ) -> Poll<Result<(), FeatureError>> {
        if self.is_head_sent {
            return Poll::Ready(Ok(()));
        }
        let Some(head) = &self.head else {
            return Poll::Ready(Err(FeatureError::invalid_state("the response has not been started")));
        };
        let framing = self.framing(head, is_whole_body_empty);
        let mut changed;
        let head = match framing {
            BodyFraming::Length(0) if !head.headers.contains_key(CONTENT_LENGTH) => {
                changed = ResponseHead::clone(head);
                changed.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
                &changed
            }
            BodyFraming::None
                if !self.rules.may_have_framing() && head.headers.contains_key(CONTENT_LENGTH) =>
            {
                changed = ResponseHead::clone(head);
                changed.headers.remove(CONTENT_LENGTH);
                &changed
            }
            _ => head,
        };
        let sent = ready!(self.sink.poll_head(cx, head, framing));
        self.is_head_sent = true;
        Poll::Ready(sent)
    }

    fn framing(&self, head: &ResponseHead, is_whole_body_empty: bool) -> BodyFraming {
        if !self.rules.may_have_framing() {
            BodyFraming::None
        } else if head.headers.contains_key(TRANSFER_ENCODING) {
            BodyFraming::Application
        } else if !self.rules.may_have_body() {
            // HEAD keeps the length it would have; 205 and an empty body say 0.
            if self.method == Method::HEAD || head.status == http::StatusCode::NOT_MODIFIED {
                BodyFraming::None
            } else {
                BodyFraming::Length(0)
            }
        } else if let Some(length) = self.rules.content_length() {
            BodyFraming::Length(length)
        } else if is_whole_body_empty {
            BodyFraming::Length(0)
        } else {
            BodyFraming::Unknown
        }
    }

    fn check_open(&self) -> Result<(), FeatureError> {
        if self.is_completed {
            Err(FeatureError::invalid_state("the response has already been completed"))
        } else {
            Ok(())
        }
    }
}

impl<S: ResponseSink> HttpResponseBodyFeature for PlainResponseBody<S> {
    fn poll_start(
        &mut self,
        _cx: &mut Context<'_>,
        head: &Arc<ResponseHead>,
    ) -> Poll<Result<(), FeatureError>> {
        self.rules = ResponseRules::new(&self.method, head)?;
        self.head = Some(Arc::clone(head));
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        if data.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.check_open()?;
        // Checked on a copy: a call that has to wait is repeated and must count once.
        let mut rules = self.rules.clone();
        if rules.write(data.len())? == BodyWrite::Drop {
            data.clear();
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_send_head(cx, false))?;
        ready!(self.sink.poll_data(cx, data))?;
        self.rules = rules;
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        if self.is_completed {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_send_head(cx, false))?;
        self.sink.poll_flush(cx)
    }

    fn poll_complete(
        &mut self,
        cx: &mut Context<'_>,
        trailers: &mut Option<HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        if self.is_completed {
            return Poll::Ready(Ok(()));
        }
        self.rules.finish()?;
        ready!(self.poll_send_head(cx, trailers.is_none()))?;
        ready!(self.sink.poll_end(cx, trailers.as_ref()))?;
        *trailers = None;
        self.is_completed = true;
        Poll::Ready(Ok(()))
    }

    fn is_completed(&self) -> bool {
        self.is_completed
    }

    fn take_over(&mut self) {
        self.is_completed = true;
    }
}

impl<S: fmt::Debug> fmt::Debug for PlainResponseBody<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainResponseBody")
            .field("sink", &self.sink)
            .field("is_head_sent", &self.is_head_sent)
            .field("is_completed", &self.is_completed)
            .finish_non_exhaustive()
    }
}
