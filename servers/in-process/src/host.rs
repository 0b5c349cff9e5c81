//! [`Host`]: what the core asks of a native host for one request.

use falconry_features::BoxError;

use crate::{ReadOperation, WriteOperation};

/// One request as the native host has it: where its operations begin.
///
/// The core calls from any thread: the host's own, if that polls the application, or one of the
/// runtime. No call may wait for something; a host with an event loop passes the call on to it.
///
/// # Operations
///
/// An operation is a value that owns its buffers. The host keeps it until the native server is done
/// with them, then completes it: within the call that began it, later, or on another thread, as it
/// comes. A read or a write that is dropped without a completion counts as one whose client has gone.
///
/// At most one read and one write are outstanding, and never both unless the request is
/// [`full_duplex`](crate::NativeRequest::full_duplex): then a read is cancelled when there is something to
/// write, and begun again afterwards.
///
/// # The end
///
/// [`finish`](Self::finish) comes once, after the last operation has been completed; the core has
/// cancelled and awaited what was outstanding. Nothing of the host is called after it.
pub trait Host: Send + Sync + 'static {
    /// Begins to read what comes next of the request's body; after an upgrade, of the connection.
    fn begin_read(&self, operation: ReadOperation);

    /// Begins to send what the operation has: interim responses, the head, data, the end.
    fn begin_write(&self, operation: WriteOperation);

    /// Asks for the outstanding operations to be given up (`CancelIo`). They are still completed:
    /// with [`OperationError::Cancelled`](crate::OperationError::Cancelled), or as they were if that came
    /// first. There may be none left.
    fn cancel(&self);

    /// Ends the request.
    fn finish(&self, end: RequestEnd);

    /// Asks that nothing be held back in front of the client. Default: no effect.
    fn disable_buffering(&self) {}

    /// The application ended with `error`: worth a line in the host's log.
    fn report(&self, error: &BoxError);
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestEnd {
    /// The response was sent to its end; after an upgrade, the connection is not needed any more.
    Complete,
    /// The client must not take what it got for a whole response: the connection is closed, the
    /// stream is reset.
    Aborted {
        /// What the application gave to `HttpResetFeature`; `None` leaves it to the host
        /// (`INTERNAL_ERROR`).
        error_code: Option<u32>,
    },
    /// The client had gone before.
    Disconnected,
}
