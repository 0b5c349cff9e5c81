//! The fields after the body of the response.

use http::HeaderMap;

use super::message::started;
use crate::{Feature, FeatureError};

/// The trailer fields of the response.
///
/// On HTTP/1.1 present only if the client asked for them (`TE: trailers`, RFC 9110 section 6.5.1);
/// there each name must also stand in the `Trailer` field of the head.
pub trait HttpResponseTrailersFeature: Feature {
    /// The trailers.
    fn trailers(&self) -> &HeaderMap;

    /// The trailers, for change.
    ///
    /// # Errors
    /// Invalid state: they have been sent.
    fn trailers_mut(&mut self) -> Result<&mut HeaderMap, FeatureError>;

    /// Takes the trailers to send them; from then on they are read-only. For
    /// [`complete_response`](crate::complete_response).
    fn take_for_sending(&mut self) -> Option<HeaderMap>;
}

/// The plain [`HttpResponseTrailersFeature`].
#[derive(Debug, Default)]
pub struct PlainResponseTrailers {
    trailers: HeaderMap,
    is_sent: bool,
}

impl PlainResponseTrailers {
    /// Makes it fit for the next request, keeping the storage.
    pub fn recycle(&mut self) {
        self.trailers.clear();
        self.is_sent = false;
    }
}

impl HttpResponseTrailersFeature for PlainResponseTrailers {
    fn trailers(&self) -> &HeaderMap {
        &self.trailers
    }

    fn trailers_mut(&mut self) -> Result<&mut HeaderMap, FeatureError> {
        if self.is_sent { Err(started("change the trailers")) } else { Ok(&mut self.trailers) }
    }

    fn take_for_sending(&mut self) -> Option<HeaderMap> {
        if std::mem::replace(&mut self.is_sent, true) || self.trailers.is_empty() {
            return None;
        }
        Some(self.trailers.clone())
    }
}
