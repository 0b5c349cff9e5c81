// The objects that IIS hands to modules, over a program of ours. No C++ runtime is needed: there are no exceptions,
// no casts at run time and no static objects with constructors.

#include "host.hpp"

static const HResult OK = 0;
static const HResult NOT_IMPLEMENTED = 0x80004001;
static const HResult NO_INTERFACE = 0x80004002;
static const HResult ALREADY_EXISTS = 0x800700B7;

static const Host *host;

// No module of ours uses these slots: a call means that a table is wrong.
static HResult unexpected(String slot) {
    host->unexpected(slot);
    return NOT_IMPLEMENTED;
}

#define UNUSED(result, name, slot, ...) result name(__VA_ARGS__) override { return (result)(u64)unexpected(slot); }
#define UNUSED_CONST(result, name, slot, ...) result name(__VA_ARGS__) const override { return (result)(u64)unexpected(slot); }
#define UNUSED_VOID_CONST(name, slot, ...) void name(__VA_ARGS__) const override { unexpected(slot); }
#define UNUSED_VOID(name, slot, ...) void name(__VA_ARGS__) override { unexpected(slot); }

struct Place {};
inline void *operator new(decltype(sizeof(0)), Place, void *memory) noexcept { return memory; }
template <class T> static T *make() { return new (Place(), host->allocate(sizeof(T))) T; }

#ifdef _MSC_VER
extern "C" int _purecall() { return (int)unexpected("a pure virtual function"); }
// The loader of MSVC's C runtime would call it; nothing is to be done.
extern "C" int _DllMainCRTStartup(Pointer, u32, Pointer) { return 1; }
extern "C" int _fltused = 0;
#else
extern "C" void __cxa_pure_virtual() { unexpected("a pure virtual function"); }
#endif

struct Request final : IHttpRequest4 {
    Pointer own;

    Pointer GetRawHttpRequest() override { return const_cast<Pointer>(host->raw_request(own)); }
    const void *GetRawHttpRequest() const override { return host->raw_request(own); }
    UNUSED_CONST(String, GetHeader, "IHttpRequest::GetHeader(name)", String, u16 *)
    UNUSED_CONST(String, GetHeader, "IHttpRequest::GetHeader(id)", i32, u16 *)
    UNUSED(HResult, SetHeader, "IHttpRequest::SetHeader(name)", String, String, u16, Bool)
    UNUSED(HResult, SetHeader, "IHttpRequest::SetHeader(id)", i32, String, u16, Bool)
    UNUSED(HResult, DeleteHeader, "IHttpRequest::DeleteHeader(name)", String)
    UNUSED(HResult, DeleteHeader, "IHttpRequest::DeleteHeader(id)", i32)
    UNUSED_CONST(String, GetHttpMethod, "IHttpRequest::GetHttpMethod")
    UNUSED(HResult, SetHttpMethod, "IHttpRequest::SetHttpMethod", String)
    UNUSED(HResult, SetUrl, "IHttpRequest::SetUrl(wide)", WideString, u32, Bool)
    UNUSED(HResult, SetUrl, "IHttpRequest::SetUrl", String, u32, Bool)
    UNUSED_CONST(Bool, GetUrlChanged, "IHttpRequest::GetUrlChanged")
    UNUSED_CONST(WideString, GetForwardedUrl, "IHttpRequest::GetForwardedUrl")
    UNUSED_CONST(Pointer, GetLocalAddress, "IHttpRequest::GetLocalAddress")
    UNUSED_CONST(Pointer, GetRemoteAddress, "IHttpRequest::GetRemoteAddress")
    HResult ReadEntityBody(Pointer buffer, u32 length, Bool is_async, u32 *bytes, Bool *pending) override {
        if (!is_async) return unexpected("IHttpRequest::ReadEntityBody, waiting");
        return host->read(own, buffer, length, nullptr, nullptr, bytes, pending);
    }
    UNUSED(HResult, InsertEntityBody, "IHttpRequest::InsertEntityBody", Pointer, u32)
    u32 GetRemainingEntityBytes() override { return host->remaining(own); }
    UNUSED_VOID_CONST(GetHttpVersion, "IHttpRequest::GetHttpVersion", u16 *, u16 *)
    UNUSED(HResult, GetClientCertificate, "IHttpRequest::GetClientCertificate", Pointer *, Bool *)
    UNUSED(HResult, NegotiateClientCertificate, "IHttpRequest::NegotiateClientCertificate", Bool, Bool *)
    UNUSED_CONST(u32, GetSiteId, "IHttpRequest::GetSiteId")
    UNUSED(HResult, GetHeaderChanges, "IHttpRequest::GetHeaderChanges", u32, u32 *, String *, u32 *, String **, String **, u32 *, u32 *, u32 **)
    UNUSED(HResult, GetChannelBindingToken, "IHttpRequest2::GetChannelBindingToken", Pointer *, u32 *)
    HResult ReadEntityBody(Pointer buffer, u32 length, Bool, AsyncCompletion callback, Pointer argument, u32 *bytes, Bool *pending) override {
        return host->read(own, buffer, length, callback, argument, bytes, pending);
    }
    UNUSED(HResult, ReadEntityBody, "IHttpRequest4::ReadEntityBody", Pointer, u32, Bool, u32, u32 *, Bool *)
};

