//! A session of WebTransport that answers each stream with its own text in upper case.

use std::future::poll_fn;

use falconry::{
    DuplexIo, HttpContext, Result,
    features::{WebTransportSession, accept_web_transport},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Greets on a stream of the server, then answers until the client closes the session.
pub(crate) async fn session(ctx: &mut HttpContext) -> Result {
    let mut session = accept_web_transport(ctx.features_mut()).await?;
    say(&mut *session, "welcome").await?;
    while let Some(stream) = poll_fn(|cx| session.poll_accept_stream(cx)).await? {
        let (can_write, mut stream) = (stream.can_write, DuplexIo::new(stream.stream));
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let text = text.to_ascii_uppercase();
        if can_write {
            stream.write_all(text.as_bytes()).await?;
            stream.shutdown().await?;
        } else {
            say(&mut *session, &text).await?;
        }
    }
    Ok(())
}

async fn say(session: &mut dyn WebTransportSession, text: &str) -> Result {
    let stream = poll_fn(|cx| session.poll_open_unidirectional_stream(cx)).await?;
    let mut stream = DuplexIo::new(stream.ok_or("the session has ended")?.stream);
    stream.write_all(text.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}
