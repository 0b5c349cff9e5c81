//! What is done with a request that was received.

mod property;
mod sending;

use std::{
    any::Any,
    ffi::c_void,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BoxFuture, CancellationToken, Certificate};

use self::sending::Sending;
use super::{
    buffer::Buffer,
    certificate,
    disconnect::Disconnects,
    handle::QueueHandle,
    operation::{self, Operation},
    queue::{self, NativeQueue},
};
use crate::driver::{
    DriverRequest, RequestHandle, RequestQueue, SendEntityBody, SendFlags, SendResponse, Win32Error,
};

/// How much of a body is asked for at a time at most, in bytes; as the original.
const LARGEST_READ: usize = 128 * 1024;

pub(super) struct NativeRequest {
    queue: Arc<QueueHandle>,
    disconnects: Arc<Disconnects>,
    id: u64,
    connection: u64,
    reading: Mutex<Reading>,
    sending: Mutex<Sending>,
    /// Nothing more is to be done: the last send has ended well, or it was cancelled or handed over.
    is_over: AtomicBool,
}

#[derive(Default)]
struct Reading {
    operation: Option<Operation<Buffer>>,
    is_at_end: bool,
}

impl NativeRequest {
    pub(super) fn new(
        queue: &Arc<QueueHandle>,
        disconnects: &Arc<Disconnects>,
        request: &DriverRequest,
    ) -> Self {
        Self {
            queue: Arc::clone(queue),
            disconnects: Arc::clone(disconnects),
            id: request.request_id,
            connection: request.connection_id,
            reading: Mutex::new(Reading { operation: None, is_at_end: !request.has_body }),
            sending: Mutex::new(Sending::new(queue, request.request_id)),
            is_over: AtomicBool::new(false),
        }
    }

    fn read(&self, limit: usize) -> Operation<Buffer> {
        let buffer = Buffer::new(limit.min(LARGEST_READ));
        let (start, size) = (buffer.as_ptr::<c_void>(), buffer.size());
        let receive = self.queue.api().receive_request_entity_body;
        Operation::start(&self.queue, buffer, |handle, overlapped, bytes| {
            // SAFETY: the operation owns the buffer.
            unsafe { receive(handle, self.id, 0, start, size, bytes, overlapped) }
        })
    }
}

impl RequestHandle for NativeRequest {
    fn poll_receive_entity_body(
        &self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<Result<Bytes, Win32Error>> {
        let mut reading = lock(&self.reading);
        if reading.is_at_end {
            return Poll::Ready(Err(Win32Error::HANDLE_EOF));
        }
        let operation = reading.operation.get_or_insert_with(|| self.read(limit));
        let ended = ready!(operation.poll(cx));
        reading.operation = None;
        match operation::error(ended.code) {
            _ if ended.code == 0 && ended.bytes > 0 => {
                // SAFETY: the operation has ended.
                Poll::Ready(Ok(unsafe { ended.buffers.into_bytes(ended.bytes) }))
            }
            error if ended.code == 0 || error == Win32Error::HANDLE_EOF => {
                reading.is_at_end = true;
                Poll::Ready(Err(Win32Error::HANDLE_EOF))
            }
            error => Poll::Ready(Err(error)),
        }
    }

    fn poll_send_response(
        &self,
        cx: &mut Context<'_>,
        response: &mut Option<SendResponse>,
    ) -> Poll<Result<(), Win32Error>> {
        let mut sending = lock(&self.sending);
        if let Some(response) = response.take() {
            if response.flags.contains(SendFlags::OPAQUE) {
                // From now on there is input of another kind.
                lock(&self.reading).is_at_end = false;
            }
            sending.begin(response)?;
        }
        sending.poll(&self.is_over, cx)
    }

    fn poll_send_entity_body(
        &self,
        cx: &mut Context<'_>,
        body: &mut Option<SendEntityBody>,
    ) -> Poll<Result<(), Win32Error>> {
        let mut sending = lock(&self.sending);
        if let Some(body) = body.take() {
            sending.go_on(body)?;
        }
        sending.poll(&self.is_over, cx)
    }

    fn cancel(&self) -> Result<(), Win32Error> {
        self.is_over.store(true, Ordering::Release);
        match queue::cancel(&self.queue, self.id) {
            // The last send is still under way.
            Err(Win32Error::CONNECTION_INVALID) => {
                lock(&self.sending).cancel();
                Ok(())
            }
            other => other,
        }
    }

    fn disconnected(&self) -> CancellationToken {
        self.disconnects.token(self.connection)
    }

    fn set_stream_error(&self, code: u32) -> Result<(), Win32Error> {
        property::set_stream_error(&self.queue, self.id, code)
    }

    fn tls_client_hello(&self) -> Result<Bytes, Win32Error> {
        property::tls_client_hello(&self.queue, self.id)
    }

    fn receive_client_certificate(&self) -> BoxFuture<'static, Result<Certificate, Win32Error>> {
        Box::pin(certificate::receive(Arc::clone(&self.queue), self.connection))
    }

    fn delegate(&self, queue: &Arc<dyn RequestQueue>, url_prefix: &str) -> Result<(), Win32Error> {
        let target: &dyn Any = queue.as_ref();
        let target = target.downcast_ref::<NativeQueue>().ok_or(Win32Error::INVALID_PARAMETER)?;
        property::delegate(&self.queue, self.id, target.handle(), url_prefix)?;
        self.is_over.store(true, Ordering::Release);
        Ok(())
    }
}

impl Drop for NativeRequest {
    fn drop(&mut self) {
        if !*self.is_over.get_mut() {
            // It fails if the client has gone, or the queue.
            let _ = queue::cancel(&self.queue, self.id);
        }
    }
}

impl fmt::Debug for NativeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeRequest").field("id", &self.id).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
