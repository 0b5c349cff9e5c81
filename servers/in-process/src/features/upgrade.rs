//! Leaving HTTP: the connection as a stream of bytes.

use std::{
    future::poll_fn,
    io,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use falconry_features::{
    BodyFraming, BoxFuture, DuplexStream, FeatureError, HttpUpgradeFeature, ResponseHead,
};

use crate::{
    exchange::{Exchange, ReadError, ReadEvent},
    operation::HeadToSend,
};

/// The most that one write of an application takes.
const MAX_WRITE: usize = 64 * 1024;

pub(super) struct Upgrade {
    is_upgradable: bool,
    exchange: Arc<Exchange>,
}

impl Upgrade {
    pub(super) fn new(is_upgradable: bool, exchange: Arc<Exchange>) -> Self {
        Self { is_upgradable, exchange }
    }
}

impl HttpUpgradeFeature for Upgrade {
    fn is_upgradable_request(&self) -> bool {
        self.is_upgradable
    }

    fn upgrade(
        &mut self,
        head: Arc<ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError> {
        if !std::mem::take(&mut self.is_upgradable) {
            return Err(FeatureError::invalid_state(
                "the request cannot be upgraded: that takes HTTP/1.1, `upgrade` in its Connection field and no body, \
                 and is done once",
            ));
        }
        self.exchange.write_head(HeadToSend { head, framing: BodyFraming::None, is_upgrade: true })?;
        let exchange = Arc::clone(&self.exchange);
        Ok(Box::pin(async move {
            poll_fn(|cx| exchange.poll_upgraded(cx)).await?;
            let stream: Box<dyn DuplexStream> = Box::new(Stream { exchange, unread: Bytes::new() });
            Ok(stream)
        }))
    }
}

/// An upgraded connection.
struct Stream {
    exchange: Arc<Exchange>,
    unread: Bytes,
}

impl DuplexStream for Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.unread.is_empty() && !buffer.is_empty() {
            match ready!(self.exchange.poll_read(cx)) {
                Ok(ReadEvent::Data(data)) => self.unread = data,
                Ok(ReadEvent::End(_)) => return Poll::Ready(Ok(0)),
                Err(ReadError::Refused(error)) => return Poll::Ready(Err(io::Error::other(error))),
                Err(ReadError::Gone(error)) => return Poll::Ready(Err(reset(error))),
            }
        }
        let length = self.unread.len().min(buffer.len());
        self.unread.copy_to_slice(&mut buffer[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let length = data.len().min(MAX_WRITE);
        let mut chunk = Bytes::copy_from_slice(&data[..length]);
        self.exchange.poll_write(cx, &mut chunk).map(|written| written.map(|()| length).map_err(reset))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.exchange.poll_flush(cx).map_err(reset)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.exchange.end(None).map_err(reset)?;
        self.exchange.poll_flush(cx).map_err(reset)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.exchange.leave_stream();
    }
}

fn reset(error: FeatureError) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, error)
}
