//! The native objects, in a library of their own that a C++ compiler makes: `../objects`.

use std::{
    ffi::{OsStr, c_char, c_void},
    sync::{Mutex, PoisonError},
};

use libloading::Library;

pub(crate) type Pointer = *mut c_void;
pub(crate) type HResult = i32;
pub(crate) type Bool = i32;
pub(crate) type AsyncCompletion = Option<unsafe extern "system" fn(Pointer, Pointer, Pointer) -> i32>;

/// `HRESULT_FROM_WIN32` of an error.
pub(crate) const fn win32(error: u32) -> HResult {
    (0x8007_0000 | error) as HResult
}

/// `struct Host`: what the objects call.
#[repr(C)]
pub(crate) struct Host {
    pub(crate) allocate: unsafe extern "C" fn(u64) -> Pointer,
    pub(crate) release: unsafe extern "C" fn(Pointer),
    pub(crate) unexpected: unsafe extern "C" fn(*const c_char),
    pub(crate) is_connected: unsafe extern "C" fn(Pointer) -> Bool,
    pub(crate) raw_request: unsafe extern "C" fn(Pointer) -> *const c_void,
    pub(crate) remaining: unsafe extern "C" fn(Pointer) -> u32,
    pub(crate) read:
        unsafe extern "C" fn(Pointer, *mut u8, u32, AsyncCompletion, Pointer, *mut u32, *mut Bool) -> HResult,
    pub(crate) set_status: unsafe extern "C" fn(Pointer, u16, *const c_char, u16, Bool) -> HResult,
    pub(crate) set_header: unsafe extern "C" fn(Pointer, *const c_char, *const u8, u16, Bool) -> HResult,
    pub(crate) delete_header: unsafe extern "C" fn(Pointer, *const c_char) -> HResult,
    pub(crate) set_trailer: unsafe extern "C" fn(Pointer, *const c_char, *const u8, u16) -> HResult,
    pub(crate) clear: unsafe extern "C" fn(Pointer),
    pub(crate) need_disconnect: unsafe extern "C" fn(Pointer),
    pub(crate) reset: unsafe extern "C" fn(Pointer),
    pub(crate) reset_stream: unsafe extern "C" fn(Pointer, u32),
    pub(crate) need_go_away: unsafe extern "C" fn(Pointer),
    pub(crate) write: unsafe extern "C" fn(
        Pointer,
        *const c_void,
        u32,
        Bool,
        AsyncCompletion,
        Pointer,
        *mut u32,
        *mut Bool,
    ) -> HResult,
    pub(crate) flush: unsafe extern "C" fn(Pointer, AsyncCompletion, Pointer, *mut Bool) -> HResult,
    pub(crate) server_variable:
        unsafe extern "C" fn(Pointer, *const c_char, *mut *const c_char, *mut u32) -> HResult,
    pub(crate) set_server_variable: unsafe extern "C" fn(Pointer, *const c_char, *const u16) -> HResult,
    pub(crate) enable_full_duplex: unsafe extern "C" fn(Pointer),
    pub(crate) cancel_io: unsafe extern "C" fn(Pointer) -> HResult,
    pub(crate) post_completion: unsafe extern "C" fn(Pointer, u32) -> HResult,
    pub(crate) is_command_line_launch: unsafe extern "C" fn() -> Bool,
    pub(crate) is_newest: unsafe extern "C" fn() -> Bool,
    pub(crate) recycle: unsafe extern "C" fn(*const u16),
}

/// What the library of the objects exports.
pub(crate) struct Objects {
    register: unsafe extern "C" fn(*const Host, Pointer) -> HResult,
    connection: unsafe extern "C" fn(Pointer) -> Pointer,
    disconnected: unsafe extern "C" fn(Pointer),
    connection_end: unsafe extern "C" fn(Pointer),
    request: unsafe extern "C" fn(Pointer, Pointer) -> Pointer,
    execute: unsafe extern "C" fn(Pointer) -> i32,
    completed: unsafe extern "C" fn(Pointer, u32, HResult) -> i32,
    callback: unsafe extern "C" fn(Pointer, AsyncCompletion, Pointer, u32, HResult) -> i32,
    request_end: unsafe extern "C" fn(Pointer),
    stop_listening: unsafe extern "C" fn(),
    application_stop: unsafe extern "C" fn(*const u16),
    terminate: unsafe extern "C" fn(),
    module: Mutex<Option<Library>>,
}

/// A native object, told of by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Object(Pointer);

// SAFETY: the objects may be called from every thread, as those of IIS.
unsafe impl Send for Object {}
// SAFETY: as above.
unsafe impl Sync for Object {}

/// What the module answers (`REQUEST_NOTIFICATION_STATUS`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It will call again.
    Pending,
    /// It is done with the request.
    Finished,
}

impl Answer {
    fn new(status: i32) -> Self {
        const PENDING: i32 = 1;
        if status == PENDING { Self::Pending } else { Self::Finished }
    }
}

