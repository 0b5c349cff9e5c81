//! From the first bytes of a stream to the application that runs.

use std::{future::poll_fn, sync::Arc, task::Poll};

use bytes::Bytes;
use falconry_features::{HttpWebTransportFeature, RequestBody};
use h2::ext::Protocol;
use h3::{
    error::{Code, StreamError},
    server::RequestResolver,
};
use http::{Method, Request, StatusCode, header::EXPECT};

use super::{
    ReceiveHalf, SendHalf,
    body::StreamBody,
    carrier::{Carrier, Stopped, StreamState},
    run::{Incoming, StreamRun},
    web_transport::{ENABLED, PROTOCOL, Sessions, WebTransport},
};
use crate::{
    connection::ConnectionShared,
    exchange::{Driver, Exchange, KestrelRequestBody, RequestBodyState},
    http2::{Refusal, prepare, refusal},
};

/// What a request's stream has beside its bytes.
pub(super) struct RequestStream {
    pub(super) id: u64,
    pub(super) state: Arc<StreamState>,
    pub(super) stopped: Stopped,
    /// Those of its connection.
    pub(super) sessions: Arc<Sessions>,
    pub(super) quic: quinn::Connection,
}

/// Serves a stream from its request to the last byte of its response.
pub(super) async fn serve(
    resolver: RequestResolver<Carrier, Bytes>,
    of: RequestStream,
    connection: Arc<ConnectionShared>,
) {
    let Some((request, stream)) = resolve(resolver, &of.state, &connection).await else {
        let RequestStream { state, stopped, sessions, .. } = of;
        if let Some((session, stream)) = state.take_diverted() {
            return sessions.deliver(session, stream);
        }
        // What has been answered must reach the client.
        let _ = stopped.await;
        return;
    };
    let (mut send, receive) = stream.split();
    let started = start(&of, request, receive, &connection).await;
    let RequestStream { state, stopped, .. } = of;
    match started {
        Ok((driver, incoming, is_head)) => {
            if let Some(run) = StreamRun::new(driver, send, incoming, state, stopped, is_head) {
                run.serve().await;
            }
        }
        Err(Refusal::Malformed(reason)) => {
            tracing::debug!(reason, "ConnectionBadRequest: a stream carries a malformed request");
            state.fail(Code::H3_MESSAGE_ERROR);
        }
        Err(Refusal::Status(status)) => {
            answer(status, &mut send, connection.options.add_server_header).await;
            drop(send);
            let _ = stopped.await;
        }
    }
}

type Stream = h3::server::RequestStream<super::carrier::Bidi, Bytes>;

/// Reads the fields of a request, for which the client has its time.
async fn resolve(
    resolver: RequestResolver<Carrier, Bytes>,
    state: &StreamState,
    connection: &ConnectionShared,
) -> Option<(Request<()>, Stream)> {
    let limit = connection.options.limits.request_headers_timeout();
    let too_long = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
        // Here: the stream is dropped, and so reset, as soon as this completes.
        state.fail(Code::H3_REQUEST_REJECTED);
    };
    let resolved = tokio::select! {
        resolved = resolver.resolve_request() => resolved,
        () = too_long => return None,
    };
    match resolved {
        Ok(resolved) => Some(resolved),
        Err(error) => {
            tracing::debug!(connection = connection.id, %error, "ConnectionBadRequest: a stream carries no request");
            if let StreamError::StreamError { code, .. } = error {
                state.fail(code);
            }
            None
        }
    }
}

/// Starts the application, unless the request does not reach it.
async fn start(
    of: &RequestStream,
    request: Request<()>,
    receive: ReceiveHalf,
    connection: &Arc<ConnectionShared>,
) -> Result<(Driver, Incoming, bool), Refusal> {
    const BROKEN: Refusal = Refusal::Status(StatusCode::INTERNAL_SERVER_ERROR);
    let options = &connection.options;
    let (mut parts, ()) = request.into_parts();
    let field_size = options.limits.http3.max_request_header_field_size();
    let other_scheme = prepare(&mut parts, connection.scheme, options, field_size)?;
    let head = of.state.head();
    let protocol = head.protocol.as_deref().map(Protocol::from);
    let mut exchange = connection.exchanges.take_for_http3(connection);
    let shared = Arc::clone(&exchange.shared);
    let link = shared.stream.as_ref().ok_or(BROKEN)?;
    link.begin(options.limits.min_request_body_data_rate());
    let (body, body_state, incoming) = if protocol.is_some() {
        (RequestBody::empty(), None, Incoming::Tunnel(Box::new(receive)))
    } else {
        let mut body = StreamBody::new(receive, Arc::clone(&shared), head.content_length);
        if poll_fn(|cx| Poll::Ready(body.is_over(cx))).await {
            (RequestBody::empty(), None, Incoming::Body)
        } else {
            let expects_continue = parts.headers.contains_key(EXPECT);
            let body_state = RequestBodyState::new(expects_continue, options.limits.max_request_body_size());
            let body = KestrelRequestBody::new(body, Arc::clone(&shared));
            (RequestBody::new(body), Some(body_state), Incoming::Body)
        }
    };
    shared.begin(of.id, body_state, protocol.is_some());
    let is_head = parts.method == Method::HEAD;
    let session = (ENABLED && head.protocol.as_deref() == Some(PROTOCOL)).then(|| {
        WebTransport::new(of.id, &parts.headers, Arc::clone(&shared), &of.sessions, of.quic.clone())
    });
    fill(&mut exchange, parts, body, other_scheme, protocol)?;
    if let Some(session) = session {
        // The collection is made anew for the next request.
        exchange.features.set::<dyn HttpWebTransportFeature>(Box::new(session));
    }
    match Driver::start(exchange) {
        Ok(driver) => Ok((driver, incoming, is_head)),
        Err(error) => {
            tracing::error!(%error, "ApplicationError: the application could not make a context");
            of.state.fail(Code::H3_INTERNAL_ERROR);
            Err(BROKEN)
        }
    }
}

fn fill(
    exchange: &mut Exchange,
    parts: http::request::Parts,
    body: RequestBody,
    scheme: Option<String>,
    protocol: Option<Protocol>,
) -> Result<(), Refusal> {
    exchange
        .fill_stream(parts, body, scheme, protocol)
        .map_err(|_| Refusal::Malformed("the path is malformed"))
}

/// An answer of the server itself.
async fn answer(status: StatusCode, send: &mut SendHalf, adds_server: bool) {
    // An error means that the client has gone.
    if send.send_response(refusal(status, adds_server)).await.is_ok() {
        let _ = send.finish().await;
    }
}
