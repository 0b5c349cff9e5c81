//! Small views: body detection, limit, identity, lifetime, reset, closing, properties.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use falconry_features::{
    CancellationToken, ConnectionLifetimeNotificationFeature, FeatureError, HttpMaxRequestBodySizeFeature,
    HttpRequestBodyDetectionFeature, HttpRequestIdentifierFeature, HttpRequestLifetimeFeature,
    HttpResetFeature, HttpSysRequestPropertyFeature, native_trace_identifier,
};
use http::Version;

use crate::{driver::Win32Error, exchange::ExchangeShared};

/// A view of the exchange's shared state. It has no state of its own, so there is nothing to clear.
#[derive(Clone, Debug)]
pub(super) struct View(pub(super) Arc<ExchangeShared>);

impl HttpRequestBodyDetectionFeature for View {
    fn can_have_body(&self) -> bool {
        self.0.lock().body.can_have_body
    }
}

impl HttpMaxRequestBodySizeFeature for View {
    fn is_read_only(&self) -> bool {
        let state = self.0.lock();
        state.body.has_begun || state.is_upgraded
    }

    fn max_request_body_size(&self) -> Option<u64> {
        self.0.lock().body.max_size
    }

    fn set_max_request_body_size(&mut self, limit: Option<u64>) -> Result<(), FeatureError> {
        let mut state = self.0.lock();
        if state.body.has_begun || state.is_upgraded {
            return Err(FeatureError::invalid_state(
                "the limit of the request's body cannot be changed once reading has begun",
            ));
        }
        state.body.max_size = limit;
        Ok(())
    }
}

impl HttpRequestIdentifierFeature for View {
    /// A GUID whose first 8 bytes are the driver's number of the request.
    fn trace_identifier(&self) -> String {
        let mut state = self.0.lock();
        let number = state.request_id;
        state.trace_identifier.get_or_insert_with(|| native_trace_identifier(number)).clone()
    }

    fn set_trace_identifier(&mut self, identifier: &str) {
        self.0.lock().trace_identifier = Some(identifier.to_owned());
    }
}

impl HttpRequestLifetimeFeature for View {
    fn request_aborted(&self) -> CancellationToken {
        self.0.abort_token()
    }

    fn set_request_aborted(&mut self, token: CancellationToken) {
        self.0.set_abort_token(token);
    }

    fn abort(&self) {
        // Of a response that an application could not finish the client learns as of an error.
        let is_ended = self.0.is_ended.load(Ordering::Relaxed);
        let code = match self.0.lock().version {
            Version::HTTP_2 if is_ended => Some(2),
            Version::HTTP_3 if is_ended => Some(0x102),
            _ => None,
        };
        self.0.abort(code);
    }
}

impl HttpResetFeature for View {
    fn reset(&self, error_code: u32) {
        self.0.abort(Some(error_code));
    }
}

impl ConnectionLifetimeNotificationFeature for View {
    fn connection_closed_requested(&self) -> CancellationToken {
        self.0.lock().close_requested.get_or_insert_default().clone()
    }

    /// The response says `Connection: close`, unless its head has been sent.
    fn request_close(&self) {
        self.connection_closed_requested().cancel();
    }
}

impl HttpSysRequestPropertyFeature for View {
    fn tls_client_hello(&self) -> Result<Bytes, FeatureError> {
        let handle = self.0.handle().ok_or_else(|| FeatureError::finished("the request has ended"))?;
        handle.tls_client_hello().map_err(|error| match error {
            Win32Error::NOT_SUPPORTED => {
                FeatureError::not_supported("the system does not hand out the client's first TLS message")
            }
            error => error.into(),
        })
    }
}
