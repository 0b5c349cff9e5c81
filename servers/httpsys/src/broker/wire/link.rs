//! The two directions of a connection between client and broker.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::mpsc,
};

use super::frame::{Frame, PREFIX};

/// Contents below this are copied to be written together, in bytes.
const COPIED: usize = 16 * 1024;

/// Where frames are put that shall be sent. Never waits: nobody sends what was not asked for.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Outbox(mpsc::UnboundedSender<Frame>);

impl Outbox {
    /// An outbox, and the task that empties it until the last clone is dropped or the peer has gone.
    pub(in crate::broker) fn new(socket: OwnedWriteHalf) -> (Self, impl Future<Output = ()>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), write_all(socket, receiver))
    }

    /// Sends a frame; false if the peer has gone.
    pub(in crate::broker) fn send(&self, frame: Frame) -> bool {
        self.0.send(frame).is_ok()
    }
}

async fn write_all(mut socket: OwnedWriteHalf, mut frames: mpsc::UnboundedReceiver<Frame>) {
    let mut out = BytesMut::with_capacity(COPIED);
    while let Some(frame) = frames.recv().await {
        let mut next = Some(frame);
        while let Some(frame) = next {
            frame.put_prefix(&mut out);
            if frame.content.len() < COPIED {
                out.extend_from_slice(&frame.content);
            } else if write(&mut socket, &mut out).await.is_err()
                || socket.write_all(&frame.content).await.is_err()
            {
                return;
            }
            next = if out.len() < COPIED { frames.try_recv().ok() } else { None };
        }
        if write(&mut socket, &mut out).await.is_err() {
            return;
        }
    }
}

async fn write(socket: &mut OwnedWriteHalf, out: &mut BytesMut) -> io::Result<()> {
    socket.write_all(out).await?;
    out.advance(out.len());
    out.reserve(PREFIX);
    Ok(())
}

/// The frames that the peer sends.
#[derive(Debug)]
pub(in crate::broker) struct Frames {
    socket: OwnedReadHalf,
    read: BytesMut,
}

impl Frames {
    pub(in crate::broker) fn new(socket: OwnedReadHalf) -> Self {
        Self { socket, read: BytesMut::with_capacity(COPIED) }
    }

    /// The next frame; `None` at the end, also if the peer speaks something else.
    pub(in crate::broker) async fn next(&mut self) -> Option<Frame> {
        loop {
            match Frame::take(&mut self.read) {
                Ok(Some(frame)) => return Some(frame),
                Ok(None) => {}
                Err(_) => {
                    tracing::warn!("a peer of the broker speaks something else; its connection is closed");
                    return None;
                }
            }
            self.read.reserve(COPIED);
            match self.socket.read_buf(&mut self.read).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