struct Response final : IHttpResponse4 {
    Pointer own;

    UNUSED(Pointer, GetRawHttpResponse, "IHttpResponse::GetRawHttpResponse")
    UNUSED_CONST(const void *, GetRawHttpResponse, "IHttpResponse::GetRawHttpResponse const")
    UNUSED(Pointer, GetCachePolicy, "IHttpResponse::GetCachePolicy")
    HResult SetStatus(u16 status, String reason, u16 sub_status, HResult, Pointer, Bool skip_pages) override {
        return host->set_status(own, status, reason, sub_status, skip_pages);
    }
    HResult SetHeader(String name, String value, u16 length, Bool replace) override {
        return host->set_header(own, name, value, length, replace);
    }
    UNUSED(HResult, SetHeader, "IHttpResponse::SetHeader(id)", i32, String, u16, Bool)
    HResult DeleteHeader(String name) override { return host->delete_header(own, name); }
    UNUSED(HResult, DeleteHeader, "IHttpResponse::DeleteHeader(id)", i32)
    UNUSED_CONST(String, GetHeader, "IHttpResponse::GetHeader(name)", String, u16 *)
    UNUSED_CONST(String, GetHeader, "IHttpResponse::GetHeader(id)", i32, u16 *)
    void Clear() override { host->clear(own); }
    UNUSED_VOID(ClearHeaders, "IHttpResponse::ClearHeaders")
    void SetNeedDisconnect() override { host->need_disconnect(own); }
    void ResetConnection() override { host->reset(own); }
    UNUSED_VOID(DisableKernelCache, "IHttpResponse::DisableKernelCache", u32)
    UNUSED_CONST(Bool, GetKernelCacheEnabled, "IHttpResponse::GetKernelCacheEnabled")
    UNUSED_VOID(SuppressHeaders, "IHttpResponse::SuppressHeaders")
    UNUSED_CONST(Bool, GetHeadersSuppressed, "IHttpResponse::GetHeadersSuppressed")
    HResult Flush(Bool is_async, Bool, u32 *bytes, Bool *pending) override {
        if (!is_async) return unexpected("IHttpResponse::Flush, waiting");
        *bytes = 0;
        return host->flush(own, nullptr, nullptr, pending);
    }
    UNUSED(HResult, Redirect, "IHttpResponse::Redirect", String, Bool, Bool)
    UNUSED(HResult, WriteEntityChunkByReference, "IHttpResponse::WriteEntityChunkByReference", Pointer, i32)
    HResult WriteEntityChunks(Pointer chunks, u32 count, Bool is_async, Bool more, u32 *bytes, Bool *pending) override {
        if (!is_async) return unexpected("IHttpResponse::WriteEntityChunks, waiting");
        return host->write(own, chunks, count, more, nullptr, nullptr, bytes, pending);
    }
    // Nothing is held back here.
    void DisableBuffering() override {}
    UNUSED_VOID(GetStatus, "IHttpResponse::GetStatus", u16 *, u16 *, String *, u16 *, HResult *, WideString *, u32 *, Pointer *, Bool *)
    UNUSED(HResult, SetErrorDescription, "IHttpResponse::SetErrorDescription", WideString, u32, Bool)
    UNUSED(WideString, GetErrorDescription, "IHttpResponse::GetErrorDescription", u32 *)
    UNUSED(HResult, GetHeaderChanges, "IHttpResponse::GetHeaderChanges", u32, u32 *, String *, u32 *, String **, String **, u32 *, u32 *, u32 **)
    UNUSED_VOID(CloseConnection, "IHttpResponse::CloseConnection")
    HResult WriteEntityChunks(Pointer chunks, u32 count, Bool, Bool more, AsyncCompletion callback, Pointer argument, u32 *bytes, Bool *pending) override {
        return host->write(own, chunks, count, more, callback, argument, bytes, pending);
    }
    HResult Flush(Bool, Bool, AsyncCompletion callback, Pointer argument, u32 *bytes, Bool *pending) override {
        *bytes = 0;
        return host->flush(own, callback, argument, pending);
    }
    UNUSED(HResult, PushPromise, "IHttpResponse3::PushPromise", String, WideString, WideString, u32, String *, String *)
    UNUSED(HResult, DeleteTrailer, "IHttpResponse4::DeleteTrailer", String)
    UNUSED_CONST(String, GetTrailer, "IHttpResponse4::GetTrailer", String, u16 *)
    void ResetStream(u32 code) override { host->reset_stream(own, code); }
    void SetNeedGoAway() override { host->need_go_away(own); }
    HResult SetTrailer(String name, String value, u16 length, Bool) override {
        return host->set_trailer(own, name, value, length);
    }
};

