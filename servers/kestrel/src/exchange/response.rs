//! From an exchange's output to the response that a stream of HTTP/2 or HTTP/3 sends.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{BoxError, ResponseHead};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CONTENT_LENGTH, SERVER},
};
use http_body::{Body, Frame, SizeHint};

use super::{Driver, Exchange, ExchangeShared, Streaming, shared::State};
use crate::KestrelServerOptions;

/// The protocol copies what it sends: a long piece goes to it in parts, so that its buffer stays small.
const MAX_FRAME: usize = 64 * 1024;

/// The body of a response.
#[derive(Debug)]
pub(crate) enum ResponseBody {
    /// The application has returned, and what it wrote is one piece or nothing.
    Single(Option<Bytes>),
    /// The application has returned, and everything it wrote is here.
    Whole(Box<Whole>),
    /// The application runs on as the protocol asks for more.
    Streaming(Box<Streaming>),
}

/// A body of several pieces or with trailers.
#[derive(Debug)]
pub(crate) struct Whole {
    data: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
}

/// The response of a run that is over and was ended at once.
pub(crate) fn usual_response(
    mut exchange: Box<Exchange>,
    data: Option<Bytes>,
) -> Option<Response<ResponseBody>> {
    let head = exchange.clear_whole()?;
    let options = &exchange.shared.connection.options;
    let mut response = response(head, ResponseBody::Single(data), options);
    tell_of_http3(&mut response, &exchange.shared);
    exchange.put_back();
    Some(response)
}

/// The response of a run that is over, for the state of its exchange; `None` if it was aborted.
pub(crate) fn whole_response(mut exchange: Box<Exchange>) -> Option<Response<ResponseBody>> {
    let body = {
        let mut state = exchange.shared.lock();
        state.output.head = None;
        whole_body(&mut state)
    };
    let head = exchange.take_head()?;
    let mut response = response(head, body, &exchange.shared.connection.options);
    tell_of_http3(&mut response, &exchange.shared);
    exchange.recycle();
    Some(response)
}

/// The response of a run that goes on.
pub(crate) fn streaming_response(driver: Driver, head: &ResponseHead) -> Option<Response<ResponseBody>> {
    let shared = driver.shared()?.clone();
    let body = ResponseBody::Streaming(Box::new(Streaming::new(driver)?));
    let mut response = response(head.clone(), body, &shared.connection.options);
    tell_of_http3(&mut response, &shared);
    Some(response)
}

/// A response without a body, such as the answer to an upgrade.
pub(crate) fn head_response(head: &ResponseHead, options: &KestrelServerOptions) -> Response<ResponseBody> {
    response(head.clone(), ResponseBody::Single(None), options)
}

fn whole_body(state: &mut State) -> ResponseBody {
    let (first, mut rest) = state.output.take_all();
    let trailers = state.output.trailers.take().map(|trailers| *trailers);
    if rest.is_empty() && trailers.is_none() {
        return ResponseBody::Single(first);
    }
    if let Some(first) = first {
        rest.push_front(first);
    }
    ResponseBody::Whole(Box::new(Whole { data: rest, trailers }))
}

fn response(
    head: ResponseHead,
    body: ResponseBody,
    options: &KestrelServerOptions,
) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    let headers = response.headers_mut();
    if head.status.is_informational() || head.status == StatusCode::NO_CONTENT {
        // A length of 0, which the rules let pass (RFC 9110 section 8.6).
        headers.remove(CONTENT_LENGTH);
    }
    if options.add_server_header && !headers.contains_key(SERVER) {
        headers.append(SERVER, HeaderValue::from_static("Kestrel"));
    }
    response
}

/// RFC 7838: says that the endpoint has HTTP/3, unless the application says something else.
#[cfg(feature = "http3")]
fn tell_of_http3(response: &mut Response<ResponseBody>, shared: &ExchangeShared) {
    if let Some(alt_svc) = shared.connection.alt_svc.get()
        && !response.headers().contains_key(http::header::ALT_SVC)
    {
        response.headers_mut().append(http::header::ALT_SVC, alt_svc.clone());
    }
}

#[cfg(not(feature = "http3"))]
fn tell_of_http3(_response: &mut Response<ResponseBody>, _shared: &ExchangeShared) {}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Single(Some(data)) if data.len() > MAX_FRAME => {
                Poll::Ready(Some(Ok(Frame::data(data.split_to(MAX_FRAME)))))
            }
            Self::Single(data) => Poll::Ready(data.take().map(|data| Ok(Frame::data(data)))),
            Self::Whole(whole) => {
                let data = whole.data.pop_front().map(Frame::data);
                Poll::Ready(data.or_else(|| whole.trailers.take().map(Frame::trailers)).map(Ok))
            }
            Self::Streaming(streaming) => streaming.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Single(data) => data.is_none(),
            Self::Whole(whole) => whole.data.is_empty() && whole.trailers.is_none(),
            Self::Streaming(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Single(data) => SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64)),
            Self::Whole(whole) if whole.trailers.is_none() => {
                SizeHint::with_exact(whole.data.iter().map(|data| data.len() as u64).sum())
            }
            // Trailers need a body whose length is not told at its beginning.
            Self::Whole(_) | Self::Streaming(_) => SizeHint::default(),
        }
    }
}
