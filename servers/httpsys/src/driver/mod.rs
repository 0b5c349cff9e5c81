//! What the server needs of the system: the HTTP Server API, version 2, with owned buffers and futures.
//!
//! Three things implement it: `httpapi.dll` (the native driver, Windows), the portable driver in this process, and the
//! client of the portable driver in another process (`falconry-httpsysd`).
//!
//! | Operation | Function of httpapi.dll |
//! |---|---|
//! | [`Driver::is_feature_supported`] | `HttpIsFeatureSupported`, and whether the function is exported |
//! | [`Driver::create_server_session`] | `HttpInitialize` (once), `HttpCreateServerSession` |
//! | [`Driver::create_request_queue`] | `HttpCreateRequestQueue`, `SetFileCompletionNotificationModes`, completion port |
//! | [`ServerSession::create_url_group`], [`ServerSession::close`] | `HttpCreateUrlGroup`, `HttpCloseServerSession` |
//! | [`UrlGroup::add_url`], [`UrlGroup::remove_url`] | `HttpAddUrlToUrlGroup`, `HttpRemoveUrlFromUrlGroup` |
//! | [`UrlGroup::set_property`] | `HttpSetUrlGroupProperty` |
//! | [`UrlGroup::is_registered_for`] | `HttpFindUrlGroupId` |
//! | [`UrlGroup::close`] | `HttpCloseUrlGroup` |
//! | [`RequestQueue::set_property`] | `HttpSetRequestQueueProperty` |
//! | [`RequestQueue::receive`] | `HttpReceiveHttpRequest`; repeated inside for `ERROR_MORE_DATA` (larger buffer, same id) and for `ERROR_CONNECTION_INVALID` or `ERROR_INVALID_PARAMETER` with an id (that client left) |
//! | [`RequestQueue::set_inline_receiver`] | none: stays as it is |
//! | [`RequestQueue::shutdown`], [`RequestQueue::close`] | `HttpShutdownRequestQueue`, `HttpCloseRequestQueue` |
//! | [`RequestHandle::poll_receive_entity_body`] | `HttpReceiveRequestEntityBody` |
//! | [`RequestHandle::poll_send_response`] | `HttpSendHttpResponse` |
//! | [`RequestHandle::poll_send_entity_body`] | `HttpSendResponseEntityBody` |
//! | [`RequestHandle::cancel`] | `HttpCancelHttpRequest`, and `CancelIoEx` for what is still running |
//! | [`RequestHandle::disconnected`] | `HttpWaitForDisconnectEx`, one for each connection |
//! | [`RequestHandle::set_stream_error`] | `HttpSetRequestProperty` |
//! | [`RequestHandle::tls_client_hello`] | `HttpQueryRequestProperty` |
//! | [`RequestHandle::receive_client_certificate`] | `HttpReceiveClientCertificate` |
//! | [`RequestHandle::delegate`] | `HttpDelegateRequestEx` |
//!
//! Rules that hold for every driver:
//!
//! * An operation that has begun owns its buffers; a future or poll that is dropped cancels it and keeps them until it
//!   has ended.
//! * Errors are [`Win32Error`]s. `ERROR_IO_PENDING` does not come out: it is [`Poll::Pending`](std::task::Poll).
//! * Objects close when their last handle is dropped; `close` says when that is done, and a second one does nothing.

mod error;
mod feature;
mod queue;
mod request;
mod response;
mod url_group;

use std::{any::Any, fmt, sync::Arc};

use falconry_features::BoxFuture;

pub use self::{
    error::Win32Error,
    feature::DriverFeature,
    queue::{
        CreateQueueFlags, Http503Verbosity, InlineAnswer, InlineReceiver, RequestQueue, RequestQueueOptions,
        RequestQueueProperty,
    },
    request::{DriverRequest, ReceivedRequest, RequestHandle, Timestamps, TlsInfo},
    response::{CachePolicy, DataChunk, DataChunks, SendEntityBody, SendFlags, SendResponse},
    url_group::{
        AuthenticationInfo, AuthenticationSchemes, ServerSession, TimeoutLimits, UrlGroup, UrlGroupProperty,
    },
};

/// What an operation that may take its time gives.
pub type DriverFuture<'a, T> = BoxFuture<'a, Result<T, Win32Error>>;

/// The HTTP Server API, version 2.
pub trait Driver: Any + Send + Sync + fmt::Debug {
    /// Its name, for messages: `native`, `portable`, `broker`.
    fn name(&self) -> &'static str;

    /// Says whether it can do something that not every driver can.
    fn is_feature_supported(&self, feature: DriverFeature) -> bool;

    /// Why the last session could not be made and what to do, for the message of a server that does not start; `None`
    /// where the code says it all.
    fn failure(&self) -> Option<String> {
        None
    }

    /// Makes a session. `HttpCreateServerSession`.
    fn create_server_session(&self) -> DriverFuture<'_, Arc<dyn ServerSession>>;

    /// Makes or opens a queue. `HttpCreateRequestQueue`.
    ///
    /// # Errors
    /// [`ALREADY_EXISTS`](Win32Error::ALREADY_EXISTS): a new queue with the name of one that is there.
    /// [`FILE_NOT_FOUND`](Win32Error::FILE_NOT_FOUND): no queue to open.
    /// [`INVALID_NAME`](Win32Error::INVALID_NAME): a name with a backslash or of more than 260 characters.
    fn create_request_queue(&self, options: RequestQueueOptions) -> DriverFuture<'_, Arc<dyn RequestQueue>>;
}
