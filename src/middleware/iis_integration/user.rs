//! The Windows user whose token the module passes on.

use falconry_features::{FeatureCollection, HttpAuthenticationFeature, PlainAuthentication, User};
use http::{HeaderMap, HeaderName};

/// A handle of a Windows user in this process; it means nothing elsewhere.
pub(super) const USER: HeaderName = HeaderName::from_static("ms-aspnetcore-winauthtoken");

/// The user whose token is in the request.
pub(super) fn of(headers: &HeaderMap) -> Option<User> {
    let handle = u64::from_str_radix(headers.get(USER)?.to_str().ok()?, 16).ok()?;
    of_handle(handle)
}

#[cfg(all(windows, feature = "module"))]
fn of_handle(handle: u64) -> Option<User> {
    falconry_app_abi::WindowsUser::take(handle).map(User::from)
}

#[cfg(not(all(windows, feature = "module")))]
fn of_handle(_: u64) -> Option<User> {
    None
}

/// What said who the user is before the module did.
pub(super) struct Former(Option<Box<dyn HttpAuthenticationFeature>>);

/// Makes `user` that of the request.
pub(super) fn set(features: &mut FeatureCollection, user: User) -> Former {
    Former(features.set::<dyn HttpAuthenticationFeature>(Box::new(PlainAuthentication { user: Some(user) })))
}

/// Takes the user away again: the collection may serve another request.
pub(super) fn restore(features: &mut FeatureCollection, former: Former) {
    features.take::<dyn HttpAuthenticationFeature>();
    if let Some(former) = former.0 {
        features.set(former);
    }
}
