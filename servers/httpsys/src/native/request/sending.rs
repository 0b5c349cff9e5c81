//! Sending a response: the send under way, and what it owns.

use std::{
    ptr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use super::super::{
    collect::Collected,
    handle::QueueHandle,
    operation::{self, Operation},
    send::{NativeChunks, NativeResponse},
};
use crate::driver::{SendEntityBody, SendFlags, SendResponse, Win32Error};

/// The sends of one request, one after the other.
pub(super) struct Sending {
    queue: Arc<QueueHandle>,
    id: u64,
    operation: Option<Operation<Sent>>,
    /// Of the send under way.
    flags: SendFlags,
    collected: Collected,
}

/// What the kernel reads.
enum Sent {
    Response(#[expect(dead_code, reason = "only owned")] Box<NativeResponse>),
    Body(#[expect(dead_code, reason = "only owned")] NativeChunks),
}

impl Sending {
    pub(super) fn new(queue: &Arc<QueueHandle>, id: u64) -> Self {
        Self {
            queue: Arc::clone(queue),
            id,
            operation: None,
            flags: SendFlags::default(),
            collected: Collected::default(),
        }
    }

    /// Begins to send a response.
    pub(super) fn begin(&mut self, mut response: SendResponse) -> Result<(), Win32Error> {
        if self.collects() {
            match self.collected.begin(response) {
                Some(whole) => response = whole,
                None => return Ok(()),
            }
        }
        self.send_head(response)
    }

    /// Begins to send more of the body.
    pub(super) fn go_on(&mut self, body: SendEntityBody) -> Result<(), Win32Error> {
        if !self.collects() {
            return self.send_body(body);
        }
        match self.collected.add(body)? {
            Some(whole) => self.send_head(whole),
            None => Ok(()),
        }
    }

    /// Waits for the send under way, if there is one; `is_over` is set at the end of the last.
    pub(super) fn poll(
        &mut self,
        is_over: &AtomicBool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Win32Error>> {
        let Some(operation) = &mut self.operation else { return Poll::Ready(Ok(())) };
        let code = ready!(operation.poll(cx)).code;
        self.operation = None;
        // The end of the connection's input says nothing of the output.
        if code != 0 && Win32Error::from_code(code) != Win32Error::HANDLE_EOF {
            return Poll::Ready(Err(operation::error(code)));
        }
        if !self.flags.contains(SendFlags::MORE_DATA) {
            is_over.store(true, Ordering::Release);
        }
        Poll::Ready(Ok(()))
    }

    /// Asks the kernel to end the send under way early, if there is one.
    pub(super) fn cancel(&self) {
        self.operation.as_ref().inspect(|operation| operation.cancel());
    }

    fn send_head(&mut self, response: SendResponse) -> Result<(), Win32Error> {
        let (id, flags) = (self.id, response.flags);
        let native = Box::new(NativeResponse::new(response, !self.queue.api().is_wine)?);
        let (start, policy) = (native.as_ptr(), native.policy());
        let send = self.queue.api().send_http_response;
        self.flags = flags;
        self.operation =
            Some(Operation::start(&self.queue, Sent::Response(native), |handle, overlapped, bytes| {
                let flags = flags.bits();
                // SAFETY: the operation owns the response and all that it points to.
                unsafe {
                    send(handle, id, flags, start, policy, bytes, ptr::null(), 0, overlapped, ptr::null())
                }
            }));
        Ok(())
    }

    fn send_body(&mut self, body: SendEntityBody) -> Result<(), Win32Error> {
        let send = self.queue.api().send_response_entity_body.ok_or(Win32Error::CALL_NOT_IMPLEMENTED)?;
        let (id, flags) = (self.id, body.flags);
        let native = NativeChunks::new(body.chunks)?;
        let (start, count) = (native.as_ptr(), native.count());
        self.flags = flags;
        self.operation =
            Some(Operation::start(&self.queue, Sent::Body(native), |handle, overlapped, bytes| {
                let flags = flags.bits();
                // SAFETY: the operation owns the chunks and all that they point to.
                unsafe {
                    send(handle, id, flags, count, start, bytes, ptr::null(), 0, overlapped, ptr::null())
                }
            }));
        Ok(())
    }

    /// This system sends a response only as a whole.
    fn collects(&self) -> bool {
        self.queue.api().send_response_entity_body.is_none()
    }
}
