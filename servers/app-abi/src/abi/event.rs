//! [`Event`]: what polling an object gives; [`Frame`] is the same in Rust.

use falconry_features::{ReasonPhrase, ResponseHead};
use http::{HeaderMap, StatusCode};

use super::{Bytes, Field, Str, code, fields, headers, text::slice};

/// An interim response: `status` and fields.
const INTERIM: i32 = 1;
/// The head: `status`, `reason`, `flags` and fields.
const HEAD: i32 = 2;
/// `data`.
const DATA: i32 = 3;
/// What came so far is to leave.
const FLUSH: i32 = 4;
/// The end of the body, with fields as trailers.
const END: i32 = 5;
/// Nothing more comes: the object may be dropped.
const DONE: i32 = 6;
/// The response is given up, `error_code` with [`HAS_ERROR_CODE`] among the flags.
const ABORTED: i32 = 7;
/// The body of the request is refused with `status`.
const REFUSED: i32 = 8;

/// Of a head: the connection leaves HTTP with it.
const UPGRADE: u32 = 1;
/// Of an abort: there is an error code.
const HAS_ERROR_CODE: u32 = 2;

/// What polling an object gives. What it points to is good until the object is polled again.
#[repr(C)]
#[derive(Debug)]
pub struct Event {
    status: u32,
    flags: u32,
    error_code: u32,
    reserved: u32,
    pub(super) reason: Str,
    pub(super) fields: *const Field,
    fields_len: usize,
    pub(super) data: Bytes,
}

/// What polling an object gives.
#[derive(Debug)]
pub(crate) enum Frame {
    Interim(StatusCode, HeaderMap),
    Head { head: std::sync::Arc<ResponseHead>, is_upgrade: bool },
    Data(bytes::Bytes),
    Flush,
    End(Option<HeaderMap>),
    Done,
    Aborted(Option<u32>),
    Refused(StatusCode),
    Failed,
}

/// What an event points to.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    headers: HeaderMap,
    head: Option<std::sync::Arc<ResponseHead>>,
    fields: Vec<Field>,
}

// SAFETY: the fields point into the headers beside them.
unsafe impl Send for Kept {}

impl Event {
    pub(crate) const EMPTY: Self = Self {
        status: 0,
        flags: 0,
        error_code: 0,
        reserved: 0,
        reason: Str::new(&[]),
        fields: std::ptr::null(),
        fields_len: 0,
        data: Bytes::EMPTY,
    };

    /// Describes a frame; what the event points to is kept.
    pub(crate) fn describe(&mut self, frame: Frame, kept: &mut Kept) -> i32 {
        match frame {
            Frame::Interim(status, headers) => {
                self.status = status.as_u16().into();
                kept.headers = headers;
                self.set_fields(&kept.headers, &mut kept.fields);
                INTERIM
            }
            Frame::Head { head, is_upgrade } => {
                let head = kept.head.insert(head);
                self.status = head.status.as_u16().into();
                self.flags = if is_upgrade { UPGRADE } else { 0 };
                self.reason = Str::new(head.reason.as_ref().map_or("", ReasonPhrase::as_str).as_bytes());
                self.set_fields(&head.headers, &mut kept.fields);
                HEAD
            }
            Frame::Data(data) => {
                self.data = Bytes::new(data);
                DATA
            }
            Frame::Flush => FLUSH,
            Frame::End(trailers) => {
                kept.headers = trailers.unwrap_or_default();
                self.set_fields(&kept.headers, &mut kept.fields);
                END
            }
            Frame::Done => DONE,
            Frame::Aborted(error_code) => {
                self.flags = if error_code.is_some() { HAS_ERROR_CODE } else { 0 };
                self.error_code = error_code.unwrap_or_default();
                ABORTED
            }
            Frame::Refused(status) => {
                self.status = status.as_u16().into();
                REFUSED
            }
            Frame::Failed => code::FAILED,
        }
    }

    /// Copies what the event describes.
    ///
    /// # Safety
    /// The other side described it with `kind`, and has not been called since.
    pub(crate) unsafe fn read(self, kind: i32) -> Frame {
        // SAFETY: as the caller promises.
        let headers = || unsafe { headers(slice(self.fields, self.fields_len)) };
        let status = u16::try_from(self.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        match (kind, status) {
            (INTERIM, Some(status)) => {
                headers().map_or(Frame::Failed, |headers| Frame::Interim(status, headers))
            }
            (HEAD, Some(status)) => {
                let Some(headers) = headers() else { return Frame::Failed };
                // SAFETY: as the caller promises.
                let reason = std::str::from_utf8(unsafe { self.reason.bytes() }).unwrap_or_default();
                let reason = if reason.is_empty() { None } else { ReasonPhrase::new(reason).ok() };
                let head = ResponseHead { status, reason, headers };
                Frame::Head { head: head.into(), is_upgrade: self.flags & UPGRADE != 0 }
            }
            (DATA, _) => Frame::Data(self.data.into_bytes()),
            (FLUSH, _) => Frame::Flush,
            (END, _) => headers().map_or(Frame::Failed, |headers| {
                Frame::End(Some(headers).filter(|headers| !headers.is_empty()))
            }),
            (DONE, _) => Frame::Done,
            (ABORTED, _) => Frame::Aborted((self.flags & HAS_ERROR_CODE != 0).then_some(self.error_code)),
            (REFUSED, Some(status)) => Frame::Refused(status),
            _ => Frame::Failed,
        }
    }

    fn set_fields(&mut self, headers: &HeaderMap, kept: &mut Vec<Field>) {
        *kept = fields(headers);
        self.fields = kept.as_ptr();
        self.fields_len = kept.len();
    }
}
