//! What a request for a session offers.

use std::sync::Arc;

use falconry_features::{
    BoxFuture, FeatureError, HttpExtendedConnectFeature, HttpWebTransportFeature, ResponseHead,
    WebTransportSession,
};
use h2::ext::Protocol;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    PROTOCOL,
    session::Session,
    sessions::{Known, Sessions},
};
use crate::exchange::{ExchangeShared, ExtendedConnect};

/// A client names the drafts that it knows by a field each, and the server the one that it takes.
const OFFERED_DRAFT: HeaderName = HeaderName::from_static("sec-webtransport-http3-draft02");
const CHOSEN_DRAFT: HeaderName = HeaderName::from_static("sec-webtransport-http3-draft");

/// The session that a request asks for.
pub(in crate::http3) struct WebTransport {
    connect: ExtendedConnect,
    /// Until the session is accepted.
    known: Option<Known>,
    quic: quinn::Connection,
    offers_draft: bool,
}

impl WebTransport {
    /// For the request on the stream `id`, an extended CONNECT for WebTransport.
    pub(in crate::http3) fn new(
        id: u64,
        fields: &HeaderMap,
        shared: Arc<ExchangeShared>,
        sessions: &Arc<Sessions>,
        quic: quinn::Connection,
    ) -> Self {
        Self {
            connect: ExtendedConnect::new(shared, Some(Protocol::from(PROTOCOL))),
            known: Some(sessions.begin(id)),
            quic,
            offers_draft: fields.get(OFFERED_DRAFT).is_some_and(|value| value == "1"),
        }
    }
}

impl HttpWebTransportFeature for WebTransport {
    fn is_web_transport_request(&self) -> bool {
        true
    }

    fn accept(
        &mut self,
        mut head: Arc<ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn WebTransportSession>, FeatureError>>, FeatureError> {
        if self.offers_draft {
            let mut with_draft = ResponseHead::clone(&head);
            with_draft.headers.insert(CHOSEN_DRAFT, HeaderValue::from_static("draft02"));
            head = Arc::new(with_draft);
        }
        let accepted = self.connect.accept(head)?;
        let Some(known) = self.known.take() else {
            return Err(FeatureError::invalid_state("the WebTransport session has already been accepted"));
        };
        let quic = self.quic.clone();
        Ok(Box::pin(async move {
            let stream = accepted.await?;
            Ok(Box::new(Session::begin(known, quic, stream)) as Box<dyn WebTransportSession>)
        }))
    }
}
