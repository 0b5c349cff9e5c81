//! Writing the body of the response.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;

use super::ResponseHead;
use crate::{Feature, FeatureError};

/// The way out for the response. Every server offers it.
///
/// Poll style with owned buffers, so that a server may hold on to them until its transport is done.
/// Applications and middleware use [`start_response`](crate::start_response),
/// [`write_response`](crate::write_response) and so on, which keep the order: head first, then data,
/// then the end. A wrapper put in its place sees each step and may change it.
pub trait HttpResponseBodyFeature: Feature {
    /// Takes the head. Called once, before everything else. It need not leave at once: a server may
    /// wait for data, a flush or the end.
    ///
    /// # Errors
    /// Invalid state: the head contradicts itself or the request (see [`ResponseRules`](crate::ResponseRules)).
    fn poll_start(
        &mut self,
        cx: &mut Context<'_>,
        head: &Arc<ResponseHead>,
    ) -> Poll<Result<(), FeatureError>>;

    /// Takes `data`, leaving it empty, once there is room for it; what then is above the server's
    /// buffer limit makes the next call wait.
    ///
    /// # Errors
    /// Invalid state: more than `Content-Length`, a status without a body, or after the completion.
    /// Aborted: the client has gone.
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>>;

    /// Completes when everything written has been handed to the transport.
    ///
    /// # Errors
    /// Aborted: the client has gone.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>>;

    /// Ends the response, with trailers if there are any; takes them out.
    ///
    /// # Errors
    /// Invalid state: less than `Content-Length` was written.
    fn poll_complete(
        &mut self,
        cx: &mut Context<'_>,
        trailers: &mut Option<HeaderMap>,
    ) -> Poll<Result<(), FeatureError>>;

    /// True once the response has been ended.
    fn is_completed(&self) -> bool;

    /// The connection or stream has left HTTP: nothing more comes this way, and the end of the
    /// request does not end a response. Part of [`upgrade`](crate::upgrade) and
    /// [`accept_connect`](crate::accept_connect).
    fn take_over(&mut self);

    /// Asks that nothing be held back. Kestrel, HTTP.sys: no effect; IIS: no buffering in front.
    fn disable_buffering(&mut self) {}
}
