//! A panic of the application is an error like any other.

use std::{
    any::Any,
    error::Error as StdError,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use crate::BoxError;

/// Runs a future and turns a panic in it into a [`PanicError`].
///
/// What the panicking code was changing may be half changed: drop it, use nothing of it again.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct CatchPanic<F> {
    future: F,
}

impl<F> CatchPanic<F> {
    /// Wraps `future`.
    pub const fn new(future: F) -> Self {
        Self { future }
    }
}

impl<F: Future<Output = Result<(), BoxError>> + Unpin> Future for CatchPanic<F> {
    type Output = Result<(), BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.future).poll(cx))) {
            Ok(poll) => poll,
            Err(payload) => Poll::Ready(Err(PanicError::new(&*payload).into())),
        }
    }
}

/// The application panicked.
#[derive(Debug)]
pub struct PanicError {
    message: String,
}

impl PanicError {
    /// From what [`catch_unwind`] caught.
    pub fn new(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        Self { message }
    }
}

impl fmt::Display for PanicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the application panicked: {}", self.message)
    }
}

impl StdError for PanicError {}
