//! The application in a native worker: what that loads.

/// Makes an application loadable by the native servers whose Cargo features are on, `iis` and `nginx`, and by the worker
/// of `falconry-module`, `module`.
///
/// It takes the path of the function that runs the application: `async fn() -> Result<(), E>`, where `E` can be
/// displayed. In a worker, the web host that it builds gets the server of the worker. The library is of the
/// type `cdylib`.
///
/// ```
/// use falconry::{HostError, HttpContext, Result, WebHost};
///
/// async fn hello(ctx: &mut HttpContext) -> Result<()> {
///     ctx.response_mut().write("Hello World!").await
/// }
///
/// async fn run() -> std::result::Result<(), HostError> {
///     WebHost::run(hello).await
/// }
///
/// falconry::export_app!(run);
/// # fn main() {}
/// ```
///
/// A `main` that awaits the same `run` is the program that runs on Kestrel.
#[macro_export]
macro_rules! export_app {
    ($run:path) => {
        $crate::__export_to_iis!($run);
        $crate::__export_to_module!($run);
        $crate::__export_to_nginx!($run);
    };
}

#[cfg(feature = "module")]
#[doc(hidden)]
pub use falconry_app_abi::export_app as __export_to_module;
#[cfg(feature = "iis")]
#[doc(hidden)]
pub use falconry_iis::export_app as __export_to_iis;
#[cfg(all(feature = "nginx", unix, target_pointer_width = "64"))]
#[doc(hidden)]
pub use falconry_nginx::export_app as __export_to_nginx;

#[cfg(not(feature = "module"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_to_module {
    ($run:path) => {};
}

#[cfg(not(feature = "iis"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_to_iis {
    ($run:path) => {};
}

#[cfg(not(all(feature = "nginx", unix, target_pointer_width = "64")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_to_nginx {
    ($run:path) => {};
}
