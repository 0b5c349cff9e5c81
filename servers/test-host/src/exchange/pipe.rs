//! A body between two tasks: one writes, one reads, and not too much lies between them.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

/// Data on its way, then trailers or an error.
pub(crate) struct Pipe<E> {
    limit: usize,
    state: Mutex<State<E>>,
}

struct State<E> {
    chunks: VecDeque<Bytes>,
    buffered: usize,
    end: Option<Result<Option<HeaderMap>, E>>,
    is_ended: bool,
    is_reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Nobody reads any more, or the end was already written.
#[derive(Debug)]
pub(crate) struct Closed;

impl<E> Pipe<E> {
    /// A pipe in which about `limit` bytes may wait.
    pub(crate) fn new(limit: usize) -> Self {
        let state = State {
            chunks: VecDeque::new(),
            buffered: 0,
            end: None,
            is_ended: false,
            is_reader_gone: false,
            reader: None,
            writer: None,
        };
        Self { limit: limit.max(1), state: Mutex::new(state) }
    }

    /// Takes `data` as soon as less than the limit waits to be read.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), Closed>> {
        let mut state = self.lock();
        if state.is_ended || state.is_reader_gone {
            return Poll::Ready(Err(Closed));
        }
        if state.buffered >= self.limit {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if !data.is_empty() {
            state.buffered += data.len();
            state.chunks.push_back(std::mem::take(data));
            wake(&mut state.reader);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes the end: trailers or none, or the error that reading ends with. Gives it back if there
    /// was an end before.
    pub(crate) fn end(&self, end: Result<Option<HeaderMap>, E>) -> Result<(), Result<Option<HeaderMap>, E>> {
        let mut state = self.lock();
        if state.is_ended {
            return Err(end);
        }
        state.is_ended = true;
        state.end = Some(end);
        wake(&mut state.reader);
        wake(&mut state.writer);
        Ok(())
    }

    /// The next frame; data that was written before an error is read before it.
    pub(crate) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        let mut state = self.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            state.buffered -= chunk.len();
            if state.buffered < self.limit {
                wake(&mut state.writer);
            }
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match state.end.take() {
            Some(Ok(trailers)) => Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers)))),
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None if state.is_ended => Poll::Ready(None),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// True if everything has been read.
    pub(crate) fn is_exhausted(&self) -> bool {
        let state = self.lock();
        state.is_ended && state.chunks.is_empty() && !matches!(state.end, Some(Ok(Some(_)) | Err(_)))
    }

    /// Throws away what waits; writing fails from now on.
    pub(crate) fn stop_reading(&self) {
        let mut state = self.lock();
        state.is_reader_gone = true;
        state.buffered = 0;
        wake(&mut state.writer);
        let unread = (std::mem::take(&mut state.chunks), state.end.take());
        drop(state);
        drop(unread);
    }

    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
