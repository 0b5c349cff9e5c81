//! A session that the application has accepted.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
};

use falconry_features::{DuplexStream, FeatureError, WebTransportSession, WebTransportStream};
use quinn::VarInt;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    capsule::{Capsules, End, close_session},
    sessions::Known,
    stream::Stream,
};

type Opening =
    std::pin::Pin<Box<dyn Future<Output = Result<quinn::SendStream, quinn::ConnectionError>> + Send>>;

/// Streams of a client for one application; ended by a drop.
pub(super) struct Session {
    known: Known,
    quic: quinn::Connection,
    /// The session's end, for the task of whoever waits for a stream.
    ended: std::pin::Pin<Box<tokio_util::sync::WaitForCancellationFutureOwned>>,
    opening: Option<Opening>,
    /// Tells the session's own stream to close, with a code.
    close: Option<oneshot::Sender<u32>>,
}

impl Session {
    /// The stream of the request stands for the session: it ends with it.
    pub(super) fn begin(known: Known, quic: quinn::Connection, stream: Box<dyn DuplexStream>) -> Self {
        let (close, asked) = oneshot::channel();
        let ended = known.ended.clone();
        tokio::spawn(keep(stream, asked, ended.clone()));
        Self { known, quic, ended: Box::pin(ended.cancelled_owned()), opening: None, close: Some(close) }
    }

    /// Completes when the session has ended: the client has closed it, or is gone.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        ready!(self.ended.as_mut().poll(cx));
        Poll::Ready(match self.quic.close_reason() {
            None => Ok(()),
            Some(reason) => Err(FeatureError::aborted("the client is gone").with_source(reason)),
        })
    }
}

impl WebTransportSession for Session {
    fn session_id(&self) -> u64 {
        self.known.id
    }

    fn poll_accept_stream(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<WebTransportStream>, FeatureError>> {
        if let Poll::Ready(end) = self.poll_end(cx) {
            return Poll::Ready(end.map(|()| None));
        }
        let arrived = ready!(self.known.poll_arrived(cx));
        let id = VarInt::from(arrived.receive.id()).into_inner();
        let can_write = arrived.send.is_some();
        let stream = Stream::arrived(arrived, &self.known.ended);
        let mut stream = WebTransportStream::new(id, Box::new(stream));
        stream.can_write = can_write;
        Poll::Ready(Ok(Some(stream)))
    }

    fn poll_open_unidirectional_stream(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<WebTransportStream>, FeatureError>> {
        if let Poll::Ready(end) = self.poll_end(cx) {
            return Poll::Ready(end.map(|()| None));
        }
        let quic = &self.quic;
        let opening = self.opening.get_or_insert_with(|| {
            let quic = quic.clone();
            Box::pin(async move { quic.open_uni().await })
        });
        let opened = ready!(opening.as_mut().poll(cx));
        self.opening = None;
        let send = opened.map_err(|error| FeatureError::aborted("the client is gone").with_source(error))?;
        let id = VarInt::from(send.id()).into_inner();
        let stream = Stream::opened(send, self.known.id, &self.known.ended);
        let mut stream = WebTransportStream::new(id, Box::new(stream));
        stream.can_read = false;
        Poll::Ready(Ok(Some(stream)))
    }

    fn abort(&mut self, error_code: u32) {
        if let Some(close) = self.close.take() {
            // An error means that the session has ended already.
            let _ = close.send(error_code);
        }
        self.known.ended.cancel();
    }
}

/// Reads the session's own stream until one side closes it. The application has none of it.
async fn keep(
    mut stream: Box<dyn DuplexStream>,
    mut asked: oneshot::Receiver<u32>,
    ended: CancellationToken,
) {
    let mut capsules = Capsules::default();
    let mut buffer = [0; 1024];
    loop {
        tokio::select! {
            code = &mut asked => {
                // A drop closes without a word: no error.
                if let Ok(code) = code {
                    let _ = write_all(&mut *stream, &close_session(code)).await;
                }
                break;
            }
            read = poll_fn(|cx| stream.poll_read(cx, &mut buffer)) => {
                let end = match read {
                    Ok(count @ 1..) => capsules.push(&buffer[..count]),
                    Ok(0) | Err(_) => Some(End::Closed),
                };
                if let Some(end) = end {
                    tracing::debug!(?end, "a WebTransport session was ended by its client");
                    break;
                }
            }
        }
    }
    ended.cancel();
    // A client that has gone needs no end.
    let _ = poll_fn(|cx| stream.poll_shutdown(cx)).await;
}

async fn write_all(stream: &mut dyn DuplexStream, mut data: &[u8]) -> std::io::Result<()> {
    while !data.is_empty() {
        let count = poll_fn(|cx| stream.poll_write(cx, data)).await?;
        data = &data[count..];
    }
    poll_fn(|cx| stream.poll_flush(cx)).await
}
