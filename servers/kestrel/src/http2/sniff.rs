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

/// The answer to a request of HTTP/1 where only HTTP/2 is spoken.
const ONLY_HTTP2: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\
    Content-Length: 56\r\n\r\nAn HTTP/1.x request was sent to an HTTP/2 only endpoint.";

/// Serves a connection without TLS: what the client begins with says which protocol it speaks.
pub(crate) async fn serve_clear<S: Transport>(
    mut stream: S,
    protocols: HttpProtocols,
    connection: Arc<ConnectionShared>,
) {
    let Some(first) = First::read(&mut stream, &connection).await else { return };
    let speaks_http1 = protocols.contains(HttpProtocols::HTTP1);
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
        false => ONLY_HTTP2,
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
    /// Reads until it is clear whether the client begins with the preface, or until it has had its
    /// time; `None` if there is nobody to serve.
    async fn read<S: Transport>(stream: &mut S, connection: &ConnectionShared) -> Option<Self> {
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
            if first.is_decided() {
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

    fn is_decided(&self) -> bool {
        self.is_preface() || !PREFACE.starts_with(&self.bytes)
    }

    fn is_preface(&self) -> bool {
        self.bytes.starts_with(PREFACE)
    }
}
