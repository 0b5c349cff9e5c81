//! Writing the response, or to a connection that has left HTTP.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use bytes::Bytes;
use falconry_features::BodyFraming;
use falconry_httpapi::memory_chunks;
use falconry_in_process::{HeadToSend, OperationError, WriteOperation};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode, Version,
    header::{CONNECTION, TRANSFER_ENCODING, UPGRADE},
};
use windows_sys::Win32::Networking::HttpServer::HTTP_DATA_CHUNK;

use super::{Exchange, duplex, operation_error};
use crate::{
    abi::{HResult, S_OK},
    native::Call,
};

/// The most chunks of one native call, the original's number.
const MAX_CHUNKS: usize = 65_533;

/// What a response over HTTP/2 or HTTP/3 must not have.
const CONNECTION_FIELDS: [HeaderName; 4] =
    [CONNECTION, TRANSFER_ENCODING, UPGRADE, HeaderName::from_static("keep-alive")];

/// A write that is outstanding: data first, then a flush, if more is to follow.
#[derive(Debug)]
pub(super) struct Writing {
    operation: WriteOperation,
    chunks: Chunks,
    /// How many of the chunks have been handed to IIS.
    sent: usize,
    flush: Flush,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flush {
    Needed,
    Begun,
    /// The end of the request sends what is left.
    NotNeeded,
}

/// Where the data of an operation lies, in the native form.
struct Chunks(Vec<HTTP_DATA_CHUNK>);

// SAFETY: the pointers lead to the operation's data, which may be read from every thread.
unsafe impl Send for Chunks {}

impl Chunks {
    fn new(data: &[Bytes]) -> Self {
        Self(data.iter().flat_map(|data| memory_chunks(data)).collect())
    }
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} chunks", self.0.len())
    }
}

impl Exchange {
    pub(super) fn begin_write(self: &Arc<Self>, operation: WriteOperation) {
        if self.prepare(&operation).is_err() {
            // IIS takes nothing more for this request.
            return operation.complete(Err(OperationError::Disconnected));
        }
        let chunks = Chunks::new(operation.chunks());
        let flush =
            if operation.is_last() && !self.is_full_duplex() { Flush::NotNeeded } else { Flush::Needed };
        self.write(Writing { operation, chunks, sent: 0, flush });
    }

    /// The completion of a native call of the write that is outstanding.
    pub(super) fn write_completed(self: &Arc<Self>, result: HResult) {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writing) = writing else { return };
        if result < S_OK {
            return writing.operation.complete(Err(operation_error(result)));
        }
        self.write(writing);
    }

    /// Begins the next native call of a write, or completes it.
    fn write(self: &Arc<Self>, mut writing: Writing) {
        loop {
            let left = &writing.chunks.0[writing.sent..];
            let (start, count) = (left.as_ptr(), left.len().min(MAX_CHUNKS));
            match (count, writing.flush) {
                (0, Flush::Begun | Flush::NotNeeded) => return writing.operation.complete(Ok(())),
                (0, Flush::Needed) => writing.flush = Flush::Begun,
                _ => writing.sent += count,
            }
            // It is there before the call: the completion may come first.
            *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
            // SAFETY: chunks and data stay where they are until the completion takes the write.
            let call = unsafe { self.call(start, count) };
            let Call::Done { result, .. } = call else { return };
            let Some(back) = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take() else {
                return;
            };
            if result < S_OK {
                return back.operation.complete(Err(operation_error(result)));
            }
            writing = back;
        }
    }

    /// Begins to write so many chunks, or to flush if there are none.
    ///
    /// # Safety
    /// Unless the call is done when this returns, the chunks and their data stay until the completion.
    unsafe fn call(self: &Arc<Self>, start: *const HTTP_DATA_CHUNK, count: usize) -> Call {
        let response = self.context.response();
        let length = u32::try_from(count).unwrap_or_default();
        // SAFETY: the caller keeps the chunks.
        unsafe {
            match (self.is_full_duplex(), count) {
                (false, 0) => response.flush(),
                (false, _) => response.write(start, length),
                (true, 0) => duplex::flush(self),
                (true, _) => duplex::write(self, start, length),
            }
        }
    }

    /// Hands over what is no data: the head and the trailers.
    fn prepare(&self, operation: &WriteOperation) -> Result<(), HResult> {
        let response = self.context.response();
        if let Some(head) = operation.head() {
            self.send_head(head, operation.is_last())?;
        }
        match operation.trailers() {
            Some(trailers) => response.set_trailers(self.server, trailers),
            None => Ok(()),
        }
    }

    /// The fields, and the end of the connection if that is wanted: a field of HTTP/1, a message of later versions, which
    /// have no such fields (RFC 9113 section 8.2.2).
    fn send_fields(&self, headers: &HeaderMap, is_upgrade: bool) -> Result<(), HResult> {
        let response = self.context.response();
        let is_requested = !is_upgrade && self.close_requested.close_requested.is_cancelled();
        if self.version() < Version::HTTP_2 {
            response.set_headers(headers, &[])?;
            return if is_requested { response.set_header("connection", b"close", true) } else { Ok(()) };
        }
        let closes = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close");
        if is_requested || headers.get_all(CONNECTION).iter().any(closes) {
            response.set_need_go_away(self.server);
        }
        response.set_headers(headers, &CONNECTION_FIELDS)
    }

    fn send_head(&self, head: &HeadToSend, is_whole: bool) -> Result<(), HResult> {
        let response = self.context.response();
        let HeadToSend { head, framing, is_upgrade } = head;
        let status = if *is_upgrade { StatusCode::SWITCHING_PROTOCOLS } else { head.status };
        let standard = status.canonical_reason().unwrap_or_default();
        response.set_status(status, head.reason.as_ref().map_or(standard, |reason| reason.as_str()))?;
        self.send_fields(&head.headers, *is_upgrade)?;
        if *is_upgrade {
            self.context.enable_full_duplex();
            self.is_full_duplex.store(true, Ordering::Release);
        } else if !is_whole && *framing == BodyFraming::Unknown {
            response.disable_buffering();
        }
        Ok(())
    }
}
