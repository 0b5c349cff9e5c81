//! What is done with a request that was received.

use std::{
    any::Any,
    ffi::c_void,
    fmt, ptr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BoxFuture, CancellationToken, Certificate};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_DELEGATE_REQUEST_PROPERTY_INFO, HTTP_REQUEST_PROPERTY_STREAM_ERROR, HttpRequestPropertyStreamError,
};

use super::{
    buffer::Buffer,
    certificate, check,
    collect::Collected,
    disconnect::Disconnects,
    handle::QueueHandle,
    operation::{self, Operation},
    queue::{self, NativeQueue},
    send::{NativeChunks, NativeResponse},
    wide::wide,
};
use crate::driver::{
    DriverRequest, RequestHandle, RequestQueue, SendEntityBody, SendFlags, SendResponse, Win32Error,
};

/// How much of a body is asked for at a time at most, in bytes; as the original.
const LARGEST_READ: usize = 128 * 1024;

/// `HttpRequestPropertyTlsClientHello`, `HttpDelegateRequestDelegateUrlProperty`.
const TLS_CLIENT_HELLO: i32 = 11;
const DELEGATE_URL: i32 = 1;

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

#[derive(Default)]
struct Sending {
    operation: Option<Operation<Sent>>,
    /// Of the send under way.
    flags: SendFlags,
    collected: Collected,
}

