//! Functions in the place of `httpapi.dll`: they note how they are called, answer as a test has said, and end operations
//! when a test says so.

mod functions;

use std::{
    collections::{HashMap, VecDeque},
    ffi::c_void,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use windows_sys::Win32::{
    Foundation::{ERROR_IO_PENDING, HANDLE},
    System::IO::{OVERLAPPED, PostQueuedCompletionStatus},
};

use super::super::{NativeDriver, queue::NativeQueue};
use crate::{bindings::HttpApi, driver::RequestQueueOptions};

/// A call of a function on the queue of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Receive { id: u64, size: u32 },
    ReceiveBody { id: u64, size: u32 },
    Send { id: u64, flags: u32 },
    SendBody { id: u64, flags: u32, chunks: u16 },
    Cancel { id: u64 },
    WaitForDisconnect { connection: u64 },
    Certificate { connection: u64, size: u32 },
    Property { id: u64, property: i32 },
    Delegate { id: u64, url: String },
}

/// What a function does: it may write through the pointer that it was given, and returns a code.
type Behaviour = Box<dyn FnOnce(*mut c_void) -> u32 + Send>;

/// The queue of a test.
#[derive(Default)]
pub(super) struct Fake {
    calls: Mutex<Vec<Call>>,
    behaviours: Mutex<VecDeque<Behaviour>>,
    /// Operations that have not ended, with the pointer that their function was given.
    pending: Mutex<VecDeque<(usize, usize)>>,
    port: Mutex<usize>,
}

static QUEUES: LazyLock<Mutex<HashMap<usize, Arc<Fake>>>> = LazyLock::new(Mutex::default);

impl Fake {
    /// A driver with these functions, and a queue. What no behaviour was set for stays pending.
    pub(super) fn queue() -> (Arc<Self>, NativeQueue) {
        Self::queue_with(|_| {})
    }

    /// As [`queue`](Self::queue), without what `change` takes out.
    pub(super) fn queue_with(change: impl FnOnce(&mut HttpApi)) -> (Arc<Self>, NativeQueue) {
        let mut api = functions::api();
        change(&mut api);
        let driver = NativeDriver::with_api(api).expect("a completion port");
        let queue =
            NativeQueue::new(&driver.api, &driver.port, &RequestQueueOptions::default()).expect("a queue");
        let fake = queue.handle().with(find).expect("the queue is open");
        *lock(&fake.port) = driver.port.handle() as usize;
        (fake, queue)
    }

    /// What the next call does.
    pub(super) fn then(&self, behaviour: impl FnOnce(*mut c_void) -> u32 + Send + 'static) -> &Self {
        lock(&self.behaviours).push_back(Box::new(behaviour));
        self
    }

    /// The next call returns this.
    pub(super) fn then_code(&self, code: u32) -> &Self {
        self.then(move |_| code)
    }

    /// The calls since the last time.
    pub(super) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.calls))
    }

    /// Ends the oldest operation that is pending: `write` is handed the pointer that its function was given.
    pub(super) fn end(&self, status: i32, bytes: u32, write: impl FnOnce(*mut c_void)) {
        let (overlapped, pointer) = lock(&self.pending).pop_front().expect("an operation is pending");
        write(pointer as *mut c_void);
        let overlapped = overlapped as *mut OVERLAPPED;
        // SAFETY: the operation owns the OVERLAPPED until it has ended.
        unsafe { (*overlapped).Internal = status as usize };
        let port = *lock(&self.port) as HANDLE;
        // SAFETY: the port is open as long as an operation is under way.
        assert_ne!(unsafe { PostQueuedCompletionStatus(port, bytes, 0, overlapped) }, 0);
    }

    fn called(&self, call: Call, pointer: *mut c_void, overlapped: *mut OVERLAPPED) -> u32 {
        lock(&self.calls).push(call);
        let behaviour = lock(&self.behaviours).pop_front();
        let code = behaviour.map_or(ERROR_IO_PENDING, |behaviour| behaviour(pointer));
        if code == ERROR_IO_PENDING && !overlapped.is_null() {
            lock(&self.pending).push_back((overlapped as usize, pointer as usize));
        }
        if code == ERROR_IO_PENDING && overlapped.is_null() { 0 } else { code }
    }
}

fn find(queue: HANDLE) -> Arc<Fake> {
    Arc::clone(lock(&QUEUES).get(&(queue as usize)).expect("the queue is a test's"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
