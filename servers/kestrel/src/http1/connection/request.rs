//! From the bytes of a head to the run of the application.

use std::{
    io::Result,
    sync::Arc,
    task::{Context, Poll},
};

use falconry_features::{BoxError, RequestBody, ResponseHead};
use http::{
    HeaderValue,
    header::{ALLOW, CONTENT_LENGTH, EXPECT},
};

use super::{Connection, End, Flow, Stage};
use crate::{
    events,
    exchange::{Driver, Exchange, KestrelRequestBody, RequestBodyState},
    http1::{
        body,
        inspect::{BodyFraming, Head, Rejection, Step},
    },
    metrics::error_type,
    transport::Transport,
};

/// What is to be known of the request under way besides what the application sees.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Request {
    /// Counts those of the connection.
    pub(super) number: u64,
    pub(super) is_http10: bool,
    pub(super) is_head: bool,
    pub(super) is_connect: bool,
    /// The request asked that the connection close, or it cannot be used further.
    pub(super) closes: bool,
    /// The client waits for 100 Continue before it sends the body.
    pub(super) waits_for_continue: bool,
    /// What the client has sent is not in order; nothing more of it is looked at.
    pub(super) is_refused: bool,
    /// The application has been told that the client has ended its side.
    pub(super) has_heard_of_end: bool,
}

impl<S: Transport> Connection<S> {
    /// Reads the next head and begins to run the application for it.
    pub(super) fn read_head(&mut self, cx: &mut Context<'_>) -> Result<Flow> {
        loop {
            if self.io.is_full() {
                return Ok(Flow::Waits);
            }
            match self.inspector.inspect(self.io.input.bytes()) {
                Step::Head(head) => return Ok(self.begin(cx, &head)),
                Step::Reject(rejection) => return Ok(self.refuse(rejection)),
                Step::Skip(count) => {
                    self.io.input.consume(count);
                    continue;
                }
                Step::NeedMore | Step::Body { .. } => {}
            }
            // No further head is at hand: the answers leave, together.
            if self.io.poll_flush(cx)?.is_pending() {
                return Ok(Flow::Waits);
            }
            if self.io.is_at_end {
                let has_part = !self.io.input.is_empty();
                return Ok(match self.inspector.end_of_input(has_part) {
                    Some(rejection) => self.refuse(rejection),
                    None => Flow::Ends(End::Orderly),
                });
            }
            match self.io.poll_fill(cx, 0) {
                Poll::Pending => {
                    self.io.is_read_pending = true;
                    return Ok(Flow::Waits);
                }
                Poll::Ready(Ok(_)) => self.waits.end_idle(),
                // A client without a request may leave as it likes.
                Poll::Ready(Err(_)) if self.io.input.is_empty() => {
                    self.io.is_at_end = true;
                    return Ok(Flow::Ends(End::Orderly));
                }
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
    }

    fn begin(&mut self, cx: &mut Context<'_>, head: &Head) -> Flow {
        self.waits.begin_request(head.body != BodyFraming::None);
        self.io.response.reset_unless_waiting();
        self.shared.http1.reset_rates(&self.shared.options.limits);
        self.hold = None;
        let mut exchange = match self.spare.take() {
            Some(exchange) => exchange,
            None => self.shared.exchanges.take(&self.shared),
        };
        let input = self.io.input.bytes();
        let method = head.method(input);
        self.request = Request {
            number: self.request.number + 1,
            is_http10: head.is_http10(),
            is_head: method == b"HEAD",
            is_connect: method == b"CONNECT",
            closes: head.close,
            ..Request::default()
        };
        let filled = exchange.fill(head, input);
        self.io.input.consume(head.len);
        if let Err(rejection) = filled {
            return self.refuse_head(rejection);
        }
        let body = match head.body {
            BodyFraming::None => None,
            framing => Some(self.begin_body(cx, &mut exchange, framing)),
        };
        exchange.shared.begin(self.request.number, body, head.may_upgrade);
        match Driver::start(exchange) {
            Ok(driver) => {
                self.stage = Stage::Running(driver);
                Flow::Moved
            }
            Err(error) => self.give_up(&error),
        }
    }

    /// Gives the request its body, with what of it is here already.
    fn begin_body(
        &mut self,
        cx: &Context<'_>,
        exchange: &mut Exchange,
        framing: BodyFraming,
    ) -> RequestBodyState {
        let expectation = exchange.request_headers().and_then(|headers| headers.get(EXPECT));
        let has_expectation = expectation.is_some();
        self.request.waits_for_continue = !self.request.is_http10
            && expectation.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let length = match framing {
            BodyFraming::Length(length) => Some(length),
            BodyFraming::None | BodyFraming::Chunked => None,
        };
        let (sender, incoming) = body::channel(cx, length);
        self.body = Some(sender);
        let incoming = KestrelRequestBody::new(incoming, Arc::clone(&exchange.shared));
        exchange.set_request_body(RequestBody::new(incoming));
        if !has_expectation {
            self.feed_from_input();
        }
        RequestBodyState::new(has_expectation, self.shared.options.limits.max_request_body_size())
    }

    /// Answers what is no request, and nothing after it.
    pub(super) fn refuse(&mut self, rejection: Rejection) -> Flow {
        self.request = Request { number: self.request.number + 1, ..Request::default() };
        self.refuse_head(rejection)
    }

    fn refuse_head(&mut self, rejection: Rejection) -> Flow {
        self.request.is_refused = true;
        self.request.closes = true;
        self.shared.observed.failed(rejection.error_type());
        events::connection_bad_request(&self.shared, self.request.number, rejection.message());
        let mut head = ResponseHead { status: rejection.status(), ..ResponseHead::default() };
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        if let Some(methods) = rejection.allow() {
            head.headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        self.encode_head(&head, Some(0));
        self.stage = Stage::Closing;
        Flow::Moved
    }

    /// The request gets no answer, or only a part of one: what has been answered leaves, and that is all. The
    /// client sees from what is missing that it is a part.
    pub(super) fn give_up(&mut self, error: &BoxError) -> Flow {
        if self.shared.signal.is_aborted() {
            return Flow::Ends(End::Aborted);
        }
        events::request_processing_error(&self.shared, &**error);
        self.shared.observed.failed(error_type::ERROR_AFTER_STARTING_RESPONSE);
        self.stage = Stage::Closing;
        self.body = None;
        Flow::Moved
    }

    /// A piece of body that is in the buffer already goes to the application before it asks.
    fn feed_from_input(&mut self) {
        if !self.io.input.is_empty() {
            self.send_piece();
        }
    }
}