struct Container final : IHttpConnectionModuleContextContainer {
    IHttpConnectionStoredContext *stored;

    UNUSED(IHttpStoredContext *, GetModuleContext, "IHttpModuleContextContainer::GetModuleContext", Pointer)
    UNUSED(HResult, SetModuleContext, "IHttpModuleContextContainer::SetModuleContext", IHttpStoredContext *, Pointer)
    IHttpConnectionStoredContext *GetConnectionModuleContext(Pointer) override { return stored; }
    HResult SetConnectionModuleContext(IHttpConnectionStoredContext *context, Pointer) override {
        if (stored) return ALREADY_EXISTS;
        stored = context;
        return OK;
    }
};

struct Connection final : IHttpConnection {
    Pointer own;
    Container container;

    Bool IsConnected() const override { return host->is_connected(own); }
    UNUSED(Pointer, AllocateMemory, "IHttpConnection::AllocateMemory", u32)
    IHttpConnectionModuleContextContainer *GetModuleContextContainer() override { return &container; }
};

struct Provider final : IHttpEventProvider {
    void SetErrorStatus(HResult) override {}
};

struct Completion final : IHttpCompletionInfo2 {
    u32 bytes;
    HResult status;

    u32 GetCompletionBytes() const override { return bytes; }
    HResult GetCompletionStatus() const override { return status; }
    UNUSED_CONST(u32, GetCompletedOperation, "IHttpCompletionInfo2::GetCompletedOperation")
};

struct Context final : IHttpContext3 {
    Pointer own;
    Connection *connection;
    Request request;
    Response response;
    Provider provider;
    CHttpModule *module;

