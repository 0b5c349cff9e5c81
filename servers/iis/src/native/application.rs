//! The application of IIS that a notification is about.

use super::server::wide_string;
use crate::abi::{ApplicationProviderVtable, Interface, call};

/// The path in the metabase of the application that IIS has stopped, as `/LM/W3SVC/1/ROOT`.
///
/// # Safety
/// `provider` is what IIS hands to `OnGlobalApplicationStop`, during that call.
pub(crate) unsafe fn stopped_application_id(
    provider: *mut Interface<ApplicationProviderVtable>,
) -> Option<String> {
    // SAFETY: as the caller says; the application is there as long, and so is its name.
    unsafe {
        provider.as_ref()?;
        let application = call!(provider, application());
        application.as_ref()?;
        Some(wide_string(call!(application, application_id())))
    }
}
