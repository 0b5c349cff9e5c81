//! The native worker that a host may live in: its server is the host's, and so is its end.

use falconry_features::Server;

use super::{HostError, WebHost};

/// The native worker that this process is.
#[cfg(feature = "in-process")]
#[derive(Clone, Debug)]
pub(super) struct NativeWorker(falconry_in_process::Worker);

/// Without a server for native workers there is none.
#[cfg(not(feature = "in-process"))]
#[derive(Clone, Debug)]
pub(super) enum NativeWorker {}

#[cfg(feature = "in-process")]
impl NativeWorker {
    /// The worker; `None` in a program of its own.
    pub(super) fn current() -> Option<Self> {
        falconry_in_process::Worker::current().map(Self)
    }

    /// The server that hands over the worker's requests, with its name.
    pub(super) fn server(&self) -> (String, Box<dyn Server>) {
        (self.0.name.to_owned(), Box::new(self.0.server.clone()))
    }

    /// Starts `host`, waits until the worker ends or the program asks for the stop, and stops it. Signals are
    /// for the native server, and so is how long its stop may take.
    pub(super) async fn run(&self, host: &WebHost) -> Result<(), HostError> {
        host.start().await?;
        tokio::select! {
            () = self.0.server.stop_requested().cancelled() => {}
            () = host.lifetime().stop_requested().cancelled() => {}
        }
        host.stop(falconry_features::Deadline::never()).await
    }
}

#[cfg(not(feature = "in-process"))]
impl NativeWorker {
    pub(super) fn current() -> Option<Self> {
        None
    }

    pub(super) fn server(&self) -> (String, Box<dyn Server>) {
        match *self {}
    }

    pub(super) async fn run(&self, _host: &WebHost) -> Result<(), HostError> {
        match *self {}
    }
}
