//! One request between the front end and the module.

mod operations;
mod raw;
mod tls;

use std::{
    collections::HashMap,
    ffi::CString,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use windows_sys::Win32::Networking::HttpServer::HTTP_REQUEST_V2;

use self::raw::RawRequest;
use crate::{
    front::{Connection, Head, Output},
    objects::{Answer, HResult, Object, Pointer},
    settings,
};

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// One request.
#[derive(Debug)]
pub(crate) struct Request {
    connection: Arc<Connection>,
    raw: RawRequest,
    context: OnceLock<Object>,
    output: Mutex<Output>,
    variables: Mutex<HashMap<String, CString>>,
    expects_continue: AtomicBool,
    is_reading: AtomicBool,
    is_cancelled: AtomicBool,
    is_full_duplex: AtomicBool,
    was_reset: AtomicBool,
    has_ended: Mutex<bool>,
    ended: Condvar,
}

impl Request {
    /// Hands a request to the module. `None` if that has nothing for it.
    pub(crate) fn begin(
        head: Head,
        connection: &Arc<Connection>,
        object: Object,
        is_last: bool,
    ) -> Option<Arc<Self>> {
        let is_http11 = head.minor_version == 1;
        let is_last = is_last || !is_http11 || !head.keep_alive;
        let is_upgrade = head.has_option("connection", "upgrade");
        let output = Output::new(head.method == "HEAD", is_http11, is_last);
        let expects_continue = is_http11 && head.has_body && head.has_option("expect", "100-continue");
        let number = NUMBER.fetch_add(1, SeqCst);
        let request = Arc::new(Self {
            connection: Arc::clone(connection),
            raw: RawRequest::new(head, connection.peer, connection.local, number),
            context: OnceLock::new(),
            output: Mutex::new(output),
            variables: Mutex::new(variables(is_upgrade)),
            expects_continue: AtomicBool::new(expects_continue),
            is_reading: AtomicBool::new(false),
            is_cancelled: AtomicBool::new(false),
            is_full_duplex: AtomicBool::new(false),
            was_reset: AtomicBool::new(false),
            has_ended: Mutex::new(false),
            ended: Condvar::new(),
        });
        // The objects have a share of their own until the request's end.
        let own: Pointer = Arc::into_raw(Arc::clone(&request)).cast_mut().cast();
        let context = crate::objects().request(own, object)?;
        let _ = request.context.set(context);
        if crate::objects().execute(context) == Answer::Finished {
            request.end();
        }
        Some(request)
    }

    /// The request that the objects were given.
    ///
    /// # Safety
    /// `own` is from [`begin`](Self::begin), and the request has not ended.
    pub(crate) unsafe fn of(own: Pointer) -> Arc<Self> {
        let own = own.cast::<Self>().cast_const();
        // SAFETY: the share of the objects is there, and stays.
        unsafe {
            Arc::increment_strong_count(own);
            Arc::from_raw(own)
        }
    }

    /// True once the request has ended, or if it does within `time`.
    pub(crate) fn wait_for_end(&self, time: Duration) -> bool {
        let ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ended.wait_timeout_while(ended, time, |ended| !*ended);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn is_reading(&self) -> bool {
        self.is_reading.load(SeqCst)
    }

    /// True if another request may follow on the connection.
    pub(crate) fn may_follow(&self) -> bool {
        !self.output().is_last && !self.connection.is_gone()
    }

    pub(crate) fn raw(&self) -> &HTTP_REQUEST_V2 {
        self.raw.request()
    }

    pub(crate) fn remaining(&self) -> u32 {
        self.connection.input().remaining()
    }

    pub(crate) fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn variables(&self) -> MutexGuard<'_, HashMap<String, CString>> {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn enable_full_duplex(&self) {
        self.is_full_duplex.store(true, SeqCst);
        self.connection.input().become_raw();
        self.output().become_raw();
    }

    pub(crate) fn reset(&self) {
        self.was_reset.store(true, SeqCst);
        self.connection.reset();
    }

    pub(crate) fn cancel_io(&self) {
        self.is_cancelled.store(true, SeqCst);
    }

    /// An operation has completed (`OnAsyncCompletion`).
    fn completed(self: &Arc<Self>, bytes: u32, status: HResult) {
        let Some(context) = self.context.get() else { return };
        if crate::objects().completed(*context, bytes, status) == Answer::Finished {
            self.end();
        }
    }

    /// Sends what is left of the response, and forgets the objects.
    fn end(self: &Arc<Self>) {
        if !self.was_reset.load(SeqCst) && !self.is_full_duplex.load(SeqCst) {
            let mut output = self.output();
            let bytes = output.end();
            if self.connection.send(&bytes).is_err() {
                self.connection.lost();
            }
        }
        if let Some(context) = self.context.get() {
            crate::objects().request_end(*context);
        }
        // SAFETY: the share that the objects had.
        unsafe { Arc::decrement_strong_count(Arc::as_ptr(self)) };
        *self.has_ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.notify_all();
    }
}

/// The server variables that modules read.
fn variables(is_upgrade: bool) -> HashMap<String, CString> {
    let mut variables = HashMap::from([
        ("APPL_MD_PATH", settings().application()),
        ("APPL_PHYSICAL_PATH", settings().folder.as_deref().unwrap_or(".")),
        ("SERVER_SOFTWARE", "Microsoft-IIS/10.0"),
        ("SITE_NAME", "tests"),
    ]);
    if is_upgrade {
        variables.insert("WEBSOCKET_VERSION", "13");
    }
    if let Some(user) = &settings().user {
        variables.extend([("AUTH_TYPE", "Negotiate"), ("AUTH_USER", user)]);
    }
    let value = |value| CString::new(value).unwrap_or_default();
    variables.into_iter().map(|(name, text): (&str, &str)| (name.to_owned(), value(text))).collect()
}