/// What the kernel reads.
enum Sent {
    Response(#[expect(dead_code, reason = "only owned")] NativeResponse),
    Body(#[expect(dead_code, reason = "only owned")] NativeChunks),
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
            sending: Mutex::default(),
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

    fn send_head(&self, response: SendResponse) -> Result<Operation<Sent>, Win32Error> {
        let flags = response.flags.bits();
        let native = NativeResponse::new(response, !self.queue.api().is_wine)?;
        let (start, policy) = (native.as_ptr(), native.policy());
        let send = self.queue.api().send_http_response;
        Ok(Operation::start(&self.queue, Sent::Response(native), |handle, overlapped, bytes| {
            // SAFETY: the operation owns the response and all that it points to.
            unsafe {
                send(handle, self.id, flags, start, policy, bytes, ptr::null(), 0, overlapped, ptr::null())
            }
        }))
    }

    fn send_body(&self, body: SendEntityBody) -> Result<Operation<Sent>, Win32Error> {
        let send = self.queue.api().send_response_entity_body.ok_or(Win32Error::CALL_NOT_IMPLEMENTED)?;
        let flags = body.flags.bits();
        let native = NativeChunks::new(body.chunks)?;
        let (start, count) = (native.as_ptr(), native.count());
        Ok(Operation::start(&self.queue, Sent::Body(native), |handle, overlapped, bytes| {
            // SAFETY: the operation owns the chunks and all that they point to.
            unsafe {
                send(handle, self.id, flags, count, start, bytes, ptr::null(), 0, overlapped, ptr::null())
            }
        }))
    }

    /// Waits for the send under way, if there is one.
    fn poll_sent(&self, sending: &mut Sending, cx: &mut Context<'_>) -> Poll<Result<(), Win32Error>> {
        let Some(operation) = &mut sending.operation else { return Poll::Ready(Ok(())) };
        let code = ready!(operation.poll(cx)).code;
        sending.operation = None;
        // The end of the connection's input says nothing of the output.
        if code != 0 && Win32Error::from_code(code) != Win32Error::HANDLE_EOF {
            return Poll::Ready(Err(operation::error(code)));
        }
        if !sending.flags.contains(SendFlags::MORE_DATA) {
            self.is_over.store(true, Ordering::Release);
        }
        Poll::Ready(Ok(()))
    }

    fn collects(&self) -> bool {
        self.queue.api().send_response_entity_body.is_none()
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
        if let Some(mut response) = response.take() {
            if response.flags.contains(SendFlags::OPAQUE) {
                // From now on there is input of another kind.
                lock(&self.reading).is_at_end = false;
            }
            if self.collects() {
                match sending.collected.begin(response) {
                    Some(whole) => response = whole,
                    None => return Poll::Ready(Ok(())),
                }
            }
            sending.flags = response.flags;
            sending.operation = Some(self.send_head(response)?);
        }
        self.poll_sent(&mut sending, cx)
    }

    fn poll_send_entity_body(
        &self,
        cx: &mut Context<'_>,
        body: &mut Option<SendEntityBody>,
    ) -> Poll<Result<(), Win32Error>> {
        let mut sending = lock(&self.sending);
        if let Some(body) = body.take() {
            sending.flags = body.flags;
            sending.operation = if self.collects() {
                match sending.collected.add(body)? {
                    Some(whole) => Some(self.send_head(whole)?),
                    None => return Poll::Ready(Ok(())),
                }
            } else {
                Some(self.send_body(body)?)
            };
        }
        self.poll_sent(&mut sending, cx)
    }

    fn cancel(&self) -> Result<(), Win32Error> {
        self.is_over.store(true, Ordering::Release);
        match queue::cancel(&self.queue, self.id) {
            // The last send is still under way.
            Err(Win32Error::CONNECTION_INVALID) => {
                if let Some(operation) = &lock(&self.sending).operation {
                    operation.cancel();
                }
                Ok(())
            }
            other => other,
        }
    }

    fn disconnected(&self) -> CancellationToken {
        self.disconnects.token(self.connection)
    }

    fn set_stream_error(&self, code: u32) -> Result<(), Win32Error> {
        let set = self.queue.api().set_request_property.ok_or(Win32Error::NOT_SUPPORTED)?;
        let error = HTTP_REQUEST_PROPERTY_STREAM_ERROR { ErrorCode: code };
        let (value, size) = (ptr::from_ref(&error).cast(), size_of_val(&error) as u32);
        self.queue.with(|handle| {
            // SAFETY: the value is read before the function returns.
            check(unsafe { set(handle, self.id, HttpRequestPropertyStreamError, value, size, ptr::null()) })
        })?
    }

    fn tls_client_hello(&self) -> Result<Bytes, Win32Error> {
        let query = self.queue.api().query_request_property.ok_or(Win32Error::NOT_SUPPORTED)?;
        let mut size = 1024;
        loop {
            let buffer = Buffer::new(size);
            let mut length = 0;
            let code = self.queue.with(|handle| {
                let (start, room) = (buffer.as_ptr::<c_void>(), buffer.size());
                // SAFETY: without an OVERLAPPED the function has ended with the buffer when it returns.
                unsafe {
                    query(
                        handle,
                        self.id,
                        TLS_CLIENT_HELLO,
                        ptr::null(),
                        0,
                        start,
                        room,
                        &mut length,
                        ptr::null_mut(),
                    )
                }
            })?;
            match Win32Error::from_code(code) {
                // SAFETY: the function has returned.
                _ if code == 0 => return Ok(unsafe { buffer.into_bytes(length) }),
                Win32Error::MORE_DATA | Win32Error::INSUFFICIENT_BUFFER if length as usize > size => {
                    size = length as usize;
                }
                error => return Err(error),
            }
        }
    }

    fn receive_client_certificate(&self) -> BoxFuture<'static, Result<Certificate, Win32Error>> {
        Box::pin(certificate::receive(Arc::clone(&self.queue), self.connection))
    }

    fn delegate(&self, queue: &Arc<dyn RequestQueue>, url_prefix: &str) -> Result<(), Win32Error> {
        let delegate = self.queue.api().delegate_request_ex.ok_or(Win32Error::NOT_SUPPORTED)?;
        let target: &dyn Any = queue.as_ref();
        let target = target.downcast_ref::<NativeQueue>().ok_or(Win32Error::INVALID_PARAMETER)?;
        let url = wide(url_prefix);
        let property = HTTP_DELEGATE_REQUEST_PROPERTY_INFO {
            PropertyId: DELEGATE_URL,
            PropertyInfoLength: ((url.len() - 1) * size_of::<u16>()) as u32,
            PropertyInfo: url.as_ptr().cast_mut().cast(),
        };
        self.queue.with(|handle| {
            target.handle().with(|target| {
                // SAFETY: both handles are open, and the property is read before the function returns.
                check(unsafe { delegate(handle, target, self.id, 0, 1, &property) })
            })?
        })??;
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
