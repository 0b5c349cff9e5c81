//! Which protocol a client in clear begins with.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
};

use tokio::{
    io::{AsyncWriteExt, ReadBuf},
    time::Instant,
};

use super::{inspect::PREFACE, serve};
use crate::{
    HttpProtocols,
    connection::ConnectionShared,
    http1::{self, linger},
    metrics::error_type,
    transport::Transport,
};

/// GOAWAY, last stream 0, HTTP_1_1_REQUIRED (RFC 9113 section 6.8), behind the SETTINGS that every
/// server begins with.
const HTTP_1_1_REQUIRED: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0d";

/// The same with PROTOCOL_ERROR, for a client that speaks neither (section 3.4).
const PROTOCOL_ERROR: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01";

/// How much is read in search of the end of a request line, to say the right thing to its client.
const MAX_LINE: usize = 8 * 1024;

/// The answer to a request of HTTP/1 where only HTTP/2 is spoken.
const ONLY_HTTP2: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\
    Content-Length: 56\r\n\r\nAn HTTP/1.x request was sent to an HTTP/2 only endpoint.";

/// Serves a connection without TLS: what the client begins with says which protocol it speaks.
pub(crate) async fn serve_clear<S: Transport>(
    mut stream: S,
    protocols: HttpProtocols,
    connection: Arc<ConnectionShared>,
) {
    let speaks_http1 = protocols.contains(HttpProtocols::HTTP1);
    // In a box: it is soon done with.
    let reading = Box::pin(First::read(&mut stream, &connection, !speaks_http1));
    let Some(first) = reading.await else { return };
    let speaks_http2 = protocols.contains(HttpProtocols::HTTP2);
    if first.bytes.is_empty() && !speaks_http1 {
        // Nobody to answer to.
        return;
    }
    let answer = match first.is_preface() {
        true if speaks_http2 => return Box::pin(serve(stream, first.bytes, connection)).await,
        false if speaks_http1 => {
            return Box::pin(http1::serve_read(stream, first.bytes, first.since, connection)).await;
        }
        true => HTTP_1_1_REQUIRED,
        false if first.is_http1() => ONLY_HTTP2,
        false => PROTOCOL_ERROR,
    };
    if stream.write_all(answer).await.is_ok() {
        linger(stream, &connection).await;
    }
}

/// The first bytes of a connection.
struct First {
    bytes: Vec<u8>,
    /// When the first of them came.
    since: Option<Instant>,
}

impl First {
    /// Reads until it is clear whether the client begins with the preface or, if not, with which line, or
    /// until it has had its time; `None` if there is nobody to serve.
    async fn read<S: Transport>(
        stream: &mut S,
        connection: &ConnectionShared,
        needs_line: bool,
    ) -> Option<Self> {
        let limits = &connection.options.limits;
        let mut first = Self { bytes: Vec::new(), since: None };
        let begun = Instant::now();
        loop {
            let limit = match first.since {
                None => limits.keep_alive_timeout().map(|limit| begun + limit),
                Some(since) => limits.request_headers_timeout().map(|limit| since + limit),
            };
            let too_long = async {
                match limit {
                    Some(limit) => tokio::time::sleep_until(limit).await,
                    None => std::future::pending().await,
                }
            };
            let read = tokio::select! {
                biased;
                read = first.read_more(stream) => read.ok()?,
                // HTTP/1 knows what to say to a request that takes too long, or comes too late.
                () = connection.signal.stopping() => return Some(first),
                () = too_long => {
                    if first.since.is_none() {
                        connection.observed.failed(error_type::KEEP_ALIVE_TIMEOUT);
                    }
                    return first.since.is_some().then_some(first);
                }
            };
            if read == 0 {
                return first.since.is_some().then_some(first);
            }
            if first.is_decided(needs_line) {
                return Some(first);
            }
        }
    }

    async fn read_more<S: Transport>(&mut self, stream: &mut S) -> io::Result<usize> {
        // The buffer is there for the call, not for as long as the client lets itself be waited for.
        let read = std::future::poll_fn(|cx| {
            let mut buffer = [0; 2048];
            let mut buffer = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer))?;
            Poll::Ready(io::Result::Ok(buffer.filled().to_vec()))
        });
        let read = read.await?;
        if !read.is_empty() {
            self.since.get_or_insert_with(Instant::now);
            self.bytes.extend_from_slice(&read);
        }
        Ok(read.len())
    }

    fn is_decided(&self, needs_line: bool) -> bool {
        let has_line = !needs_line || self.bytes.contains(&b'\n') || self.bytes.len() > MAX_LINE;
        self.is_preface() || (has_line && !PREFACE.starts_with(&self.bytes))
    }

    /// True if the first line is that of a request.
    fn is_http1(&self) -> bool {
        let line = self.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        line.windows(7).any(|part| part == b"HTTP/1.")
    }

    fn is_preface(&self) -> bool {
        self.bytes.starts_with(PREFACE)
    }
}
