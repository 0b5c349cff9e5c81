// What the worker's program gives the objects to work with, and what it asks of them. `../src/objects` in Rust.
#pragma once

#include "iis.hpp"

// Called with the program's own request or connection.
struct Host {
    Pointer (*allocate)(u64 size);
    void (*release)(Pointer);
    void (*unexpected)(String slot);

    Bool (*is_connected)(Pointer connection);

    const void *(*raw_request)(Pointer request);
    u32 (*remaining)(Pointer request);
    HResult (*read)(Pointer request, Pointer buffer, u32 length, AsyncCompletion, Pointer argument, u32 *bytes, Bool *pending);

    HResult (*set_status)(Pointer request, u16 status, String reason, u16 sub_status, Bool skip_pages);
    HResult (*set_header)(Pointer request, String name, String value, u16 length, Bool replace);
    HResult (*delete_header)(Pointer request, String name);
    HResult (*set_trailer)(Pointer request, String name, String value, u16 length);
    void (*clear)(Pointer request);
    void (*need_disconnect)(Pointer request);
    void (*reset)(Pointer request);
    void (*reset_stream)(Pointer request, u32 code);
    void (*need_go_away)(Pointer request);
    HResult (*write)(Pointer request, const void *chunks, u32 count, Bool more, AsyncCompletion, Pointer argument, u32 *bytes, Bool *pending);
    HResult (*flush)(Pointer request, AsyncCompletion, Pointer argument, Bool *pending);

    HResult (*server_variable)(Pointer request, String name, String *value, u32 *length);
    HResult (*set_server_variable)(Pointer request, String name, WideString value);
    void (*enable_full_duplex)(Pointer request);
    HResult (*cancel_io)(Pointer request);
    HResult (*post_completion)(Pointer request, u32 bytes);

    Bool (*is_command_line_launch)();
    // Whether responses have their newest interface.
    Bool (*is_newest)();
    void (*recycle)(WideString reason);
};

#ifdef _WIN32
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

// Loads the module: `register_module` is its RegisterModule.
EXPORT HResult worker_register(const Host *host, RegisterModule register_module);
EXPORT Pointer worker_connection(Pointer connection);
EXPORT void worker_disconnected(Pointer connection);
EXPORT void worker_connection_end(Pointer connection);
// Makes a request's objects.
EXPORT Pointer worker_request(Pointer request, Pointer connection);
// Each gives the module's answer, a RequestStatus.
EXPORT i32 worker_execute(Pointer context);
EXPORT i32 worker_completed(Pointer context, u32 bytes, HResult status);
EXPORT i32 worker_callback(Pointer context, AsyncCompletion callback, Pointer argument, u32 bytes, HResult status);
EXPORT void worker_request_end(Pointer context);
EXPORT void worker_stop_listening();
// `id` is the application's path in the metabase.
EXPORT void worker_application_stop(WideString id);
EXPORT void worker_terminate();
