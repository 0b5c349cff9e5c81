//! Operations: what the core asks the host for, with the buffers that it takes.

use std::{fmt, mem, sync::Arc};

use bytes::{Bytes, BytesMut};
use falconry_features::{BadHttpRequestError, BodyFraming, ResponseHead};
use http::{HeaderMap, StatusCode};

use crate::exchange::Exchange;

/// Reading the request's body, or an upgraded connection. Begun by [`Host::begin_read`](crate::Host::begin_read).
#[must_use = "an operation that is dropped counts as one whose client has gone"]
pub struct ReadOperation {
    exchange: Option<Arc<Exchange>>,
    buffer: BytesMut,
}

/// What a read came to.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadResult {
    /// The operation's buffer holds data, and more may follow. An empty buffer is no end: the read
    /// is begun again.
    Data,
    /// The operation's buffer holds the last of the data.
    LastData,
    /// The end, with the trailers if the host has any.
    End(Option<HeaderMap>),
}

impl ReadOperation {
    pub(crate) fn new(exchange: Arc<Exchange>) -> Self {
        Self { exchange: Some(exchange), buffer: BytesMut::new() }
    }

    /// Where the data goes: empty at first and without memory, which the host reserves as it likes. Its
    /// memory stays where it is when the operation is moved.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Tells how the read went.
    ///
    /// # Errors
    /// As [`OperationError`] says.
    pub fn complete(mut self, result: Result<ReadResult, OperationError>) {
        if let Some(exchange) = self.exchange.take() {
            exchange.read_completed(mem::take(&mut self.buffer).freeze(), result);
        }
    }
}

impl Drop for ReadOperation {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            exchange.read_completed(Bytes::new(), Err(OperationError::Disconnected));
        }
    }
}

impl fmt::Debug for ReadOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOperation").field("buffer", &self.buffer.len()).finish_non_exhaustive()
    }
}

/// Sending a part of the response, or data on an upgraded connection. Begun by
/// [`Host::begin_write`](crate::Host::begin_write).
///
/// It is sent in this order: interim responses, the head, data, the end. Everything is to leave at
/// once: the core gathers what belongs together.
#[must_use = "an operation that is dropped counts as one whose client has gone"]
pub struct WriteOperation {
    exchange: Option<Arc<Exchange>>,
    content: Content,
}

/// What a [`WriteOperation`] sends.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) interim: Vec<(StatusCode, HeaderMap)>,
    pub(crate) head: Option<HeadToSend>,
    pub(crate) chunks: Vec<Bytes>,
    pub(crate) end: Option<Option<HeaderMap>>,
}

/// The head of a response on its way to the host.
#[derive(Clone, Debug)]
pub struct HeadToSend {
    /// Status, reason phrase and fields.
    pub head: Arc<ResponseHead>,
    /// How the end of the body is told. `Content-Length` is among the fields where it is known.
    pub framing: BodyFraming,
    /// The connection leaves HTTP with this head, a 101: no body follows, and from the completion of
    /// the operation on both directions carry bytes as they are.
    pub is_upgrade: bool,
}

impl WriteOperation {
    pub(crate) fn new(exchange: Arc<Exchange>, content: Content) -> Self {
        Self { exchange: Some(exchange), content }
    }

    /// Interim responses, in their order. There are none unless the request says that the host
    /// [can send them](crate::NativeRequest::can_inform).
    pub fn interim(&self) -> &[(StatusCode, HeaderMap)] {
        &self.content.interim
    }

    /// The head, once per request.
    pub fn head(&self) -> Option<&HeadToSend> {
        self.content.head.as_ref()
    }

    /// The data; none of the chunks is empty. They stay where they are when the operation is moved.
    pub fn chunks(&self) -> &[Bytes] {
        &self.content.chunks
    }

    /// Takes the data out, for a host that keeps it longer than the operation.
    pub fn take_chunks(&mut self) -> Vec<Bytes> {
        mem::take(&mut self.content.chunks)
    }

    /// True if the response ends with this; after an upgrade, this side of the connection.
    pub fn is_last(&self) -> bool {
        self.content.end.is_some()
    }

    /// The trailers to end with.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.content.end.as_ref()?.as_ref()
    }

    /// Tells that everything was handed to the transport, or that it could not be.
    ///
    /// # Errors
    /// As [`OperationError`] says; whatever it is, no more can be sent afterwards.
    pub fn complete(mut self, result: Result<(), OperationError>) {
        if let Some(exchange) = self.exchange.take() {
            // The buffers go first: what completes may begin the next operation.
            let was_last = self.is_last();
            self.content = Content::default();
            exchange.write_completed(was_last, result);
        }
    }
}

impl Drop for WriteOperation {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            exchange.write_completed(false, Err(OperationError::Disconnected));
        }
    }
}

impl fmt::Debug for WriteOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteOperation").field("content", &self.content).finish_non_exhaustive()
    }
}

/// Why an operation came to nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum OperationError {
    /// [`Host::cancel`](crate::Host::cancel) gave it up. A read is begun again when that is possible.
    Cancelled,
    /// The client has gone, or the host failed in a way that leaves nothing to be done.
    Disconnected,
    /// The host refuses the body: too large, malformed, too slow. Reads only.
    Refused(BadHttpRequestError),
}

/// Where a host keeps the one operation that is outstanding, for completions that come as a
/// notification of the native server and not with the operation.
///
/// It is put here *before* the native call begins, and taken by whoever learns first how it ended:
/// the caller, if the call says that nothing is pending, or the notification.
///
/// ```
/// use falconry_in_process::OperationSlot;
///
/// let slot = OperationSlot::new();
/// assert!(slot.take().is_none());
/// ```
#[derive(Debug, Default)]
pub struct OperationSlot {
    operation: std::sync::Mutex<Option<Operation>>,
}

/// A read or a write.
#[derive(Debug)]
pub enum Operation {
    /// A read.
    Read(ReadOperation),
    /// A write.
    Write(WriteOperation),
}

impl OperationSlot {
    /// An empty slot.
    pub const fn new() -> Self {
        Self { operation: std::sync::Mutex::new(None) }
    }

    /// Puts an operation into the slot; gives back the one that was there, which must not be: two
    /// are then outstanding.
    pub fn put(&self, operation: Operation) -> Option<Operation> {
        self.lock().replace(operation)
    }

    /// Takes the operation, to be completed.
    pub fn take(&self) -> Option<Operation> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Operation>> {
        self.operation.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