    UNUSED(Pointer, GetSite, "IHttpContext::GetSite")
    UNUSED(Pointer, GetApplication, "IHttpContext::GetApplication")
    IHttpConnection *GetConnection() override { return connection; }
    IHttpRequest *GetRequest() override { return &request; }
    IHttpResponse *GetResponse() override { return &response; }
    UNUSED_CONST(Bool, GetResponseHeadersSent, "IHttpContext::GetResponseHeadersSent")
    UNUSED_CONST(Pointer, GetUser, "IHttpContext::GetUser")
    UNUSED(Pointer, GetModuleContextContainer, "IHttpContext::GetModuleContextContainer")
    UNUSED_VOID(IndicateCompletion, "IHttpContext::IndicateCompletion", RequestStatus)
    HResult PostCompletion(u32 bytes) override { return host->post_completion(own, bytes); }
    UNUSED_VOID(DisableNotifications, "IHttpContext::DisableNotifications", u32, u32)
    UNUSED(Bool, GetNextNotification, "IHttpContext::GetNextNotification", RequestStatus, u32 *, Bool *, CHttpModule **, IHttpEventProvider **)
    UNUSED(Bool, GetIsLastNotification, "IHttpContext::GetIsLastNotification", RequestStatus)
    UNUSED(HResult, ExecuteRequest, "IHttpContext::ExecuteRequest", Bool, IHttpContext *, u32, Pointer, Bool *)
    UNUSED_CONST(u32, GetExecuteFlags, "IHttpContext::GetExecuteFlags")
    UNUSED(HResult, GetServerVariable, "IHttpContext::GetServerVariable(wide)", String, WideString *, u32 *)
    HResult GetServerVariable(String name, String *value, u32 *length) override {
        return host->server_variable(own, name, value, length);
    }
    HResult SetServerVariable(String name, WideString value) override {
        return host->set_server_variable(own, name, value);
    }
    UNUSED(Pointer, AllocateRequestMemory, "IHttpContext::AllocateRequestMemory", u32)
    UNUSED(Pointer, GetUrlInfo, "IHttpContext::GetUrlInfo")
    UNUSED(Pointer, GetMetadata, "IHttpContext::GetMetadata")
    UNUSED(WideString, GetPhysicalPath, "IHttpContext::GetPhysicalPath", u32 *)
    UNUSED_CONST(WideString, GetScriptName, "IHttpContext::GetScriptName", u32 *)
    UNUSED(WideString, GetScriptTranslated, "IHttpContext::GetScriptTranslated", u32 *)
    UNUSED_CONST(Pointer, GetScriptMap, "IHttpContext::GetScriptMap")
    UNUSED_VOID(SetRequestHandled, "IHttpContext::SetRequestHandled")
    UNUSED_CONST(Pointer, GetFileInfo, "IHttpContext::GetFileInfo")
    UNUSED(HResult, MapPath, "IHttpContext::MapPath", WideString, u16 *, u32 *)
    UNUSED(HResult, NotifyCustomNotification, "IHttpContext::NotifyCustomNotification", Pointer, Bool *)
    UNUSED_CONST(IHttpContext *, GetParentContext, "IHttpContext::GetParentContext")
    UNUSED_CONST(IHttpContext *, GetRootContext, "IHttpContext::GetRootContext")
    UNUSED(HResult, CloneContext, "IHttpContext::CloneContext", u32, IHttpContext **)
    UNUSED(HResult, ReleaseClonedContext, "IHttpContext::ReleaseClonedContext")
    UNUSED_CONST(HResult, GetCurrentExecutionStats, "IHttpContext::GetCurrentExecutionStats", u32 *, u32 *, WideString *, u32 *, u32 *, u32 *)
    UNUSED_CONST(Pointer, GetTraceContext, "IHttpContext::GetTraceContext")
    UNUSED(HResult, GetServerVarChanges, "IHttpContext::GetServerVarChanges", u32, u32 *, u32 *, String **, WideString **, u32 *, u32 **)
    HResult CancelIo() override { return host->cancel_io(own); }
    UNUSED(HResult, MapHandler, "IHttpContext::MapHandler", u32, WideString, WideString, String, Pointer *, Bool)
    UNUSED(HResult, GetExtendedInterface, "IHttpContext::GetExtendedInterface", i32, Pointer *)
    UNUSED_CONST(Pointer, GetOriginalUser, "IHttpContext2::GetOriginalUser")
    UNUSED(Pointer, GetNamedContextContainer, "IHttpContext3::GetNamedContextContainer")
    void EnableFullDuplex() override { host->enable_full_duplex(own); }
    UNUSED(HResult, InheritServerVariable, "IHttpContext3::InheritServerVariable", String, Bool)
    UNUSED(HResult, PostCompletion, "IHttpContext3::PostCompletion", u32, OverlappedCompletion, Pointer)
};

