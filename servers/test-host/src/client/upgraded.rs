//! [`UpgradedStream`]: the client's end after an upgrade.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use falconry_features::ResponseHead;
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use super::TestBody;
use crate::exchange::RequestEnd;

/// The client's end of a connection that the application took over by an upgrade, or of a stream
/// of an accepted extended CONNECT.
///
/// Dropping it ends the application's reading and fires `RequestAborted`; the application runs on.
#[derive(Debug)]
pub struct UpgradedStream {
    head: ResponseHead,
    stream: DuplexStream,
    body: TestBody,
}

impl UpgradedStream {
    pub(super) fn new(head: ResponseHead, stream: DuplexStream, body: TestBody) -> Self {
        Self { head, stream, body }
    }

    /// The status that the application answered: 101, or 2xx to a CONNECT.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The fields of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Closes the stream and waits until the request has ended.
    pub async fn close(self) -> RequestEnd {
        let Self { stream, body, .. } = self;
        let exchange = body.shared_exchange();
        drop((stream, body));
        exchange.task_ended().await;
        exchange.take_end()
    }
}

impl AsyncRead for UpgradedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for UpgradedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
