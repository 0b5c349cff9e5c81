// The native interfaces of IIS, in the order of their slots (x64), declared by hand from public documentation.
//
// The compiler makes the tables of functions from this file; `../../src/abi` has them slot by slot. With MSVC's C++
// ABI overloads of one name stand in the reverse order of their declaration. Other ABIs keep the order, so that
// there they are declared the other way round.
#pragma once

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef u32 HResult;
typedef i32 Bool;
typedef void *Pointer;
typedef const char *String;
typedef const u16 *WideString;

#ifdef _MSC_VER
#define OVERLOADS(first, second) first; second;
#else
#define OVERLOADS(first, second) second; first;
#endif
#define METHOD(result, name, ...) virtual result name(__VA_ARGS__) = 0
#define CONST_METHOD(result, name, ...) virtual result name(__VA_ARGS__) const = 0

enum RequestStatus : i32 { Continue = 0, Pending = 1, FinishRequest = 2 };

struct IHttpContext;
struct IHttpContext3;
struct CHttpModule;
struct IHttpCompletionInfo;
typedef RequestStatus (*AsyncCompletion)(IHttpContext3 *, IHttpCompletionInfo *, Pointer);
typedef void (*OverlappedCompletion)(u32, u32, Pointer);

struct IHttpStoredContext {
    METHOD(void, CleanupStoredContext);
};
struct IHttpConnectionStoredContext : IHttpStoredContext {
    METHOD(void, NotifyDisconnect);
};
struct IHttpModuleContextContainer {
    METHOD(IHttpStoredContext *, GetModuleContext, Pointer);
    METHOD(HResult, SetModuleContext, IHttpStoredContext *, Pointer);
};
struct IHttpConnectionModuleContextContainer : IHttpModuleContextContainer {
    METHOD(IHttpConnectionStoredContext *, GetConnectionModuleContext, Pointer);
    METHOD(HResult, SetConnectionModuleContext, IHttpConnectionStoredContext *, Pointer);
};
struct IHttpConnection {
    CONST_METHOD(Bool, IsConnected);
    METHOD(Pointer, AllocateMemory, u32);
    METHOD(IHttpConnectionModuleContextContainer *, GetModuleContextContainer);
};

struct IHttpRequest {
    OVERLOADS(virtual Pointer GetRawHttpRequest() = 0, virtual const void *GetRawHttpRequest() const = 0)
    OVERLOADS(virtual String GetHeader(String, u16 *) const = 0, virtual String GetHeader(i32, u16 *) const = 0)
    OVERLOADS(virtual HResult SetHeader(String, String, u16, Bool) = 0, virtual HResult SetHeader(i32, String, u16, Bool) = 0)
    OVERLOADS(virtual HResult DeleteHeader(String) = 0, virtual HResult DeleteHeader(i32) = 0)
    CONST_METHOD(String, GetHttpMethod);
    METHOD(HResult, SetHttpMethod, String);
    OVERLOADS(virtual HResult SetUrl(WideString, u32, Bool) = 0, virtual HResult SetUrl(String, u32, Bool) = 0)
    CONST_METHOD(Bool, GetUrlChanged);
    CONST_METHOD(WideString, GetForwardedUrl);
    CONST_METHOD(Pointer, GetLocalAddress);
    CONST_METHOD(Pointer, GetRemoteAddress);
    METHOD(HResult, ReadEntityBody, Pointer, u32, Bool, u32 *, Bool *);
    METHOD(HResult, InsertEntityBody, Pointer, u32);
    METHOD(u32, GetRemainingEntityBytes);
    CONST_METHOD(void, GetHttpVersion, u16 *, u16 *);
    METHOD(HResult, GetClientCertificate, Pointer *, Bool *);
    METHOD(HResult, NegotiateClientCertificate, Bool, Bool *);
    CONST_METHOD(u32, GetSiteId);
    METHOD(HResult, GetHeaderChanges, u32, u32 *, String *, u32 *, String **, String **, u32 *, u32 *, u32 **);
};
struct IHttpRequest2 : IHttpRequest {
    METHOD(HResult, GetChannelBindingToken, Pointer *, u32 *);
};
struct IHttpRequest3 : IHttpRequest2 {
    METHOD(HResult, ReadEntityBody, Pointer, u32, Bool, AsyncCompletion, Pointer, u32 *, Bool *);
};
struct IHttpRequest4 : IHttpRequest3 {
    METHOD(HResult, ReadEntityBody, Pointer, u32, Bool, u32, u32 *, Bool *);
};

