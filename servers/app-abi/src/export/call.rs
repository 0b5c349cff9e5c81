//! One request: the worker polls the response, which runs the application and serves its operations.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{BadHttpRequestError, DuplexStream};
use falconry_in_process::{
    NativeRequest, OperationError, ReadOperation, ReadResult, RequestEnd, RequestHandle, RequestTask,
};
use tokio::runtime::Handle;

use super::{
    entry::Instance,
    host::{Operations, PolledHost},
};
use crate::abi::{Frame, Produce, Source, Stream};

#[cfg(test)]
mod tests;

/// The most that is read of an upgraded connection at once.
const RAW_BUFFER: usize = 16 * 1024;

/// Hands a request to the application; `None` if that takes none.
pub(super) fn begin(instance: &'static Instance, request: NativeRequest, body: Source) -> Option<Source> {
    let operations = Operations::new(instance.log);
    let host = PolledHost(Arc::clone(&operations));
    let (task, handle) = instance.server.accept(request, host, &instance.runtime).ok()?;
    Some(Source::new(Call {
        task: Some(task),
        handle,
        operations,
        body: Some(body),
        stream: None,
        sent: Sent::default(),
        runtime: instance.runtime.clone(),
    }))
}

/// A request on its way.
struct Call {
    /// The application's run, until it has ended.
    task: Option<RequestTask>,
    handle: RequestHandle,
    operations: Arc<Operations>,
    body: Option<Source>,
    /// The connection, after an upgrade.
    stream: Option<Stream>,
    sent: Sent,
    runtime: Handle,
}

/// What of the write that waits has been sent.
#[derive(Default)]
struct Sent {
    interim: usize,
    head: bool,
    chunks: usize,
    /// Bytes of the next chunk, on an upgraded connection.
    bytes: usize,
    /// The last frame of the write was taken: the worker has dealt with it when it polls again.
    is_all: bool,
}

/// What to do about the write that waits.
enum Next {
    Frame(Frame),
    Raw(Option<Bytes>, bool),
}

impl Produce for Call {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Frame> {
        let runtime = self.runtime.clone();
        let _runtime = runtime.enter();
        loop {
            self.operations.look();
            if self.sent.is_all {
                self.complete_write(Ok(()));
            }
            if let Poll::Ready(frame) = self.poll_write(cx) {
                return Poll::Ready(frame);
            }
            if let Some(task) = &mut self.task
                && Pin::new(task).poll(cx).is_ready()
            {
                self.task = None;
            }
            self.poll_read(cx);
            if self.task.is_none()
                && let Some(end) = self.operations.end()
            {
                return Poll::Ready(match end {
                    RequestEnd::Aborted { error_code } => Frame::Aborted(error_code),
                    _ => Frame::Done,
                });
            }
            if self.operations.wait(cx) {
                return Poll::Pending;
            }
        }
    }

    fn upgraded(&mut self, stream: Stream) {
        let runtime = self.runtime.clone();
        let _runtime = runtime.enter();
        self.stream = Some(stream);
        self.complete_write(Ok(()));
    }
}

