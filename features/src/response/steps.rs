//! The steps of a response over any server's features: start, write, flush, complete, upgrade.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;

use super::{HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature, ResponseHead};
use crate::{
    DuplexStream, FeatureCollection, FeatureError, HttpExtendedConnectFeature, HttpUpgradeFeature,
    HttpWebTransportFeature, Key, WebTransportSession,
};

/// Starts the response unless it has started: runs the starting callbacks, last registered first,
/// fixes the head and hands it to the body.
///
/// # Errors
/// Aborted: a starting callback failed; the server will answer 500. Invalid state: the head
/// contradicts itself. A required feature is missing.
pub async fn start_response(features: &mut FeatureCollection) -> Result<(), FeatureError> {
    if features.required::<dyn HttpResponseFeature>()?.has_started() {
        return Ok(());
    }
    run_starting_callbacks(features).await?;
    let mut start = Start::new(features)?;
    poll_fn(|cx| start.poll(cx)).await
}

/// Writes to the response, starting it first if need be; waits while the server has no room.
///
/// # Errors
/// Those of [`start_response`] and of [`HttpResponseBodyFeature::poll_write`].
pub async fn write_response(features: &mut FeatureCollection, data: Bytes) -> Result<(), FeatureError> {
    if has_starting_callbacks(features)? {
        run_starting_callbacks(features).await?;
    }
    // One future for both steps: usually neither waits.
    let mut start = Start::new(features)?;
    let mut data = data;
    poll_fn(|cx| {
        ready!(start.poll(cx))?;
        start.body.poll_write(cx, &mut data)
    })
    .await
}

/// Starts the response if need be and waits until everything written is on its way.
///
/// # Errors
/// Those of [`start_response`] and of [`HttpResponseBodyFeature::poll_flush`].
pub async fn flush_response(features: &mut FeatureCollection) -> Result<(), FeatureError> {
    start_response(features).await?;
    let body = features.required_mut::<dyn HttpResponseBodyFeature>()?;
    poll_fn(|cx| body.poll_flush(cx)).await
}

/// Ends the response before the pipeline does: starts it if need be, then the trailers, then the end.
/// A second call has no effect.
///
/// # Errors
/// Those of [`start_response`] and of [`HttpResponseBodyFeature::poll_complete`].
pub async fn complete_response(features: &mut FeatureCollection) -> Result<(), FeatureError> {
    start_response(features).await?;
    let mut trailers =
        features.get_mut::<dyn HttpResponseTrailersFeature>().and_then(|feature| feature.take_for_sending());
    let body = features.required_mut::<dyn HttpResponseBodyFeature>()?;
    if body.is_completed() {
        return Ok(());
    }
    poll_fn(|cx| body.poll_complete(cx, &mut trailers)).await
}

/// Answers 101 and takes the connection over (RFC 9110 section 7.8).
///
/// # Errors
/// Invalid state: the request cannot be upgraded, or the response has started. Not supported: the
/// server cannot upgrade at all.
pub async fn upgrade(features: &mut FeatureCollection) -> Result<Box<dyn DuplexStream>, FeatureError> {
    let Some(feature) = features.get::<dyn HttpUpgradeFeature>() else {
        return Err(FeatureError::not_supported("this server cannot upgrade connections"));
    };
    if !feature.is_upgradable_request() {
        return Err(FeatureError::invalid_state(
            "the request cannot be upgraded: that takes HTTP/1.1, `upgrade` in its Connection field and no body",
        ));
    }
    let response = features.required_mut::<dyn HttpResponseFeature>()?;
    let head = response.head_mut()?;
    head.status = http::StatusCode::SWITCHING_PROTOCOLS;
    head.headers.insert(http::header::CONNECTION, http::HeaderValue::from_static("Upgrade"));
    run_starting_callbacks(features).await?;
    let head = features.required_mut::<dyn HttpResponseFeature>()?.begin()?;
    let stream = features.required_mut::<dyn HttpUpgradeFeature>()?.upgrade(head);
    let stream = or_fail(features, stream)?;
    features.required_mut::<dyn HttpResponseBodyFeature>()?.take_over();
    stream.await
}

