//! From a response to `HTTP_RESPONSE_V2`, full of pointers, with all that these point to.

mod chunks;
mod fields;

use std::{ffi::c_void, ptr};

use windows_sys::Win32::Networking::HttpServer::{
    HTTP_CACHE_POLICY, HTTP_RESPONSE_INFO, HTTP_RESPONSE_V2, HTTP_VERSION, HttpCachePolicyNocache,
    HttpCachePolicyTimeToLive, HttpResponseInfoTypeMultipleKnownHeaders,
};

pub(super) use self::chunks::NativeChunks;
use self::fields::NativeFields;
use crate::driver::{CachePolicy, SendResponse, Win32Error};

/// A response as the kernel reads it. Its parts point to each other in boxes, which stay where they are when this is
/// moved.
pub(super) struct NativeResponse {
    /// What the boxes below point into.
    _response: Box<SendResponse>,
    _fields: NativeFields,
    _infos: Box<[HTTP_RESPONSE_INFO]>,
    _chunks: NativeChunks,
    native: Box<HTTP_RESPONSE_V2>,
    policy: Box<HTTP_CACHE_POLICY>,
}

impl NativeResponse {
    /// `can_have_infos`: the system knows several fields of one name otherwise than as unknown ones.
    ///
    /// # Errors
    /// [`INVALID_PARAMETER`](Win32Error::INVALID_PARAMETER): a text or a list is longer than the API can say.
    pub(super) fn new(mut response: SendResponse, can_have_infos: bool) -> Result<Self, Win32Error> {
        let chunks = NativeChunks::new(std::mem::take(&mut response.chunks))?;
        let response = Box::new(response);
        let fields = NativeFields::new(&response.headers, can_have_infos)?;
        let infos: Box<[HTTP_RESPONSE_INFO]> = fields
            .multiple
            .iter()
            .map(|multiple| HTTP_RESPONSE_INFO {
                Type: HttpResponseInfoTypeMultipleKnownHeaders,
                Length: size_of_val(multiple) as u32,
                pInfo: ptr::from_ref(multiple).cast_mut().cast::<c_void>(),
            })
            .collect();
        let reason = match &response.reason {
            Some(reason) => reason.as_str(),
            None => response.status.canonical_reason().unwrap_or_default(),
        };
        let mut native = Box::new(HTTP_RESPONSE_V2::default());
        native.Base.Version = HTTP_VERSION { MajorVersion: 1, MinorVersion: 1 };
        native.Base.StatusCode = response.status.as_u16();
        native.Base.ReasonLength = length(reason.len())?;
        native.Base.pReason = reason.as_ptr();
        native.Base.Headers.KnownHeaders = fields.known;
        native.Base.Headers.UnknownHeaderCount = length(fields.unknown.len())?;
        native.Base.Headers.pUnknownHeaders = fields.unknown.as_ptr().cast_mut();
        native.Base.EntityChunkCount = chunks.count();
        native.Base.pEntityChunks = chunks.as_ptr().cast_mut();
        native.ResponseInfoCount = length(infos.len())?;
        native.pResponseInfo = infos.as_ptr().cast_mut();
        let policy = Box::new(match response.cache_policy {
            CachePolicy::NoCache => HTTP_CACHE_POLICY { Policy: HttpCachePolicyNocache, SecondsToLive: 0 },
            CachePolicy::TimeToLive(seconds) => {
                HTTP_CACHE_POLICY { Policy: HttpCachePolicyTimeToLive, SecondsToLive: seconds }
            }
        });
        Ok(Self { _response: response, _fields: fields, _infos: infos, _chunks: chunks, native, policy })
    }

    pub(super) fn as_ptr(&self) -> *const HTTP_RESPONSE_V2 {
        &raw const *self.native
    }

    pub(super) fn policy(&self) -> *const HTTP_CACHE_POLICY {
        &raw const *self.policy
    }
}

// SAFETY: all its pointers point to what it owns.
unsafe impl Send for NativeResponse {}

/// As the API counts.
fn length(length: usize) -> Result<u16, Win32Error> {
    u16::try_from(length).map_err(|_| Win32Error::INVALID_PARAMETER)
}
