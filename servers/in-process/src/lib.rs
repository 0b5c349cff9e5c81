//! What every native host of a falconry application shares: the state machine between a
//! completion-style host (the IIS worker, the nginx worker) and the contract.
//!
//! A native server calls a module for each request and wants it back at once; what is read and written
//! is begun with one call and reported complete by another, perhaps on another thread. An application is a
//! future. This crate lies between; it knows nothing of any native server, has no runtime of its own and
//! no unsafe code.
//!
//! # How a host plugs in
//!
//! Once per worker, before the application's own code runs, the module makes an [`InProcessServer`] and
//! [enters](Worker::enter) it as the process's [`Worker`]. The application builds and starts its web host as
//! in a program of its own, and gets this server.
//!
//! For each request:
//!
//! 1. Copy what the native server knows of the request into a [`NativeRequest`], and say there what you can
//!    do for it.
//! 2. [`InProcessServer::accept`] it, with an object that implements [`Host`]. That gives a [`RequestTask`]
//!    and a [`RequestHandle`].
//! 3. [Spawn](RequestTask::spawn) the task, or [poll it on your thread](RequestTask::poll_here) first, and
//!    return "pending" to the native server.
//! 4. The core calls [`Host::begin_read`], [`Host::begin_write`], [`Host::cancel`]. Keep each operation until
//!    the native server is done with its buffers, then complete it: [`ReadOperation::complete`],
//!    [`WriteOperation::complete`]. An [`OperationSlot`] keeps it if the completion comes as a notification; a
//!    [`Gate`] keeps notifications out until "pending" has been returned.
//! 5. When the native server tells that the client has gone, call [`RequestHandle::disconnected`], and
//!    complete what is outstanding.
//! 6. [`Host::finish`] comes last, with nothing outstanding: end the native request as it says.
//!
//! Requests are best named by a [`RequestKey`] where messages about them cross threads.
//!
//! # What the core does
//!
//! * **Reading** happens on demand: an operation begins when the application asks for data and there is none.
//! * **Writing** gathers: everything that the application writes until it next waits is one operation, with
//!   the head and the end. Above 256 KiB waiting and in flight, its writes wait.
//! * **Response rules**: lengths, HEAD, 204 and 304, what a started response allows, trailers.
//! * **Errors** of the application are answered (500, or what a `BadHttpRequestError` says) if nothing was
//!   sent, else the request is aborted. A panic is such an error.
//! * **The client's leaving** fires `RequestAborted`; the application is polled once more, then dropped.
//! * **The stop** waits for the requests under way, and aborts them at the deadline.

mod exchange;
mod features;
mod gate;
mod host;
mod key;
mod main_program;
mod operation;
mod request;
mod server;
mod task;
mod worker;

pub use self::{
    gate::{Gate, Held},
    host::{Host, RequestEnd},
    key::{RequestKey, RequestTable},
    main_program::{Main, MainFuture, main_future},
    operation::{
        HeadToSend, Operation, OperationError, OperationSlot, ReadOperation, ReadResult, WriteOperation,
    },
    request::{BodyLength, NativeRequest},
    server::{InProcessServer, InProcessServerOptions, NotAccepted, RequestHandle},
    task::RequestTask,
    worker::Worker,
};
