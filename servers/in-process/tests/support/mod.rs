//! A host that is none: the tests complete its operations when they like.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Wake, Waker},
};

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, CatchPanic, FeatureCollection, HostContext, HttpApplication, PlainRequest,
    Processed, Server,
};
use falconry_in_process::{
    Host, InProcessServer, InProcessServerOptions, NativeRequest, OperationError, ReadOperation, ReadResult,
    RequestEnd, RequestHandle, RequestTask, WriteOperation,
};
use http::{HeaderMap, Method, Version};
use tokio::runtime::Runtime;

/// What an application is here.
pub type Handler =
    Box<dyn for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>> + Send + Sync>;

/// A handler as an application; panics are caught unless it says otherwise.
pub struct App {
    pub handler: Arc<Handler>,
    pub catches_panics: bool,
}

struct AppContext(FeatureCollection);

impl HostContext for AppContext {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

impl HttpApplication for App {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        Ok(Box::new(AppContext(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let (handler, catches_panics) = (Arc::clone(&self.handler), self.catches_panics);
        Box::pin(async move {
            let run = handler(context.features_mut());
            let result = if catches_panics { CatchPanic::new(run).await } else { run.await };
            Processed { context, result }
        })
    }

    fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
        std::mem::take(context.features_mut())
    }
}

/// What the host has been asked for, and what it holds.
#[derive(Default)]
pub struct Fake {
    pub events: Vec<String>,
    pub read: Option<ReadOperation>,
    pub write: Option<WriteOperation>,
    /// What reads come to within the call that begins them, as long as there is something here.
    pub inline_reads: VecDeque<(&'static [u8], Result<ReadResult, OperationError>)>,
    /// Writes are complete within the call that begins them.
    pub is_inline: bool,
    /// A cancel completes what is outstanding within the call.
    pub cancels_inline: bool,
    /// All data that was written.
    pub sent: Vec<u8>,
    pub errors: Vec<String>,
    pub end: Option<RequestEnd>,
}

#[derive(Clone, Default)]
pub struct FakeHost(pub Arc<Mutex<Fake>>);

impl FakeHost {
    pub fn lock(&self) -> MutexGuard<'_, Fake> {
        self.0.lock().unwrap()
    }

    pub fn events(&self) -> String {
        std::mem::take(&mut self.lock().events).join(" ")
    }

    pub fn complete_read(&self, data: &[u8], result: Result<ReadResult, OperationError>) {
        let mut operation = self.lock().read.take().expect("a read is outstanding");
        operation.buffer_mut().extend_from_slice(data);
        operation.complete(result);
    }

    pub fn complete_write(&self, result: Result<(), OperationError>) {
        let operation = self.lock().write.take().expect("a write is outstanding");
        operation.complete(result);
    }

    pub fn sent(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.lock().sent)).into_owned()
    }
}

impl Host for FakeHost {
    fn begin_read(&self, mut operation: ReadOperation) {
        let mut fake = self.lock();
        fake.events.push("read".to_owned());
        if let Some((data, result)) = fake.inline_reads.pop_front() {
            drop(fake);
            operation.buffer_mut().extend_from_slice(data);
            return operation.complete(result);
        }
        assert!(fake.read.replace(operation).is_none(), "two reads are outstanding");
    }

    fn begin_write(&self, operation: WriteOperation) {
        let mut fake = self.lock();
        let mut event = "write".to_owned();
        for (status, _) in operation.interim() {
            event += &format!(":{}", status.as_u16());
        }
        if let Some(head) = operation.head() {
            event += &format!(":{}", head.head.status.as_u16());
        }
        let length: usize = operation.chunks().iter().map(Bytes::len).sum();
        event += &format!(":{length}");
        if operation.is_last() {
            event += ":end";
        }
        if let Some(trailers) = operation.trailers() {
            event += &format!(":{}", trailers.len());
        }
        fake.events.push(event);
        operation.chunks().iter().for_each(|chunk| fake.sent.extend_from_slice(chunk));
        if fake.is_inline {
            drop(fake);
            return operation.complete(Ok(()));
        }
        assert!(fake.write.replace(operation).is_none(), "two writes are outstanding");
    }

