//! Sending the response, and data on an upgraded connection.

use bytes::Bytes;
use falconry_in_process::{OperationError, RequestKey, WriteOperation};

use crate::{
    abi::{self, Field, Host, RawRequest, Str},
    event_loop::with,
    response,
};

/// A write that nginx has not done with.
pub(crate) struct Pending {
    operation: WriteOperation,
    /// The part of an upgraded connection's data that has been sent: chunks, and bytes of the next.
    sent: (usize, usize),
    is_raw: bool,
}

impl Pending {
    /// Gives the write up; nginx may still point to its data.
    pub(crate) fn abandon(mut self, key: RequestKey, error: OperationError) {
        let chunks = self.operation.take_chunks();
        park(key, chunks);
        self.operation.complete(Err(error));
    }
}

/// Begins a write.
pub(crate) fn begin(host: &Host, key: RequestKey, operation: WriteOperation) {
    let known = with(key, |request| (request.raw, request.version, request.is_raw));
    let Some((raw, version, is_raw)) = known else {
        return operation.complete(Err(OperationError::Disconnected));
    };
    let mut pending = Pending { operation, sent: (0, 0), is_raw };
    let result = if is_raw {
        send_raw(host, raw, &mut pending)
    } else {
        let is_upgrade = pending.operation.head().is_some_and(|head| head.is_upgrade);
        if is_upgrade {
            with(key, |request| request.is_raw = true);
        }
        match response::send_head(host, raw, version, &pending.operation) {
            abi::OK if !is_upgrade => send_body(host, raw, &pending.operation),
            result => result,
        }
    };
    settle(key, pending, result);
}

/// The client has taken what was written, or never will.
pub(crate) fn written(host: &Host, key: RequestKey, result: i32) {
    let taken = with(key, |request| request.write.take().map(|write| (request.raw, write)));
    let Some((raw, mut pending)) = taken.flatten() else { return };
    let result = if pending.is_raw && result == abi::OK { send_raw(host, raw, &mut pending) } else { result };
    settle(key, pending, result);
}

fn settle(key: RequestKey, pending: Pending, result: i32) {
    match result {
        abi::OK => pending.operation.complete(Ok(())),
        abi::AGAIN => {
            let mut pending = Some(pending);
            with(key, |request| {
                if !request.is_gone {
                    request.write = pending.take();
                }
            });
            if let Some(pending) = pending {
                pending.abandon(key, OperationError::Disconnected);
            }
        }
        _ => pending.abandon(key, OperationError::Disconnected),
    }
}

fn send_body(host: &Host, raw: RawRequest, operation: &WriteOperation) -> i32 {
    let chunks: Vec<Str> = operation.chunks().iter().map(|chunk| Str::new(chunk)).collect();
    let trailers: Vec<Field> = operation.trailers().map(response::fields).unwrap_or_default();
    // SAFETY: this is the thread of the loop, and the request has not been released. The chunks' data stay
    // where they are until the operation is completed, or parked until the release.
    unsafe {
        (host.send_body)(
            raw,
            chunks.as_ptr(),
            chunks.len(),
            trailers.as_ptr(),
            trailers.len(),
            u32::from(operation.is_last()),
        )
    }
}

fn send_raw(host: &Host, raw: RawRequest, pending: &mut Pending) -> i32 {
    while let Some(chunk) = pending.operation.chunks().get(pending.sent.0) {
        let rest = chunk.get(pending.sent.1..).unwrap_or_default();
        let mut written = 0;
        // SAFETY: this is the thread of the loop, and the request has not been released.
        let result = unsafe { (host.raw_write)(raw, rest.as_ptr(), rest.len(), &raw mut written) };
        if result != abi::OK {
            pending.sent.1 += written;
            return result;
        }
        pending.sent = (pending.sent.0 + 1, 0);
    }
    if pending.operation.is_last() {
        // SAFETY: as above.
        unsafe { (host.raw_shutdown)(raw) };
    }
    abi::OK
}

/// Keeps data until the request is released; if it has been, nobody points to it.
fn park(key: RequestKey, chunks: Vec<Bytes>) {
    with(key, |request| request.parked.extend(chunks));
}
