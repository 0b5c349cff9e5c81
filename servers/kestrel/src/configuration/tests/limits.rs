use std::time::Duration;

use falconry_features::MinDataRate;

use super::*;
use crate::{Http2Limits, Http3Limits, KestrelServerLimits};

#[test]
fn every_limit_has_its_key() {
    let limits = options(&[
        "Limits:MaxResponseBufferSize=1",
        "Limits:MaxRequestBufferSize=2000000",
        "Limits:MaxRequestLineSize=3",
        "Limits:MaxRequestHeadersTotalSize=4",
        "Limits:MaxRequestHeaderCount=5",
        "Limits:MaxRequestBodySize=6",
        "Limits:KeepAliveTimeout=00:02:10.5",
        "Limits:RequestHeadersTimeout=8s",
        "Limits:MaxConcurrentConnections=9",
        "Limits:MaxConcurrentUpgradedConnections=0",
        "Limits:MaxConnectionAge=1h",
        "Limits:MinRequestBodyDataRate:BytesPerSecond=100.5",
        "Limits:MinRequestBodyDataRate:GracePeriod=10s",
        "Limits:MinResponseDataRate:BytesPerSecond=50",
        "Limits:Http2:MaxStreamsPerConnection=10",
        "Limits:Http2:HeaderTableSize=11",
        "Limits:Http2:MaxFrameSize=16385",
        "Limits:Http2:MaxRequestHeaderFieldSize=12",
        "Limits:Http2:InitialConnectionWindowSize=70000",
        "Limits:Http2:InitialStreamWindowSize=80000",
        "Limits:Http2:KeepAlivePingDelay=1m",
        "Limits:Http2:KeepAlivePingTimeout=00:00:30",
        "Limits:Http3:MaxRequestHeaderFieldSize=13",
    ])
    .unwrap()
    .limits;
    let rate = |bytes, seconds| Some(MinDataRate::new(bytes, Duration::from_secs(seconds)).unwrap());
    let mut expected = KestrelServerLimits::default();
    expected.set_max_response_buffer_size(1).set_max_request_body_size(6);
    expected.set_max_request_buffer_size(2_000_000).unwrap();
    expected.set_max_request_line_size(3).unwrap().set_max_request_headers_total_size(4).unwrap();
    expected.set_max_request_header_count(5).unwrap();
    expected.set_keep_alive_timeout(Duration::from_millis(130_500)).unwrap();
    expected.set_request_headers_timeout(Duration::from_secs(8)).unwrap();
    expected.set_max_concurrent_connections(9).unwrap().set_max_concurrent_upgraded_connections(0);
    expected.set_max_connection_age(Duration::from_secs(3600)).unwrap();
    expected.set_min_request_body_data_rate(rate(100.5, 10)).set_min_response_data_rate(rate(50.0, 5));
    let http2 = &mut expected.http2;
    http2.set_max_streams_per_connection(10).unwrap().set_header_table_size(11);
    http2.set_max_frame_size(16_385).unwrap().set_max_request_header_field_size(12).unwrap();
    http2.set_initial_connection_window_size(70_000).unwrap();
    http2.set_initial_stream_window_size(80_000).unwrap();
    http2.set_keep_alive_ping_delay(Duration::from_secs(60)).unwrap();
    http2.set_keep_alive_ping_timeout(Duration::from_secs(30)).unwrap();
    expected.http3.set_max_request_header_field_size(13).unwrap();
    assert_eq!(limits, expected);
}

#[test]
fn an_empty_value_lifts_a_limit_that_may_be_absent() {
    let limits = options(&[
        "Limits:MaxRequestBodySize=",
        "Limits:MaxRequestBufferSize=",
        "Limits:KeepAliveTimeout=",
        "Limits:MinRequestBodyDataRate=",
        "Limits:Http2:KeepAlivePingTimeout=",
        "Limits:MaxRequestLineSize=",
    ])
    .unwrap()
    .limits;
    assert_eq!(limits.max_request_body_size(), None);
    assert_eq!(limits.max_request_buffer_size(), None);
    assert_eq!(limits.keep_alive_timeout(), None);
    assert_eq!(limits.min_request_body_data_rate(), None);
    assert_eq!(limits.http2.keep_alive_ping_timeout(), None);
    // One that must be there keeps its default.
    assert_eq!(limits.max_request_line_size(), 8192);
}

#[test]
fn switches_and_transport_have_their_keys() {
    let options = options(&[
        "AddServerHeader=False",
        "allowalternateschemes=true",
        "AllowHostHeaderOverride=1",
        "AllowResponseHeaderCompression=0",
        "Transport:Backlog=7",
        "Transport:NoDelay=false",
        "Transport:AcceptSockets=3",
    ])
    .unwrap();
    assert!(!options.add_server_header && options.allow_alternate_schemes);
    assert!(options.allow_host_header_override && !options.allow_response_header_compression);
    let transport = options.transport;
    assert_eq!((transport.backlog, transport.no_delay, transport.accept_sockets), (7, false, 3));
}

#[test]
fn what_code_sets_afterwards_wins() {
    let mut options = options(&["Limits:MaxRequestBodySize=5", "AddServerHeader=false"]).unwrap();
    options.limits.set_max_request_body_size(6);
    options.add_server_header = true;
    assert_eq!(options.limits.max_request_body_size(), Some(6));
}

#[test]
fn another_configuration_takes_the_place_of_the_first_and_leaves_what_code_has_set() {
    let mut options = options(&[
        "Limits:MaxRequestBodySize=5",
        "Limits:MaxRequestLineSize=50",
        "Limits:Http2:MaxStreamsPerConnection=7",
        "Limits:Http3:MaxRequestHeaderFieldSize=70",
        "AddServerHeader=false",
    ])
    .unwrap();
    options.limits.set_max_request_line_size(60).unwrap();
    options.allow_alternate_schemes = true;
    let next = ["Limits:MaxRequestBodySize=8", "Limits:MaxRequestLineSize=80", "AllowAlternateSchemes=false"];
    let next = next.iter().map(|entry| entry.split_once('=').unwrap());
    options.configure(KestrelConfiguration::new(next)).unwrap();
    assert_eq!(options.limits.max_request_body_size(), Some(8));
    assert_eq!(options.limits.max_request_line_size(), 60, "code has said so");
    assert!(options.allow_alternate_schemes, "code has said so");
    // Keys that are gone are back at what they were before.
    assert_eq!(options.limits.http2, Http2Limits::default());
    assert_eq!(options.limits.http3, Http3Limits::default());
    assert!(options.add_server_header);
}
