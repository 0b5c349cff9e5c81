//! After an upgrade: bytes in both directions.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use falconry_features::{
    DuplexStream, FeatureCollection, FeatureError, HttpResponseFeature, accept_connect, upgrade,
};
use http::{
    HeaderMap, HeaderValue, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, UPGRADE},
    response::Parts,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::{
    ForwardError, ForwardErrorKind, Forwarded,
    connection::{BackendConnection, Upgraded},
    exchange::left,
    fields::{self, Nominated},
    request::{Leaving, Plan, front},
    response::{HALF_CLOSED_GRACE, retain_end_to_end},
};

/// What is held of each direction.
const BUFFER: usize = 16 * 1024;

/// Answers the client as the backend has answered, and carries bytes until both sides have ended.
pub(super) async fn run(
    features: &mut FeatureCollection,
    plan: &Plan,
    mut parts: Parts,
    connection: Box<BackendConnection>,
) -> Result<Forwarded, ForwardError> {
    check(plan, &parts)?;
    let protocol = parts.headers.get(UPGRADE).cloned();
    let nominated = Nominated::new(&parts.headers);
    retain_end_to_end(&mut parts.headers, &nominated, parts.status, true, false);
    parts.headers.remove(CONTENT_LENGTH);
    let status = match &plan.leaving {
        Leaving::WebSocket(_) => {
            parts.headers.remove(SEC_WEBSOCKET_ACCEPT);
            StatusCode::OK
        }
        _ => {
            parts.headers.extend(protocol.map(|protocol| (UPGRADE, protocol)));
            StatusCode::SWITCHING_PROTOCOLS
        }
    };
    let response = features.required_mut::<dyn HttpResponseFeature>().map_err(front)?;
    let head = response.head_mut().map_err(front)?;
    head.status = status;
    merge(&mut head.headers, parts.headers);
    let client = match &plan.leaving {
        Leaving::WebSocket(_) => accept_connect(features).await,
        _ => upgrade(features).await,
    };
    let mut client = client.map_err(|error| refused(features, error))?;
    let Some(upgraded) = connection.into_upgraded() else {
        let message = "the backend closed the connection that it had upgraded";
        return Err(ForwardError::new(ForwardErrorKind::BackendClosed, message).started());
    };
    let mut backend = BackendStream::new(upgraded);
    let response_bytes = match copy(&mut *client, &mut backend).await {
        Ok(bytes) => bytes,
        // One side went away; the other learns it as its own connection ends.
        Err(error) => {
            let message = "the connection broke off after the upgrade";
            return Err(ForwardError::new(ForwardErrorKind::BackendClosed, message)
                .with_source(error)
                .started());
        }
    };
    Ok(Forwarded { status, response_bytes, is_upgraded: true })
}

/// The backend must have switched to something that the client asked for (RFC 9110 section 7.8, RFC 6455 section 4.1).
fn check(plan: &Plan, parts: &Parts) -> Result<(), ForwardError> {
    let bad = |message: &'static str| Err(ForwardError::new(ForwardErrorKind::BadResponse, message));
    let offered = match &plan.leaving {
        Leaving::No => return bad("the backend switched protocols although nobody asked it to"),
        Leaving::Upgrade(protocols) => protocols.clone(),
        Leaving::WebSocket(_) => HeaderValue::from_static("websocket"),
    };
    if parts.version != Version::HTTP_11 {
        return bad("the backend switched protocols in HTTP/1.0");
    }
    let offered = offered.to_str().unwrap_or_default().split(',').map(str::trim).collect::<Vec<_>>();
    let mut chosen = fields::options(&parts.headers, &UPGRADE).peekable();
    let is_offered = |chosen: &str| offered.iter().any(|offered| offered.eq_ignore_ascii_case(chosen));
    if chosen.peek().is_none() || !chosen.all(is_offered) {
        return bad("the backend switched to a protocol that was not offered");
    }
    if !fields::options(&parts.headers, &CONNECTION).any(|option| option.eq_ignore_ascii_case("upgrade")) {
        return bad("the backend's answer to the upgrade lacks `Connection: upgrade`");
    }
    if let Leaving::WebSocket(key) = &plan.leaving {
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        if parts.headers.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|given| given.as_bytes() != accept.as_bytes()) {
            return bad("the backend's Sec-WebSocket-Accept does not belong to the request");
        }
    }
    Ok(())
}

