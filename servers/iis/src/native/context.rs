//! A request's native context.

use std::{
    ffi::CString,
    ptr::{self, NonNull},
};

use falconry_httpapi::HttpRequest;

use super::Response;
use crate::abi::{
    Bool, ConnectionVtable, Context3Vtable, ContextVtable, HResult, Interface, Pointer, Request3Vtable,
    RequestVtable, S_OK, call,
    context::{ASYNC, AsyncCompletion},
};

/// A request's native context (`IHttpContext`).
///
/// It is there from the notification that brings it until the request has been finished. Whoever makes one
/// sees to it that no copy is used longer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    pointer: NonNull<Interface<ContextVtable>>,
}

/// How a native call that may complete later went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// A completion will come.
    Pending,
    /// None will come; this is what it would have said.
    Done { result: HResult, bytes: u32 },
}

impl Call {
    pub(super) fn new(result: HResult, bytes: u32, is_pending: Bool) -> Self {
        if result >= S_OK && is_pending != 0 { Self::Pending } else { Self::Done { result, bytes } }
    }
}

// SAFETY: IIS lets every thread call a request's context while the request is pending; the module has one
// operation outstanding at a time, unless the request is full duplex.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    /// # Safety
    /// `pointer` is a context that IIS has handed over, and its request has not been finished.
    pub(crate) unsafe fn new(pointer: *mut Interface<ContextVtable>) -> Option<Self> {
        NonNull::new(pointer).map(|pointer| Self { pointer })
    }

    /// Tells this request from others under way.
    pub(crate) fn key(&self) -> usize {
        self.pointer.addr().get()
    }

    /// The request as HTTP.sys laid it out; it stays where it is as long as the context.
    pub(crate) fn raw_request(&self) -> Option<HttpRequest<'_>> {
        // SAFETY: the context is there (see the type), and so is its request, which IIS does not change.
        unsafe { call!(self.request(), raw_http_request()).as_ref().map(|request| HttpRequest::new(request)) }
    }

    /// Nothing is left of the request's body.
    pub(crate) fn is_body_read(&self) -> bool {
        // SAFETY: the context is there.
        unsafe { call!(self.request(), remaining_entity_bytes()) == 0 }
    }

    /// Begins to read the request's body into `buffer`.
    ///
    /// # Safety
    /// Unless the call is done when this returns, `buffer` stays valid until the completion.
    pub(crate) unsafe fn read(&self, buffer: *mut u8, length: u32) -> Call {
        let (mut bytes, mut is_pending) = (0, 0);
        // SAFETY: the context is there; the caller keeps the buffer.
        let result = unsafe {
            call!(
                self.request(),
                read_entity_body(buffer.cast(), length, ASYNC, &raw mut bytes, &raw mut is_pending)
            )
        };
        Call::new(result, bytes, is_pending)
    }

    /// Begins to read from a connection that has left HTTP; `completion` is called with `argument`.
    ///
    /// # Safety
    /// As [`read`](Self::read); and `completion` may be called with `argument` once if the call is pending.
    pub(crate) unsafe fn read_duplex(
        &self,
        buffer: *mut u8,
        length: u32,
        completion: AsyncCompletion,
        argument: Pointer,
    ) -> Call {
        let (mut bytes, mut is_pending) = (0, 0);
        // Since IIS 8 every request has the newer interface.
        let request = self.request().cast::<Interface<Request3Vtable>>();
        // SAFETY: the context is there; the caller keeps the buffer and the argument.
        let result = unsafe {
            call!(
                request,
                read_entity_body_duplex(
                    buffer.cast(),
                    length,
                    ASYNC,
                    completion,
                    argument,
                    &raw mut bytes,
                    &raw mut is_pending
                )
            )
        };
        Call::new(result, bytes, is_pending)
    }

    pub(crate) fn response(&self) -> Response {
        // SAFETY: the context is there, and so is its response.
        Response::new(unsafe { call!(self.pointer.as_ptr(), response()) })
    }

    /// Reading and writing go on at the same time from now on, and nothing is held back.
    pub(crate) fn enable_full_duplex(&self) {
        // Since IIS 8 every context has the newer interface.
        let context = self.pointer.as_ptr().cast::<Interface<Context3Vtable>>();
        // SAFETY: the context is there.
        unsafe { call!(context, enable_full_duplex()) };
        self.response().disable_buffering();
    }

    /// The connection; none while IIS warms the application up.
    pub(crate) fn connection(&self) -> Option<NonNull<Interface<ConnectionVtable>>> {
        // SAFETY: the context is there.
        NonNull::new(unsafe { call!(self.pointer.as_ptr(), connection()) })
    }

    /// Gives the outstanding operation up; it still completes.
    pub(crate) fn cancel_io(&self) {
        // SAFETY: the context is there. A failure means that nothing was outstanding.
        unsafe { call!(self.pointer.as_ptr(), cancel_io()) };
    }

    /// Has IIS call the module once more, as if an operation had completed.
    pub(crate) fn post_completion(&self) {
        // SAFETY: the context is there until that call.
        let result = unsafe { call!(self.pointer.as_ptr(), post_completion(0)) };
        if result < S_OK {
            tracing::error!(result, "IIS did not take the end of a request");
        }
    }

    /// A server variable; `None` if there is none of that name.
    pub(crate) fn server_variable(&self, name: &str) -> Option<String> {
        let name = CString::new(name).ok()?;
        let (mut value, mut length) = (ptr::null(), 0);
        // SAFETY: the context is there; the value belongs to it and has `length` bytes.
        unsafe {
            let result =
                call!(self.pointer.as_ptr(), server_variable(name.as_ptr(), &raw mut value, &raw mut length));
            if result < S_OK || value.is_null() {
                return None;
            }
            let bytes = std::slice::from_raw_parts(value.cast::<u8>(), usize::try_from(length).ok()?);
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }

    pub(crate) fn set_server_variable(&self, name: &str, value: &str) -> Result<(), HResult> {
        let name = CString::new(name).map_err(|_| crate::abi::E_FAIL)?;
        let value: Vec<u16> = value.encode_utf16().chain([0]).collect();
        // SAFETY: the context is there; both strings end with a zero, and IIS copies them.
        match unsafe { call!(self.pointer.as_ptr(), set_server_variable(name.as_ptr(), value.as_ptr())) } {
            result if result < S_OK => Err(result),
            _ => Ok(()),
        }
    }

    fn request(&self) -> *mut Interface<RequestVtable> {
        // SAFETY: the context is there, and so is its request.
        unsafe { call!(self.pointer.as_ptr(), request()) }
    }
}
