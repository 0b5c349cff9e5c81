//! Every recorded default is ours too.

use std::time::Duration;

use super::{
    super::*,
    recorded::{Row, rows, time},
};

#[test]
fn the_switches_have_the_recorded_defaults() {
    let options = KestrelServerOptions::default();
    for row in rows(&["KestrelServerOptions"]) {
        let ours = match &*row.property {
            "AddServerHeader" => options.add_server_header,
            "AllowAlternateSchemes" => options.allow_alternate_schemes,
            "AllowHostHeaderOverride" => options.allow_host_header_override,
            "AllowResponseHeaderCompression" => options.allow_response_header_compression,
            _ => panic!("no option for {}", row.name()),
        };
        assert_eq!(if ours { "True" } else { "False" }, row.default(), "{}", row.name());
    }
}

#[test]
fn the_limits_have_the_recorded_defaults() {
    let limits = KestrelServerLimits::default();
    for row in rows(&["KestrelServerLimits"]) {
        match &*row.property {
            "MaxResponseBufferSize" => is_number(&row, limits.max_response_buffer_size()),
            "MaxRequestBufferSize" => is_number(&row, limits.max_request_buffer_size()),
            "MaxRequestLineSize" => is_number(&row, Some(limits.max_request_line_size())),
            "MaxRequestHeadersTotalSize" => is_number(&row, Some(limits.max_request_headers_total_size())),
            "MaxRequestHeaderCount" => is_number(&row, Some(limits.max_request_header_count())),
            "MaxRequestBodySize" => is_number(&row, limits.max_request_body_size()),
            "KeepAliveTimeout" => is_time(&row, limits.keep_alive_timeout()),
            "RequestHeadersTimeout" => is_time(&row, limits.request_headers_timeout()),
            "MaxConcurrentConnections" => is_number(&row, limits.max_concurrent_connections()),
            "MaxConcurrentUpgradedConnections" => {
                is_number(&row, limits.max_concurrent_upgraded_connections())
            }
            "MinRequestBodyDataRate" | "MinResponseDataRate" => {
                assert_eq!(row.default(), "Bytes per second: 240, Grace Period: 00:00:05");
            }
            _ => panic!("no option for {}", row.name()),
        }
    }
}

#[test]
fn the_data_rates_have_the_recorded_defaults() {
    let limits = KestrelServerLimits::default();
    for rate in [limits.min_request_body_data_rate(), limits.min_response_data_rate()] {
        let rate = rate.expect("there is a rate by default");
        for row in rows(&["MinDataRate"]).into_iter().filter(|row| row.result().is_none()) {
            match &*row.property {
                "BytesPerSecond" => is_number(&row, Some(rate.bytes_per_second())),
                "GracePeriod" => is_time(&row, Some(rate.grace_period())),
                _ => panic!("no option for {}", row.name()),
            }
        }
    }
}

#[test]
fn http2_and_http3_have_the_recorded_defaults() {
    let (http2, http3) = (Http2Limits::default(), Http3Limits::default());
    for row in rows(&["Http2Limits", "Http3Limits"]) {
        match &*row.name() {
            "Http2Limits.MaxStreamsPerConnection" => {
                is_number(&row, Some(http2.max_streams_per_connection()))
            }
            "Http2Limits.HeaderTableSize" => is_number(&row, Some(http2.header_table_size())),
            "Http2Limits.MaxFrameSize" => is_number(&row, Some(http2.max_frame_size())),
            "Http2Limits.MaxRequestHeaderFieldSize" => {
                is_number(&row, Some(http2.max_request_header_field_size()))
            }
            "Http2Limits.InitialConnectionWindowSize" => {
                is_number(&row, Some(http2.initial_connection_window_size()))
            }
            "Http2Limits.InitialStreamWindowSize" => {
                is_number(&row, Some(http2.initial_stream_window_size()))
            }
            "Http2Limits.KeepAlivePingDelay" => is_time(&row, http2.keep_alive_ping_delay()),
            "Http2Limits.KeepAlivePingTimeout" => is_time(&row, http2.keep_alive_ping_timeout()),
            "Http3Limits.MaxRequestHeaderFieldSize" => {
                is_number(&row, Some(http3.max_request_header_field_size()))
            }
            name => panic!("no option for {name}"),
        }
    }
}

