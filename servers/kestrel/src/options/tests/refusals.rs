//! Every recorded value is accepted or refused as it was.

use std::time::Duration;

use falconry_features::{FeatureError, MinDataRate};

use super::{
    super::*,
    recorded::{rows, time},
};

/// A value that our type cannot hold counts as refused: the compiler refuses it.
#[derive(Debug)]
pub(super) struct Refused;

impl From<FeatureError> for Refused {
    fn from(error: FeatureError) -> Self {
        assert!(error.is_out_of_range(), "{error}");
        Self
    }
}

#[test]
fn limits_refuse_what_the_original_refuses() {
    let mut limits = KestrelServerLimits::default();
    check(&["KestrelServerLimits"], |name, value| {
        match name.rsplit('.').next().unwrap_or_default() {
            "MaxResponseBufferSize" => limits.set_max_response_buffer_size(maybe(value)?),
            "MaxRequestBufferSize" => limits.set_max_request_buffer_size(maybe(value)?)?,
            "MaxRequestLineSize" => limits.set_max_request_line_size(number(value)?)?,
            "MaxRequestHeadersTotalSize" => limits.set_max_request_headers_total_size(number(value)?)?,
            "MaxRequestHeaderCount" => limits.set_max_request_header_count(number(value)?)?,
            "MaxRequestBodySize" => limits.set_max_request_body_size(maybe(value)?),
            "KeepAliveTimeout" => limits.set_keep_alive_timeout(span(value)?)?,
            "RequestHeadersTimeout" => limits.set_request_headers_timeout(span(value)?)?,
            "MaxConcurrentConnections" => limits.set_max_concurrent_connections(maybe(value)?)?,
            "MaxConcurrentUpgradedConnections" => {
                limits.set_max_concurrent_upgraded_connections(maybe(value)?)
            }
            "MinRequestBodyDataRate" => limits.set_min_request_body_data_rate(None),
            "MinResponseDataRate" => limits.set_min_response_data_rate(None),
            _ => panic!("no setter for {name}"),
        };
        Ok(())
    });
}

#[test]
fn http2_and_http3_refuse_what_the_original_refuses() {
    let (mut http2, mut http3) = (Http2Limits::default(), Http3Limits::default());
    check(&["Http2Limits", "Http3Limits"], |name, value| {
        match name {
            "Http2Limits.MaxStreamsPerConnection" => http2.set_max_streams_per_connection(number(value)?)?,
            "Http2Limits.HeaderTableSize" => http2.set_header_table_size(number(value)?),
            "Http2Limits.MaxFrameSize" => http2.set_max_frame_size(number(value)?)?,
            "Http2Limits.MaxRequestHeaderFieldSize" => {
                http2.set_max_request_header_field_size(number(value)?)?
            }
            "Http2Limits.InitialConnectionWindowSize" => {
                http2.set_initial_connection_window_size(number(value)?)?
            }
            "Http2Limits.InitialStreamWindowSize" => http2.set_initial_stream_window_size(number(value)?)?,
            "Http2Limits.KeepAlivePingDelay" => http2.set_keep_alive_ping_delay(span(value)?)?,
            "Http2Limits.KeepAlivePingTimeout" => http2.set_keep_alive_ping_timeout(span(value)?)?,
            "Http3Limits.MaxRequestHeaderFieldSize" => {
                http3.set_max_request_header_field_size(number(value)?)?;
                &mut http2
            }
            _ => panic!("no setter for {name}"),
        };
        Ok(())
    });
}

#[test]
fn data_rates_refuse_what_the_original_refuses() {
    for row in rows(&["MinDataRate"]) {
        let (Some(result), Some(arguments)) = (row.result(), row.property.strip_prefix("new(")) else {
            continue;
        };
        let (rate, grace) = arguments.trim_end_matches(')').split_once(", ").expect("two arguments");
        // NaN and infinity are accepted there, and then make the limit do nothing or cut everybody off.
        let is_ok = result == "ok" && !matches!(rate, "NaN" | "Infinity");
        let rate: f64 = rate.parse().expect("a number");
        let ours = match (grace.starts_with('-'), time(grace.trim_start_matches('-'))) {
            (true, _) => false,
            (false, grace) => MinDataRate::new(rate, grace.unwrap_or(Duration::MAX)).is_ok(),
        };
        assert_eq!(ours, is_ok, "MinDataRate.{}", row.property);
    }
}

fn check(classes: &[&str], mut set: impl FnMut(&str, &str) -> Result<(), Refused>) {
    let mut count = 0;
    for row in rows(classes) {
        for (value, is_ok) in row.tried() {
            assert_eq!(set(&row.name(), value).is_ok(), is_ok, "{} = {value}", row.name());
            count += 1;
        }
    }
    assert!(count > 8, "only {count} values were tried");
}

fn number<T: TryFrom<i64>>(value: &str) -> Result<T, Refused> {
    T::try_from(value.parse().expect("a number")).map_err(|_| Refused)
}

fn maybe<T: TryFrom<i64>>(value: &str) -> Result<Option<T>, Refused> {
    if value == "null" { Ok(None) } else { number(value).map(Some) }
}

pub(super) fn span(value: &str) -> Result<Option<Duration>, Refused> {
    Ok(Some(match value {
        "InfiniteTimeSpan" => return Ok(None),
        "MaxValue" => Duration::MAX,
        "MinValue" | "-1s" => return Err(Refused),
        "Zero" => Duration::ZERO,
        _ => match value.strip_suffix("ms") {
            Some(value) => Duration::from_millis(number::<u64>(value)?),
            None => Duration::from_secs(number::<u64>(value.trim_end_matches('s'))?),
        },
    }))
}
