//! An nginx module: the application lives in the worker process.
//!
//! A request is handed over by a function call and not through a loopback connection. nginx keeps what it is
//! good at (TLS, HTTP/2 and HTTP/3, limits, static files, logs); the application keeps the contract.
//!
//! ```text
//! # Cargo.toml of the application
//! [lib]
//! crate-type = ["cdylib", "rlib"]
//!
//! [dependencies]
//! falconry = { version = "0.1", features = ["nginx"] }
//! ```
//!
//! ```
//! // src/lib.rs
//! use falconry::{HostError, HttpContext, Result, WebHost};
//!
//! async fn hello(ctx: &mut HttpContext) -> Result<()> {
//!     ctx.response_mut().write("Hello World!").await
//! }
//!
//! pub async fn run() -> std::result::Result<(), HostError> {
//!     WebHost::run(hello).await
//! }
//!
//! falconry::export_app!(run);
//! # fn main() {}
//! ```
//!
//! A `main` that awaits the same `run` is the program that runs on Kestrel. `docs/guide/nginx.md` says how to
//! build the module for an installed nginx, and lists its directives.
//!
//! # How it is built
//!
//! Two files: the module, in C, which alone knows nginx's structures and is built for one version of nginx
//! (`shim/`), and the application, this crate linked in, which knows nothing of nginx but the flat interface
//! of `shim/falconry.h`. The module loads the application in each worker after the fork, so that `nginx -s
//! reload` runs what is there then, and a new nginx needs no new build of the application.
//!
//! All calls between the two come on the thread of nginx's event loop. What the application begins on other
//! threads goes through a queue ([`event_loop`]), for which the loop is woken; a request is named there by a
//! key and never touched elsewhere.
//!
//! # What nginx cannot do
//!
//! Features that are absent: request trailers (nginx drops them), reset codes, extended CONNECT, interim
//! responses on HTTP/2 and HTTP/3. The server's addresses are what nginx's configuration says.

#![cfg(all(unix, target_pointer_width = "64"))]

mod abi;
mod entry;
mod event_loop;
mod exports;
mod host;
mod reading;
mod request;
mod response;
mod tls;
mod writing;

#[doc(hidden)]
pub use falconry_in_process::main_future as run;

pub use self::abi::App;
#[doc(hidden)]
pub use self::entry::app;

/// Makes an application loadable by the nginx module.
///
/// It takes the path of the function that runs the application: `async fn() -> Result<(), E>`, where `E` can
/// be displayed. In a worker, the web host that it builds gets the server of the worker.
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
/// falconry_nginx::export_app!(run);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_app {
    ($run:path) => {
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        pub extern "C" fn falconry_nginx_app() -> *const $crate::App {
            $crate::app(|| $crate::run($run()))
        }
    };
}
