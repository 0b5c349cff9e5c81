//! From an exchange's output to the response that the protocol sends.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{BoxError, FeatureError, ResponseHead};
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, SERVER},
};
use http_body::{Body, Frame, SizeHint};

use super::{Drain, Driver, ExchangeShared, Phase, Progress};
use crate::KestrelServerOptions;

/// The body of a response.
#[derive(Debug)]
pub(crate) enum ResponseBody {
    /// The application has returned, and everything it wrote is here.
    Whole { first: Option<Bytes>, rest: VecDeque<Bytes>, trailers: Option<HeaderMap> },
    /// The application runs on as the protocol asks for more.
    Streaming(Box<Streaming>),
}

/// A body whose application has not returned, or whose end has to wait.
pub(crate) struct Streaming {
    shared: Arc<ExchangeShared>,
    driver: Option<Driver>,
    drain: Option<Drain>,
}

impl ResponseBody {
    pub(crate) fn empty() -> Self {
        Self::Whole { first: None, rest: VecDeque::new(), trailers: None }
    }
}

/// The response of a run whose head is there; `None` if the run was aborted.
pub(crate) fn into_response(mut driver: Driver, closes: bool) -> Option<Response<ResponseBody>> {
    let shared = Arc::clone(driver.shared());
    let options = &shared.connection.options;
    let mut state = shared.lock();
    let method = state.method.clone();
    let head = state.output.head.take()?;
    let Some(mut exchange) = driver.take_exchange() else {
        drop(state);
        let body = ResponseBody::Streaming(Box::new(Streaming {
            shared: Arc::clone(&shared),
            driver: Some(driver),
            drain: None,
        }));
        return Some(response(ResponseHead::clone(&head), body, &method, options, closes));
    };
    let (first, rest) = state.output.take_all();
    let trailers = state.output.trailers.take();
    drop(state);
    drop(head);
    let head = exchange.take_head()?;
    exchange.recycle();
    shared.connection.http1.is_in_flight.store(false, Ordering::Relaxed);
    Some(response(head, ResponseBody::Whole { first, rest, trailers }, &method, options, closes))
}

/// A response without a body, such as the answer to an upgrade.
pub(crate) fn head_response(head: &ResponseHead, options: &KestrelServerOptions) -> Response<ResponseBody> {
    response(head.clone(), ResponseBody::empty(), &Method::GET, options, false)
}

fn response(
    head: ResponseHead,
    body: ResponseBody,
    method: &Method,
    options: &KestrelServerOptions,
    closes: bool,
) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    if let Some(reason) = head.reason
        && let Ok(reason) = hyper::ext::ReasonPhrase::try_from(reason.as_str().as_bytes())
    {
        response.extensions_mut().insert(reason);
    }
    let is_tunnel = *method == Method::CONNECT && head.status.is_success();
    let headers = response.headers_mut();
    if is_tunnel || head.status.is_informational() || head.status == StatusCode::NO_CONTENT {
        // A length of 0, which the rules let pass (RFC 9110 section 8.6).
        headers.remove(CONTENT_LENGTH);
    }
    if options.add_server_header && !headers.contains_key(SERVER) {
        headers.insert(SERVER, HeaderValue::from_static("Kestrel"));
    }
    if closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

impl Streaming {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let shared = Arc::clone(&self.shared);
        loop {
            let mut state = shared.lock();
            let output = &mut state.output;
            if let Some(data) = output.pop() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            match output.phase {
                Phase::Aborted => {
                    let error = FeatureError::aborted("the response was given up before its end");
                    return Poll::Ready(Some(Err(error.into())));
                }
                Phase::Completed if output.trailers.is_some() => {
                    return Poll::Ready(output.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
                }
                Phase::Completed => {
                    drop(state);
                    return self.poll_end(cx).map(|()| None);
                }
                Phase::Unstarted | Phase::Started => {}
            }
            drop(state);
            let progress = self.driver.as_mut().map_or(Progress::Complete, |driver| driver.poll(cx));
            let state = shared.lock();
            let is_moving = !state.output.is_empty() || state.output.phase != Phase::Started;
            if progress == Progress::Waiting && !is_moving {
                return Poll::Pending;
            }
        }
    }

    /// After the last frame: the application may still run, and some of the request may be unread.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(driver) = &mut self.driver {
            if driver.poll(cx) == Progress::Waiting {
                return Poll::Pending;
            }
            let mut exchange = driver.take_exchange();
            if let Some(exchange) = &mut exchange
                && self.shared.may_drain_request()
            {
                self.drain = exchange.take_request_body().map(Drain::new);
            }
            if let Some(exchange) = exchange {
                exchange.recycle();
            }
            self.driver = None;
        }
        if let Some(drain) = &mut self.drain {
            std::task::ready!(drain.poll(cx));
            self.drain = None;
        }
        self.shared.connection.http1.is_in_flight.store(false, Ordering::Relaxed);
        Poll::Ready(())
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Whole { first, rest, trailers } => {
                let data = first.take().or_else(|| rest.pop_front()).map(Frame::data);
                Poll::Ready(data.or_else(|| trailers.take().map(Frame::trailers)).map(Ok))
            }
            Self::Streaming(streaming) => streaming.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { first, rest, trailers } => first.is_none() && rest.is_empty() && trailers.is_none(),
            Self::Streaming(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            // Trailers need a body whose length is not told at its beginning.
            Self::Whole { trailers: Some(_), .. } => SizeHint::default(),
            Self::Whole { first, rest, trailers: None } => {
                SizeHint::with_exact(first.iter().chain(rest).map(|data| data.len() as u64).sum())
            }
            Self::Streaming(_) => SizeHint::default(),
        }
    }
}

impl std::fmt::Debug for Streaming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streaming").field("shared", &self.shared).finish_non_exhaustive()
    }
}
