//! [`LoadedApp`]: the application of a library.

use std::{
    ffi::c_void,
    mem::size_of,
    path::Path,
    ptr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use falconry_features::{BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, Processed};

use super::{LoadError, StartError, library, response};
use crate::abi::{AppTable, HostTable, StartOptions, Str, Waker, code, guard};

/// The application of a library, for a server to run.
///
/// Clones are the same application.
#[derive(Clone, Debug)]
pub struct LoadedApp {
    table: Arc<AppTable>,
}

impl LoadedApp {
    /// Loads the library. It stays until the process ends.
    ///
    /// Libraries run code when they are loaded: name none that is not to run here.
    ///
    /// # Errors
    /// As [`LoadError`] says.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        library::load(path).map(|table| Self { table: Arc::new(table) })
    }

    /// Starts the application, once, and waits until it takes requests. `addresses` are the URLs where the worker
    /// listens; `log` gets what the application has to say, from any thread.
    ///
    /// # Errors
    /// The application failed, or ended before it had started its server; the log says why.
    pub fn start(
        &self,
        addresses: &[String],
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<(), StartError> {
        let log: Log = Box::new(log);
        // It is called until the process ends.
        let log: &'static Log = Box::leak(Box::new(log));
        let host = HostTable {
            size: size_of::<HostTable>() as u32,
            reserved: 0,
            context: ptr::from_ref(log).cast_mut().cast(),
            log: write,
        };
        let addresses: Vec<Str> = addresses.iter().map(|address| Str::new(address.as_bytes())).collect();
        let options = StartOptions {
            size: size_of::<StartOptions>() as u32,
            addresses_len: addresses.len() as u32,
            addresses: addresses.as_ptr(),
        };
        // SAFETY: both are there for the time of the call, and what the host table points to for ever.
        match unsafe { (self.table.start)(&raw const host, &raw const options) } {
            code::OK => Ok(()),
            _ => Err(StartError),
        }
    }

    /// Asks the application to end: it stops its server.
    pub fn request_stop(&self) {
        // SAFETY: the function may be called at any time.
        unsafe { (self.table.request_stop)() }
    }

    /// Completes when the application has ended: true if without an error. For one task at a time.
    pub async fn ended(&self) -> bool {
        std::future::poll_fn(|cx| self.poll_end(cx)).await
    }

    /// Ends the application, whose requests are aborted at the deadline. Blocks.
    pub fn stop(&self, deadline: Duration) {
        let milliseconds = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        // SAFETY: the function may be called at any time.
        unsafe { (self.table.stop)(milliseconds) };
    }

    fn poll_end(&self, cx: &Context<'_>) -> Poll<bool> {
        let waker = Waker::borrowed(cx.waker());
        // SAFETY: the waker is there for the time of the call.
        match unsafe { (self.table.poll_end)(&raw const waker) } {
            code::PENDING => Poll::Pending,
            end => Poll::Ready(end == code::READY),
        }
    }
}

impl HttpApplication for LoadedApp {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        Ok(Box::new(RequestContext { features }))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let table = Arc::clone(&self.table);
        Box::pin(async move {
            let result = response::serve(&table, context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
        std::mem::take(context.features_mut())
    }
}

struct RequestContext {
    features: FeatureCollection,
}

impl HostContext for RequestContext {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.features
    }
}

type Log = Box<dyn Fn(&str) + Send + Sync>;

unsafe extern "C" fn write(context: *mut c_void, _level: u32, text: Str) {
    guard(|| {
        // SAFETY: the context is the one of the table, and the text is there for the time of the call.
        let (log, text) = unsafe { (&*context.cast::<Log>(), text.bytes()) };
        log(&String::from_utf8_lossy(text));
        code::OK
    });
}
