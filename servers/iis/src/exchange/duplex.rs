//! The operations of a connection that has left HTTP: each is told of with a call of its own.
//!
//! The argument of such a call is a share of the exchange, given away when the operation begins and taken
//! back when it ends.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use windows_sys::Win32::Networking::HttpServer::HTTP_DATA_CHUNK;

use super::Exchange;
use crate::{
    abi::{CompletionInfoVtable, HResult, Interface, Pointer, call, status},
    native::Call,
};

/// # Safety
/// As [`Context::read_duplex`](crate::native::Context::read_duplex).
pub(super) unsafe fn read(exchange: &Arc<Exchange>, buffer: *mut u8, length: u32) -> Call {
    with_share(exchange, |share| {
        // SAFETY: the caller keeps the buffer; the share lives until the completion.
        unsafe { exchange.context.read_duplex(buffer, length, read_completed, share) }
    })
}

/// # Safety
/// As [`Response::write_duplex`](crate::native::Response::write_duplex).
pub(super) unsafe fn write(exchange: &Arc<Exchange>, chunks: *const HTTP_DATA_CHUNK, count: u32) -> Call {
    with_share(exchange, |share| {
        // SAFETY: the caller keeps the chunks; the share lives until the completion.
        unsafe { exchange.context.response().write_duplex(chunks, count, write_completed, share) }
    })
}

pub(super) fn flush(exchange: &Arc<Exchange>) -> Call {
    with_share(exchange, |share| {
        // SAFETY: the share lives until the completion.
        unsafe { exchange.context.response().flush_duplex(write_completed, share) }
    })
}

/// Gives a share of the exchange away for a call, and takes it back if no completion will.
fn with_share(exchange: &Arc<Exchange>, begin: impl FnOnce(Pointer) -> Call) -> Call {
    let share = Arc::into_raw(Arc::clone(exchange));
    let call = begin(share.cast_mut().cast());
    if matches!(call, Call::Done { .. }) {
        // SAFETY: no completion comes, so the share is still here.
        drop(unsafe { Arc::from_raw(share) });
    }
    call
}

unsafe extern "system" fn read_completed(
    _context: Pointer,
    info: *mut Interface<CompletionInfoVtable>,
    share: Pointer,
) -> i32 {
    // SAFETY: IIS calls once for every pending operation, with its share and its result.
    unsafe {
        completed(info, share, |exchange, result, bytes| {
            if let Some(operation) = exchange.reading.take() {
                exchange.read_completed(operation, result, bytes);
            }
        })
    }
}

unsafe extern "system" fn write_completed(
    _context: Pointer,
    info: *mut Interface<CompletionInfoVtable>,
    share: Pointer,
) -> i32 {
    // SAFETY: as above.
    unsafe { completed(info, share, |exchange, result, _| exchange.write_completed(result)) }
}

/// # Safety
/// `info` tells of a completion, and `share` is that of its operation.
unsafe fn completed(
    info: *mut Interface<CompletionInfoVtable>,
    share: Pointer,
    handle: impl FnOnce(&Arc<Exchange>, HResult, u32),
) -> i32 {
    // SAFETY: as the caller says.
    let (exchange, result, bytes) =
        unsafe { (Arc::from_raw(share.cast::<Exchange>()), call!(info, status()), call!(info, bytes())) };
    exchange.gate.pass();
    let handled = catch_unwind(AssertUnwindSafe(|| handle(&exchange, result, bytes)));
    if handled.is_err() {
        tracing::error!("the completion of an operation panicked");
    }
    status::PENDING
}
