//! Request queues.

use std::{ffi::c_void, ptr, sync::Arc};

use falconry_features::BoxFuture;
use windows_sys::Win32::{
    Foundation::HANDLE,
    Networking::HttpServer::{
        HTTP_CREATE_REQUEST_QUEUE_FLAG_DELEGATION, HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING,
        HTTP_REQUEST_V2, HttpEnabledStateActive, HttpEnabledStateInactive, HttpServer503VerbosityProperty,
        HttpServerQueueLengthProperty, HttpServerStateProperty,
    },
};

use super::{
    buffer::Buffer,
    check,
    disconnect::Disconnects,
    handle::QueueHandle,
    operation::{self, Completion, Operation},
    port::CompletionPort,
    received,
    request::NativeRequest,
    security::SecurityDescriptor,
    wide::wide,
};
use crate::{
    bindings::{HttpApi, VERSION},
    driver::{
        CreateQueueFlags, DriverFuture, ReceivedRequest, RequestQueue, RequestQueueOptions,
        RequestQueueProperty, Win32Error,
    },
};

/// What most heads fit into, in bytes; as the original.
const USUAL_HEAD: usize = 4096;

/// What http.sys can be told to allow at most (`MaxRequestBytes`) is 16 MiB; the structures around it come on top.
const LARGEST_HEAD: usize = 32 << 20;

/// The longest name of a queue, in UTF-16.
const LONGEST_NAME: usize = 260;

/// A queue that this process has made or opened.
#[derive(Debug)]
pub(super) struct NativeQueue {
    handle: Arc<QueueHandle>,
    disconnects: Arc<Disconnects>,
}

impl NativeQueue {
    pub(super) fn new(
        api: &Arc<HttpApi>,
        port: &Arc<CompletionPort>,
        options: &RequestQueueOptions,
    ) -> Result<Self, Win32Error> {
        let name = options.name.as_deref().map(wide);
        if name.as_ref().is_some_and(|name| name.len() > LONGEST_NAME + 1) {
            return Err(Win32Error::INVALID_NAME);
        }
        let security = options.security_descriptor.as_deref().map(SecurityDescriptor::parse).transpose()?;
        let attributes = security.as_ref().map(SecurityDescriptor::attributes);
        let flags = match options.flags {
            CreateQueueFlags::Create => 0,
            CreateQueueFlags::OpenExisting => HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING,
            CreateQueueFlags::OpenForDelegation => {
                HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING | HTTP_CREATE_REQUEST_QUEUE_FLAG_DELEGATION
            }
        };
        let mut handle: HANDLE = ptr::null_mut();
        // SAFETY: the name ends with 0; it and the attributes are read, and the handle written, before the function
        // returns.
        check(unsafe {
            (api.create_request_queue)(
                VERSION,
                name.as_ref().map_or(ptr::null(), Vec::as_ptr),
                attributes.as_ref().map_or(ptr::null(), ptr::from_ref),
                flags,
                &mut handle,
            )
        })?;
        let handle = Arc::new(QueueHandle::new(api, port, handle)?);
        Ok(Self { disconnects: Arc::new(Disconnects::new(&handle)), handle })
    }

    pub(super) fn handle(&self) -> &QueueHandle {
        &self.handle
    }

    /// `HttpReceiveHttpRequest`, once. With `id` 0 the next request, else the rest of one that did not fit.
    fn receive_into(&self, id: u64, size: usize) -> Operation<Buffer> {
        let buffer = Buffer::new(size);
        let (start, size) = (buffer.as_ptr::<HTTP_REQUEST_V2>(), buffer.size());
        let api = self.handle.api();
        let receive = api.receive_http_request;
        let queue = Arc::clone(&self.handle);
        // A request that nobody takes would keep its client waiting.
        let orphan = Box::new(move |completion: Completion<Buffer>| {
            if completion.code == 0 {
                // SAFETY: the kernel has written a request.
                let id = unsafe { received::request_id(&completion.buffers) };
                let _ = cancel(&queue, id);
            }
        });
        Operation::start_with_orphan(&self.handle, buffer, Some(orphan), |handle, overlapped, bytes| {
            // SAFETY: the operation owns the buffer.
            unsafe { receive(handle, id, 0, start, size, bytes, overlapped) }
        })
    }

