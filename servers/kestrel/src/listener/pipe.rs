//! Named pipes (Windows): several instances wait for clients, and one that has got its client is replaced.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

use crate::{NamedPipeTransportOptions, transport::PipeStream};

/// `ERROR_ACCESS_DENIED`: what the first instance of a pipe fails with if there is one of that name.
const ACCESS_DENIED: i32 = 5;

/// A pipe that clients connect to.
pub(super) struct PipeListener {
    /// With the `\\.\pipe\` before it.
    name: Arc<str>,
    options: NamedPipeTransportOptions,
    /// None where an instance could not be replaced yet.
    instances: Mutex<Vec<Option<Instance>>>,
}

/// Ready when its client has come.
type Instance = Pin<Box<dyn Future<Output = io::Result<NamedPipeServer>> + Send>>;

impl PipeListener {
    /// `name` without the `\\.\pipe\` before it.
    ///
    /// # Errors
    /// [`AddrInUse`](io::ErrorKind::AddrInUse): there is a pipe of that name.
    pub(super) fn new(name: &str, options: &NamedPipeTransportOptions) -> io::Result<Self> {
        let this = Self {
            name: format!(r"\\.\pipe\{name}").into(),
            options: options.clone(),
            instances: Mutex::default(),
        };
        let first = this.make(true).map_err(|error| match error.raw_os_error() {
            Some(ACCESS_DENIED) => io::Error::new(io::ErrorKind::AddrInUse, error),
            _ => error,
        })?;
        let mut instances = vec![Some(first)];
        for _ in 1..options.listener_queue_count {
            instances.push(Some(this.make(false)?));
        }
        Ok(Self { instances: Mutex::new(instances), ..this })
    }

    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<PipeStream>> {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in instances.iter_mut() {
            let mut instance = match slot.take() {
                Some(instance) => instance,
                None => self.make(false)?,
            };
            let Poll::Ready(connected) = instance.as_mut().poll(cx) else {
                *slot = Some(instance);
                continue;
            };
            // Before anything is done with this one: the name must not vanish in between. If it fails now, it is tried
            // again when it is needed.
            *slot = self.make(false).ok();
            return Poll::Ready(connected.map(|pipe| PipeStream::new(pipe, Arc::clone(&self.name))));
        }
        Poll::Pending
    }

    fn make(&self, is_first: bool) -> io::Result<Instance> {
        let pipe = ServerOptions::new()
            .first_pipe_instance(is_first)
            .in_buffer_size(self.options.max_read_buffer_size)
            .out_buffer_size(self.options.max_write_buffer_size)
            .create(&*self.name)?;
        Ok(Box::pin(async move {
            pipe.connect().await?;
            Ok(pipe)
        }))
    }
}

impl fmt::Debug for PipeListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeListener").field("name", &self.name).finish_non_exhaustive()
    }
}
