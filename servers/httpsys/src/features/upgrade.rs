//! Leaving HTTP: an opaque response, and raw bytes both ways.

use std::{
    future::poll_fn,
    io,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BoxFuture, DuplexStream, FeatureError, HttpUpgradeFeature, ResponseHead};
use http::Version;

use super::view::View;
use crate::{
    driver::{RequestHandle, SendEntityBody, SendFlags, SendResponse, Win32Error},
    exchange::Phase,
};

/// How much is asked for at once, in bytes.
const PIECE: usize = 16 * 1024;

impl HttpUpgradeFeature for View {
    fn is_upgradable_request(&self) -> bool {
        let state = self.0.lock();
        state.version == Version::HTTP_11
            && !state.body.can_have_body
            && !state.is_upgraded
            && state.is_upgrade_request
    }

    fn upgrade(
        &mut self,
        head: Arc<ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError> {
        if self.0.lock().is_upgraded {
            return Err(FeatureError::invalid_state("the connection has already been upgraded"));
        }
        if !self.is_upgradable_request() {
            return Err(FeatureError::invalid_state(
                "the request cannot be upgraded: that takes HTTP/1.1, `upgrade` in its Connection field and no body",
            ));
        }
        let mut state = self.0.lock();
        if state.output.phase != Phase::Unstarted {
            return Err(FeatureError::invalid_state("the response has already started"));
        }
        let handle = state.handle.clone().ok_or_else(|| FeatureError::finished("the request has ended"))?;
        state.is_upgraded = true;
        drop(state);
        let mut response = Some(SendResponse {
            flags: SendFlags::OPAQUE | SendFlags::MORE_DATA,
            status: head.status,
            reason: head.reason.clone(),
            headers: head.headers.clone(),
            ..SendResponse::default()
        });
        Ok(Box::pin(async move {
            poll_fn(|cx| handle.poll_send_response(cx, &mut response)).await.map_err(|error| {
                FeatureError::aborted("the client has gone before the upgrade").with_source(error)
            })?;
            let stream = OpaqueStream { handle, read: Bytes::new(), is_writing: false, is_ended: false };
            Ok(Box::new(stream) as Box<dyn DuplexStream>)
        }))
    }
}

/// The connection, outside HTTP.
#[derive(Debug)]
struct OpaqueStream {
    handle: Arc<dyn RequestHandle>,
    read: Bytes,
    /// A send is under way.
    is_writing: bool,
    /// This side has ended.
    is_ended: bool,
}

impl OpaqueStream {
    /// Completes when no send is under way.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_writing {
            let written = ready!(self.handle.poll_send_entity_body(cx, &mut None));
            self.is_writing = false;
            written.map_err(gone)?;
        }
        Poll::Ready(Ok(()))
    }

    fn begin(&mut self, cx: &mut Context<'_>, body: SendEntityBody) -> io::Result<()> {
        match self.handle.poll_send_entity_body(cx, &mut Some(body)) {
            Poll::Ready(result) => result.map_err(gone),
            Poll::Pending => {
                self.is_writing = true;
                Ok(())
            }
        }
    }
}

impl DuplexStream for OpaqueStream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if self.read.is_empty() {
            match ready!(self.handle.poll_receive_entity_body(cx, PIECE)) {
                Ok(data) => self.read = data,
                Err(Win32Error::HANDLE_EOF) => return Poll::Ready(Ok(0)),
                Err(error) => return Poll::Ready(Err(gone(error))),
            }
        }
        let piece = self.read.split_to(buffer.len().min(self.read.len()));
        buffer[..piece.len()].copy_from_slice(&piece);
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(cx))?;
        if self.is_ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let piece = &data[..data.len().min(PIECE)];
        let chunks = Bytes::copy_from_slice(piece).into();
        self.begin(cx, SendEntityBody { flags: SendFlags::MORE_DATA, chunks })?;
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_written(cx))?;
        if !self.is_ended {
            self.is_ended = true;
            self.begin(cx, SendEntityBody::default())?;
            return self.poll_written(cx);
        }
        Poll::Ready(Ok(()))
    }
}

fn gone(error: Win32Error) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, error)
}
