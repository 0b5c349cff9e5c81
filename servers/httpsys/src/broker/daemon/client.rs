//! One attached process.

use std::{sync::Arc, time::Duration};

use tokio::net::UnixStream;

use super::{
    Shared,
    handles::{Answer, Handles},
    peer::Peer,
    receiving::Receiving,
};
use crate::{
    broker::wire::{Call, Frame, FrameKind, Frames, Outbox, Outcome, PROTOCOL, hello, version_of},
    driver::Win32Error,
};

/// How long a process may take to say hello.
const HELLO_LIMIT: Duration = Duration::from_secs(30);

/// A process, and everything that is its own.
pub(super) struct Client {
    peer: Peer,
    outbox: Outbox,
    handles: Handles,
    receiving: Arc<Receiving>,
}

impl Client {
    /// Serves the process at the other end of `socket` until it goes.
    pub(super) async fn serve(shared: Arc<Shared>, peer: Peer, socket: UnixStream) {
        let (read, write) = socket.into_split();
        let (outbox, writing) = Outbox::new(write);
        tokio::spawn(writing);
        let mut frames = Frames::new(read);
        match tokio::time::timeout(HELLO_LIMIT, greet(&mut frames, &outbox)).await {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => {
                return tracing::warn!(process = peer.process, "a process was sent away: {reason}");
            }
            Err(_) => {
                return tracing::warn!(process = peer.process, "a process was sent away: it says nothing");
            }
        }
        let receiving = Receiving::new(outbox.clone());
        let mut client = Self { peer, outbox, handles: Handles::new(shared, peer), receiving };
        tracing::info!(process = peer.process, user = peer.user, "a process has attached");
        while let Some(frame) = frames.next().await {
            client.take(frame).await;
            // What it asks for waits while it does not read the answers.
            client.outbox.room().await;
        }
        client.end().await;
    }

    async fn take(&mut self, frame: Frame) {
        match frame.kind {
            FrameKind::Call => self.call(frame).await,
            FrameKind::Receive => {
                if let Ok(queue) = self.handles.queue(frame.number) {
                    self.receiving.want(frame.number, queue);
                }
            }
            _ => self.receiving.pass(frame).await,
        }
    }

    async fn call(&mut self, frame: Frame) {
        let answer = match serde_json::from_slice::<Call>(&frame.content) {
            Ok(call) => {
                if let Call::CloseQueue { queue } = call {
                    self.receiving.close(queue);
                }
                self.handles.call(call).await
            }
            Err(_) => Answer::Now(Err(Win32Error::INVALID_FUNCTION)),
        };
        match answer {
            Answer::Now(result) => give(&self.outbox, frame.number, result),
            Answer::Later(result) => {
                let outbox = self.outbox.clone();
                tokio::spawn(async move { give(&outbox, frame.number, result.await) });
            }
        }
    }

    /// The process has gone.
    async fn end(self) {
        tracing::info!(process = self.peer.process, user = self.peer.user, "a process has gone");
        self.receiving.end();
        self.handles.end().await;
    }
}

/// Says hello to each other.
async fn greet(frames: &mut Frames, outbox: &Outbox) -> Result<(), String> {
    let first = frames.try_next().await;
    let version = match first {
        Ok(Some(first)) => version_of(&first),
        Ok(None) => return Err("it has gone before it said hello".to_owned()),
        Err(_) => None,
    };
    // Also to one of another release: it learns why.
    outbox.send(hello());
    match version {
        Some(version) if version == u64::from(PROTOCOL) => Ok(()),
        Some(version) => Err(format!(
            "it speaks version {version} of the protocol, and this broker version {PROTOCOL}; use the same release of both"
        )),
        None => Err("it speaks something else, or is of another release".to_owned()),
    }
}

fn give(outbox: &Outbox, number: u64, result: Result<bool, Win32Error>) {
    if let Ok(content) = serde_json::to_vec(&Outcome::of(result)) {
        outbox.send(Frame::new(FrameKind::Result, number, content));
    }
}
