//! One request between IIS and the core: where its operations begin, and where their completions come.
//!
//! IIS allows one operation at a time and tells of its completion with a call of the module
//! (`OnAsyncCompletion`). A connection that has left HTTP is full duplex: its operations are told of with
//! calls of their own.

mod duplex;
mod reading;
mod writing;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use falconry_features::{BoxError, FeatureError, PlainConnectionLifetime};
use falconry_in_process::{
    Gate, Host, OperationError, OperationSlot, ReadOperation, RequestEnd, WriteOperation,
};
use http::Version;

use self::writing::Writing;
use crate::{
    abi::{HResult, OPERATION_ABORTED},
    native::{Context, NativeServer},
};

/// One request between IIS and the core.
#[derive(Debug)]
pub(crate) struct Exchange {
    context: Context,
    server: NativeServer,
    /// Keeps completions out while a call of IIS is under way.
    pub(crate) gate: Gate,
    /// The operation outstanding; on a full-duplex connection the read.
    reading: OperationSlot,
    /// The write that is outstanding.
    writing: Mutex<Option<Writing>>,
    is_full_duplex: AtomicBool,
    /// The application has asked for the end of the connection.
    close_requested: PlainConnectionLifetime,
    /// True once the core is done with the request. Features that the application may have kept hold the lock
    /// while they call the context.
    finished: Mutex<bool>,
}

impl Exchange {
    pub(crate) fn new(context: Context, server: NativeServer) -> Arc<Self> {
        Arc::new(Self {
            context,
            server,
            gate: Gate::new(),
            reading: OperationSlot::new(),
            writing: Mutex::default(),
            is_full_duplex: AtomicBool::new(false),
            close_requested: PlainConnectionLifetime::default(),
            finished: Mutex::new(false),
        })
    }

    pub(crate) fn context(&self) -> Context {
        self.context
    }

    pub(crate) fn server(&self) -> NativeServer {
        self.server
    }

    /// Where the application asks for the end of the connection.
    pub(crate) fn close_requested(&self) -> PlainConnectionLifetime {
        self.close_requested.clone()
    }

    /// True once the core is done with the request, and IIS is to end it.
    pub(crate) fn is_finished(&self) -> bool {
        *self.finished()
    }

    /// The completion of the operation that is outstanding (`OnAsyncCompletion`).
    pub(crate) fn completed(self: &Arc<Self>, result: HResult, bytes: u32) {
        match self.reading.take() {
            Some(operation) => self.read_completed(operation, result, bytes),
            None => self.write_completed(result),
        }
    }

    /// A server variable; none once the request has ended.
    pub(crate) fn server_variable(&self, name: &str) -> Option<String> {
        let finished = self.finished();
        if *finished { None } else { self.context.server_variable(name) }
    }

    pub(crate) fn set_server_variable(&self, name: &str, value: &str) -> Result<(), FeatureError> {
        let finished = self.finished();
        if *finished {
            return Err(FeatureError::finished("the request has ended"));
        }
        self.context
            .set_server_variable(name, value)
            .map_err(|result| FeatureError::io(format!("IIS refused to set {name}: {result:#010x}")))
    }

    fn version(&self) -> Version {
        self.context.raw_request().map_or(Version::HTTP_11, |request| request.version())
    }

    fn is_full_duplex(&self) -> bool {
        self.is_full_duplex.load(Ordering::Acquire)
    }

    fn finished(&self) -> MutexGuard<'_, bool> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The core's way to IIS.
#[derive(Debug)]
pub(crate) struct IisHost(pub(crate) Arc<Exchange>);

impl Host for IisHost {
    fn begin_read(&self, operation: ReadOperation) {
        self.0.begin_read(operation);
    }

    fn begin_write(&self, operation: WriteOperation) {
        self.0.begin_write(operation);
    }

    fn cancel(&self) {
        self.0.context.cancel_io();
    }

    fn finish(&self, end: RequestEnd) {
        let exchange = &self.0;
        let response = exchange.context.response();
        match end {
            RequestEnd::Aborted { error_code } => {
                // Others of the connection go on, if IIS knows how.
                let code = error_code.or_else(|| internal_error(exchange.version()));
                if !code.is_some_and(|code| response.reset_stream(exchange.server, code)) {
                    response.reset_connection();
                }
            }
            _ if exchange.is_full_duplex() => response.set_need_disconnect(),
            _ => {}
        }
        // Nobody calls the context from here on but this.
        *exchange.finished() = true;
        // The request ends in the call that this brings, which waits for the gate.
        exchange.context.post_completion();
    }

    fn disable_buffering(&self) {
        self.0.context.response().disable_buffering();
        // Compression would hold back, too.
        let _ = self.0.context.set_server_variable("IIS_EnableDynamicCompression", "0");
    }

    fn report(&self, error: &BoxError) {
        let error = &**error as &(dyn std::error::Error + 'static);
        tracing::error!(error, "ApplicationError: the application failed");
    }
}

/// The code of a stream that the server could not go on with (RFC 9113 section 7, RFC 9114 section 8.1); HTTP/1 has no
/// streams.
fn internal_error(version: Version) -> Option<u32> {
    match version {
        Version::HTTP_2 => Some(0x2),
        Version::HTTP_3 => Some(0x102),
        _ => None,
    }
}

/// What a failure means to the core: one that `CancelIo` made, or that the client has gone.
fn operation_error(result: HResult) -> OperationError {
    if result == OPERATION_ABORTED { OperationError::Cancelled } else { OperationError::Disconnected }
}
