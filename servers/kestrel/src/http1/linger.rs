//! The end of a connection that the client shall see.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::io::{AsyncWriteExt, ReadBuf};

use crate::{connection::ConnectionShared, transport::Transport};

/// How long a client may take to notice the end.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The same while the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// Ends the sending side and reads on for a while: closing with unread bytes would reset the
/// connection, and the client might lose the answer before it has read it.
pub(crate) async fn linger<S: Transport>(stream: S, connection: &ConnectionShared) {
    // In a box: most of its life a connection is not at its end.
    Box::pin(run(stream, connection)).await;
}

async fn run<S: Transport>(mut stream: S, connection: &ConnectionShared) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let told = async {
        connection.signal.stopping().await;
        let _ = tokio::time::timeout(STOP_TIMEOUT, connection.signal.aborted()).await;
    };
    let discard = std::future::poll_fn(|cx| poll_discard(cx, &mut stream));
    tokio::select! {
        () = discard => {}
        () = tokio::time::sleep(TIMEOUT) => {}
        () = told => {}
    }
}

/// Reads to the end for nothing. The buffer is there for the call, not for as long as a connection lives.
fn poll_discard<S: Transport>(cx: &mut Context<'_>, stream: &mut S) -> Poll<()> {
    let mut buffer = [0; 4096];
    loop {
        let mut buffer = ReadBuf::new(&mut buffer);
        match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
            Poll::Ready(_) => return Poll::Ready(()),
        }
    }
}