struct IHttpResponse {
    OVERLOADS(virtual Pointer GetRawHttpResponse() = 0, virtual const void *GetRawHttpResponse() const = 0)
    METHOD(Pointer, GetCachePolicy);
    METHOD(HResult, SetStatus, u16, String, u16, HResult, Pointer, Bool);
    OVERLOADS(virtual HResult SetHeader(String, String, u16, Bool) = 0, virtual HResult SetHeader(i32, String, u16, Bool) = 0)
    OVERLOADS(virtual HResult DeleteHeader(String) = 0, virtual HResult DeleteHeader(i32) = 0)
    OVERLOADS(virtual String GetHeader(String, u16 *) const = 0, virtual String GetHeader(i32, u16 *) const = 0)
    METHOD(void, Clear);
    METHOD(void, ClearHeaders);
    METHOD(void, SetNeedDisconnect);
    METHOD(void, ResetConnection);
    METHOD(void, DisableKernelCache, u32);
    CONST_METHOD(Bool, GetKernelCacheEnabled);
    METHOD(void, SuppressHeaders);
    CONST_METHOD(Bool, GetHeadersSuppressed);
    METHOD(HResult, Flush, Bool, Bool, u32 *, Bool *);
    METHOD(HResult, Redirect, String, Bool, Bool);
    METHOD(HResult, WriteEntityChunkByReference, Pointer, i32);
    METHOD(HResult, WriteEntityChunks, Pointer, u32, Bool, Bool, u32 *, Bool *);
    METHOD(void, DisableBuffering);
    METHOD(void, GetStatus, u16 *, u16 *, String *, u16 *, HResult *, WideString *, u32 *, Pointer *, Bool *);
    METHOD(HResult, SetErrorDescription, WideString, u32, Bool);
    METHOD(WideString, GetErrorDescription, u32 *);
    METHOD(HResult, GetHeaderChanges, u32, u32 *, String *, u32 *, String **, String **, u32 *, u32 *, u32 **);
    METHOD(void, CloseConnection);
};
struct IHttpResponse2 : IHttpResponse {
    METHOD(HResult, WriteEntityChunks, Pointer, u32, Bool, Bool, AsyncCompletion, Pointer, u32 *, Bool *);
    METHOD(HResult, Flush, Bool, Bool, AsyncCompletion, Pointer, u32 *, Bool *);
};
struct IHttpResponse3 : IHttpResponse2 {
    METHOD(HResult, PushPromise, String, WideString, WideString, u32, String *, String *);
};
struct IHttpResponse4 : IHttpResponse3 {
    METHOD(HResult, DeleteTrailer, String);
    CONST_METHOD(String, GetTrailer, String, u16 *);
    METHOD(void, ResetStream, u32);
    METHOD(void, SetNeedGoAway);
    METHOD(HResult, SetTrailer, String, String, u16, Bool);
};

struct IHttpEventProvider {
    METHOD(void, SetErrorStatus, HResult);
};
struct IHttpCompletionInfo {
    CONST_METHOD(u32, GetCompletionBytes);
    CONST_METHOD(HResult, GetCompletionStatus);
};
struct IHttpCompletionInfo2 : IHttpCompletionInfo {
    CONST_METHOD(u32, GetCompletedOperation);
};

