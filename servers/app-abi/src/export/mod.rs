//! The application's side: what a library exports. For [`export_app!`](crate::export_app).

mod call;
mod entry;
mod functions;
mod host;
mod request;

pub use self::entry::{Main, run, table};