/// The front could not switch, and the client has not been answered.
fn refused(features: &FeatureCollection, error: FeatureError) -> ForwardError {
    let has_started = features.get::<dyn HttpResponseFeature>().is_none_or(HttpResponseFeature::has_started);
    let error = if error.is_aborted() { left(error) } else { front(error) };
    if has_started { error.started() } else { error }
}

fn merge(headers: &mut HeaderMap, more: HeaderMap) {
    if headers.is_empty() {
        *headers = more;
    } else {
        for name in more.keys() {
            headers.remove(name);
        }
        fields::append_all(headers, more);
    }
}

/// Carries bytes both ways until both sides have ended, or the backend has and the client falls silent; how many went
/// to the client.
async fn copy(client: &mut dyn DuplexStream, backend: &mut dyn DuplexStream) -> io::Result<u64> {
    let (mut up, mut down) = (Pipe::new(), Pipe::new());
    // Made when the backend has ended: usually nobody is there any more for what the client sends.
    let mut silence: Option<(Pin<Box<Sleep>>, u64)> = None;
    poll_fn(|cx| {
        let sent = up.poll(cx, client, backend)?;
        let received = down.poll(cx, backend, client)?;
        if received.is_pending() {
            return Poll::Pending;
        }
        if sent.is_ready() {
            return Poll::Ready(Ok(down.bytes));
        }
        let (timer, bytes) =
            silence.get_or_insert_with(|| (Box::pin(tokio::time::sleep(HALF_CLOSED_GRACE)), up.bytes));
        if *bytes != up.bytes {
            *bytes = up.bytes;
            timer.as_mut().reset(Instant::now() + HALF_CLOSED_GRACE);
        }
        timer.as_mut().poll(cx).map(|()| Ok(down.bytes))
    })
    .await
}

/// One direction.
struct Pipe {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    bytes: u64,
    is_unflushed: bool,
    state: PipeState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PipeState {
    Open,
    /// The source has ended; the destination is to be told.
    Ending,
    Ended,
}

impl Pipe {
    fn new() -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { buffer, start: 0, end: 0, bytes: 0, is_unflushed: false, state: PipeState::Open }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut dyn DuplexStream,
        to: &mut dyn DuplexStream,
    ) -> Poll<io::Result<()>> {
        loop {
            while let Some(data) = self.buffer.get(self.start..self.end).filter(|data| !data.is_empty()) {
                match ready!(to.poll_write(cx, data))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    count => {
                        self.start += count;
                        self.bytes += count as u64;
                        self.is_unflushed = true;
                    }
                }
            }
            match self.state {
                PipeState::Ended => return Poll::Ready(Ok(())),
                PipeState::Ending => {
                    ready!(to.poll_flush(cx))?;
                    ready!(to.poll_shutdown(cx))?;
                    self.state = PipeState::Ended;
                }
                PipeState::Open => match from.poll_read(cx, &mut self.buffer)? {
                    Poll::Ready(0) => self.state = PipeState::Ending,
                    Poll::Ready(count) => (self.start, self.end) = (0, count),
                    Poll::Pending => {
                        if self.is_unflushed {
                            ready!(to.poll_flush(cx))?;
                            self.is_unflushed = false;
                        }
                        return Poll::Pending;
                    }
                },
            }
        }
    }
}

/// The backend's socket, with what it had sent ahead.
struct BackendStream {
    upgraded: Upgraded,
}

impl BackendStream {
    fn new(upgraded: Upgraded) -> Self {
        Self { upgraded }
    }
}

impl DuplexStream for BackendStream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let ahead: &mut Bytes = &mut self.upgraded.received;
        if !ahead.is_empty() {
            let count = ahead.len().min(buffer.len());
            ahead.copy_to_slice(&mut buffer[..count]);
            return Poll::Ready(Ok(count));
        }
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.upgraded.socket).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.upgraded.socket).poll_write(cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.upgraded.socket).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.upgraded.socket).poll_shutdown(cx)
    }
}