struct IHttpContext {
    METHOD(Pointer, GetSite);
    METHOD(Pointer, GetApplication);
    METHOD(IHttpConnection *, GetConnection);
    METHOD(IHttpRequest *, GetRequest);
    METHOD(IHttpResponse *, GetResponse);
    CONST_METHOD(Bool, GetResponseHeadersSent);
    CONST_METHOD(Pointer, GetUser);
    METHOD(Pointer, GetModuleContextContainer);
    METHOD(void, IndicateCompletion, RequestStatus);
    METHOD(HResult, PostCompletion, u32);
    METHOD(void, DisableNotifications, u32, u32);
    METHOD(Bool, GetNextNotification, RequestStatus, u32 *, Bool *, CHttpModule **, IHttpEventProvider **);
    METHOD(Bool, GetIsLastNotification, RequestStatus);
    METHOD(HResult, ExecuteRequest, Bool, IHttpContext *, u32, Pointer, Bool *);
    CONST_METHOD(u32, GetExecuteFlags);
    OVERLOADS(virtual HResult GetServerVariable(String, WideString *, u32 *) = 0, virtual HResult GetServerVariable(String, String *, u32 *) = 0)
    METHOD(HResult, SetServerVariable, String, WideString);
    METHOD(Pointer, AllocateRequestMemory, u32);
    METHOD(Pointer, GetUrlInfo);
    METHOD(Pointer, GetMetadata);
    METHOD(WideString, GetPhysicalPath, u32 *);
    CONST_METHOD(WideString, GetScriptName, u32 *);
    METHOD(WideString, GetScriptTranslated, u32 *);
    CONST_METHOD(Pointer, GetScriptMap);
    METHOD(void, SetRequestHandled);
    CONST_METHOD(Pointer, GetFileInfo);
    METHOD(HResult, MapPath, WideString, u16 *, u32 *);
    METHOD(HResult, NotifyCustomNotification, Pointer, Bool *);
    CONST_METHOD(IHttpContext *, GetParentContext);
    CONST_METHOD(IHttpContext *, GetRootContext);
    METHOD(HResult, CloneContext, u32, IHttpContext **);
    METHOD(HResult, ReleaseClonedContext);
    CONST_METHOD(HResult, GetCurrentExecutionStats, u32 *, u32 *, WideString *, u32 *, u32 *, u32 *);
    CONST_METHOD(Pointer, GetTraceContext);
    METHOD(HResult, GetServerVarChanges, u32, u32 *, u32 *, String **, WideString **, u32 *, u32 **);
    METHOD(HResult, CancelIo);
    METHOD(HResult, MapHandler, u32, WideString, WideString, String, Pointer *, Bool);
    METHOD(HResult, GetExtendedInterface, i32, Pointer *);
};
struct IHttpContext2 : IHttpContext {
    CONST_METHOD(Pointer, GetOriginalUser);
};
struct IHttpContext3 : IHttpContext2 {
    METHOD(Pointer, GetNamedContextContainer);
    METHOD(void, EnableFullDuplex);
    METHOD(HResult, InheritServerVariable, String, Bool);
    METHOD(HResult, PostCompletion, u32, OverlappedCompletion, Pointer);
};

struct IHttpServer {
    CONST_METHOD(Bool, IsCommandLineLaunch);
    CONST_METHOD(WideString, GetAppPoolName);
    METHOD(HResult, AssociateWithThreadPool, Pointer, OverlappedCompletion);
    METHOD(void, IncrementThreadCount);
    METHOD(void, DecrementThreadCount);
    METHOD(void, ReportUnhealthy, WideString, HResult);
    METHOD(void, RecycleProcess, WideString);
    CONST_METHOD(Pointer, GetAdminManager);
    METHOD(HResult, GetFileInfo, WideString, Pointer, Pointer, WideString, Pointer, Bool, Pointer *, Pointer);
    METHOD(HResult, FlushKernelCache, WideString);
    METHOD(HResult, DoCacheOperation, i32, Pointer, Pointer *, Pointer);
    METHOD(i32, NotifyCustomNotification, Pointer);
    METHOD(Pointer, GetPerfCounterInfo);
    METHOD(void, RecycleApplication, WideString);
    METHOD(void, NotifyConfigurationChange, WideString);
    METHOD(void, NotifyFileChange, WideString);
    METHOD(Pointer, DispenseContainer);
    METHOD(HResult, AddFragmentToCache, Pointer, WideString);
    METHOD(HResult, ReadFragmentFromCache, WideString, Pointer, u32, u32 *);
    METHOD(HResult, RemoveFragmentFromCache, WideString);
    METHOD(HResult, GetWorkerProcessSettings, Pointer *);
    METHOD(HResult, GetProtocolManagerCustomInterface, WideString, WideString, u32, Pointer *);
    CONST_METHOD(Bool, SatisfiesPrecondition, WideString, Bool *);
    CONST_METHOD(Pointer, GetTraceContext);
    METHOD(HResult, RegisterFileChangeMonitor, WideString, Pointer, Pointer *);
    METHOD(HResult, GetExtendedInterface, i32, Pointer *);
};
struct IHttpServer2 : IHttpServer {
    METHOD(HResult, GetToken, WideString, WideString, u32, Pointer *, WideString, Pointer, Pointer);
    CONST_METHOD(WideString, GetAppPoolConfigFile, u32 *);
    // An overload in a derived interface has a slot of its own at the end, in every ABI.
    METHOD(HResult, GetExtendedInterface, const void *, Pointer, const void *, Pointer *);
    METHOD(HResult, GetMetadata, WideString, WideString, Pointer *);
    METHOD(HResult, GetWorkerProcessFramework, Pointer *);
};

