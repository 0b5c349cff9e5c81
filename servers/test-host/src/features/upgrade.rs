//! Leaving HTTP: the connection or stream as a pair of ends in memory.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use falconry_features::{
    BoxFuture, DuplexStream, FeatureError, HttpExtendedConnectFeature, HttpUpgradeFeature, ResponseHead,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{exchange::Exchange, request::BodyState};

type Taken = Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError>;

/// What both ways of leaving HTTP do.
pub(super) struct Takeover {
    exchange: Arc<Exchange>,
    body: Arc<BodyState>,
    buffer_size: usize,
    is_taken: bool,
}

impl Takeover {
    pub(super) fn new(exchange: Arc<Exchange>, body: Arc<BodyState>, buffer_size: usize) -> Self {
        Self { exchange, body, buffer_size: buffer_size.max(1), is_taken: false }
    }

    fn take(&mut self, head: &ResponseHead) -> Taken {
        if self.is_taken {
            return Err(FeatureError::invalid_state("the connection has already been taken over"));
        }
        let (client, server) = tokio::io::duplex(self.buffer_size);
        self.exchange.answer(head.clone(), Some(client))?;
        self.is_taken = true;
        self.body.make_read_only();
        let server: Box<dyn DuplexStream> = Box::new(ServerEnd(server));
        Ok(Box::pin(std::future::ready(Ok(server))))
    }
}

pub(super) struct Upgrade {
    is_upgradable: bool,
    takeover: Takeover,
}

impl Upgrade {
    pub(super) fn new(is_upgradable: bool, takeover: Takeover) -> Self {
        Self { is_upgradable, takeover }
    }
}

impl HttpUpgradeFeature for Upgrade {
    fn is_upgradable_request(&self) -> bool {
        self.is_upgradable
    }

    fn upgrade(&mut self, head: Arc<ResponseHead>) -> Taken {
        if !self.is_upgradable {
            return Err(FeatureError::invalid_state(
                "the request cannot be upgraded: that takes HTTP/1.1, `upgrade` in its Connection field and no body",
            ));
        }
        self.takeover.take(&head)
    }
}

pub(super) struct ExtendedConnect {
    protocol: Option<String>,
    takeover: Takeover,
}

impl ExtendedConnect {
    pub(super) fn new(protocol: Option<String>, takeover: Takeover) -> Self {
        Self { protocol, takeover }
    }
}

impl HttpExtendedConnectFeature for ExtendedConnect {
    fn is_extended_connect(&self) -> bool {
        self.protocol.is_some()
    }

    fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    fn accept(&mut self, head: Arc<ResponseHead>) -> Taken {
        if self.protocol.is_none() {
            return Err(FeatureError::invalid_state(
                "the request is no extended CONNECT: it has no :protocol",
            ));
        }
        if !head.status.is_success() {
            return Err(FeatureError::invalid_state(format!(
                "an extended CONNECT is accepted with a 2xx status, not with {}",
                head.status
            )));
        }
        self.takeover.take(&head)
    }
}

/// The application's end.
struct ServerEnd(tokio::io::DuplexStream);

impl DuplexStream for ServerEnd {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
