//! What a native server knows of a request beyond HTTP.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;

use crate::{Feature, FeatureError};

/// The pieces of information that the native server attached to the request, by their native type
/// numbers (`HTTP_REQUEST_INFO_TYPE`). HTTP.sys and IIS.
pub trait HttpSysRequestInfoFeature: Feature {
    /// The pieces, as the native structures are laid out.
    fn request_info(&self) -> &BTreeMap<u32, Bytes>;
}

/// When the native server did what for the request. HTTP.sys and IIS.
///
/// ```
/// use falconry_features::{HttpSysRequestTimingFeature, RequestTimingType};
/// use std::time::Duration;
///
/// struct Timing([i64; 2]);
///
/// impl HttpSysRequestTimingFeature for Timing {
///     fn timestamps(&self) -> &[i64] {
///         &self.0
///     }
///
///     fn frequency(&self) -> u64 {
///         10_000_000
///     }
/// }
///
/// let timing = Timing([100, 350]);
/// let wait = timing.elapsed(RequestTimingType::ConnectionStart, RequestTimingType::DataStart);
/// assert_eq!(wait, Some(Duration::from_micros(25)));
/// assert_eq!(timing.timestamp(RequestTimingType::Http2StreamStart), None);
/// ```
pub trait HttpSysRequestTimingFeature: Feature {
    /// The times, in ticks of the system's performance counter, in the order of
    /// [`RequestTimingType`]; 0 is a step that did not happen. Older systems have fewer.
    fn timestamps(&self) -> &[i64];

    /// How many ticks make a second.
    fn frequency(&self) -> u64;

    /// The time of one step, in ticks; `None` if it did not happen.
    fn timestamp(&self, step: RequestTimingType) -> Option<i64> {
        self.timestamps().get(step as usize).copied().filter(|ticks| *ticks != 0)
    }

    /// The time between two steps; `None` if one of them did not happen, or they happened the other
    /// way round.
    fn elapsed(&self, start: RequestTimingType, end: RequestTimingType) -> Option<Duration> {
        let ticks = self.timestamp(end)?.checked_sub(self.timestamp(start)?)?;
        let nanos = u128::try_from(ticks).ok()? * 1_000_000_000 / u128::from(self.frequency().max(1));
        u64::try_from(nanos).ok().map(Duration::from_nanos)
    }
}

/// The steps that [`HttpSysRequestTimingFeature`] tells the time of, by their native numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are those of HTTP_REQUEST_TIMING_TYPE and say what they are")]
pub enum RequestTimingType {
    ConnectionStart,
    DataStart,
    TlsCertificateLoadStart,
    TlsCertificateLoadEnd,
    TlsHandshakeLeg1Start,
    TlsHandshakeLeg1End,
    TlsHandshakeLeg2Start,
    TlsHandshakeLeg2End,
    TlsAttributesQueryStart,
    TlsAttributesQueryEnd,
    TlsClientCertQueryStart,
    TlsClientCertQueryEnd,
    Http2StreamStart,
    Http2HeaderDecodeStart,
    Http2HeaderDecodeEnd,
    RequestHeaderParseStart,
    RequestHeaderParseEnd,
    RequestRoutingStart,
    RequestRoutingEnd,
    RequestQueuedForInspection,
    RequestDeliveredForInspection,
    RequestReturnedAfterInspection,
    RequestQueuedForDelegation,
    RequestDeliveredForDelegation,
    RequestReturnedAfterDelegation,
    RequestQueuedForIo,
    RequestDeliveredForIo,
    Http3StreamStart,
    Http3HeaderDecodeStart,
    Http3HeaderDecodeEnd,
}

impl RequestTimingType {
    /// All steps, in the order of their numbers.
    pub const ALL: [Self; 30] = [
        Self::ConnectionStart,
        Self::DataStart,
        Self::TlsCertificateLoadStart,
        Self::TlsCertificateLoadEnd,
        Self::TlsHandshakeLeg1Start,
        Self::TlsHandshakeLeg1End,
        Self::TlsHandshakeLeg2Start,
        Self::TlsHandshakeLeg2End,
        Self::TlsAttributesQueryStart,
        Self::TlsAttributesQueryEnd,
        Self::TlsClientCertQueryStart,
        Self::TlsClientCertQueryEnd,
        Self::Http2StreamStart,
        Self::Http2HeaderDecodeStart,
        Self::Http2HeaderDecodeEnd,
        Self::RequestHeaderParseStart,
        Self::RequestHeaderParseEnd,
        Self::RequestRoutingStart,
        Self::RequestRoutingEnd,
        Self::RequestQueuedForInspection,
        Self::RequestDeliveredForInspection,
        Self::RequestReturnedAfterInspection,
        Self::RequestQueuedForDelegation,
        Self::RequestDeliveredForDelegation,
        Self::RequestReturnedAfterDelegation,
        Self::RequestQueuedForIo,
        Self::RequestDeliveredForIo,
        Self::Http3StreamStart,
        Self::Http3HeaderDecodeStart,
        Self::Http3HeaderDecodeEnd,
    ];
}

/// Further properties of the request that the native server hands out when asked. HTTP.sys.
///
/// ```
/// use falconry_features::{FeatureCollection, HttpSysRequestPropertyFeature};
///
/// fn hello_length(features: &FeatureCollection) -> Option<usize> {
///     let property = features.get::<dyn HttpSysRequestPropertyFeature>()?;
///     Some(property.tls_client_hello().ok()?.len())
/// }
/// assert_eq!(hello_length(&FeatureCollection::new()), None);
/// ```
pub trait HttpSysRequestPropertyFeature: Feature {
    /// The client's first TLS message, as it came.
    ///
    /// # Errors
    /// Not supported: the system is too old to hand it out, or the connection is not encrypted. IO:
    /// the native server refused.
    fn tls_client_hello(&self) -> Result<Bytes, FeatureError>;
}

/// The plain [`HttpSysRequestInfoFeature`] and [`HttpSysRequestTimingFeature`], for drivers.
///
/// ```
/// use falconry_features::{HttpSysRequestInfoFeature, PlainNativeRequest};
///
/// let mut request = PlainNativeRequest::default();
/// request.info.insert(11, vec![1, 2, 3].into());
/// assert_eq!(request.request_info()[&11].as_ref(), [1, 2, 3]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainNativeRequest {
    /// The pieces of information.
    pub info: BTreeMap<u32, Bytes>,
    /// The times, in ticks.
    pub timestamps: Vec<i64>,
    /// Ticks per second.
    pub frequency: u64,
}

impl HttpSysRequestInfoFeature for PlainNativeRequest {
    fn request_info(&self) -> &BTreeMap<u32, Bytes> {
        &self.info
    }
}

impl HttpSysRequestTimingFeature for PlainNativeRequest {
    fn timestamps(&self) -> &[i64] {
        &self.timestamps
    }

    fn frequency(&self) -> u64 {
        self.frequency
    }
}
