//! What the module calls. No panic leaves here.

use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use falconry_in_process::RequestKey;
use http::StatusCode;

use crate::{
    abi::{self, App, Host, RawRequest},
    entry::{Instance, Settings, instance},
    event_loop::{self, Loop},
    host::NginxHost,
    reading, request, writing,
};

pub(crate) static APP: App = App {
    abi: abi::VERSION,
    // No table is larger than that.
    size: size_of::<App>() as u32,
    start,
    stopping,
    stop,
    drain,
    accept,
    readable,
    written,
    disconnected,
    released,
};

/// # Safety
/// As `falconry.h` says: all is there, `host` for as long as the process.
unsafe extern "C" fn start(host: *const Host, worker: *mut c_void, settings: *const abi::Settings) -> i32 {
    guarded(-1, || {
        // SAFETY: as the caller promises.
        let (host, settings): (&'static Host, _) = unsafe { (&*host, &*settings) };
        if host.abi != abi::VERSION || (host.size as usize) < size_of::<Host>() {
            return -1;
        }
        // SAFETY: as the caller promises.
        let addresses = request::text(unsafe { settings.addresses.bytes() });
        let event_loop = Loop::new(host, worker);
        let settings = Settings {
            threads: settings.threads as usize,
            start_timeout: Duration::from_millis(settings.start_timeout_ms.into()),
            addresses: addresses.split(';').filter(|url| !url.is_empty()).map(str::to_owned).collect(),
        };
        match Instance::start(event_loop, settings) {
            Ok(()) => 0,
            Err(error) => {
                let event_loop = Loop::new(host, worker);
                event_loop.log_here(abi::LOG_ERROR, &error);
                -1
            }
        }
    })
}

extern "C" fn stopping() {
    guarded((), || instance().map(Instance::stopping).unwrap_or_default());
}

extern "C" fn stop() {
    guarded((), || instance().map(Instance::stop).unwrap_or_default());
}

extern "C" fn drain() {
    guarded((), || instance().map(|instance| instance.event_loop.woken()).unwrap_or_default());
}

/// # Safety
/// As `falconry.h` says: all is there, and `raw` is good until its release.
unsafe extern "C" fn accept(request: *const abi::Request, raw: RawRequest, key: *mut u64) -> i32 {
    guarded(500, || {
        // SAFETY: as the caller promises.
        let described = unsafe { &*request };
        let Some(instance) = instance() else { return status(StatusCode::SERVICE_UNAVAILABLE) };
        // SAFETY: as the caller promises.
        let native = match unsafe { request::copy(described) } {
            Ok(native) => native,
            Err(refused) => return status(refused),
        };
        let request_key = event_loop::insert(raw, native.request.version);
        // SAFETY: as the caller promises.
        unsafe { *key = request_key.to_bits() };
        let host = NginxHost { key: request_key, event_loop: &instance.event_loop };
        let Ok((task, handle)) = instance.server.accept(native, host, &instance.runtime) else {
            event_loop::released(request_key);
            return status(StatusCode::SERVICE_UNAVAILABLE);
        };
        event_loop::with(request_key, |request| request.handle = Some(handle));
        instance.event_loop.called(|| {
            if described.flags & abi::INLINE == 0 {
                task.spawn();
            } else {
                task.poll_here(|| instance.event_loop.drain());
            }
        });
        0
    })
}

extern "C" fn readable(key: u64) {
    on_request(key, |instance, key| reading::readable(instance.event_loop.host(), key));
}

extern "C" fn written(key: u64, result: i32) {
    on_request(key, |instance, key| writing::written(instance.event_loop.host(), key, result));
}

extern "C" fn disconnected(key: u64) {
    // What follows is done later: nginx is in the middle of ending the request.
    guarded((), || RequestKey::from_bits(key).map(event_loop::disconnected).unwrap_or_default());
}

extern "C" fn released(key: u64) {
    guarded((), || RequestKey::from_bits(key).map(event_loop::released).unwrap_or_default());
}

fn on_request(key: u64, call: impl FnOnce(&'static Instance, RequestKey)) {
    guarded((), || {
        if let (Some(instance), Some(key)) = (instance(), RequestKey::from_bits(key)) {
            instance.event_loop.called(|| call(instance, key));
        }
    });
}

fn status(status: StatusCode) -> i32 {
    i32::from(status.as_u16())
}

/// A panic here is one of this crate: the call has come to nothing, and the worker lives. The hook for
/// panics has written to the log what there is to say.
fn guarded<T>(failed: T, call: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(failed)
}