/// Answers an extended CONNECT with the response's 2xx status and takes the stream over (RFC 8441,
/// RFC 9220).
///
/// # Errors
/// Invalid state: no extended CONNECT, a status that is not 2xx, or the response has started. Not
/// supported: the server has no extended CONNECT at all.
pub async fn accept_connect(features: &mut FeatureCollection) -> Result<Box<dyn DuplexStream>, FeatureError> {
    let Some(feature) = features.get::<dyn HttpExtendedConnectFeature>() else {
        return Err(FeatureError::not_supported("this server has no extended CONNECT"));
    };
    if !feature.is_extended_connect() {
        return Err(FeatureError::invalid_state("the request is no extended CONNECT"));
    }
    let status = features.required::<dyn HttpResponseFeature>()?.status_code();
    if !status.is_success() {
        return Err(FeatureError::invalid_state(format!(
            "an extended CONNECT is accepted with 2xx, not with {status}"
        )));
    }
    run_starting_callbacks(features).await?;
    let head = features.required_mut::<dyn HttpResponseFeature>()?.begin()?;
    let stream = features.required_mut::<dyn HttpExtendedConnectFeature>()?.accept(head);
    let stream = or_fail(features, stream)?;
    features.required_mut::<dyn HttpResponseBodyFeature>()?.take_over();
    stream.await
}

/// Answers an extended CONNECT for WebTransport with the response's 2xx status and gives the session.
///
/// # Errors
/// Invalid state: a status that is not 2xx, or the response has started. Not supported: the server has no WebTransport,
/// or the request does not ask for it.
pub async fn accept_web_transport(
    features: &mut FeatureCollection,
) -> Result<Box<dyn WebTransportSession>, FeatureError> {
    let feature = features.get::<dyn HttpWebTransportFeature>();
    if !feature.is_some_and(HttpWebTransportFeature::is_web_transport_request) {
        return Err(FeatureError::not_supported(
            "the request asks for no WebTransport, or the server has none",
        ));
    }
    let status = features.required::<dyn HttpResponseFeature>()?.status_code();
    if !status.is_success() {
        return Err(FeatureError::invalid_state(format!(
            "a WebTransport session is accepted with 2xx, not with {status}"
        )));
    }
    run_starting_callbacks(features).await?;
    let head = features.required_mut::<dyn HttpResponseFeature>()?.begin()?;
    let session = features.required_mut::<dyn HttpWebTransportFeature>()?.accept(head);
    let session = or_fail(features, session)?;
    features.required_mut::<dyn HttpResponseBodyFeature>()?.take_over();
    session.await
}

/// Whether something is to run before the head is fixed.
fn has_starting_callbacks(features: &mut FeatureCollection) -> Result<bool, FeatureError> {
    let response = features.required_mut::<dyn HttpResponseFeature>()?;
    Ok(!response.has_started() && response.callbacks_mut().has_starting())
}

/// Runs the starting callbacks of a response that has not started.
async fn run_starting_callbacks(features: &mut FeatureCollection) -> Result<(), FeatureError> {
    while has_starting_callbacks(features)? {
        let response = features.required_mut::<dyn HttpResponseFeature>()?;
        let Some(callback) = response.callbacks_mut().pop_starting() else { break };
        if let Err(error) = callback(features).await {
            features.required_mut::<dyn HttpResponseFeature>()?.fail();
            return Err(FeatureError::aborted(
                "the response has been aborted: one of its starting callbacks failed",
            )
            .with_source(error));
        }
    }
    Ok(())
}

/// The start of a response whose callbacks have run.
struct Start<'a> {
    response: &'a mut dyn HttpResponseFeature,
    body: &'a mut dyn HttpResponseBodyFeature,
    /// Fixed, and not yet with the body.
    head: Option<Arc<ResponseHead>>,
}

impl<'a> Start<'a> {
    fn new(features: &'a mut FeatureCollection) -> Result<Self, FeatureError> {
        // These name the one that is missing.
        features.required_mut::<dyn HttpResponseFeature>()?;
        features.required_mut::<dyn HttpResponseBodyFeature>()?;
        let (response, body) = features
            .get_many_mut::<(Key<dyn HttpResponseFeature>, Key<dyn HttpResponseBodyFeature>)>()
            .expect("both have just been found");
        Ok(Self { response, body, head: None })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        if !self.response.has_started() {
            self.head = Some(self.response.begin()?);
        }
        let Some(head) = &self.head else { return Poll::Ready(Ok(())) };
        let started = ready!(self.body.poll_start(cx, head));
        self.head = None;
        if started.is_err() {
            // Nothing has left: the server can still answer 500.
            self.response.fail();
        }
        Poll::Ready(started)
    }
}

/// A server that refuses the take-over has sent nothing of the response, and can still answer 500.
fn or_fail<T>(features: &mut FeatureCollection, taken: Result<T, FeatureError>) -> Result<T, FeatureError> {
    if taken.is_err() {
        features.required_mut::<dyn HttpResponseFeature>()?.fail();
    }
    taken
}
