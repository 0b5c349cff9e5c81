//! The operations of a request, as its receiver calls them.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{BoxFuture, CancellationToken, Certificate};

use super::{
    exchange::{PortableRequest, SendOperation},
    queue::Queue,
};
use crate::driver::{RequestHandle, RequestQueue, SendEntityBody, SendResponse, Win32Error};

impl PortableRequest {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        operation: Option<SendOperation>,
    ) -> Poll<Result<(), Win32Error>> {
        let is_new = operation.is_some();
        let mut state = self.lock();
        let sent = state.poll_send(cx, operation);
        let task = if is_new { state.task_to_wake() } else { None };
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
        sent
    }
}

impl RequestHandle for PortableRequest {
    fn poll_receive_entity_body(
        &self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<Result<Bytes, Win32Error>> {
        let mut state = self.lock();
        let read = state.poll_read(cx, limit);
        let task = if state.read.is_new { state.task_to_wake() } else { None };
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
        read
    }

    fn poll_send_response(
        &self,
        cx: &mut Context<'_>,
        response: &mut Option<SendResponse>,
    ) -> Poll<Result<(), Win32Error>> {
        self.poll_send(cx, response.take().map(Box::new).map(SendOperation::Response))
    }

    fn poll_send_entity_body(
        &self,
        cx: &mut Context<'_>,
        body: &mut Option<SendEntityBody>,
    ) -> Poll<Result<(), Win32Error>> {
        self.poll_send(cx, body.take().map(SendOperation::EntityBody))
    }

    fn cancel(&self) -> Result<(), Win32Error> {
        if let Some(error) = self.lock().ended {
            return Err(error);
        }
        self.ask(|state| state.is_cancelled = true);
        Ok(())
    }

    fn disconnected(&self) -> CancellationToken {
        let token = self.gone();
        self.ask(|state| state.wants_end = true);
        token
    }

    fn set_stream_error(&self, code: u32) -> Result<(), Win32Error> {
        let mut state = self.lock();
        match state.ended {
            Some(error) => Err(error),
            None => {
                state.stream_error = Some(code);
                Ok(())
            }
        }
    }

    fn tls_client_hello(&self) -> Result<Bytes, Win32Error> {
        Err(Win32Error::NOT_SUPPORTED)
    }

    fn receive_client_certificate(&self) -> BoxFuture<'static, Result<Certificate, Win32Error>> {
        let certificate = self.tls.as_ref().and_then(|tls| tls.client_certificate.clone());
        Box::pin(std::future::ready(certificate.ok_or(Win32Error::NOT_FOUND)))
    }

    fn delegate(&self, queue: &Arc<dyn RequestQueue>, _url_prefix: &str) -> Result<(), Win32Error> {
        let queue = Queue::of(queue).ok_or(Win32Error::INVALID_PARAMETER)?;
        if self.copy.is_none() {
            // The group has no such property.
            return Err(Win32Error::INVALID_PARAMETER);
        }
        if !queue.is_open() {
            return Err(Win32Error::FILE_NOT_FOUND);
        }
        if let Some(error) = self.lock().ended {
            return Err(error);
        }
        self.ask(|state| state.delegation = Some(queue));
        Ok(())
    }
}

/// A request in the hands of a receiver in another task: dropping it unanswered cancels it. The next request of
/// an HTTP/1 connection begins after it was dropped.
pub(super) struct ReceivedHandle(pub(super) Arc<PortableRequest>);

impl Drop for ReceivedHandle {
    fn drop(&mut self) {
        // One that has been answered does not mind.
        let _ = self.0.cancel();
        self.0.let_go();
    }
}

impl RequestHandle for ReceivedHandle {
    fn poll_receive_entity_body(
        &self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<Result<Bytes, Win32Error>> {
        self.0.poll_receive_entity_body(cx, limit)
    }

    fn poll_send_response(
        &self,
        cx: &mut Context<'_>,
        response: &mut Option<SendResponse>,
    ) -> Poll<Result<(), Win32Error>> {
        self.0.poll_send_response(cx, response)
    }

    fn poll_send_entity_body(
        &self,
        cx: &mut Context<'_>,
        body: &mut Option<SendEntityBody>,
    ) -> Poll<Result<(), Win32Error>> {
        self.0.poll_send_entity_body(cx, body)
    }

    fn cancel(&self) -> Result<(), Win32Error> {
        self.0.cancel()
    }

    fn disconnected(&self) -> CancellationToken {
        self.0.disconnected()
    }

    fn set_stream_error(&self, code: u32) -> Result<(), Win32Error> {
        self.0.set_stream_error(code)
    }

    fn tls_client_hello(&self) -> Result<Bytes, Win32Error> {
        self.0.tls_client_hello()
    }

    fn receive_client_certificate(&self) -> BoxFuture<'static, Result<Certificate, Win32Error>> {
        self.0.receive_client_certificate()
    }

    fn delegate(&self, queue: &Arc<dyn RequestQueue>, url_prefix: &str) -> Result<(), Win32Error> {
        self.0.delegate(queue, url_prefix)
    }
}

impl fmt::Debug for ReceivedHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
