//! [`HttpApplication`]: what a server runs for every request.

mod contract;
mod panic;
mod run;

pub use self::{
    contract::{BoxFuture, HostContext, HttpApplication, Processed},
    panic::{CatchPanic, PanicError},
    run::{RequestOutcome, answer_error, complete_request, finish_response, run_request},
};
