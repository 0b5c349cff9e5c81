//! nginx's event loop: the requests on it, and the way to it from other threads.

use std::{
    cell::{Cell, RefCell},
    ffi::c_void,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::LocalKey,
};

use bytes::Bytes;
use falconry_in_process::{
    OperationError, ReadOperation, RequestEnd, RequestHandle, RequestKey, RequestTable, WriteOperation,
};
use http::Version;

use crate::{
    abi::{self, Host, RawRequest, Str},
    reading, writing,
};

/// How often the queue is emptied before nginx has its turn.
const ROUNDS: usize = 16;

thread_local! {
    /// The requests of this worker: on the thread of the loop alone.
    static REQUESTS: RefCell<RequestTable<Request>> = const { RefCell::new(RequestTable::new()) };
    /// True in calls of the module that end with [`Loop::drain`]: nobody needs to be woken.
    static IS_CALLED: Cell<bool> = const { Cell::new(false) };
    static IS_DRAINING: Cell<bool> = const { Cell::new(false) };
}

/// The way to nginx's event loop.
pub(crate) struct Loop {
    host: &'static Host,
    worker: *mut c_void,
    queue: Mutex<Vec<Message>>,
    is_woken: AtomicBool,
}

// SAFETY: `worker` is only handed back to the module, in `wake`, which may be called from any thread.
unsafe impl Send for Loop {}
// SAFETY: as above.
unsafe impl Sync for Loop {}

/// What the loop is to do.
#[derive(Debug)]
pub(crate) enum Message {
    Read(RequestKey, ReadOperation),
    Write(RequestKey, WriteOperation),
    Cancel(RequestKey),
    Finish(RequestKey, RequestEnd),
    Log(Option<RequestKey>, u32, String),
    Quit,
}

/// A request on the loop.
pub(crate) struct Request {
    pub(crate) raw: RawRequest,
    pub(crate) version: Version,
    /// Not before the core has accepted it.
    pub(crate) handle: Option<RequestHandle>,
    pub(crate) read: Option<ReadOperation>,
    pub(crate) write: Option<writing::Pending>,
    /// The connection has left HTTP.
    pub(crate) is_raw: bool,
    /// nginx has ended it.
    pub(crate) is_gone: bool,
    /// Data that nginx may still point to.
    pub(crate) parked: Vec<Bytes>,
}

impl Loop {
    pub(crate) fn new(host: &'static Host, worker: *mut c_void) -> Self {
        Self { host, worker, queue: Mutex::default(), is_woken: AtomicBool::new(false) }
    }

