//! A stream that has left HTTP by an extended CONNECT (RFC 9220).

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf, Bytes};
use falconry_features::DuplexStream;
use h3::error::StreamError;

use super::{ReceiveHalf, SendHalf, carrier::StreamState};

/// How much is sent at once.
const PIECE: usize = 16 * 1024;

/// The DATA frames of a stream as bytes.
pub(super) struct Tunnel {
    sending: Sending,
    receive: ReceiveHalf,
    state: Arc<StreamState>,
    /// What was received and not read.
    data: Bytes,
    has_ended: bool,
}

enum Sending {
    Idle(Box<SendHalf>),
    Busy(Pin<Box<dyn Future<Output = (SendHalf, Result<(), StreamError>)> + Send>>),
    Over,
}

impl Tunnel {
    pub(super) fn new(send: SendHalf, receive: ReceiveHalf, state: Arc<StreamState>) -> Self {
        Self { sending: Sending::Idle(Box::new(send)), receive, state, data: Bytes::new(), has_ended: false }
    }

    /// Completes when what was written before has been taken.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Sending::Busy(busy) = &mut self.sending {
            let (send, result) = ready!(busy.as_mut().poll(cx));
            self.sending = Sending::Idle(Box::new(send));
            return Poll::Ready(result.map_err(io_error));
        }
        Poll::Ready(Ok(()))
    }

    /// The stream ends in order, behind what is still being sent.
    fn finish(&mut self) {
        self.has_ended = true;
        match std::mem::replace(&mut self.sending, Sending::Over) {
            Sending::Idle(send) => finish(*send),
            Sending::Busy(busy) => {
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        if let (send, Ok(())) = busy.await {
                            finish(send);
                        }
                    });
                }
            }
            Sending::Over => {}
        }
    }
}

impl DuplexStream for Tunnel {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        while self.data.is_empty() {
            match ready!(self.receive.poll_recv_data(cx)) {
                Ok(Some(mut data)) => self.data = data.copy_to_bytes(data.remaining()),
                Ok(None) => return Poll::Ready(Ok(0)),
                Err(error) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let count = self.data.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.data.split_to(count));
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_idle(cx))?;
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let count = data.len().min(PIECE);
        let piece = Bytes::copy_from_slice(&data[..count]);
        let Sending::Idle(mut send) = std::mem::replace(&mut self.sending, Sending::Over) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let busy = async move {
            let result = send.send_data(piece).await;
            (*send, result)
        };
        self.sending = Sending::Busy(Box::pin(busy));
        // It begins at once; an error shows with the next write.
        match self.poll_idle(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_idle(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_ended {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_idle(cx))?;
        self.finish();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Tunnel {
    /// An orderly end, as that of a socket; who wants another one aborts the request.
    fn drop(&mut self) {
        if !self.has_ended && self.state.failure().is_none() {
            self.finish();
        }
    }
}

/// Saying so takes no waiting.
fn finish(mut send: SendHalf) {
    let _ = pin!(send.finish()).poll(&mut Context::from_waker(Waker::noop()));
}

fn io_error(error: StreamError) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, error)
}
