//! Reading the request's body, or a connection that has left HTTP.

use std::sync::Arc;

use falconry_in_process::{Operation, ReadOperation, ReadResult};

use super::{Exchange, duplex, operation_error};
use crate::{
    abi::{END_OF_BODY, HResult, S_OK},
    native::Call,
};

/// What one read takes at most.
const READ_SIZE: u32 = 32 * 1024;

impl Exchange {
    pub(super) fn begin_read(self: &Arc<Self>, mut operation: ReadOperation) {
        let is_full_duplex = self.is_full_duplex();
        if !is_full_duplex && self.context.is_body_read() {
            return operation.complete(Ok(ReadResult::End(None)));
        }
        let buffer = operation.buffer_mut();
        buffer.reserve(READ_SIZE as usize);
        // The memory stays where it is when the operation moves into the slot.
        let start = buffer.spare_capacity_mut().as_mut_ptr().cast();
        // It is there before the call: the completion may come first.
        drop(self.reading.put(Operation::Read(operation)));
        // SAFETY: the slot keeps the buffer until the completion takes the operation.
        let call = unsafe {
            if is_full_duplex {
                duplex::read(self, start, READ_SIZE)
            } else {
                self.context.read(start, READ_SIZE)
            }
        };
        if let Call::Done { result, bytes } = call
            && let Some(operation) = self.reading.take()
        {
            self.read_completed(operation, result, bytes);
        }
    }

    pub(super) fn read_completed(&self, operation: Operation, result: HResult, bytes: u32) {
        let Operation::Read(mut operation) = operation else { return };
        if result == END_OF_BODY {
            return operation.complete(Ok(ReadResult::End(None)));
        }
        if result < S_OK {
            return operation.complete(Err(operation_error(result)));
        }
        if bytes == 0 {
            return operation.complete(Ok(ReadResult::End(None)));
        }
        let length = bytes.min(READ_SIZE) as usize;
        // SAFETY: IIS has written so many bytes into the spare room of the empty buffer.
        unsafe { operation.buffer_mut().set_len(length) };
        operation.complete(Ok(ReadResult::Data));
    }
}