struct Server final : IHttpServer2 {
    Bool IsCommandLineLaunch() const override { return host->is_command_line_launch(); }
    WideString GetAppPoolName() const override {
        static const u16 name[] = {'t', 'e', 's', 't', 's', 0};
        return name;
    }
    UNUSED(HResult, AssociateWithThreadPool, "IHttpServer::AssociateWithThreadPool", Pointer, OverlappedCompletion)
    UNUSED_VOID(IncrementThreadCount, "IHttpServer::IncrementThreadCount")
    UNUSED_VOID(DecrementThreadCount, "IHttpServer::DecrementThreadCount")
    UNUSED_VOID(ReportUnhealthy, "IHttpServer::ReportUnhealthy", WideString, HResult)
    void RecycleProcess(WideString reason) override { host->recycle(reason); }
    UNUSED_CONST(Pointer, GetAdminManager, "IHttpServer::GetAdminManager")
    UNUSED(HResult, GetFileInfo, "IHttpServer::GetFileInfo", WideString, Pointer, Pointer, WideString, Pointer, Bool, Pointer *, Pointer)
    UNUSED(HResult, FlushKernelCache, "IHttpServer::FlushKernelCache", WideString)
    UNUSED(HResult, DoCacheOperation, "IHttpServer::DoCacheOperation", i32, Pointer, Pointer *, Pointer)
    UNUSED(i32, NotifyCustomNotification, "IHttpServer::NotifyCustomNotification", Pointer)
    UNUSED(Pointer, GetPerfCounterInfo, "IHttpServer::GetPerfCounterInfo")
    UNUSED_VOID(RecycleApplication, "IHttpServer::RecycleApplication", WideString)
    UNUSED_VOID(NotifyConfigurationChange, "IHttpServer::NotifyConfigurationChange", WideString)
    UNUSED_VOID(NotifyFileChange, "IHttpServer::NotifyFileChange", WideString)
    UNUSED(Pointer, DispenseContainer, "IHttpServer::DispenseContainer")
    UNUSED(HResult, AddFragmentToCache, "IHttpServer::AddFragmentToCache", Pointer, WideString)
    UNUSED(HResult, ReadFragmentFromCache, "IHttpServer::ReadFragmentFromCache", WideString, Pointer, u32, u32 *)
    UNUSED(HResult, RemoveFragmentFromCache, "IHttpServer::RemoveFragmentFromCache", WideString)
    UNUSED(HResult, GetWorkerProcessSettings, "IHttpServer::GetWorkerProcessSettings", Pointer *)
    UNUSED(HResult, GetProtocolManagerCustomInterface, "IHttpServer::GetProtocolManagerCustomInterface", WideString, WideString, u32, Pointer *)
    UNUSED_CONST(Bool, SatisfiesPrecondition, "IHttpServer::SatisfiesPrecondition", WideString, Bool *)
    UNUSED_CONST(Pointer, GetTraceContext, "IHttpServer::GetTraceContext")
    UNUSED(HResult, RegisterFileChangeMonitor, "IHttpServer::RegisterFileChangeMonitor", WideString, Pointer, Pointer *)
    HResult GetExtendedInterface(i32 version, Pointer *newer) override {
        *newer = version == 0 ? (Pointer)(IHttpServer2 *)this : nullptr;
        return version == 0 ? OK : NO_INTERFACE;
    }
    UNUSED(HResult, GetToken, "IHttpServer2::GetToken", WideString, WideString, u32, Pointer *, WideString, Pointer, Pointer)
    WideString GetAppPoolConfigFile(u32 *length) const override {
        static const u16 path[] = {'t', 'e', 's', 't', 's', '.', 'c', 'o', 'n', 'f', 'i', 'g', 0};
        *length = 12;
        return path;
    }
    // The objects have their newest interfaces from the start.
    HResult GetExtendedInterface(const void *, Pointer object, const void *, Pointer *newer) override {
        *newer = host->is_newest() ? object : nullptr;
        return *newer ? OK : NO_INTERFACE;
    }
    UNUSED(HResult, GetMetadata, "IHttpServer2::GetMetadata", WideString, WideString, Pointer *)
    UNUSED(HResult, GetWorkerProcessFramework, "IHttpServer2::GetWorkerProcessFramework", Pointer *)
};

struct Allocator final : IModuleAllocator {
    UNUSED(Pointer, AllocateMemory, "IModuleAllocator::AllocateMemory", u32)
};

struct Application final : IHttpApplication {
    WideString id;

    UNUSED_CONST(WideString, GetApplicationPhysicalPath, "IHttpApplication::GetApplicationPhysicalPath")
    WideString GetApplicationId() const override { return id; }
    UNUSED_CONST(WideString, GetAppConfigPath, "IHttpApplication::GetAppConfigPath")
    UNUSED(Pointer, GetModuleContextContainer, "IHttpApplication::GetModuleContextContainer")
};

