//! The native interfaces of IIS as their binary layout is, slot by slot (x64, MSVC C++ ABI).
//!
//! An interface is an object whose first word points to a table of functions; a slot is a function's
//! place in it. MSVC puts the overloads of one name in the reverse order of their declaration, and adds
//! those of a derived interface at its end. Slots that are not called are padding. The assertions at the
//! end of each file pin the offsets; `worker/` has the same interfaces in C++, whose layout a compiler makes.

mod application;
mod connection;
pub(crate) mod context;
pub(crate) mod module;
pub(crate) mod registration;
mod request;
pub(crate) mod response;
mod server;

use std::ffi::c_void;

pub(crate) use self::{
    application::ApplicationProviderVtable,
    connection::{ConnectionVtable, StoredContextVtable},
    context::{CompletionInfoVtable, Context3Vtable, ContextVtable},
    module::{GlobalModuleVtable, ModuleFactoryVtable, ModuleVtable},
    registration::RegistrationInfoVtable,
    request::{Request3Vtable, RequestVtable},
    response::{Response2Vtable, Response4Vtable, ResponseVtable},
    server::{Server2Vtable, ServerVtable},
};

/// `HRESULT`: negative is a failure.
pub(crate) type HResult = i32;
/// `BOOL`.
pub(crate) type Bool = i32;
/// `this`, or any other pointer whose type is of no account.
pub(crate) type Pointer = *mut c_void;

pub(crate) const S_OK: HResult = 0;
pub(crate) const E_FAIL: HResult = 0x8000_4005_u32 as HResult;
/// `HRESULT_FROM_WIN32(ERROR_HANDLE_EOF)`: the request has no more body.
pub(crate) const END_OF_BODY: HResult = 0x8007_0026_u32 as HResult;
/// `HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED)`: `CancelIo` gave the operation up.
pub(crate) const OPERATION_ABORTED: HResult = 0x8007_03E3_u32 as HResult;

/// `REQUEST_NOTIFICATION_STATUS`.
pub(crate) mod status {
    pub(crate) const CONTINUE: i32 = 0;
    pub(crate) const PENDING: i32 = 1;
    pub(crate) const FINISH_REQUEST: i32 = 2;
}

/// A native object as a pointer sees it.
#[repr(C)]
pub(crate) struct Interface<V: 'static> {
    pub(crate) vtable: *const V,
}

/// The type of a slot: `this` first, then the arguments.
macro_rules! slot {
    (($($argument:ty),*)) => { unsafe extern "system" fn(crate::abi::Pointer $(, $argument)*) };
    (($($argument:ty),*) -> $result:ty) => {
        unsafe extern "system" fn(crate::abi::Pointer $(, $argument)*) -> $result
    };
}
pub(crate) use slot;

/// Calls a slot of an interface.
macro_rules! call {
    ($object:expr, $slot:ident($($argument:expr),*)) => {{
        let object = $object;
        ((*(*object).vtable).$slot)(object.cast() $(, $argument)*)
    }};
}
pub(crate) use call;

/// Fails to compile if a slot is not where it must be.
macro_rules! assert_slots {
    ($vtable:ty, $count:literal, { $($slot:literal => $name:ident),* $(,)? }) => {
        const _: () = {
            assert!(size_of::<$vtable>() == $count * size_of::<usize>());
            $(assert!(std::mem::offset_of!($vtable, $name) == $slot * size_of::<usize>());)*
        };
    };
}
pub(crate) use assert_slots;
