//! Request queues.

use std::{any::Any, fmt, sync::Arc};

use falconry_features::BoxFuture;
use http::HeaderMap;

use super::{DriverFuture, ReceivedRequest, SendResponse, Win32Error};

/// What a queue is made or opened with: `HttpCreateRequestQueue`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestQueueOptions {
    /// The name; `None` is a queue that nobody else can open.
    pub name: Option<String>,
    /// How.
    pub flags: CreateQueueFlags,
    /// `SECURITY_DESCRIPTOR` in its textual form (SDDL): who may open the queue. Only for a new one.
    pub security_descriptor: Option<String>,
}

/// `HTTP_CREATE_REQUEST_QUEUE_FLAG_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CreateQueueFlags {
    /// Makes a new queue.
    #[default]
    Create,
    /// Opens a queue that is there (`OPEN_EXISTING`).
    OpenExisting,
    /// Opens a queue that is there to delegate requests to it (`OPEN_EXISTING | DELEGATION`).
    OpenForDelegation,
}

/// `HTTP_SERVER_PROPERTY` of a queue: `HttpSetRequestQueueProperty`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestQueueProperty {
    /// How many requests may wait, above 0 (`HttpServerQueueLengthProperty`). Default: 1000.
    Length(u32),
    /// False: requests are answered by 503 (`HttpServerStateProperty`). Default: true.
    Enabled(bool),
    /// How 503 is said (`HttpServer503VerbosityProperty`). Default: [`Http503Verbosity::Basic`].
    Verbosity503(Http503Verbosity),
}

/// How a queue says that it cannot take a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Http503Verbosity {
    /// The connection is reset.
    #[default]
    Basic = 0,
    /// A 503 without a body.
    Limited = 1,
    /// A 503 that says more.
    Full = 2,
}

/// Where requests are run as soon as they arrive, in the task of their connection; see
/// [`RequestQueue::set_inline_receiver`].
///
/// The portable driver knows the server of this crate behind it: most requests it runs on the features of the connection
/// itself, without the detour over [`DriverRequest`](super::DriverRequest) and [`SendResponse`].
pub trait InlineReceiver: Any + Send + Sync {
    /// Runs a request.
    fn receive(self: Arc<Self>, received: ReceivedRequest) -> BoxFuture<'static, Option<InlineAnswer>>;
}

/// What the run of a request where it arrives may end with, in the place of a send of its own: all of the response, of
/// which nobody wants to hear any more.
#[derive(Debug)]
pub struct InlineAnswer {
    /// The response, without [`MORE_DATA`](super::SendFlags::MORE_DATA).
    pub response: SendResponse,
    /// The request's fields, emptied: storage for those of the connection's next request.
    pub storage: HeaderMap,
}

/// A queue of requests. Dropping the last handle closes it.
pub trait RequestQueue: Any + Send + Sync + fmt::Debug {
    /// Changes a property. `HttpSetRequestQueueProperty`.
    fn set_property(&self, property: RequestQueueProperty) -> DriverFuture<'_, ()>;

    /// Takes the next request. `HttpReceiveHttpRequest`. Dropping the future cancels the operation. Any number may wait
    /// at a time.
    ///
    /// What the API asks its callers to repeat happens inside: a buffer that is too small
    /// ([`MORE_DATA`](Win32Error::MORE_DATA)), a client that left in between.
    ///
    /// # Errors
    /// [`OPERATION_ABORTED`](Win32Error::OPERATION_ABORTED): the queue was closed.
    fn receive(&self) -> BoxFuture<'_, Result<ReceivedRequest, Win32Error>>;

    /// Asks that requests be run where they arrive, in the place of waiting for [`receive`](Self::receive); `None` ends
    /// that. False if the driver has no such thing: then nothing has changed.
    fn set_inline_receiver(&self, receiver: Option<Arc<dyn InlineReceiver>>) -> bool {
        let _ = receiver;
        false
    }

    /// Takes no more requests; those received stay. `HttpShutdownRequestQueue`.
    fn shutdown(&self) -> Result<(), Win32Error>;

    /// Closes this handle: waiting receives fail, requests received and not answered are cancelled.
    /// `HttpCloseRequestQueue`.
    fn close(&self) -> DriverFuture<'_, ()>;
}