struct ApplicationProvider final : IHttpApplicationProvider {
    Application application;

    void SetErrorStatus(HResult) override {}
    IHttpApplication *GetApplication() override { return &application; }
};

struct Registration final : IHttpModuleRegistrationInfo {
    IHttpModuleFactory *factory;
    CGlobalModule *global;
    u32 notifications;

    WideString GetName() const override {
        static const u16 name[] = {'f', 'a', 'l', 'c', 'o', 'n', 'r', 'y', 0};
        return name;
    }
    Pointer GetId() const override { return (Pointer)0x4242; }
    HResult SetRequestNotifications(IHttpModuleFactory *given, u32, u32) override {
        factory = given;
        return OK;
    }
    HResult SetGlobalNotifications(CGlobalModule *given, u32 wanted) override {
        global = given;
        notifications = wanted;
        return OK;
    }
    UNUSED(HResult, SetPriorityForRequestNotification, "IHttpModuleRegistrationInfo::SetPriorityForRequestNotification", u32, WideString)
    UNUSED(HResult, SetPriorityForGlobalNotification, "IHttpModuleRegistrationInfo::SetPriorityForGlobalNotification", u32, WideString)
};

static Registration *registration;
static Allocator *allocator;

EXPORT HResult worker_register(const Host *given, RegisterModule register_module) {
    const u32 IIS_10 = 10;
    host = given;
    registration = make<Registration>();
    allocator = make<Allocator>();
    HResult result = register_module(IIS_10, registration, make<Server>());
    return result == OK && !registration->factory ? NOT_IMPLEMENTED : result;
}

EXPORT Pointer worker_connection(Pointer own) {
    Connection *connection = make<Connection>();
    connection->own = own;
    return connection;
}

EXPORT void worker_disconnected(Pointer connection) {
    IHttpConnectionStoredContext *stored = ((Connection *)connection)->container.stored;
    if (stored) stored->NotifyDisconnect();
}

EXPORT void worker_connection_end(Pointer connection) {
    IHttpConnectionStoredContext *stored = ((Connection *)connection)->container.stored;
    if (stored) stored->CleanupStoredContext();
    host->release(connection);
}

EXPORT Pointer worker_request(Pointer own, Pointer connection) {
    Context *context = make<Context>();
    context->own = own;
    context->request.own = own;
    context->response.own = own;
    context->connection = (Connection *)connection;
    HResult result = registration->factory->GetHttpModule(&context->module, allocator);
    if (result == OK) return context;
    host->release(context);
    return nullptr;
}

EXPORT i32 worker_execute(Pointer context) {
    Context *request = (Context *)context;
    return request->module->OnExecuteRequestHandler(request, &request->provider);
}

EXPORT i32 worker_completed(Pointer context, u32 bytes, HResult status) {
    const u32 EXECUTE_REQUEST_HANDLER = 0x80;
    Context *request = (Context *)context;
    Completion completion;
    completion.bytes = bytes;
    completion.status = status;
    return request->module->OnAsyncCompletion(request, EXECUTE_REQUEST_HANDLER, 0, &request->provider, &completion);
}

EXPORT i32 worker_callback(Pointer context, AsyncCompletion callback, Pointer argument, u32 bytes, HResult status) {
    Completion completion;
    completion.bytes = bytes;
    completion.status = status;
    return callback((Context *)context, &completion, argument);
}

EXPORT void worker_request_end(Pointer context) {
    ((Context *)context)->module->Dispose();
    host->release(context);
}

EXPORT void worker_stop_listening() {
    const u32 STOP_LISTENING = 0x2;
    if (registration->notifications & STOP_LISTENING) registration->global->OnGlobalStopListening(nullptr);
}

EXPORT void worker_application_stop(WideString id) {
    const u32 APPLICATION_STOP = 0x800;
    ApplicationProvider provider;
    provider.application.id = id;
    if (registration->notifications & APPLICATION_STOP) registration->global->OnGlobalApplicationStop(&provider);
}

EXPORT void worker_terminate() {
    if (registration->global) registration->global->Terminate();
    registration->factory->Terminate();
}