struct IHttpApplication {
    CONST_METHOD(WideString, GetApplicationPhysicalPath);
    CONST_METHOD(WideString, GetApplicationId);
    CONST_METHOD(WideString, GetAppConfigPath);
    METHOD(Pointer, GetModuleContextContainer);
};
struct IHttpApplicationProvider : IHttpEventProvider {
    METHOD(IHttpApplication *, GetApplication);
};

struct IModuleAllocator {
    METHOD(Pointer, AllocateMemory, u32);
};
struct IHttpModuleFactory {
    METHOD(HResult, GetHttpModule, CHttpModule **, IModuleAllocator *);
    METHOD(void, Terminate);
};
struct CGlobalModule {
    METHOD(i32, OnGlobalStopListening, Pointer);
    METHOD(i32, OnGlobalCacheCleanup, Pointer);
    METHOD(i32, OnGlobalCacheOperation, Pointer);
    METHOD(i32, OnGlobalHealthCheck, Pointer);
    METHOD(i32, OnGlobalConfigurationChange, Pointer);
    METHOD(i32, OnGlobalFileChange, Pointer);
    METHOD(i32, OnGlobalPreBeginRequest, Pointer);
    METHOD(i32, OnGlobalApplicationStart, Pointer);
    METHOD(i32, OnGlobalApplicationResolveModules, Pointer);
    METHOD(i32, OnGlobalApplicationStop, IHttpApplicationProvider *);
    METHOD(i32, OnGlobalRSCAQuery, Pointer);
    METHOD(i32, OnGlobalTraceEvent, Pointer);
    METHOD(i32, OnGlobalCustomNotification, Pointer);
    METHOD(void, Terminate);
    METHOD(i32, OnGlobalThreadCleanup, Pointer);
    METHOD(i32, OnGlobalApplicationPreload, Pointer);
    METHOD(i32, OnSuspendProcess, Pointer *);
};
struct IHttpModuleRegistrationInfo {
    CONST_METHOD(WideString, GetName);
    CONST_METHOD(Pointer, GetId);
    METHOD(HResult, SetRequestNotifications, IHttpModuleFactory *, u32, u32);
    METHOD(HResult, SetGlobalNotifications, CGlobalModule *, u32);
    METHOD(HResult, SetPriorityForRequestNotification, u32, WideString);
    METHOD(HResult, SetPriorityForGlobalNotification, u32, WideString);
};

#define NOTIFICATION(name) METHOD(RequestStatus, name, IHttpContext *, IHttpEventProvider *)
struct CHttpModule {
    NOTIFICATION(OnBeginRequest);
    NOTIFICATION(OnPostBeginRequest);
    NOTIFICATION(OnAuthenticateRequest);
    NOTIFICATION(OnPostAuthenticateRequest);
    NOTIFICATION(OnAuthorizeRequest);
    NOTIFICATION(OnPostAuthorizeRequest);
    NOTIFICATION(OnResolveRequestCache);
    NOTIFICATION(OnPostResolveRequestCache);
    NOTIFICATION(OnMapRequestHandler);
    NOTIFICATION(OnPostMapRequestHandler);
    NOTIFICATION(OnAcquireRequestState);
    NOTIFICATION(OnPostAcquireRequestState);
    NOTIFICATION(OnPreExecuteRequestHandler);
    NOTIFICATION(OnPostPreExecuteRequestHandler);
    NOTIFICATION(OnExecuteRequestHandler);
    NOTIFICATION(OnPostExecuteRequestHandler);
    NOTIFICATION(OnReleaseRequestState);
    NOTIFICATION(OnPostReleaseRequestState);
    NOTIFICATION(OnUpdateRequestCache);
    NOTIFICATION(OnPostUpdateRequestCache);
    NOTIFICATION(OnLogRequest);
    NOTIFICATION(OnPostLogRequest);
    NOTIFICATION(OnEndRequest);
    NOTIFICATION(OnPostEndRequest);
    NOTIFICATION(OnSendResponse);
    NOTIFICATION(OnMapPath);
    NOTIFICATION(OnReadEntity);
    NOTIFICATION(OnCustomRequestNotification);
    METHOD(RequestStatus, OnAsyncCompletion, IHttpContext *, u32, Bool, IHttpEventProvider *, IHttpCompletionInfo *);
    METHOD(void, Dispose);
    // The destructor stands behind; nobody outside calls it.
};

typedef HResult (*RegisterModule)(u32, IHttpModuleRegistrationInfo *, IHttpServer *);
