//! Applications that take a stream over.

use std::future::poll_fn;

use falconry_features::{
    BoxError, DuplexStream, FeatureCollection, WebTransportSession, accept_connect, accept_web_transport,
};

/// Echoes upper-case text until the client ends its side.
pub(super) async fn tunnel(features: &mut FeatureCollection) -> Result<(), BoxError> {
    let mut stream = accept_connect(features).await?;
    let mut buffer = [0; 1000];
    loop {
        let count = poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await?;
        if count == 0 {
            break;
        }
        let text = buffer[..count].to_ascii_uppercase();
        let mut rest = &text[..];
        while !rest.is_empty() {
            let written = poll_fn(|cx| stream.poll_write(cx, rest)).await?;
            rest = &rest[written..];
        }
    }
    poll_fn(|cx| stream.poll_shutdown(cx)).await?;
    Ok(())
}

/// Greets on a stream of its own, then answers each stream with its text in upper case: on the stream itself, or on
/// another if the client cannot be answered there. The text `close` ends the session with code 7.
pub(super) async fn session(features: &mut FeatureCollection) -> Result<(), BoxError> {
    let mut session = accept_web_transport(features).await?;
    let greeting = format!("session {}", session.session_id());
    say(&mut *session, &greeting).await?;
    while let Some(mut stream) = poll_fn(|cx| session.poll_accept_stream(cx)).await? {
        let mut text = Vec::new();
        let mut buffer = [0; 1000];
        loop {
            match poll_fn(|cx| stream.stream.poll_read(cx, &mut buffer)).await? {
                0 => break,
                count => text.extend_from_slice(&buffer[..count]),
            }
        }
        let text = String::from_utf8(text)?.to_ascii_uppercase();
        if text == "CLOSE" {
            session.abort(7);
        } else if stream.can_write {
            write_to(&mut *stream.stream, &text).await?;
        } else {
            say(&mut *session, &text).await?;
        }
    }
    Ok(())
}

async fn say(session: &mut dyn WebTransportSession, text: &str) -> Result<(), BoxError> {
    let opened = poll_fn(|cx| session.poll_open_unidirectional_stream(cx)).await?;
    let mut stream = opened.ok_or("the session has ended")?;
    assert!(stream.can_write && !stream.can_read);
    write_to(&mut *stream.stream, text).await
}

async fn write_to(stream: &mut dyn DuplexStream, text: &str) -> Result<(), BoxError> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let written = poll_fn(|cx| stream.poll_write(cx, rest)).await?;
        rest = &rest[written..];
    }
    poll_fn(|cx| stream.poll_shutdown(cx)).await?;
    Ok(())
}
