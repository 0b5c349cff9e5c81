//! The two directions of a connection between client and broker.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::{Notify, mpsc},
};

use super::frame::{Frame, Malformed, PREFIX};

/// Contents below this are copied to be written together, in bytes.
const COPIED: usize = 16 * 1024;

/// How much may wait to be written before [`Outbox::room`] waits, in bytes.
const ROOM: usize = 1024 * 1024;

/// Where frames are put that shall be sent. Sending never waits; who does what a peer asks for waits for
/// [`room`](Self::room) before, so that a peer that does not read cannot fill the memory.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Outbox {
    frames: mpsc::UnboundedSender<Frame>,
    unwritten: Arc<Unwritten>,
}

/// What has been sent and not written.
#[derive(Debug, Default)]
struct Unwritten {
    bytes: AtomicUsize,
    has_changed: Notify,
}

impl Outbox {
    /// An outbox, and the task that empties it until the last clone is dropped or the peer has gone.
    pub(in crate::broker) fn new(socket: OwnedWriteHalf) -> (Self, impl Future<Output = ()>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let unwritten = Arc::<Unwritten>::default();
        (Self { frames: sender, unwritten: Arc::clone(&unwritten) }, write_all(socket, receiver, unwritten))
    }

    /// Sends a frame; false if the peer has gone.
    pub(in crate::broker) fn send(&self, frame: Frame) -> bool {
        self.unwritten.bytes.fetch_add(frame.size(), Ordering::AcqRel);
        self.frames.send(frame).is_ok()
    }

    /// Waits until little waits to be written, or the peer has gone.
    pub(in crate::broker) async fn room(&self) {
        loop {
            let mut changed = std::pin::pin!(self.unwritten.has_changed.notified());
            // Before the look, so that no change is missed.
            changed.as_mut().enable();
            if self.unwritten.bytes.load(Ordering::Acquire) < ROOM || self.frames.is_closed() {
                return;
            }
            changed.await;
        }
    }
}

async fn write_all(
    mut socket: OwnedWriteHalf,
    mut frames: mpsc::UnboundedReceiver<Frame>,
    unwritten: Arc<Unwritten>,
) {
    if let Err(error) = write_frames(&mut socket, &mut frames, &unwritten).await {
        tracing::trace!(%error, "a peer of the broker has gone");
    }
    frames.close();
    unwritten.has_changed.notify_waiters();
}

async fn write_frames(
    socket: &mut OwnedWriteHalf,
    frames: &mut mpsc::UnboundedReceiver<Frame>,
    unwritten: &Unwritten,
) -> io::Result<()> {
    let mut out = BytesMut::with_capacity(COPIED);
    while let Some(frame) = frames.recv().await {
        let mut written = 0;
        let mut next = Some(frame);
        while let Some(frame) = next {
            written += frame.size();
            frame.put_prefix(&mut out);
            if frame.content.len() < COPIED {
                out.extend_from_slice(&frame.content);
            } else {
                write(socket, &mut out).await?;
                socket.write_all(&frame.content).await?;
            }
            next = if out.len() < COPIED && written < ROOM { frames.try_recv().ok() } else { None };
        }
        write(socket, &mut out).await?;
        unwritten.bytes.fetch_sub(written, Ordering::AcqRel);
        unwritten.has_changed.notify_waiters();
    }
    Ok(())
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
        self.try_next().await.unwrap_or_else(|_| {
            tracing::warn!("a peer of the broker speaks something else; its connection is closed");
            None
        })
    }

    /// The next frame; `None` at the end.
    ///
    /// # Errors
    /// The peer speaks something else.
    pub(in crate::broker) async fn try_next(&mut self) -> Result<Option<Frame>, Malformed> {
        loop {
            if let Some(frame) = Frame::take(&mut self.read)? {
                return Ok(Some(frame));
            }
            self.read.reserve(COPIED);
            match self.socket.read_buf(&mut self.read).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        }
    }
}
