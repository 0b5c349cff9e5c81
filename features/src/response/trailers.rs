//! The fields after the body of the response.

use http::{
    HeaderMap, HeaderName,
    header::{
        AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HOST,
        MAX_FORWARDS, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING,
    },
};

use super::message::started;
use crate::{Feature, FeatureError};

/// The trailer fields of the response.
///
/// On HTTP/1.1 present only if the client asked for them (`TE: trailers`, RFC 9110 section 6.5.1). To name them in the
/// `Trailer` field of the head helps the client to prepare for them; they are sent without that, too.
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

/// The plain [`HttpResponseTrailersFeature`]. What [may not be a trailer](may_be_trailer) is left out when they are sent.
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
        let fields = self.trailers.iter().filter(|(name, _)| may_be_trailer(name));
        let trailers: HeaderMap = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
        (!trailers.is_empty()).then_some(trailers)
    }
}

/// Whether a field may be a trailer: what a recipient needs before the body, for framing, routing, authentication or
/// the understanding of the content, may not (RFC 9110 section 6.5.1).
pub fn may_be_trailer(name: &HeaderName) -> bool {
    ![
        AUTHORIZATION,
        CACHE_CONTROL,
        CONTENT_ENCODING,
        CONTENT_LENGTH,
        CONTENT_RANGE,
        CONTENT_TYPE,
        HOST,
        MAX_FORWARDS,
        SET_COOKIE,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
    ]
    .contains(name)
}
