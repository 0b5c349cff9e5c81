//! The application's side: what a library exports. For [`export_app!`](crate::export_app).

mod call;
mod entry;
mod functions;
mod host;
mod request;

pub use falconry_in_process::{Main, main_future as run};

pub use self::entry::table;
