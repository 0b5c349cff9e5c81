//! Connections that leave HTTP.

use std::{
    future::poll_fn,
    io,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes};

use super::{
    exchange::Exchange,
    wire::{self, Wire},
};
use crate::{BodyFraming, BoxFuture, DuplexStream, FeatureError, HttpUpgradeFeature, ResponseHead};

impl<T: DuplexStream + 'static> HttpUpgradeFeature for Exchange<T> {
    fn is_upgradable_request(&self) -> bool {
        self.may_upgrade
    }

    fn upgrade(
        &mut self,
        head: Arc<ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError> {
        if !self.may_upgrade {
            return Err(FeatureError::invalid_state("the request cannot be upgraded"));
        }
        let mut wire = self.wire()?;
        if wire.writer.has_started() {
            return Err(FeatureError::invalid_state("the response has already started"));
        }
        wire.start(&head, BodyFraming::None);
        wire.is_taken = true;
        let ahead = wire.reader.take_rest();
        let mut stream = Upgraded { wire: Arc::clone(self.shared_wire()), ahead };
        let exchange = self.clone();
        Ok(Box::pin(async move {
            let flushed = poll_fn(|cx| stream.poll_flush(cx)).await;
            flushed.map_err(|error| exchange.broken(error))?;
            Ok(Box::new(stream) as Box<dyn DuplexStream>)
        }))
    }
}

/// The stream after an upgrade, with what the client has sent ahead. It may outlive the request and the connection.
struct Upgraded<T> {
    wire: Arc<Mutex<Wire<T>>>,
    ahead: Bytes,
}

impl<T: DuplexStream> DuplexStream for Upgraded<T> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.ahead.is_empty() {
            return wire::lock(&self.wire).stream.poll_read(cx, buffer);
        }
        let length = self.ahead.len().min(buffer.len());
        self.ahead.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Poll::Ready(Ok(length))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        wire::lock(&self.wire).stream.poll_write(cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The 101, the first time.
        wire::lock(&self.wire).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        wire::lock(&self.wire).stream.poll_shutdown(cx)
    }
}