    fn cancel(&self) {
        let mut fake = self.lock();
        fake.events.push("cancel".to_owned());
        if fake.cancels_inline {
            let (read, write) = (fake.read.take(), fake.write.take());
            drop(fake);
            if let Some(read) = read {
                read.complete(Err(OperationError::Cancelled));
            }
            if let Some(write) = write {
                write.complete(Err(OperationError::Cancelled));
            }
        }
    }

    fn finish(&self, end: RequestEnd) {
        let mut fake = self.lock();
        assert!(fake.read.is_none() && fake.write.is_none(), "finished with operations outstanding");
        assert!(fake.end.replace(end).is_none(), "finished twice");
        fake.events.push("finish".to_owned());
    }

    fn report(&self, error: &BoxError) {
        self.lock().errors.push(error.to_string());
    }
}

/// One request on a server of its own.
pub struct Stage {
    pub host: FakeHost,
    pub server: InProcessServer,
    pub handle: RequestHandle,
    task: Option<RequestTask>,
    woken: Arc<Woken>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Woken(std::sync::atomic::AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// A request with this method and target.
pub fn request(method: Method, target: &str) -> NativeRequest {
    let request =
        PlainRequest::received(method, target, Version::HTTP_11, HeaderMap::new()).expect("it is valid");
    NativeRequest::new(request)
}

impl Stage {
    pub fn new<F>(request: NativeRequest, handler: F) -> Self
    where
        F: for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>>
            + Send
            + Sync
            + 'static,
    {
        Self::with_app(request, App { handler: Arc::new(Box::new(handler)), catches_panics: true })
    }

    /// With an application that lets panics out.
    pub fn unguarded<F>(request: NativeRequest, handler: F) -> Self
    where
        F: for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>>
            + Send
            + Sync
            + 'static,
    {
        Self::with_app(request, App { handler: Arc::new(Box::new(handler)), catches_panics: false })
    }

    fn with_app(request: NativeRequest, app: App) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let server = InProcessServer::new(InProcessServerOptions::default());
        runtime.block_on(server.start(Arc::new(app))).expect("the server starts");
        let host = FakeHost::default();
        let (task, handle) =
            server.accept(request, host.clone(), runtime.handle()).expect("the server has started");
        Self { host, server, handle, task: Some(task), woken: Arc::default(), _runtime: runtime }
    }

    /// Polls the task once; true if it has ended.
    pub fn poll(&mut self) -> bool {
        let Some(task) = &mut self.task else { return true };
        let waker = Waker::from(Arc::clone(&self.woken));
        let is_done = Pin::new(task).poll(&mut Context::from_waker(&waker)).is_ready();
        if is_done {
            self.task = None;
        }
        is_done
    }

    /// Polls the task if it has been woken; true if it has ended.
    pub fn poll_if_woken(&mut self) -> bool {
        assert!(self.woken.0.swap(0, std::sync::atomic::Ordering::SeqCst) > 0, "nothing has woken the task");
        self.poll()
    }

    pub fn is_woken(&self) -> bool {
        self.woken.0.load(std::sync::atomic::Ordering::SeqCst) > 0
    }

    /// Polls as in a loop: on this thread while something wakes the task.
    pub fn poll_here(&mut self) {
        if let Some(task) = self.task.take() {
            task.poll_here(|| ());
        }
    }

    pub fn drop_task(&mut self) {
        self.task = None;
    }

    pub fn end(&self) -> Option<RequestEnd> {
        self.host.lock().end
    }

    pub fn errors(&self) -> Vec<String> {
        self.host.lock().errors.clone()
    }
}

impl Drop for Stage {
    /// A host ends what it holds: operations have the request, and that has the host.
    fn drop(&mut self) {
        self.task = None;
        loop {
            let mut fake = self.host.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let (read, write) = (fake.read.take(), fake.write.take());
            drop(fake);
            if read.is_none() && write.is_none() {
                return;
            }
            if let Some(read) = read {
                read.complete(Err(OperationError::Disconnected));
            }
            if let Some(write) = write {
                write.complete(Err(OperationError::Disconnected));
            }
        }
    }
}
