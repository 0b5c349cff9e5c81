//! Handing a request over.

use std::mem::size_of;

use falconry_features::{
    BadHttpRequestError, BoxError, FeatureCollection, HttpConnectionFeature,
    HttpInformationalResponseFeature, HttpRequestBodyDetectionFeature, HttpRequestFeature,
    HttpRequestIdentifierFeature, HttpRequestTrailersFeature, HttpResetFeature, HttpResponseTrailersFeature,
    HttpUpgradeFeature,
};
use http::{StatusCode, Version};
use http_body::Body;

use super::body::ServerBody;
use crate::abi::{Address, AppTable, RequestHead, Source, Str, code, fields, flag};

/// Gives the application a request; what comes back is to be polled for the response.
pub(super) fn begin(table: &AppTable, features: &mut FeatureCollection) -> Result<Source, BoxError> {
    let body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
    let can_have_body = features
        .get::<dyn HttpRequestBodyDetectionFeature>()
        .is_none_or(HttpRequestBodyDetectionFeature::can_have_body);
    let content_length = match body.size_hint().exact() {
        _ if !can_have_body => 0,
        Some(length) => i64::try_from(length).unwrap_or(i64::MAX),
        None => -1,
    };
    let body = Source::new(ServerBody(body));
    let flags = flags(features);
    let identifier = features.get::<dyn HttpRequestIdentifierFeature>();
    let identifier = identifier.map(HttpRequestIdentifierFeature::trace_identifier).unwrap_or_default();
    let connection = features.get::<dyn HttpConnectionFeature>();
    let request = features.required::<dyn HttpRequestFeature>()?;
    let fields = fields(request.headers());
    let head = RequestHead {
        size: size_of::<RequestHead>() as u32,
        flags,
        version: match request.version() {
            Version::HTTP_10 => 10,
            Version::HTTP_2 => 20,
            Version::HTTP_3 => 30,
            _ => 11,
        },
        reserved: 0,
        content_length,
        method: Str::new(request.method().as_str().as_bytes()),
        target: Str::new(request.raw_target().as_bytes()),
        scheme: Str::new(request.scheme().as_bytes()),
        connection_id: Str::new(connection.map_or("", HttpConnectionFeature::connection_id).as_bytes()),
        identifier: Str::new(identifier.as_bytes()),
        remote: connection
            .map_or_else(Address::default, |end| Address::new(end.remote_ip_address(), end.remote_port())),
        local: connection
            .map_or_else(Address::default, |end| Address::new(end.local_ip_address(), end.local_port())),
        fields: fields.as_ptr(),
        fields_len: fields.len(),
    };
    let mut response = Source::none();
    // SAFETY: head and place are there for the time of the call, and so is what the head points to.
    match unsafe { (table.call)(&raw const head, body, &raw mut response) } {
        code::OK => Ok(response),
        code::NOT_ACCEPTED => Err(refused(StatusCode::SERVICE_UNAVAILABLE)),
        code => match u16::try_from(code).ok().and_then(|code| StatusCode::from_u16(code).ok()) {
            Some(status) => Err(refused(status)),
            None => Err("the application could not take the request".into()),
        },
    }
}

fn refused(status: StatusCode) -> BoxError {
    BadHttpRequestError::new(status, format!("the application refuses the request with {status}")).into()
}

fn flags(features: &FeatureCollection) -> u32 {
    let can_upgrade =
        features.get::<dyn HttpUpgradeFeature>().is_some_and(HttpUpgradeFeature::is_upgradable_request);
    let known = [
        (can_upgrade, flag::CAN_UPGRADE),
        (features.get::<dyn HttpInformationalResponseFeature>().is_some(), flag::CAN_INFORM),
        (features.get::<dyn HttpResetFeature>().is_some(), flag::CAN_RESET),
        (features.get::<dyn HttpResponseTrailersFeature>().is_some(), flag::CAN_SEND_TRAILERS),
        (features.get::<dyn HttpRequestTrailersFeature>().is_some(), flag::HAS_REQUEST_TRAILERS),
    ];
    known.iter().filter(|(is_so, _)| *is_so).map(|(_, flag)| flag).sum()
}
