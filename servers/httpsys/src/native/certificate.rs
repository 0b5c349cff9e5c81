//! Asking a client for its certificate.

use std::sync::Arc;

use falconry_features::Certificate;
use windows_sys::Win32::Networking::HttpServer::HTTP_SSL_CLIENT_CERT_INFO;

use super::{
    buffer::Buffer,
    handle::QueueHandle,
    operation::{self, Completion, Operation},
};
use crate::driver::Win32Error;

/// What most certificates fit into, in bytes; as the original.
const USUAL: usize = 1500;

/// More is no certificate.
const LARGEST: usize = 1 << 20;

/// `HttpReceiveClientCertificate`, with a larger buffer where needed.
pub(super) async fn receive(queue: Arc<QueueHandle>, connection: u64) -> Result<Certificate, Win32Error> {
    let receive = queue.api().receive_client_certificate.ok_or(Win32Error::CALL_NOT_IMPLEMENTED)?;
    let mut size = USUAL;
    loop {
        let operation = {
            let buffer = Buffer::new(size);
            let (start, length) = (buffer.as_ptr::<HTTP_SSL_CLIENT_CERT_INFO>(), buffer.size());
            Operation::start(&queue, buffer, |handle, overlapped, bytes| {
                // SAFETY: the operation owns the buffer.
                unsafe { receive(handle, connection, 0, start, length, bytes, overlapped) }
            })
        };
        let Completion { code, buffers, .. } = operation.await;
        // SAFETY: the buffer is as large and aligned for it; where nothing was written, it is zero.
        let native = unsafe { &*buffers.as_ptr::<HTTP_SSL_CLIENT_CERT_INFO>() };
        match operation::error(code) {
            _ if code == 0 => {
                // SAFETY: the kernel has written it, and has done with the buffer.
                let certificate = unsafe { falconry_httpapi::certificate(native) };
                return certificate.ok_or(Win32Error::NOT_FOUND);
            }
            Win32Error::MORE_DATA if size < LARGEST => {
                size = (size * 2).max(USUAL + native.CertEncodedSize as usize).min(LARGEST)
            }
            error => return Err(error),
        }
    }
}
