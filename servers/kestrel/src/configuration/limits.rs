//! `Limits`, with `Limits:Http2` and `Limits:Http3`.

use std::time::Duration;

use falconry_features::{MinDataRate, ServerError};

use super::section::Section;
use crate::{Http2Limits, Http3Limits, KestrelServerLimits};

pub(super) fn read(section: &Section<'_>, limits: &mut KestrelServerLimits) -> Result<(), ServerError> {
    section.set("MaxResponseBufferSize", Section::number_or_unlimited, |size| {
        limits.set_max_response_buffer_size(size);
        Ok(())
    })?;
    section.set("MaxRequestBufferSize", Section::number_or_unlimited, |size| {
        limits.set_max_request_buffer_size(size).map(drop)
    })?;
    section.set("MaxRequestLineSize", Section::number, |size| {
        limits.set_max_request_line_size(size).map(drop)
    })?;
    section.set("MaxRequestHeadersTotalSize", Section::number, |size| {
        limits.set_max_request_headers_total_size(size).map(drop)
    })?;
    section.set("MaxRequestHeaderCount", Section::number, |count| {
        limits.set_max_request_header_count(count).map(drop)
    })?;
    section.set("MaxRequestBodySize", Section::number_or_unlimited, |size| {
        limits.set_max_request_body_size(size);
        Ok(())
    })?;
    section.set("KeepAliveTimeout", Section::time_or_unlimited, |time| {
        limits.set_keep_alive_timeout(time).map(drop)
    })?;
    section.set("RequestHeadersTimeout", Section::time_or_unlimited, |time| {
        limits.set_request_headers_timeout(time).map(drop)
    })?;
    section.set("MaxConcurrentConnections", Section::number_or_unlimited, |count| {
        limits.set_max_concurrent_connections(count).map(drop)
    })?;
    section.set("MaxConcurrentUpgradedConnections", Section::number_or_unlimited, |count| {
        limits.set_max_concurrent_upgraded_connections(count);
        Ok(())
    })?;
    section.set("MaxConnectionAge", Section::time_or_unlimited, |age| {
        limits.set_max_connection_age(age).map(drop)
    })?;
    if let Some(rate) = data_rate(&section.child("MinRequestBodyDataRate"))? {
        limits.set_min_request_body_data_rate(rate);
    }
    if let Some(rate) = data_rate(&section.child("MinResponseDataRate"))? {
        limits.set_min_response_data_rate(rate);
    }
    read_http2(&section.child("Http2"), &mut limits.http2)?;
    read_http3(&section.child("Http3"), &mut limits.http3)?;
    section.warn_of_unknown();
    Ok(())
}

fn read_http2(section: &Section<'_>, limits: &mut Http2Limits) -> Result<(), ServerError> {
    section.set("MaxStreamsPerConnection", Section::number, |count| {
        limits.set_max_streams_per_connection(count).map(drop)
    })?;
    section.set("HeaderTableSize", Section::number, |size| {
        limits.set_header_table_size(size);
        Ok(())
    })?;
    section.set("MaxFrameSize", Section::number, |size| limits.set_max_frame_size(size).map(drop))?;
    section.set("MaxRequestHeaderFieldSize", Section::number, |size| {
        limits.set_max_request_header_field_size(size).map(drop)
    })?;
    section.set("InitialConnectionWindowSize", Section::number, |size| {
        limits.set_initial_connection_window_size(size).map(drop)
    })?;
    section.set("InitialStreamWindowSize", Section::number, |size| {
        limits.set_initial_stream_window_size(size).map(drop)
    })?;
    section.set("KeepAlivePingDelay", Section::time_or_unlimited, |time| {
        limits.set_keep_alive_ping_delay(time).map(drop)
    })?;
    section.set("KeepAlivePingTimeout", Section::time_or_unlimited, |time| {
        limits.set_keep_alive_ping_timeout(time).map(drop)
    })?;
    section.warn_of_unknown();
    Ok(())
}

fn read_http3(section: &Section<'_>, limits: &mut Http3Limits) -> Result<(), ServerError> {
    section.set("MaxRequestHeaderFieldSize", Section::number, |size| {
        limits.set_max_request_header_field_size(size).map(drop)
    })?;
    section.warn_of_unknown();
    Ok(())
}

/// `BytesPerSecond` and `GracePeriod`; nothing at all there (`null`) is the absence of a limit.
fn data_rate(section: &Section<'_>) -> Result<Option<Option<MinDataRate>>, ServerError> {
    /// What the recorded defaults have.
    const GRACE_PERIOD: Duration = Duration::from_secs(5);

    let bytes = section.child("BytesPerSecond");
    let grace = section.child("GracePeriod");
    let (rate, grace_period) = (bytes.decimal()?, grace.time()?);
    section.warn_of_unknown();
    let Some(rate) = rate else {
        if grace_period.is_some() {
            return Err(grace.fault("`BytesPerSecond` must be there, too"));
        }
        return match section.value() {
            None => Ok(None),
            Some("") => Ok(Some(None)),
            Some(_) => {
                Err(section.refuse("the keys BytesPerSecond and GracePeriod, or empty (null) for no limit"))
            }
        };
    };
    MinDataRate::new(rate, grace_period.unwrap_or(GRACE_PERIOD))
        .map(|rate| Some(Some(rate)))
        .map_err(|error| section.error(error))
}