    async fn receive_next(&self) -> Result<ReceivedRequest, Win32Error> {
        let (mut id, mut size) = (0, USUAL_HEAD);
        loop {
            let Completion { code, bytes, buffers } = self.receive_into(id, size).await;
            match operation::error(code) {
                _ if code == 0 => {
                    // SAFETY: the kernel has written a request and does not write any more.
                    let (request_id, request) = unsafe { received::read(&buffers) };
                    let Some(request) = request else {
                        // What HTTP does not allow, and http.sys should not have let through.
                        tracing::debug!(request_id, "A request could not be read");
                        let _ = cancel(&self.handle, request_id);
                        (id, size) = (0, USUAL_HEAD);
                        continue;
                    };
                    let handle = NativeRequest::new(&self.handle, &self.disconnects, &request);
                    return Ok(ReceivedRequest { request: Box::new(request), handle: Arc::new(handle) });
                }
                Win32Error::MORE_DATA if size < LARGEST_HEAD => {
                    // SAFETY: the kernel has written the beginning of a request.
                    id = unsafe { received::request_id(&buffers) };
                    size = (size * 2).max(bytes as usize).min(LARGEST_HEAD);
                }
                // That client has left meanwhile.
                Win32Error::CONNECTION_INVALID | Win32Error::INVALID_PARAMETER if id != 0 => {
                    (id, size) = (0, USUAL_HEAD);
                }
                error => return Err(error),
            }
        }
    }

    fn set<T>(&self, property: i32, value: &T) -> Result<(), Win32Error> {
        let value = ptr::from_ref(value).cast::<c_void>();
        let set = self.handle.api().set_request_queue_property;
        self.handle.with(|handle| {
            // SAFETY: `T` is the structure of the property, and is read before the function returns.
            check(unsafe { set(handle, property, value, size_of::<T>() as u32, 0, ptr::null()) })
        })?
    }
}

impl RequestQueue for NativeQueue {
    fn set_property(&self, property: RequestQueueProperty) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            match property {
                RequestQueueProperty::Length(length) => self.set(HttpServerQueueLengthProperty, &length),
                RequestQueueProperty::Enabled(true) => {
                    self.set(HttpServerStateProperty, &HttpEnabledStateActive)
                }
                RequestQueueProperty::Enabled(false) => {
                    self.set(HttpServerStateProperty, &HttpEnabledStateInactive)
                }
                RequestQueueProperty::Verbosity503(verbosity) => {
                    self.set(HttpServer503VerbosityProperty, &(verbosity as i32))
                }
            }
        })
    }

    fn receive(&self) -> BoxFuture<'_, Result<ReceivedRequest, Win32Error>> {
        Box::pin(self.receive_next())
    }

    fn shutdown(&self) -> Result<(), Win32Error> {
        let shutdown = self.handle.api().shutdown_request_queue.ok_or(Win32Error::CALL_NOT_IMPLEMENTED)?;
        // SAFETY: the handle is open.
        self.handle.with(|handle| check(unsafe { shutdown(handle) }))?
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async { self.handle.close() })
    }
}

/// `HttpCancelHttpRequest`.
pub(super) fn cancel(queue: &QueueHandle, id: u64) -> Result<(), Win32Error> {
    let cancel = queue.api().cancel_http_request.ok_or(Win32Error::CALL_NOT_IMPLEMENTED)?;
    // SAFETY: the handle is open; without an OVERLAPPED the function waits for its end.
    queue.with(|handle| check(unsafe { cancel(handle, id, ptr::null_mut()) }))?
}