    pub(crate) fn host(&self) -> &'static Host {
        self.host
    }

    /// Asks the loop to do something. From any thread.
    pub(crate) fn push(&self, message: Message) {
        self.queue().push(message);
        if !IS_CALLED.get() {
            self.wake();
        }
    }

    /// Runs a call of the module, and then what it has asked for.
    pub(crate) fn called<T>(&self, call: impl FnOnce() -> T) -> T {
        let outer = Raised::raise(&IS_CALLED);
        let result = call();
        if !outer.was_raised {
            self.drain();
        }
        result
    }

    /// The loop has been woken.
    pub(crate) fn woken(&self) {
        self.is_woken.store(false, Ordering::Release);
        self.called(|| ());
    }

    /// Does what was asked for. What goes on and on is put off, for nginx has other things to do.
    pub(crate) fn drain(&self) {
        let outer = Raised::raise(&IS_DRAINING);
        if outer.was_raised {
            return;
        }
        for _ in 0..ROUNDS {
            let messages = mem::take(&mut *self.queue());
            if messages.is_empty() {
                return;
            }
            messages.into_iter().for_each(|message| self.handle(message));
        }
        self.wake();
    }

    /// Ends the worker when its requests are over.
    pub(crate) fn quit(&self) {
        self.push(Message::Quit);
    }

    /// Writes to nginx's log, on the thread of the loop.
    pub(crate) fn log_here(&self, level: u32, text: &str) {
        self.log(std::ptr::null_mut(), level, text);
    }

    /// What keeps signals from the thread that calls it.
    pub(crate) fn mask_signals(&self) -> impl Fn() + Send + Sync + 'static {
        let mask_signals = self.host.mask_signals;
        // SAFETY: it may be called from any thread.
        move || unsafe { mask_signals() }
    }

    fn wake(&self) {
        if !self.is_woken.swap(true, Ordering::AcqRel) {
            // SAFETY: `wake` may be called from any thread, with the pointer that came with it.
            unsafe { (self.host.wake)(self.worker) };
        }
    }

    fn queue(&self) -> MutexGuard<'_, Vec<Message>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, message: Message) {
        match message {
            Message::Read(key, operation) => reading::begin(self.host, key, operation),
            Message::Write(key, operation) => writing::begin(self.host, key, operation),
            Message::Cancel(key) => cancel(key),
            Message::Finish(key, end) => self.finish(key, end),
            Message::Log(key, level, text) => {
                let raw = key.and_then(|key| with(key, |request| request.raw));
                self.log(raw.unwrap_or(std::ptr::null_mut()), level, &text);
            }
            // SAFETY: this is the thread of the loop.
            Message::Quit => unsafe { (self.host.quit)() },
        }
    }

    fn finish(&self, key: RequestKey, end: RequestEnd) {
        let Some(raw) = with(key, |request| request.raw) else { return };
        let how = if end == RequestEnd::Complete { abi::COMPLETE } else { abi::ABORT };
        // SAFETY: this is the thread of the loop, and the request has not been released.
        unsafe { (self.host.finish)(raw, how) };
    }

    fn log(&self, raw: RawRequest, level: u32, text: &str) {
        // SAFETY: this is the thread of the loop; the request is null or has not been released.
        unsafe { (self.host.log)(raw, level, Str::new(text.as_bytes())) };
    }
}

/// A flag that is raised until this is dropped, also by a panic.
struct Raised {
    flag: &'static LocalKey<Cell<bool>>,
    was_raised: bool,
}

impl Raised {
    fn raise(flag: &'static LocalKey<Cell<bool>>) -> Self {
        Self { flag, was_raised: flag.replace(true) }
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.flag.set(self.was_raised);
    }
}

/// Adds a request.
pub(crate) fn insert(raw: RawRequest, version: Version) -> RequestKey {
    let request = Request {
        raw,
        version,
        handle: None,
        read: None,
        write: None,
        is_raw: false,
        is_gone: false,
        parked: Vec::new(),
    };
    REQUESTS.with_borrow_mut(|requests| requests.insert(request))
}

/// Looks at a request, if it has not been released. No call of the module may be made in `look`: it could
/// call back.
pub(crate) fn with<T>(key: RequestKey, look: impl FnOnce(&mut Request) -> T) -> Option<T> {
    REQUESTS.with_borrow_mut(|requests| requests.get_mut(key).map(look))
}

/// nginx has ended the request.
pub(crate) fn disconnected(key: RequestKey) {
    let taken = with(key, |request| {
        request.is_gone = true;
        (request.handle.take(), request.read.take(), request.write.take())
    });
    let Some((handle, read, write)) = taken else { return };
    if let Some(write) = write {
        write.abandon(key, OperationError::Disconnected);
    }
    if let Some(read) = read {
        read.complete(Err(OperationError::Disconnected));
    }
    if let Some(handle) = handle {
        handle.disconnected();
    }
}

/// nginx has freed the request.
pub(crate) fn released(key: RequestKey) {
    let request = REQUESTS.with_borrow_mut(|requests| requests.remove(key));
    drop(request);
}

/// Gives up what is outstanding. What nginx has of a response it keeps, and it is not waited for.
fn cancel(key: RequestKey) {
    let Some((read, write)) = with(key, |request| (request.read.take(), request.write.take())) else {
        return;
    };
    if let Some(write) = write {
        write.abandon(key, OperationError::Cancelled);
    }
    if let Some(read) = read {
        read.complete(Err(OperationError::Cancelled));
    }
}
