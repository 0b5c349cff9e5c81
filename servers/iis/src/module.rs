//! The module as IIS sees it: a factory, an object per request, and one for the worker's own events.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use http::StatusCode;

use crate::{
    abi::{
        ApplicationProviderVtable, Bool, CompletionInfoVtable, ContextVtable, GlobalModuleVtable, HResult,
        Interface, ModuleFactoryVtable, ModuleVtable, Pointer, S_OK, call,
        module::{GlobalNotification, RequestNotification},
        status,
    },
    app::App,
    connection::Watch,
    exchange::{Exchange, IisHost},
    native::{Context, stopped_application_id},
    request::native_request,
};

/// The object of one request (`CHttpModule`). IIS calls it from any thread, and while another call is under way.
#[repr(C)]
struct Module {
    vtable: *const ModuleVtable,
    exchange: OnceLock<Arc<Exchange>>,
    watch: Mutex<Option<Watch>>,
}

/// An object of IIS that has no state of its own.
#[repr(transparent)]
pub(crate) struct Stateless<V: 'static>(Interface<V>);

// SAFETY: the table is read only.
unsafe impl<V> Sync for Stateless<V> {}

impl<V> Stateless<V> {
    pub(crate) fn as_interface(&'static self) -> *const Interface<V> {
        &raw const self.0
    }
}

pub(crate) static FACTORY: Stateless<ModuleFactoryVtable> =
    Stateless(Interface { vtable: &raw const FACTORY_VTABLE });
pub(crate) static GLOBAL_MODULE: Stateless<GlobalModuleVtable> =
    Stateless(Interface { vtable: &raw const GLOBAL_VTABLE });

static FACTORY_VTABLE: ModuleFactoryVtable = ModuleFactoryVtable { module: new_module, terminate };
static GLOBAL_VTABLE: GlobalModuleVtable = GlobalModuleVtable {
    stop_listening,
    before: [global_continue as GlobalNotification; 8],
    application_stop,
    after: [global_continue as GlobalNotification; 3],
    terminate,
    last: [global_continue as GlobalNotification; 3],
};
static MODULE_VTABLE: ModuleVtable = ModuleVtable {
    before: [request_continue as RequestNotification; 14],
    execute_request_handler,
    after: [request_continue as RequestNotification; 13],
    async_completion,
    dispose,
    destructor,
};

/// A panic must not cross into IIS: it ends the worker.
pub(crate) fn guarded<T>(otherwise: T, call: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        tracing::error!("a call of IIS panicked");
        otherwise
    })
}

impl Module {
    /// Hands a request to the application. What the call of IIS is answered with.
    fn execute(&self, context: Context) -> i32 {
        let app = match App::of_worker(&context) {
            Ok(app) => app,
            Err(failure) => return failure.answer(&context),
        };
        let exchange = self.exchange.get_or_init(|| Exchange::new(context, app.native_server()));
        let native = match native_request(exchange, app.path_base()) {
            Ok(native) => native,
            Err(refused) => return answer(&context, refused.status()),
        };
        // Completions may come before this call has returned.
        let held = exchange.gate.hold();
        let accepted = app.server().accept(native, IisHost(Arc::clone(exchange)), app.runtime());
        let Ok((task, handle)) = accepted else { return answer(&context, StatusCode::SERVICE_UNAVAILABLE) };
        *self.watch() = Watch::new(&context, app.module_id(), handle);
        task.poll_here(|| {});
        drop(held);
        status::PENDING
    }

    fn completed(&self, result: HResult, bytes: u32) -> i32 {
        let Some(exchange) = self.exchange.get() else { return status::CONTINUE };
        // Until the call that began the operation is over, and before the next completion.
        let held = exchange.gate.hold();
        if exchange.is_finished() {
            *self.watch() = None;
            return status::FINISH_REQUEST;
        }
        exchange.completed(result, bytes);
        drop(held);
        status::PENDING
    }

    fn watch(&self) -> MutexGuard<'_, Option<Watch>> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a request that does not reach the application.
fn answer(context: &Context, status: StatusCode) -> i32 {
    // IIS writes its own page where it has one.
    let _ = context.response().set_status(status, status.canonical_reason().unwrap_or_default());
    status::FINISH_REQUEST
}

unsafe extern "system" fn new_module(_: Pointer, module: *mut Pointer, _allocator: Pointer) -> HResult {
    guarded(crate::abi::E_FAIL, || {
        let new = Box::into_raw(Box::new(Module {
            vtable: &raw const MODULE_VTABLE,
            exchange: OnceLock::new(),
            watch: Mutex::default(),
        }));
        // SAFETY: IIS gives a place for it, and calls `dispose` when it is done.
        unsafe { *module = new.cast() };
        S_OK
    })
}

unsafe extern "system" fn execute_request_handler(
    this: Pointer,
    context: *mut Interface<ContextVtable>,
    _provider: Pointer,
) -> i32 {
    guarded(status::FINISH_REQUEST, || {
        // SAFETY: IIS calls with the object that it was given.
        let module = unsafe { &*this.cast::<Module>() };
        // SAFETY: the request begins here; the module uses the context until it answers FINISH_REQUEST.
        let Some(context) = (unsafe { Context::new(context) }) else { return status::CONTINUE };
        module.execute(context)
    })
}

unsafe extern "system" fn async_completion(
    this: Pointer,
    _context: *mut Interface<ContextVtable>,
    _notification: u32,
    _is_post: Bool,
    _provider: Pointer,
    info: *mut Interface<CompletionInfoVtable>,
) -> i32 {
    guarded(status::FINISH_REQUEST, || {
        // SAFETY: IIS tells of one completion, with the object that it was given.
        let (result, bytes, module) =
            unsafe { (call!(info, status()), call!(info, bytes()), &*this.cast::<Module>()) };
        module.completed(result, bytes)
    })
}

unsafe extern "system" fn dispose(this: Pointer) {
    // SAFETY: IIS gives back what it was given, once.
    guarded((), || drop(unsafe { Box::from_raw(this.cast::<Module>()) }));
}

unsafe extern "system" fn destructor(this: Pointer, _flags: u32) -> Pointer {
    this
}

unsafe extern "system" fn request_continue(
    _: Pointer,
    _context: *mut Interface<ContextVtable>,
    _provider: Pointer,
) -> i32 {
    status::CONTINUE
}

unsafe extern "system" fn global_continue(_: Pointer, _provider: Pointer) -> i32 {
    status::CONTINUE
}

unsafe extern "system" fn stop_listening(_: Pointer, _provider: Pointer) -> i32 {
    guarded(status::CONTINUE, || {
        // At once: IIS hands over requests as long as this lasts.
        App::started().inspect(|app| app.stop());
        status::CONTINUE
    })
}

unsafe extern "system" fn application_stop(
    _: Pointer,
    provider: *mut Interface<ApplicationProviderVtable>,
) -> i32 {
    guarded(status::CONTINUE, || {
        // SAFETY: IIS calls with what it gives for this notification.
        let id = unsafe { stopped_application_id(provider) };
        if let (Some(app), Some(id)) = (App::started(), id) {
            app.application_stopped(&id);
        }
        status::CONTINUE
    })
}

/// Comes last, to the global module and the factory.
unsafe extern "system" fn terminate(_: Pointer) {
    guarded((), || {
        App::started().inspect(|app| app.terminate());
    });
}
