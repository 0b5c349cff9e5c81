//! A native IIS module: the application lives in the worker process.
//!
//! A library of the type `cdylib` with the application in it is the module; IIS loads it into the worker and
//! hands it requests. There is no other process and no loopback hop.
//!
//! ```
//! // In `lib.rs` of the `cdylib`: what `main` would be in a program of its own.
//! async fn run() -> Result<(), std::io::Error> {
//!     // WebHost::run(handler).await
//!     Ok(())
//! }
//!
//! falconry_iis::export_app!(run);
//! ```
//!
//! In the worker the application's host gets the server of the worker, whatever servers are compiled in. The
//! application starts with the first request; one that fails to is answered with 500.30, one that takes
//! longer than two minutes with 500.37. When IIS stops the worker, the host stops as if a signal had asked, and
//! requests are served until IIS has none left for the application.
//!
//! `docs/guide/iis.md` says how to build and register a module, and what has been seen to work where.

mod abi;
mod app;
mod connection;
mod exchange;
mod module;
mod native;
mod register;
mod request;

pub use falconry_in_process::Main;
#[doc(hidden)]
pub use falconry_in_process::main_future as run;

pub use self::register::register_module;

/// Makes the library a module of IIS that runs an application.
///
/// It takes the path of the function that runs the application: `async fn() -> Result<(), E>`, where `E` can
/// be displayed. In a worker, the web host that it builds gets the server of the worker.
#[macro_export]
macro_rules! export_app {
    ($run:path) => {
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn RegisterModule(
            version: u32,
            info: *mut ::std::ffi::c_void,
            server: *mut ::std::ffi::c_void,
        ) -> i32 {
            // SAFETY: IIS gives both for the time of the call.
            unsafe { $crate::register_module(version, info, server, || $crate::run($run())) }
        }
    };
}
