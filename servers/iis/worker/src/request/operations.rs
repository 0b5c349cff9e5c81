//! Operations: begun by the module, completed on a thread of the pool.

use std::{
    slice,
    sync::{Arc, atomic::Ordering::SeqCst},
};

use falconry_features::BadHttpRequestError;
use windows_sys::Win32::{
    Foundation::{ERROR_CONNECTION_INVALID, ERROR_HANDLE_EOF, ERROR_OPERATION_ABORTED},
    Networking::HttpServer::{HTTP_DATA_CHUNK, HttpDataChunkFromMemory},
};

use super::Request;
use crate::{
    front::Taken,
    objects::{Callback, HResult, win32},
    pool,
};

const OK: HResult = 0;
const END: HResult = win32(ERROR_HANDLE_EOF);
const GONE: HResult = win32(ERROR_CONNECTION_INVALID);
const ABORTED: HResult = win32(ERROR_OPERATION_ABORTED);

/// Memory of the module that it keeps for an operation.
#[derive(Clone, Copy)]
struct Memory {
    start: *mut u8,
    length: usize,
}

// SAFETY: the module keeps it until the operation has completed, and does not touch it.
unsafe impl Send for Memory {}

/// How an operation that is not waited for ended at once.
pub(crate) struct Done {
    pub(crate) status: HResult,
    pub(crate) bytes: u32,
}

impl Request {
    /// Reads into memory of the module: at once what is there, else later.
    ///
    /// # Safety
    /// The memory stays valid until the completion.
    pub(crate) unsafe fn read(
        self: &Arc<Self>,
        start: *mut u8,
        length: u32,
        callback: Option<Callback>,
    ) -> Option<Done> {
        let memory = Memory { start, length: length as usize };
        self.is_cancelled.store(false, SeqCst);
        self.send_continue();
        if self.connection.input().has_data() {
            let (status, bytes) = self.take(memory).unwrap_or((OK, 0));
            return Some(Done { status, bytes });
        }
        self.is_reading.store(true, SeqCst);
        let request = Arc::clone(self);
        pool::run(move || {
            let (status, bytes) = request.wait_for_data(memory);
            request.is_reading.store(false, SeqCst);
            request.tell(callback, bytes, status);
        });
        None
    }

    /// Writes data of the module, later.
    ///
    /// # Safety
    /// The chunks and their data stay valid until the completion.
    pub(crate) unsafe fn write(
        self: &Arc<Self>,
        chunks: *const HTTP_DATA_CHUNK,
        count: u32,
        callback: Option<Callback>,
    ) {
        // SAFETY: as the caller says.
        let chunks = unsafe { slice::from_raw_parts(chunks, count as usize) };
        let memories: Vec<_> = chunks.iter().map(memory).collect();
        let request = Arc::clone(self);
        pool::run(move || {
            let mut sent = 0;
            let mut status = OK;
            for memory in memories {
                // SAFETY: the module keeps it until the completion below.
                let data = unsafe { slice::from_raw_parts(memory.start, memory.length) };
                let bytes = request.output().data(data);
                if request.connection.send(&bytes).is_err() {
                    status = GONE;
                    break;
                }
                sent += u32::try_from(memory.length).unwrap_or_default();
            }
            request.tell(callback, sent, status);
        });
    }

    /// Sends the head if it has not left, later.
    pub(crate) fn flush(self: &Arc<Self>, callback: Option<Callback>) {
        let request = Arc::clone(self);
        pool::run(move || {
            let bytes = request.output().data(&[]);
            let status = if request.connection.send(&bytes).is_ok() { OK } else { GONE };
            request.tell(callback, 0, status);
        });
    }

    /// Calls the module as if an operation had completed, later.
    pub(crate) fn post_completion(self: &Arc<Self>, bytes: u32) {
        let request = Arc::clone(self);
        pool::run(move || request.completed(bytes, OK));
    }

    fn tell(self: &Arc<Self>, callback: Option<Callback>, bytes: u32, status: HResult) {
        match (callback, self.context.get()) {
            (Some(callback), Some(context)) => crate::objects().callback(*context, callback, bytes, status),
            _ => self.completed(bytes, status),
        }
    }

    fn wait_for_data(&self, memory: Memory) -> (HResult, u32) {
        loop {
            if let Some(done) = self.take(memory) {
                return done;
            }
            if self.is_cancelled.swap(false, SeqCst) {
                return (ABORTED, 0);
            }
            if self.connection.is_gone() {
                return (GONE, 0);
            }
            if self.connection.read_more().is_err() {
                // The end of a connection that has left HTTP is no failure.
                return (if self.is_full_duplex.load(SeqCst) { END } else { self.lost() }, 0);
            }
        }
    }

    /// A malformed body: the client hears of it from the front end, as HTTP.sys does it.
    fn refuse(&self, refusal: &BadHttpRequestError) -> HResult {
        if !self.output().is_sent() {
            let _ = self.connection.refuse(refusal);
        }
        self.lost()
    }

    fn lost(&self) -> HResult {
        self.connection.lost();
        GONE
    }

    fn take(&self, memory: Memory) -> Option<(HResult, u32)> {
        // SAFETY: the module keeps it until the completion.
        let buffer = unsafe { slice::from_raw_parts_mut(memory.start, memory.length) };
        match self.connection.input().take(buffer) {
            Ok(Taken::Data(length)) => Some((OK, length.try_into().unwrap_or_default())),
            Ok(Taken::End) => Some((END, 0)),
            Ok(Taken::NotYet) => None,
            Err(refusal) => Some((self.refuse(&refusal), 0)),
        }
    }

    fn send_continue(&self) {
        if self.expects_continue.swap(false, SeqCst) && !self.output().is_sent() {
            let _ = self.connection.send(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }
}

fn memory(chunk: &HTTP_DATA_CHUNK) -> Memory {
    assert_eq!(chunk.DataChunkType, HttpDataChunkFromMemory, "the module sends memory only");
    // SAFETY: the type says so.
    let memory = unsafe { chunk.Anonymous.FromMemory };
    Memory { start: memory.pBuffer.cast(), length: memory.BufferLength as usize }
}
