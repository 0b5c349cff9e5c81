//! A request that the broker has sent.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{BoxFuture, CancellationToken, Certificate};

use super::connection::Connection;
use crate::{
    broker::wire::{Frame, FrameKind, encode_body, encode_response},
    driver::{
        DataChunk, DataChunks, RequestHandle, RequestQueue, SendEntityBody, SendFlags, SendResponse, TlsInfo,
        Win32Error,
    },
};

/// How much goes into one frame, in bytes.
const PIECE: usize = 256 * 1024;

pub(super) struct BrokerRequest {
    connection: Arc<Connection>,
    number: u64,
    tls: Option<Arc<TlsInfo>>,
    gone: CancellationToken,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_reading: bool,
    read: Option<Result<Bytes, Win32Error>>,
    reader: Option<Waker>,
    is_sending: bool,
    sent: Option<Result<(), Win32Error>>,
    sender: Option<Waker>,
    /// What is left of a send that is too long for one frame.
    rest: VecDeque<SendEntityBody>,
    stream_error: Option<u32>,
    ended: Option<Win32Error>,
}

impl BrokerRequest {
    pub(super) fn new(connection: Arc<Connection>, number: u64, tls: Option<Arc<TlsInfo>>) -> Arc<Self> {
        Arc::new(Self { connection, number, tls, gone: CancellationToken::new(), state: Mutex::default() })
    }

