//! A connection that has left HTTP.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use falconry_features::DuplexStream;
use tokio::io::ReadBuf;

use super::input::Input;
use crate::{
    connection::ConnectionShared,
    exchange::{Driver, Progress},
    transport::Transport,
};

/// Gives the raw stream to the application and runs it to its end.
pub(super) async fn run_upgraded<S: Transport>(
    stream: S,
    input: Input,
    mut driver: Driver,
    connection: &Arc<ConnectionShared>,
) {
    let _observed = connection.observed.upgraded();
    // Counted until the run is over, although the exchange may live on.
    let _counted = driver.shared().and_then(|shared| shared.lock().open_upgrade.take());
    let sender = driver.shared().and_then(|shared| shared.lock().stream_sender.take());
    let stream = UpgradedStream { stream, input };
    if let Some(sender) = sender {
        // The application may have stopped waiting; then the stream ends here.
        drop(sender.send(Box::new(stream)));
    }
    let run = std::future::poll_fn(|cx| match driver.poll(cx) {
        Progress::Complete => Poll::Ready(()),
        Progress::Waiting => Poll::Pending,
    });
    tokio::select! {
        () = run => {}
        () = connection.signal.aborted() => {}
    }
}

/// The socket with what the client had sent ahead.
struct UpgradedStream<S> {
    stream: S,
    input: Input,
}

impl<S: Transport> DuplexStream for UpgradedStream<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.input.is_empty() {
            let count = self.input.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.input.bytes()[..count]);
            self.input.consume(count);
            return Poll::Ready(Ok(count));
        }
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
