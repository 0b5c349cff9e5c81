//! A request that the broker has sent.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{BoxFuture, CancellationToken, Certificate};
use http::header::CONTENT_LENGTH;

use super::{
    link::Link,
    pieces::{self, PIECE, Piece},
};
use crate::{
    broker::wire::{Frame, FrameKind, encode_body, encode_response},
    driver::{RequestHandle, RequestQueue, SendEntityBody, SendFlags, SendResponse, TlsInfo, Win32Error},
};

/// A request, and the operations on it.
pub(super) struct BrokerRequest {
    link: Arc<Link>,
    number: u64,
    this: Weak<Self>,
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
    /// What is left of a send that does not go into one frame.
    rest: VecDeque<Piece>,
    stream_error: Option<u32>,
    ended: Option<Win32Error>,
}

impl BrokerRequest {
    pub(super) fn new(link: Arc<Link>, number: u64, tls: Option<Arc<TlsInfo>>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            link,
            number,
            this: Weak::clone(this),
            tls,
            gone: CancellationToken::new(),
            state: Mutex::default(),
        })
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
            FrameKind::Sent if frame.code() == Some(0) => match state.rest.pop_front() {
                Some(next) => {
                    let sent = self.send_piece(next).err().map(Err);
                    sent.and_then(|sent| state.complete_send(sent))
                }
                None => state.complete_send(Ok(())),
            },
            FrameKind::Sent => state.complete_send(Err(code(&frame))),
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

    /// Sends a piece of the body; a piece of a file is read before, elsewhere.
    fn send_piece(&self, piece: Piece) -> Result<(), Win32Error> {
        let (flags, file) = match piece {
            Piece::Body(body) => {
                return self.link.send(Frame::new(FrameKind::EntityBody, self.number, encode_body(&body)?));
            }
            Piece::File(flags, file) => (flags, file),
        };
        let this = self.this.clone();
        tokio::task::spawn_blocking(move || {
            let read = file.read();
            // Nobody waits for the send of a request that has been dropped.
            let Some(this) = this.upgrade() else { return };
            let sent = match read {
                Ok(data) => this.send_piece(Piece::Body(SendEntityBody { flags, chunks: data.into() })),
                Err(error) => {
                    tracing::warn!(%error, "a file cannot be read; its response is given up");
                    Err(Win32Error::HANDLE_EOF)
                }
            };
            if let Err(error) = sent {
                let waker = this.lock().complete_send(Err(error));
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
        });
        Ok(())
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

impl State {
    fn complete_send(&mut self, sent: Result<(), Win32Error>) -> Option<Waker> {
        self.sent = Some(sent);
        self.sender.take()
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
            self.link.send(Frame::with_code(FrameKind::Read, self.number, limit))?;
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
                let flags = response.flags;
                let length = pieces::whole_length(&response);
                let (first, rest) = pieces::of_response(std::mem::take(&mut response.chunks), flags);
                response.chunks = first;
                if !rest.is_empty() {
                    response.flags = flags | SendFlags::MORE_DATA;
                    if let Some(length) = length {
                        // The driver behind the broker does not see that it is all of it.
                        response.headers.insert(CONTENT_LENGTH, length.into());
                    }
                }
                state.rest = rest;
                let content = encode_response(&response)?;
                self.link.send(Frame::new(FrameKind::Response, self.number, content))
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
                let mut pieces = pieces::of_body(body.chunks, body.flags);
                let first = pieces.pop_front().unwrap_or_else(|| Piece::empty(body.flags));
                state.rest = pieces;
                self.send_piece(first)
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
        self.link.send(Frame::new(FrameKind::Cancel, self.number, error))
    }

    fn disconnected(&self) -> CancellationToken {
        // A broker that has gone has told that already.
        let _ = self.link.send(Frame::new(FrameKind::Watch, self.number, Vec::new()));
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
        self.link.remove_request(self.number);
        // A broker that has gone has forgotten it.
        let _ = self.link.send(Frame::new(FrameKind::Release, self.number, Vec::new()));
    }
}

impl fmt::Debug for BrokerRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerRequest").field("number", &self.number).finish_non_exhaustive()
    }
}