impl Call {
    /// The next frame of the write that waits; on an upgraded connection it is written here.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Frame> {
        loop {
            let is_raw = self.stream.is_some();
            let (sent, operations) = (&mut self.sent, &self.operations);
            let next = operations.with_write(|write| {
                if is_raw {
                    return Some(Next::Raw(write.chunks().get(sent.chunks).cloned(), write.is_last()));
                }
                sent.next(write).map(Next::Frame)
            });
            if next.is_none() {
                // It may have been given up.
                self.sent = Sent::default();
            }
            match next.flatten() {
                None => return Poll::Pending,
                Some(Next::Frame(frame)) => return Poll::Ready(frame),
                Some(Next::Raw(chunk, is_last)) => match self.poll_raw(cx, chunk, is_last) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => {}
                },
            }
        }
    }

    /// Writes a chunk to the upgraded connection, or what comes after the last.
    fn poll_raw(&mut self, cx: &mut Context<'_>, chunk: Option<Bytes>, is_last: bool) -> Poll<()> {
        let Some(stream) = &mut self.stream else { return Poll::Pending };
        let result = match chunk {
            Some(chunk) => {
                let rest = chunk.get(self.sent.bytes..).unwrap_or_default();
                stream.poll_write(cx, rest).map_ok(|count| {
                    self.sent.bytes += count;
                    if count == rest.len() {
                        self.sent.chunks += 1;
                        self.sent.bytes = 0;
                    }
                    false
                })
            }
            None if is_last => stream.poll_shutdown(cx).map_ok(|()| true),
            None => stream.poll_flush(cx).map_ok(|()| true),
        };
        match result {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(false)) => {}
            Poll::Ready(Ok(true)) => self.complete_write(Ok(())),
            Poll::Ready(Err(_)) => self.complete_write(Err(OperationError::Disconnected)),
        }
        Poll::Ready(())
    }

    fn complete_write(&mut self, result: Result<(), OperationError>) {
        self.sent = Sent::default();
        self.operations.complete_write(result);
    }

    /// Serves the read that waits.
    fn poll_read(&mut self, cx: &mut Context<'_>) {
        let Some(operation) = self.operations.take_read() else { return };
        if self.stream.is_some() { self.read_raw(cx, operation) } else { self.read_body(cx, operation) }
    }

    fn read_body(&mut self, cx: &mut Context<'_>, mut operation: ReadOperation) {
        let Some(body) = &mut self.body else {
            return self.operations.complete_read(operation, Err(OperationError::Disconnected));
        };
        match body.poll(cx) {
            Poll::Pending => self.operations.put_read(operation),
            Poll::Ready(Frame::Data(data)) => {
                operation.buffer_mut().extend_from_slice(&data);
                self.operations.complete_read(operation, Ok(ReadResult::Data));
            }
            Poll::Ready(Frame::End(trailers)) => {
                self.operations.complete_read(operation, Ok(ReadResult::End(trailers)))
            }
            Poll::Ready(Frame::Refused(status)) => {
                let error =
                    BadHttpRequestError::new(status, format!("the worker refuses the body with {status}"));
                self.operations.complete_read(operation, Err(OperationError::Refused(error)));
            }
            Poll::Ready(_) => self.operations.complete_read(operation, Err(OperationError::Disconnected)),
        }
    }

    fn read_raw(&mut self, cx: &mut Context<'_>, mut operation: ReadOperation) {
        let Some(stream) = &mut self.stream else { return };
        let buffer = operation.buffer_mut();
        buffer.resize(RAW_BUFFER, 0);
        match stream.poll_read(cx, buffer) {
            Poll::Pending => {
                buffer.clear();
                self.operations.put_read(operation);
            }
            Poll::Ready(Ok(0)) => {
                buffer.clear();
                self.operations.complete_read(operation, Ok(ReadResult::End(None)));
            }
            Poll::Ready(Ok(count)) => {
                buffer.truncate(count);
                self.operations.complete_read(operation, Ok(ReadResult::Data));
            }
            Poll::Ready(Err(_)) => {
                self.operations.complete_read(operation, Err(OperationError::Disconnected))
            }
        }
    }
}

impl Sent {
    /// The next frame of `write`; `None` if the worker has them all.
    fn next(&mut self, write: &falconry_in_process::WriteOperation) -> Option<Frame> {
        if let Some((status, headers)) = write.interim().get(self.interim) {
            self.interim += 1;
            return Some(Frame::Interim(*status, headers.clone()));
        }
        if let Some(head) = write.head()
            && !std::mem::replace(&mut self.head, true)
        {
            return Some(Frame::Head { head: Arc::clone(&head.head), is_upgrade: head.is_upgrade });
        }
        if let Some(chunk) = write.chunks().get(self.chunks) {
            self.chunks += 1;
            return Some(Frame::Data(chunk.clone()));
        }
        // An upgrade waits for the connection.
        if write.head().is_some_and(|head| head.is_upgrade) || std::mem::replace(&mut self.is_all, true) {
            return None;
        }
        Some(if write.is_last() { Frame::End(write.trailers().cloned()) } else { Frame::Flush })
    }
}

impl Drop for Call {
    /// The worker gives the request up, or is through with it. An application that still runs hears that the client
    /// has gone, is polled once more and dropped.
    fn drop(&mut self) {
        let runtime = self.runtime.clone();
        let _runtime = runtime.enter();
        if self.operations.end().is_none() {
            self.handle.disconnected();
        }
        self.operations.give_up(|| OperationError::Disconnected);
        if let Some(mut task) = self.task.take() {
            let _ = Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop()));
            drop(task);
        }
        self.operations.give_up(|| OperationError::Disconnected);
    }
}
