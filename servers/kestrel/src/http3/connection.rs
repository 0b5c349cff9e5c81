//! One HTTP/3 connection, from its settings to its end.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use h3::{error::Code, frame::FrameStream, quic::StreamId, server, stream::BufRecvStream};
use tokio::time::{Instant, sleep_until};

use super::{
    carrier::{Bidi, Carrier, close},
    request::{self, RequestStream},
    streams::Streams,
    web_transport::{ENABLED, Sessions},
};
use crate::{
    connection::{ConnectionShared, REST_AFTER},
    events,
    metrics::error_type,
};

/// How long streams are still accepted when the server stops: the client may have opened them before it
/// heard of that (RFC 9114 section 5.2).
const MIN_STOP_GRACE: Duration = Duration::from_millis(50);
const MAX_STOP_GRACE: Duration = Duration::from_millis(500);

/// The largest number that a stream for a request can have.
const LAST_STREAM: u64 = (1 << 62) - 4;

/// The numbers of such streams.
const STREAM_STEP: u64 = 4;

type H3 = server::Connection<Carrier, Bytes>;

/// Serves a connection until it ends.
pub(super) async fn serve(quic: quinn::Connection, shared: Arc<ConnectionShared>) {
    shared.observed.speaks("3");
    let streams = Arc::<Streams>::default();
    let sessions = Arc::<Sessions>::default();
    let mut limit =
        Box::pin(wait(shared.options.limits.request_headers_timeout().map(|limit| Instant::now() + limit)));
    let h3 = tokio::select! {
        built = build(quic.clone(), Arc::clone(&sessions), &shared) => built,
        () = shared.signal.aborted() => None,
        () = &mut limit => None,
    };
    if let Some(h3) = h3 {
        let mut connection = Http3Connection {
            h3,
            streams: Arc::clone(&streams),
            sessions,
            next_id: 0,
            announced: None,
            stop: Stop::No,
            idle_since: Instant::now(),
            has_rested: false,
            quic: quic.clone(),
            shared: Arc::clone(&shared),
        };
        let (code, reason) = connection.run().await;
        close(&quic, code, reason);
    }
    close(&quic, Code::H3_INTERNAL_ERROR, b"");
    // What still runs hears of the end.
    streams.all_ended().await;
}

async fn build(quic: quinn::Connection, sessions: Arc<Sessions>, shared: &ConnectionShared) -> Option<H3> {
    let max_section = shared.options.limits.max_request_headers_total_size() as u64;
    let max_sessions = if ENABLED { shared.options.quic.max_bidirectional_stream_count } else { 0 };
    server::builder()
        .max_field_section_size(max_section)
        .enable_extended_connect(true)
        .enable_webtransport(ENABLED)
        .enable_datagram(ENABLED)
        .max_webtransport_sessions(max_sessions.into())
        .send_grease(false)
        .build(Carrier::new(quic, max_section, sessions))
        .await
        .map_err(|error| tracing::debug!(connection = shared.id, %error, "ConnectionError: no HTTP/3"))
        .ok()
}

/// h3's connection with what it lacks: deadlines, and an end that is announced.
struct Http3Connection {
    h3: H3,
    quic: quinn::Connection,
    shared: Arc<ConnectionShared>,
    streams: Arc<Streams>,
    sessions: Arc<Sessions>,
    /// The lowest number that no stream has had.
    next_id: u64,
    /// What the last GOAWAY said.
    announced: Option<StreamId>,
    stop: Stop,
    /// Since when there has been no stream, if there is none.
    idle_since: Instant,
    /// What a connection without streams need not keep is gone.
    has_rested: bool,
}

/// Where the orderly end of a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    No,
    /// The client has been told to open no more streams; those it opens until then are served.
    Announced(Instant),
    /// New streams are refused.
    Last,
}

type End = (Code, &'static [u8]);

impl Http3Connection {
    async fn run(&mut self) -> End {
        const ORDERLY: End = (Code::H3_NO_ERROR, b"");
        let shared = Arc::clone(&self.shared);
        let streams = Arc::clone(&self.streams);
        loop {
            let is_empty = streams.is_empty();
            if self.stop == Stop::Last && is_empty {
                return ORDERLY;
            }
            let deadline = self.deadline(is_empty);
            let rest = (is_empty && !self.has_rested).then(|| self.idle_since + REST_AFTER);
            tokio::select! {
                biased;
                () = shared.signal.aborted() => return (Code::H3_INTERNAL_ERROR, b"aborted"),
                () = shared.signal.stopping(), if self.stop == Stop::No => {
                    let grace = (self.quic.rtt() * 3).clamp(MIN_STOP_GRACE, MAX_STOP_GRACE);
                    self.announce(LAST_STREAM).await;
                    self.stop = Stop::Announced(Instant::now() + grace);
                }
                next = std::future::poll_fn(|cx| self.h3.poll_accept_request_stream(cx)) => match next {
                    Ok(Some(stream)) => self.begin(stream),
                    // The client wants no more.
                    Ok(None) => return ORDERLY,
                    Err(error) => {
                        tracing::debug!(connection = shared.id, %error, "ConnectionError: HTTP/3 ended");
                        return (Code::H3_NO_ERROR, b"");
                    }
                },
                () = streams.emptied() => self.idle_since = Instant::now(),
                () = wait(rest) => {
                    self.has_rested = true;
                    shared.exchanges.rest();
                }
                () = wait(deadline) => {
                    if self.stop == Stop::No {
                        events::connection_keep_alive(&shared);
                        shared.observed.failed(error_type::KEEP_ALIVE_TIMEOUT);
                    }
                    self.announce(self.next_id).await;
                    self.stop = Stop::Last;
                }
            }
        }
    }

    fn deadline(&self, is_empty: bool) -> Option<Instant> {
        match self.stop {
            Stop::No if is_empty => {
                self.shared.options.limits.keep_alive_timeout().map(|limit| self.idle_since + limit)
            }
            Stop::Announced(until) => Some(until),
            Stop::No | Stop::Last => None,
        }
    }

    fn begin(&mut self, stream: Bidi) {
        let id = stream.id();
        if self.stop == Stop::Last && id >= self.next_id {
            // It was not processed: the client may send it elsewhere.
            stream.state().fail(Code::H3_REQUEST_REJECTED);
            return;
        }
        self.has_rested = false;
        self.next_id = self.next_id.max(id.saturating_add(STREAM_STEP));
        let (state, stopped) = (Arc::clone(stream.state()), stream.stopped());
        let resolver = self.h3.create_resolver(FrameStream::new(BufRecvStream::new(stream)));
        let running = self.streams.begin();
        let (shared, sessions) = (Arc::clone(&self.shared), Arc::clone(&self.sessions));
        let quic = self.quic.clone();
        tokio::spawn(async move {
            let stream = RequestStream { id, state, stopped, sessions, quic };
            request::serve(resolver, stream, shared).await;
            drop(running);
        });
    }

    /// Sends GOAWAY: streams with this number or a higher one will not be served.
    async fn announce(&mut self, id: u64) {
        let Ok(id) = StreamId::try_from(id) else { return };
        // An error means that the connection has ended, which shows elsewhere.
        let _ = self.h3.inner.shutdown(&mut self.announced, id).await;
    }
}

async fn wait(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
