//! What requests on streams of HTTP/2 have beside the rest.

use std::{
    any::Any,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use falconry_features::{
    BoxFuture, DuplexStream, FeatureCollection, FeatureError, Http2StreamIdFeature,
    HttpExtendedConnectFeature, HttpInformationalResponseFeature, HttpMinRequestBodyDataRateFeature,
    HttpResetFeature, HttpResponseTrailersFeature, HttpUpgradeFeature, MinDataRate, PlainResponseTrailers,
    ResponseHead, StreamIdFeature, check_interim_status,
};
use h2::{Reason, ext::Protocol};
use http::{HeaderMap, StatusCode};
use tokio::sync::oneshot;

use crate::{
    exchange::{ExchangeShared, Phase, UpgradeState},
    http2::StreamLink,
};

/// A view of the exchange's shared state. It has no state of its own, so there is nothing to clear.
#[derive(Clone, Debug)]
struct StreamView(Arc<ExchangeShared>);

/// Adds the features of a stream to a collection.
pub(super) fn add(features: &mut FeatureCollection, shared: &Arc<ExchangeShared>) {
    let view = StreamView(Arc::clone(shared));
    features.set::<dyn HttpResponseTrailersFeature>(Box::new(PlainResponseTrailers::default()));
    features.set::<dyn HttpResetFeature>(Box::new(view.clone()));
    if shared.stream.as_ref().is_some_and(StreamLink::is_http3) {
        features.set::<dyn StreamIdFeature>(Box::new(view.clone()));
    } else {
        features.set::<dyn Http2StreamIdFeature>(Box::new(view.clone()));
    }
    features.set::<dyn HttpMinRequestBodyDataRateFeature>(Box::new(view.clone()));
    features.set::<dyn HttpUpgradeFeature>(Box::new(view.clone()));
    features.set::<dyn HttpInformationalResponseFeature>(Box::new(view));
    features.set::<dyn HttpExtendedConnectFeature>(Box::new(ExtendedConnect::new(Arc::clone(shared), None)));
}

/// Begins a request, which may be an extended CONNECT.
pub(super) fn begin(features: &mut FeatureCollection, protocol: Option<Protocol>) {
    if let Some(connect) = extended_connect(features) {
        connect.protocol = protocol;
    }
}

/// Makes the features fit for the next request; `None` if one of them is missing.
pub(super) fn clear(features: &mut FeatureCollection) -> Option<()> {
    let trailers = features.get_mut::<dyn HttpResponseTrailersFeature>()?;
    (trailers as &mut dyn Any).downcast_mut::<PlainResponseTrailers>()?.recycle();
    extended_connect(features)?.protocol = None;
    Some(())
}

fn extended_connect(features: &mut FeatureCollection) -> Option<&mut ExtendedConnect> {
    let connect = features.get_mut::<dyn HttpExtendedConnectFeature>()?;
    (connect as &mut dyn Any).downcast_mut()
}

impl HttpResetFeature for StreamView {
    fn reset(&self, error_code: u32) {
        if let Some(stream) = &self.0.stream {
            stream.reset(Reason::from(error_code));
        }
        if self.0.lock().output.phase != Phase::Completed {
            self.0.abort();
        }
    }
}

impl StreamIdFeature for StreamView {
    fn stream_id(&self) -> u64 {
        self.0.number.load(Ordering::Relaxed)
    }
}

impl Http2StreamIdFeature for StreamView {
    fn stream_id(&self) -> u32 {
        u32::try_from(self.0.number.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

/// The streams of a connection share its rate: a stream can only be taken out of it.
impl HttpMinRequestBodyDataRateFeature for StreamView {
    fn min_data_rate(&self) -> Option<MinDataRate> {
        self.0.stream.as_ref()?.body_rate()
    }

    fn set_min_data_rate(&mut self, rate: Option<MinDataRate>) -> Result<(), FeatureError> {
        if rate.is_some() {
            return Err(FeatureError::not_supported(
                "a request on HTTP/2 has no minimum data rate of its own; set it to None to have none at all",
            ));
        }
        if let Some(stream) = &self.0.stream {
            stream.disable_body_rate();
        }
        Ok(())
    }
}

/// HTTP/2 has no upgrade (RFC 9113 section 8.6); extended CONNECT takes its place.
impl HttpUpgradeFeature for StreamView {
    fn is_upgradable_request(&self) -> bool {
        false
    }

    fn upgrade(
        &mut self,
        _head: Arc<ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError> {
        Err(FeatureError::invalid_state(
            "the request cannot be upgraded: HTTP/2 has extended CONNECT instead",
        ))
    }
}

impl HttpInformationalResponseFeature for StreamView {
    fn poll_send(
        &mut self,
        _cx: &mut Context<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Poll<Result<(), FeatureError>> {
        check_interim_status(status)?;
        let state = self.0.lock();
        state.output.check_peer()?;
        if state.output.phase != Phase::Unstarted {
            return Poll::Ready(Err(FeatureError::invalid_state(
                "the response has already started; an interim response comes before it",
            )));
        }
        drop(state);
        if let Some(stream) = &self.0.stream {
            stream.send_interim(status, headers.clone());
        }
        Poll::Ready(Ok(()))
    }
}

/// Takes the stream over (RFC 8441).
#[derive(Debug)]
pub(crate) struct ExtendedConnect {
    shared: Arc<ExchangeShared>,
    protocol: Option<Protocol>,
}

impl ExtendedConnect {
    /// For a request with this protocol.
    pub(crate) fn new(shared: Arc<ExchangeShared>, protocol: Option<Protocol>) -> Self {
        Self { shared, protocol }
    }
}

impl HttpExtendedConnectFeature for ExtendedConnect {
    fn is_extended_connect(&self) -> bool {
        self.protocol.is_some()
    }

    fn protocol(&self) -> Option<&str> {
        self.protocol.as_ref().map(Protocol::as_str)
    }

    fn accept(
        &mut self,
        head: Arc<ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError> {
        let mut state = self.shared.lock();
        match state.upgrade {
            UpgradeState::Possible => {}
            UpgradeState::Impossible => {
                return Err(FeatureError::invalid_state("the request is no extended CONNECT"));
            }
            UpgradeState::Done => {
                return Err(FeatureError::invalid_state("the extended CONNECT has already been accepted"));
            }
        }
        if !head.status.is_success() {
            return Err(FeatureError::invalid_state(format!(
                "an extended CONNECT is accepted with 2xx, not with {}",
                head.status
            )));
        }
        let (sender, stream) = oneshot::channel();
        state.upgrade = UpgradeState::Done;
        state.stream_sender = Some(sender);
        state.output.phase = Phase::Started;
        state.output.head = Some(head);
        Ok(Box::pin(async move {
            stream.await.map_err(|_| FeatureError::aborted("the client has gone before the answer"))
        }))
    }
}
