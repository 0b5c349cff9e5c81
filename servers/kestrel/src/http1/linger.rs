//! The end of a connection that the client shall see.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{connection::ConnectionShared, transport::Transport};

/// How long a client may take to notice the end.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The same while the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// Ends the sending side and reads on for a while: closing with unread bytes would reset the
/// connection, and the client might lose the answer before it has read it.
pub(crate) async fn linger<S: Transport>(mut stream: S, connection: &ConnectionShared) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut buffer = [0; 4096];
    let told = async {
        connection.signal.stopping().await;
        let _ = tokio::time::timeout(STOP_TIMEOUT, connection.signal.aborted()).await;
    };
    let discard = async { while matches!(stream.read(&mut buffer).await, Ok(1..)) {} };
    tokio::select! {
        () = discard => {}
        () = tokio::time::sleep(TIMEOUT) => {}
        () = told => {}
    }
}
