//! What IIS offers beyond what every native host does.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use falconry_features::{
    Certificate, FeatureCollection, FeatureError, HttpAuthenticationFeature, HttpSysRequestInfoFeature,
    HttpSysRequestTimingFeature, Identity, PlainAuthentication, PlainNativeRequest, PlainTlsConnection,
    PlainTlsHandshake, ServerVariablesFeature, TlsConnectionFeature, TlsHandshakeFeature, TlsVersion, User,
};
use windows_sys::Win32::Networking::HttpServer::{
    HttpRequestInfoTypeRequestTiming, HttpRequestInfoTypeSslProtocol,
};

use super::raw::RawRequest;
use crate::exchange::Exchange;

pub(super) fn fill_features(
    features: &mut FeatureCollection,
    exchange: &Arc<Exchange>,
    raw: &RawRequest<'_>,
) {
    let pieces: BTreeMap<i32, Bytes> =
        raw.pieces().map(|(kind, content)| (kind, Bytes::copy_from_slice(content))).collect();
    features.set::<dyn ServerVariablesFeature>(Box::new(Variables(Arc::clone(exchange))));
    features.set::<dyn HttpAuthenticationFeature>(Box::new(authentication(exchange)));
    let mut tls = PlainTlsConnection::default();
    tls.set_client_certificate(raw.client_certificate().map(|der| Certificate::from_der(der.to_vec())));
    features.set::<dyn TlsConnectionFeature>(Box::new(tls));
    if raw.is_https() {
        let protocol = pieces.get(&HttpRequestInfoTypeSslProtocol).and_then(|info| tls_version(info));
        let handshake = PlainTlsHandshake { protocol, ..PlainTlsHandshake::default() };
        features.set::<dyn TlsHandshakeFeature>(Box::new(handshake));
    }
    let timestamps = pieces.get(&HttpRequestInfoTypeRequestTiming).map(|info| timestamps(info));
    let native = PlainNativeRequest {
        info: pieces.into_iter().filter_map(|(kind, info)| Some((kind.try_into().ok()?, info))).collect(),
        timestamps: timestamps.unwrap_or_default(),
        frequency: ticks_per_second(),
    };
    features.set::<dyn HttpSysRequestTimingFeature>(Box::new(native.clone()));
    features.set::<dyn HttpSysRequestInfoFeature>(Box::new(native));
}

/// Who IIS says that sent the request.
fn authentication(exchange: &Exchange) -> PlainAuthentication {
    let mut authentication = PlainAuthentication::default();
    let variable = |name| exchange.server_variable(name).filter(|value: &String| !value.is_empty());
    if let (Some(kind), Some(name)) = (variable("AUTH_TYPE"), variable("AUTH_USER")) {
        authentication.set_user(Some(User::from(Identity::new(kind, name))));
    }
    authentication
}

/// The first number of `HTTP_SSL_PROTOCOL_INFO`: a flag of schannel's.
fn tls_version(info: &[u8]) -> Option<TlsVersion> {
    match u32::from_le_bytes(*info.first_chunk()?) {
        0x40 => Some(TlsVersion::Tls10),
        0x100 => Some(TlsVersion::Tls11),
        0x400 => Some(TlsVersion::Tls12),
        0x1000 => Some(TlsVersion::Tls13),
        _ => None,
    }
}

/// `HTTP_REQUEST_TIMING_INFO`: a count, then 64-bit times.
fn timestamps(info: &[u8]) -> Vec<i64> {
    let (Some(count), Some(times)) = (info.first_chunk(), info.get(8..)) else { return Vec::new() };
    let count = u32::from_le_bytes(*count) as usize;
    times
        .chunks_exact(8)
        .take(count)
        .filter_map(|time| time.try_into().ok())
        .map(i64::from_le_bytes)
        .collect()
}

/// Ticks of the performance counter.
#[cfg(windows)]
fn ticks_per_second() -> u64 {
    let mut frequency = 0;
    // SAFETY: the number is written before the call returns.
    unsafe { windows_sys::Win32::System::Performance::QueryPerformanceFrequency(&raw mut frequency) };
    frequency.try_into().unwrap_or_default()
}

/// IIS is where Windows is; elsewhere only tests come by.
#[cfg(not(windows))]
fn ticks_per_second() -> u64 {
    10_000_000
}

/// The server variables, while the request lasts.
struct Variables(Arc<Exchange>);

impl ServerVariablesFeature for Variables {
    fn server_variable(&self, name: &str) -> Result<Option<Cow<'_, str>>, FeatureError> {
        check_name(name)?;
        Ok(self.0.server_variable(name).map(Cow::Owned))
    }

    fn set_server_variable(&mut self, name: &str, value: &str) -> Result<(), FeatureError> {
        check_name(name)?;
        self.0.set_server_variable(name, value)
    }
}

fn check_name(name: &str) -> Result<(), FeatureError> {
    if name.is_empty() {
        return Err(FeatureError::invalid_argument("the name of a server variable must not be empty"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use falconry_features::TlsVersion;

    use super::{timestamps, tls_version};

    #[test]
    fn schannel_s_flag_tells_the_version() {
        assert_eq!(tls_version(&0x400_u32.to_le_bytes()), Some(TlsVersion::Tls12));
        assert_eq!(tls_version(&[0x00, 0x10, 0, 0, 9]), Some(TlsVersion::Tls13));
        assert_eq!(tls_version(&[0]), None);
    }

    #[test]
    fn no_more_times_are_read_than_are_there() {
        let mut info = 9_u64.to_le_bytes().to_vec();
        info.extend([7_i64, 8].into_iter().flat_map(i64::to_le_bytes));
        assert_eq!(timestamps(&info), [7, 8]);
        assert_eq!(timestamps(&[1, 0]), [0_i64; 0]);
    }
}