#[test]
fn sockets_have_the_recorded_defaults() {
    let transport = SocketTransportOptions::default();
    for row in rows(&["SocketTransportOptions"]) {
        match &*row.property {
            "Backlog" => is_number(&row, Some(transport.backlog)),
            "NoDelay" => assert_eq!(row.default() == "True", transport.no_delay),
            _ => panic!("no option for {}", row.name()),
        }
    }
}

#[test]
fn quic_has_the_recorded_defaults() {
    let quic = QuicTransportOptions::default();
    for row in rows(&["QuicTransportOptions"]) {
        match &*row.property {
            "MaxBidirectionalStreamCount" => is_number(&row, Some(quic.max_bidirectional_stream_count)),
            "MaxUnidirectionalStreamCount" => is_number(&row, Some(quic.max_unidirectional_stream_count)),
            "Backlog" => is_number(&row, Some(quic.backlog)),
            _ => panic!("no option for {}", row.name()),
        }
    }
}

#[test]
fn sets_of_protocols_have_the_recorded_names() {
    let row = rows(&["enum HttpProtocols"]).remove(0);
    let ours = [
        HttpProtocols::HTTP1,
        HttpProtocols::HTTP2,
        HttpProtocols::HTTP1_AND_HTTP2,
        HttpProtocols::HTTP3,
        HttpProtocols::HTTP1_AND_HTTP2_AND_HTTP3,
    ];
    let recorded: Vec<_> = row.default().split(", ").filter_map(|member| member.split('=').next()).collect();
    // There is no way to say `None`.
    assert_eq!(recorded[1..], ours.map(|protocols| protocols.to_string()));
}

#[cfg(unix)]
#[test]
fn endpoints_have_the_recorded_defaults() {
    for row in rows(&["ListenOptions"]) {
        // Two of the recorded endpoints are TCP, the third is a unix socket; a row of each kind is made for ours.
        let is_unix =
            row.default().contains("/tmp/") || (row.property == "IPEndPoint" && row.default() == "null");
        let mut options = KestrelServerOptions::default();
        if is_unix {
            options.listen_unix_socket("/tmp/x-o.sock").unwrap();
        } else {
            options.listen_with("127.0.0.1:9".parse().unwrap(), |endpoint| {
                endpoint.tls = row.default().starts_with("https");
            });
        }
        let endpoint = &options.endpoints()[0];
        let recorded = row.default().replace("<port>", "9").replace('"', "");
        let ours = match &*row.property {
            "EndPoint" if is_unix => endpoint.socket_path().map(|path| path.display().to_string()),
            "EndPoint" => Some(endpoint.endpoint().to_string()),
            "IPEndPoint" => endpoint.ip_endpoint().map(|address| address.to_string()),
            "SocketPath" => endpoint.socket_path().map(|path| path.display().to_string()),
            "PipeName" => endpoint.pipe_name().map(str::to_owned),
            "Protocols" => Some(endpoint.protocols.to_string()),
            "DisableAltSvcHeader" => {
                Some(if endpoint.disable_alt_svc_header { "True" } else { "False" }.into())
            }
            "(ToString)" => Some(endpoint.to_string()),
            _ => panic!("no option for {}", row.name()),
        };
        assert_eq!(ours.as_deref().unwrap_or("null"), recorded, "{}", row.name());
    }
}

fn is_number(row: &Row, ours: Option<impl ToString>) {
    assert_eq!(ours.map_or_else(|| "null".into(), |ours| ours.to_string()), row.default(), "{}", row.name());
}

fn is_time(row: &Row, ours: Option<Duration>) {
    assert_eq!(ours, time(row.default()), "{}", row.name());
}
