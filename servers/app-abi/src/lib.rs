//! The versioned C interface between the worker of `falconry-module` and an application's library.
//!
//! A library exports one function, `falconry_app_v1`, which gives a table ([`AppTable`]). Its first words are its
//! size and version, in every version of the interface. The worker refuses another major version, and reads no
//! more than the size says. Both sides are written here: [`export_app!`] for the application, and, with the Cargo
//! feature `load`, `LoadedApp` for the worker.
//!
//! # The calls
//!
//! The interface is poll style, as Rust's futures are: whoever wants something polls, nothing is queued, waiting
//! is back-pressure, and dropping cancels.
//!
//! * `start` runs the application until it has started its server; `request_stop`, `poll_end` and `stop` end it.
//! * `call` takes a head, which is borrowed for the time of the call, and a request body, and gives a response.
//! * Bodies and responses are objects to be polled ([`Source`]): a response gives interim heads, the head, data,
//!   wishes to flush, the end with trailers. Polling it is what runs the application.
//! * After a head that is an upgrade the response takes the connection ([`Stream`]) and goes on.
//! * Data is owned by whoever made it, and freed by its function: the two sides may have different allocators.
//! * A panic never passes: every function catches it. One of the application is an answer, 500.
//!
//! The library has a runtime of its own, which is entered whenever something of the application is polled or
//! dropped. It is never unloaded: its threads and thread-locals have no end but that of the process.

mod abi;
pub mod export;
#[cfg(feature = "load")]
mod load;
#[cfg(windows)]
mod windows_user;

pub use self::abi::{
    Address, AppTable, Bytes, Event, Field, HostTable, MAJOR, MINOR, RequestHead, SYMBOL, Source,
    SourceTable, StartOptions, Str, Stream, StreamTable, Waker,
};
#[cfg(feature = "load")]
pub use self::load::{LoadError, LoadedApp, StartError};

#[cfg(windows)]
pub use self::windows_user::WindowsUser;

/// Makes an application loadable by the worker of `falconry-module`.
///
/// It takes the path of the function that runs the application: `async fn() -> Result<(), E>`, where `E` can
/// be displayed. In a worker, the web host that it builds gets the server of the worker.
///
/// ```
/// async fn run() -> Result<(), std::io::Error> {
///     // WebHost::run(handler).await
///     Ok(())
/// }
///
/// falconry_app_abi::export_app!(run);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_app {
    ($run:path) => {
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        pub extern "C" fn falconry_app_v1() -> *const $crate::AppTable {
            $crate::export::table(|| $crate::export::run($run()))
        }
    };
}