impl Objects {
    /// Loads the objects, then the module, and lets that register itself.
    pub(crate) fn load(objects: &OsStr, module: &OsStr, host: &'static Host) -> Result<Self, String> {
        let library = open(objects)?;
        // SAFETY: the types are those of `host.hpp`.
        let loaded = unsafe {
            Self {
                register: symbol(&library, "worker_register")?,
                connection: symbol(&library, "worker_connection")?,
                disconnected: symbol(&library, "worker_disconnected")?,
                connection_end: symbol(&library, "worker_connection_end")?,
                request: symbol(&library, "worker_request")?,
                execute: symbol(&library, "worker_execute")?,
                completed: symbol(&library, "worker_completed")?,
                callback: symbol(&library, "worker_callback")?,
                request_end: symbol(&library, "worker_request_end")?,
                stop_listening: symbol(&library, "worker_stop_listening")?,
                application_stop: symbol(&library, "worker_application_stop")?,
                terminate: symbol(&library, "worker_terminate")?,
                module: Mutex::default(),
            }
        };
        let module = open(module)?;
        // SAFETY: the objects call it as what it is.
        let register_module: Pointer = unsafe { symbol(&module, "RegisterModule")? };
        // The objects stay as long as the process.
        std::mem::forget(library);
        *loaded.module.lock().unwrap_or_else(PoisonError::into_inner) = Some(module);
        // SAFETY: host and module are there until the process ends.
        match unsafe { (loaded.register)(host, register_module) } {
            0 => Ok(loaded),
            failed => Err(format!("the module did not register itself: {failed:#010x}")),
        }
    }

    pub(crate) fn connection(&self, own: Pointer) -> Object {
        // SAFETY: the library is loaded; `own` outlives the object.
        Object(unsafe { (self.connection)(own) })
    }

    pub(crate) fn disconnected(&self, connection: Object) {
        // SAFETY: the connection has not ended.
        unsafe { (self.disconnected)(connection.0) };
    }

    pub(crate) fn connection_end(&self, connection: Object) {
        // SAFETY: called once; no request is left.
        unsafe { (self.connection_end)(connection.0) };
    }

    /// The objects of a request; `None` if the module has none for it.
    pub(crate) fn request(&self, own: Pointer, connection: Object) -> Option<Object> {
        // SAFETY: `own` outlives the object.
        let context = unsafe { (self.request)(own, connection.0) };
        (!context.is_null()).then_some(Object(context))
    }

    pub(crate) fn execute(&self, context: Object) -> Answer {
        // SAFETY: the request has not ended.
        Answer::new(unsafe { (self.execute)(context.0) })
    }

    pub(crate) fn completed(&self, context: Object, bytes: u32, status: HResult) -> Answer {
        // SAFETY: the request has not ended.
        Answer::new(unsafe { (self.completed)(context.0, bytes, status) })
    }

    pub(crate) fn callback(&self, context: Object, callback: Callback, bytes: u32, status: HResult) {
        // SAFETY: the request has not ended, and the callback is called for the one operation it came with.
        unsafe { (self.callback)(context.0, callback.function, callback.argument.0, bytes, status) };
    }

    pub(crate) fn request_end(&self, context: Object) {
        // SAFETY: called once, and last.
        unsafe { (self.request_end)(context.0) };
    }

    pub(crate) fn stop_listening(&self) {
        // SAFETY: the library is loaded.
        unsafe { (self.stop_listening)() };
    }

    /// `id` is the application's path in the metabase.
    pub(crate) fn application_stop(&self, id: &str) {
        let id: Vec<u16> = id.encode_utf16().chain([0]).collect();
        // SAFETY: the library is loaded, and the text ends with a zero.
        unsafe { (self.application_stop)(id.as_ptr()) };
    }

    pub(crate) fn terminate(&self) {
        // SAFETY: the library is loaded.
        unsafe { (self.terminate)() };
    }

    /// Gives the module back to the system, as IIS does at its end.
    pub(crate) fn unload(&self) {
        drop(self.module.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Whom to tell of an operation's end, if not `OnAsyncCompletion`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback {
    function: AsyncCompletion,
    argument: Object,
}

impl Callback {
    pub(crate) fn new(function: AsyncCompletion, argument: Pointer) -> Option<Self> {
        function.is_some().then_some(Self { function, argument: Object(argument) })
    }
}

fn open(path: &OsStr) -> Result<Library, String> {
    // SAFETY: both libraries do nothing when they are loaded.
    unsafe { Library::new(path) }.map_err(|error| format!("{} cannot be loaded: {error}", path.display()))
}

/// # Safety
/// `T` is the type of the symbol.
unsafe fn symbol<T: Copy>(library: &Library, name: &str) -> Result<T, String> {
    // SAFETY: as the caller says.
    let symbol = unsafe { library.get::<T>(name.as_bytes()) };
    symbol.map(|symbol| *symbol).map_err(|error| format!("there is no {name}: {error}"))
}
