//! `IHttpApplication` and the provider of the notifications about it.

use super::{Interface, assert_slots, slot};

/// `IHttpApplicationProvider`: what comes with `OnGlobalApplicationStop`.
#[repr(C)]
pub(crate) struct ApplicationProviderVtable {
    _0: usize,
    pub(crate) application: slot!(() -> *mut Interface<ApplicationVtable>),
}

assert_slots!(ApplicationProviderVtable, 2, { 1 => application });

/// `IHttpApplication`.
#[repr(C)]
pub(crate) struct ApplicationVtable {
    _0: usize,
    pub(crate) application_id: slot!(() -> *const u16),
    _2: [usize; 2],
}

assert_slots!(ApplicationVtable, 4, { 1 => application_id });
