//! Reading the request's body, and an upgraded connection.

use std::ptr;

use falconry_features::BadHttpRequestError;
use falconry_in_process::{OperationError, ReadOperation, ReadResult, RequestKey};
use http::StatusCode;

use crate::{
    abi::{self, Host, RawRequest},
    event_loop::with,
};

/// The most that is read of an upgraded connection at once.
const RAW_BUFFER: usize = 16 * 1024;

/// Begins a read.
pub(crate) fn begin(host: &Host, key: RequestKey, operation: ReadOperation) {
    let Some((raw, is_raw)) = with(key, |request| (request.raw, request.is_raw)) else {
        return operation.complete(Err(OperationError::Disconnected));
    };
    if is_raw { read_raw(host, key, raw, operation) } else { read_body(host, key, raw, operation) }
}

/// There is something to be read.
pub(crate) fn readable(host: &Host, key: RequestKey) {
    if let Some(operation) = with(key, |request| request.read.take()).flatten() {
        begin(host, key, operation);
    }
}

fn read_body(host: &Host, key: RequestKey, raw: RawRequest, mut operation: ReadOperation) {
    let (mut data, mut len) = (ptr::null(), 0);
    // SAFETY: this is the thread of the loop, and the request has not been released.
    let result = unsafe { (host.read)(raw, &raw mut data, &raw mut len) };
    if matches!(result, abi::OK | abi::LAST) && len > 0 {
        // SAFETY: the module points to `len` bytes, which are good until its next call.
        let bytes = unsafe { std::slice::from_raw_parts(data, len) };
        operation.buffer_mut().extend_from_slice(bytes);
    }
    match result {
        abi::OK => operation.complete(Ok(ReadResult::Data)),
        abi::LAST => operation.complete(Ok(ReadResult::LastData)),
        abi::AGAIN => wait(key, operation),
        refused @ 400.. => operation.complete(Err(OperationError::Refused(refusal(refused)))),
        _ => operation.complete(Err(OperationError::Disconnected)),
    }
}

fn read_raw(host: &Host, key: RequestKey, raw: RawRequest, mut operation: ReadOperation) {
    let buffer = operation.buffer_mut();
    buffer.reserve(RAW_BUFFER);
    let spare = buffer.spare_capacity_mut();
    let mut len = 0;
    // SAFETY: this is the thread of the loop, the request has not been released, and the module writes no
    // more than there is room for.
    let result = unsafe { (host.raw_read)(raw, spare.as_mut_ptr().cast(), spare.len(), &raw mut len) };
    // SAFETY: the module has written `len` bytes, which are no more than there was room for.
    unsafe { buffer.set_len(len) };
    match result {
        abi::OK => operation.complete(Ok(ReadResult::Data)),
        abi::LAST => operation.complete(Ok(ReadResult::End(None))),
        abi::AGAIN => wait(key, operation),
        _ => operation.complete(Err(OperationError::Disconnected)),
    }
}

/// Keeps the operation until there is something to be read.
fn wait(key: RequestKey, operation: ReadOperation) {
    let mut operation = Some(operation);
    with(key, |request| {
        if !request.is_gone {
            request.read = operation.take();
        }
    });
    if let Some(operation) = operation {
        operation.complete(Err(OperationError::Disconnected));
    }
}

fn refusal(status: i32) -> BadHttpRequestError {
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::BAD_REQUEST);
    BadHttpRequestError::new(
        status,
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => "the request's body is over client_max_body_size".to_owned(),
            StatusCode::REQUEST_TIMEOUT => {
                "the request's body did not come within client_body_timeout".to_owned()
            }
            other => format!("nginx refuses the request's body with {other}"),
        },
    )
}