    /// Something has come for it.
    pub(super) fn take(&self, frame: Frame) {
        let code = |frame: &Frame| Win32Error::from_code(frame.code().unwrap_or_default());
        let mut state = self.lock();
        let waker = match frame.kind {
            FrameKind::Body => {
                state.is_reading = false;
                state.read = Some(Ok(frame.content));
                state.reader.take()
            }
            FrameKind::BodyEnd => {
                state.is_reading = false;
                state.read = Some(Err(code(&frame)));
                state.reader.take()
            }
            FrameKind::Sent => match (frame.code(), state.rest.pop_front()) {
                (Some(0), Some(next)) => {
                    if let Err(error) = self.send_body(&next) {
                        state.sent = Some(Err(error));
                        state.sender.take()
                    } else {
                        None
                    }
                }
                (Some(0), None) => {
                    state.sent = Some(Ok(()));
                    state.sender.take()
                }
                _ => {
                    state.sent = Some(Err(code(&frame)));
                    state.sender.take()
                }
            },
            _ => {
                drop(state);
                return self.gone();
            }
        };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The client, or the broker, has gone.
    pub(super) fn gone(&self) {
        let mut state = self.lock();
        state.ended = Some(Win32Error::CONNECTION_INVALID);
        let wakers = [state.reader.take(), state.sender.take()];
        drop(state);
        self.gone.cancel();
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    fn send_body(&self, body: &SendEntityBody) -> Result<(), Win32Error> {
        self.connection.send(Frame::new(FrameKind::EntityBody, self.number, encode_body(body)?))
    }

    /// Begins a send, or tells of its end.
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        begin: Option<impl FnOnce(&mut State) -> Result<(), Win32Error>>,
    ) -> Poll<Result<(), Win32Error>> {
        let mut state = self.lock();
        if let Some(begin) = begin {
            if let Some(error) = state.ended {
                return Poll::Ready(Err(error));
            }
            if state.is_sending {
                return Poll::Ready(Err(Win32Error::INVALID_PARAMETER));
            }
            begin(&mut state)?;
            state.is_sending = true;
        } else if let Some(sent) = state.sent.take() {
            state.is_sending = false;
            return Poll::Ready(sent);
        } else if let Some(error) = state.ended {
            state.is_sending = false;
            return Poll::Ready(Err(error));
        } else if !state.is_sending {
            return Poll::Ready(Err(Win32Error::INVALID_PARAMETER));
        }
        state.sender = Some(cx.waker().clone());
        Poll::Pending
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestHandle for BrokerRequest {
    fn poll_receive_entity_body(
        &self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<Result<Bytes, Win32Error>> {
        let mut state = self.lock();
        if let Some(read) = state.read.take() {
            return Poll::Ready(read);
        }
        if let Some(error) = state.ended {
            return Poll::Ready(Err(error));
        }
        if !state.is_reading {
            let limit = u32::try_from(limit.clamp(1, PIECE)).unwrap_or(u32::MAX);
            self.connection.send(Frame::with_code(FrameKind::Read, self.number, limit))?;
            state.is_reading = true;
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_send_response(
        &self,
        cx: &mut Context<'_>,
        response: &mut Option<SendResponse>,
    ) -> Poll<Result<(), Win32Error>> {
        let begin = response.take().map(|mut response| {
            move |state: &mut State| {
                let mut pieces = split(std::mem::take(&mut response.chunks));
                response.chunks = pieces.pop_front().unwrap_or_default();
                let last = response.flags;
                if !pieces.is_empty() {
                    response.flags = last | SendFlags::MORE_DATA;
                }
                state.rest = bodies(pieces, last);
                let content = encode_response(&response)?;
                self.connection.send(Frame::new(FrameKind::Response, self.number, content))
            }
        });
        self.poll_send(cx, begin)
    }

    fn poll_send_entity_body(
        &self,
        cx: &mut Context<'_>,
        body: &mut Option<SendEntityBody>,
    ) -> Poll<Result<(), Win32Error>> {
        let begin = body.take().map(|body| {
            move |state: &mut State| {
                let mut pieces = bodies(split(body.chunks), body.flags);
                let first = pieces
                    .pop_front()
                    .unwrap_or(SendEntityBody { flags: body.flags, chunks: DataChunks::new() });
                state.rest = pieces;
                self.send_body(&first)
            }
        });
        self.poll_send(cx, begin)
    }

    fn cancel(&self) -> Result<(), Win32Error> {
        let mut state = self.lock();
        if let Some(error) = state.ended {
            return Err(error);
        }
        state.ended = Some(Win32Error::OPERATION_ABORTED);
        let error = state.stream_error.map(|code| code.to_be_bytes().to_vec()).unwrap_or_default();
        drop(state);
        self.connection.send(Frame::new(FrameKind::Cancel, self.number, error))
    }

    fn disconnected(&self) -> CancellationToken {
        // A broker that has gone has told that already.
        let _ = self.connection.send(Frame::new(FrameKind::Watch, self.number, Vec::new()));
        self.gone.clone()
    }

    fn set_stream_error(&self, code: u32) -> Result<(), Win32Error> {
        self.lock().stream_error = Some(code);
        Ok(())
    }

    fn tls_client_hello(&self) -> Result<Bytes, Win32Error> {
        Err(Win32Error::NOT_SUPPORTED)
    }

    fn receive_client_certificate(&self) -> BoxFuture<'static, Result<Certificate, Win32Error>> {
        let certificate = self.tls.as_ref().and_then(|tls| tls.client_certificate.clone());
        Box::pin(std::future::ready(certificate.ok_or(Win32Error::NOT_FOUND)))
    }

    fn delegate(&self, _queue: &Arc<dyn RequestQueue>, _url_prefix: &str) -> Result<(), Win32Error> {
        Err(Win32Error::NOT_SUPPORTED)
    }
}

impl Drop for BrokerRequest {
    fn drop(&mut self) {
        self.connection.remove_request(self.number);
        // A broker that has gone has forgotten it.
        let _ = self.connection.send(Frame::new(FrameKind::Release, self.number, Vec::new()));
    }
}

impl fmt::Debug for BrokerRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerRequest").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The chunks in pieces that fit into frames.
fn split(chunks: DataChunks) -> VecDeque<DataChunks> {
    let mut pieces = VecDeque::from([DataChunks::new()]);
    let mut room = PIECE;
    for chunk in chunks {
        match chunk {
            DataChunk::Memory(mut data) => {
                while data.len() > room {
                    let piece = data.split_to(room);
                    push(&mut pieces, DataChunk::Memory(piece));
                    pieces.push_back(DataChunks::new());
                    room = PIECE;
                }
                room -= data.len();
                push(&mut pieces, DataChunk::Memory(data));
            }
            other => push(&mut pieces, other),
        }
    }
    pieces
}

fn push(pieces: &mut VecDeque<DataChunks>, chunk: DataChunk) {
    if let Some(last) = pieces.back_mut() {
        last.push(chunk);
    }
}

/// Sends of these pieces, of which the last has the flags.
fn bodies(pieces: VecDeque<DataChunks>, flags: SendFlags) -> VecDeque<SendEntityBody> {
    let last = pieces.len().saturating_sub(1);
    let bodies = pieces.into_iter().enumerate().map(|(index, chunks)| SendEntityBody {
        flags: if index == last { flags } else { flags | SendFlags::MORE_DATA },
        chunks,
    });
    bodies.collect()
}
