//! The functions of the table.

use std::{mem::size_of, task::Poll, time::Duration};

use super::{
    call,
    entry::{Instance, Log},
    request,
};
use crate::abi::{
    AppTable, HostTable, MAJOR, MINOR, RequestHead, Source, StartOptions, Str, Waker, code, guard,
};

/// The table of the application in this library.
pub(super) static TABLE: AppTable = AppTable {
    size: size_of::<AppTable>() as u32,
    major: MAJOR,
    minor: MINOR,
    reserved: 0,
    build: Str::new(concat!("falconry ", env!("CARGO_PKG_VERSION")).as_bytes()),
    start,
    call,
    request_stop,
    poll_end,
    stop,
};

unsafe extern "C" fn start(host: *const HostTable, options: *const StartOptions) -> i32 {
    guard(|| {
        // SAFETY: the worker gives both for the time of the call; the size comes first.
        let sizes = unsafe { ((*host).size as usize, (*options).size as usize) };
        if sizes.0 < size_of::<HostTable>() || sizes.1 < size_of::<StartOptions>() {
            return code::FAILED;
        }
        // SAFETY: they are as large as this version knows them.
        let (host, options) = unsafe { (*host, &*options) };
        let log = Log(host);
        // SAFETY: so many addresses are there for the time of the call.
        let addresses = unsafe {
            crate::abi::slice(options.addresses, options.addresses_len as usize)
                .iter()
                .map(|address| address.bytes())
        };
        let addresses = addresses.map(|address| String::from_utf8_lossy(address).into_owned()).collect();
        match Instance::start(log, addresses) {
            Ok(()) => code::OK,
            Err(error) => {
                log.error(&error);
                code::FAILED
            }
        }
    })
}

unsafe extern "C" fn call(head: *const RequestHead, body: Source, response: *mut Source) -> i32 {
    guard(|| {
        let Some(instance) = Instance::current() else { return code::NOT_ACCEPTED };
        // SAFETY: the worker gives the head for the time of the call; the size comes first.
        if (unsafe { (*head).size } as usize) < size_of::<RequestHead>() {
            return code::FAILED;
        }
        // SAFETY: it is as large as this version knows it, and what it points to is there.
        let request = match unsafe { request::copy(&*head) } {
            Ok(request) => request,
            Err(status) => return status.as_u16().into(),
        };
        match call::begin(instance, request, body) {
            // SAFETY: the worker gives a place that holds nothing.
            Some(source) => unsafe {
                response.write(source);
                code::OK
            },
            None => code::NOT_ACCEPTED,
        }
    })
}

unsafe extern "C" fn request_stop() {
    guard(|| {
        if let Some(instance) = Instance::current() {
            instance.server.request_stop();
        }
        code::OK
    });
}

unsafe extern "C" fn poll_end(waker: *const Waker) -> i32 {
    guard(|| {
        let Some(instance) = Instance::current() else { return code::FAILED };
        // SAFETY: the worker gives it for the time of the call.
        match unsafe { &*waker }.with_context(|cx| instance.poll_end(cx)) {
            Poll::Pending => code::PENDING,
            Poll::Ready(true) => code::READY,
            Poll::Ready(false) => code::FAILED,
        }
    })
}

unsafe extern "C" fn stop(milliseconds: u64) -> i32 {
    guard(|| {
        if let Some(instance) = Instance::current() {
            instance.stop(Duration::from_millis(milliseconds));
        }
        code::OK
    })
}
