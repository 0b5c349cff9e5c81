//! The options against those recorded from ASP.NET Core 10, and what the records do not hold.

mod defaults;
#[cfg(feature = "tls")]
mod https;
mod recorded;
mod refusals;

use std::time::Duration;

use super::*;

#[test]
fn a_refused_value_leaves_the_old_one() {
    let mut limits = KestrelServerLimits::default();
    let error = limits.set_max_request_line_size(0).unwrap_err();
    assert_eq!(error.to_string(), "max_request_line_size is 0: it must be at least 1 byte");
    assert_eq!(limits, KestrelServerLimits::default());
}

#[test]
fn times_that_never_end_are_none() {
    let mut limits = KestrelServerLimits::default();
    limits.set_keep_alive_timeout(Duration::MAX).unwrap();
    assert_eq!(limits.keep_alive_timeout(), None);
    let error = limits.set_keep_alive_timeout(Duration::ZERO).unwrap_err();
    assert_eq!(
        error.to_string(),
        "keep_alive_timeout is 0ns: it must be longer than zero, or None for no limit"
    );
}

#[test]
fn the_request_buffer_must_hold_a_request_line_and_the_fields() {
    let mut options = KestrelServerOptions::default();
    options.validate().unwrap();
    options.limits.set_max_request_buffer_size(32 * 1024).unwrap();
    options.validate().unwrap();
    options.limits.set_max_request_buffer_size(32 * 1024 - 1).unwrap();
    let error = options.validate().unwrap_err();
    assert!(error.is_options());
    assert_eq!(
        error.to_string(),
        "limits.max_request_buffer_size is 32767 bytes, less than limits.max_request_headers_total_size, 32768 bytes: \
         raise the first or lower the second"
    );
    options.limits.set_max_request_headers_total_size(10).unwrap().set_max_request_line_size(40_000).unwrap();
    assert!(options.validate().unwrap_err().to_string().contains("max_request_line_size"));
    options.limits.set_max_request_buffer_size(None).unwrap();
    options.validate().unwrap();
}

#[test]
fn endpoints_show_as_urls_in_the_order_given() {
    let mut options = KestrelServerOptions::default();
    options
        .listen("[::1]:0".parse().unwrap())
        .listen_localhost(5000)
        .listen_any_ip_with(443, |endpoint| endpoint.tls = true)
        .listen_named_pipe("app")
        .listen_unix_socket(if cfg!(windows) { "C:\\x.sock" } else { "/tmp/x.sock" })
        .unwrap();
    let shown: Vec<_> = options.endpoints().iter().map(ToString::to_string).collect();
    let unix = if cfg!(windows) { "http://unix:C:\\x.sock" } else { "http://unix:/tmp/x.sock" };
    assert_eq!(
        shown,
        ["http://[::1]:0", "http://localhost:5000", "https://[::]:443", "http://pipe:/app", unix]
    );
}

#[test]
fn a_relative_socket_path_is_refused() {
    let mut options = KestrelServerOptions::default();
    let error = options.listen_unix_socket("x.sock").unwrap_err();
    assert!(error.is_invalid_argument());
    assert!(options.endpoints().is_empty());
}

#[test]
fn localhost_without_a_port_is_refused_at_the_start() {
    let mut options = KestrelServerOptions::default();
    let error = options.listen_localhost(0).validate().unwrap_err();
    assert!(error.is_address());
    assert!(error.to_string().contains("127.0.0.1:0"));
}

#[cfg(not(windows))]
#[test]
fn named_pipes_are_refused_where_there_are_none() {
    let error = KestrelServerOptions::default().listen_named_pipe("app").validate().unwrap_err();
    assert!(error.is_platform());
}

#[test]
fn http3_without_tls_is_refused_unless_http1_is_there() {
    let start = |protocols| {
        KestrelServerOptions::default()
            .listen_any_ip_with(0, |endpoint| endpoint.protocols = protocols)
            .validate()
    };
    assert!(start(HttpProtocols::HTTP3).unwrap_err().is_options());
    assert!(start(HttpProtocols::HTTP2 | HttpProtocols::HTTP3).is_err());
    assert!(start(HttpProtocols::HTTP1_AND_HTTP2_AND_HTTP3).is_ok());
}

#[test]
fn endpoint_defaults_hold_for_later_endpoints_and_the_last_call_counts() {
    let mut options = KestrelServerOptions::default();
    options.listen_any_ip(1);
    options.configure_endpoint_defaults(|endpoint| endpoint.tls = true);
    options.configure_endpoint_defaults(|endpoint| endpoint.protocols = HttpProtocols::HTTP1);
    options.listen_any_ip(2).listen_any_ip_with(3, |endpoint| endpoint.protocols = HttpProtocols::HTTP2);
    let protocols: Vec<_> =
        options.endpoints().iter().map(|endpoint| endpoint.protocols.to_string()).collect();
    assert_eq!(protocols, ["Http1AndHttp2", "Http1", "Http2"]);
    assert!(options.endpoints().iter().all(|endpoint| !endpoint.tls));
}

#[test]
fn a_handle_shows_the_address_it_is_bound_to() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut options = KestrelServerOptions::default();
    options.listen_handle(socket);
    assert_eq!(options.endpoints()[0].to_string(), format!("http://{address}"));
    let ListenEndpoint::Handle(handle) = options.endpoints()[0].endpoint() else { panic!("not a handle") };
    assert_eq!(*handle, handle.clone());
}

#[test]
fn every_set_of_protocols_is_read_back_from_its_name() {
    let all = HttpProtocols::HTTP1_AND_HTTP2_AND_HTTP3;
    for name in ["Http1", "Http2", "Http1AndHttp2", "Http3", "Http1AndHttp3", "Http1AndHttp2AndHttp3"] {
        let protocols: HttpProtocols = name.to_lowercase().parse().unwrap();
        assert_eq!(protocols.to_string(), name);
        assert!(all.contains(protocols));
    }
    assert!("None".parse::<HttpProtocols>().unwrap_err().to_string().contains("Http1AndHttp2"));
}
