//! Limits, and what may differ where it is allowed.

use falconry_kestrel::Http2Limits;

use crate::{
    END,
    h2::{
        Server, block, code, data, flag, frame, headers, kind,
        raw::{GET, POST, path_of, with},
    },
};

#[test]
fn a_body_is_held_to_its_limit_unless_the_application_lifts_it() {
    let server = Server::with_limits(|limits| {
        limits.set_max_request_body_size(10);
    });
    let mut raw = server.connect();
    let upload = |stream, path: &'static str| {
        [headers(stream, 0, &path_of(&POST, path)), data(stream, END, b"eleven bytes")].concat()
    };
    raw.send(&upload(1, "/upload"));
    assert_eq!(raw.response(1).status(), 413);
    raw.send(&upload(3, "/unlimited"));
    assert_eq!(raw.response(3).text(), "12");
    // The limit is that of the server again.
    raw.send(&upload(5, "/upload"));
    assert_eq!(raw.response(5).status(), 413);
}

#[test]
fn requests_over_a_limit_are_answered() {
    let server = Server::with_limits(|limits| {
        limits.http2.set_max_request_header_field_size(10_000).unwrap();
    });
    let mut raw = server.connect();
    let long = "x".repeat(9_999);
    raw.send(&headers(1, END, &with(&GET, &[("a", &long)])));
    assert_eq!(raw.response(1).status(), 200);
    raw.send(&headers(3, END, &with(&GET, &[("ab", &long)])));
    assert_eq!(raw.response(3).status(), 431);
    let many: Vec<_> = (0..101).map(|_| ("a", "b")).collect();
    raw.send(&headers(5, END, &with(&GET, &many)));
    assert_eq!(raw.response(5).status(), 431);
    let path = format!("/{}", "x".repeat(8192));
    raw.send(&headers(7, END, &path_of(&GET, &path)));
    assert_eq!(raw.response(7).status(), 414);
    raw.assert_serves(9);
}

#[test]
fn fields_over_the_total_size_are_answered_with_431() {
    let server = Server::start();
    let mut raw = server.connect();
    let block = block(&with(&GET, &[("a", &"x".repeat(16_000)), ("b", &"x".repeat(17_000))]));
    let (first, rest) = block.split_at(16_384);
    raw.send(&frame(kind::HEADERS, END, 1, first));
    for (at, piece) in rest.chunks(16_384).enumerate() {
        let flags = if (at + 1) * 16_384 >= rest.len() { flag::END_HEADERS } else { 0 };
        raw.send(&frame(kind::CONTINUATION, flags, 1, piece));
    }
    let response = raw.response(1);
    assert_eq!(response.field(":status"), Some("431"));
    raw.assert_serves(3);
}

#[test]
fn another_scheme_is_taken_where_it_is_allowed() {
    let server = Server::with(|options| options.allow_alternate_schemes = true, |_| {});
    let mut raw = server.connect();
    let fields = [(":method", "GET"), (":scheme", "https"), (":path", "/info"), (":authority", "a.test")];
    raw.send(&headers(1, END, &fields));
    assert!(raw.response(1).text().contains("scheme=https\n"));
    assert!(raw.get(3, "/info").text().contains("scheme=http\n"));
}

#[test]
fn another_scheme_is_told_whether_the_authority_is_in_its_pseudo_field_or_in_host() {
    let server = Server::with(|options| options.allow_alternate_schemes = true, |_| {});
    let mut raw = server.connect();
    for (stream, scheme) in [(1, "https"), (3, "ftp"), (5, "http"), (7, "https")] {
        let fields = [(":method", "GET"), (":scheme", scheme), (":path", "/info"), ("host", "a.test")];
        raw.send(&headers(stream, END, &fields));
        let told = raw.response(stream).text();
        assert!(told.contains(&format!("scheme={scheme}\n")), "{scheme}: {told}");
    }
}

#[test]
fn another_host_is_taken_where_it_is_allowed() {
    let server = Server::with(|options| options.allow_host_header_override = true, |_| {});
    let mut raw = server.connect();
    raw.send(&headers(1, END, &with(&path_of(&GET, "/fields"), &[("host", "b.test")])));
    assert_eq!(raw.response(1).text(), "host: a.test\n");
}

#[test]
fn limits_are_told_to_the_client() {
    let defaults = Server::start().connect().settings.unwrap();
    let values = [1, 3, 4, 5, 6, 8].map(|id| defaults.setting(id));
    assert_eq!(values, [4096, 100, 786_432, 16_384, 32_768, 1].map(Some));
    let server = Server::with_limits(|limits| {
        let http2: &mut Http2Limits = &mut limits.http2;
        http2.set_header_table_size(1000).set_max_streams_per_connection(7).unwrap();
        http2.set_initial_stream_window_size(70_000).unwrap().set_max_frame_size(20_000).unwrap();
        limits.set_max_request_headers_total_size(50_000).unwrap();
    });
    let settings = server.connect().settings.unwrap();
    let values = [1, 3, 4, 5, 6].map(|id| settings.setting(id));
    assert_eq!(values, [1000, 7, 70_000, 20_000, 50_000].map(Some));
}

#[test]
fn a_client_that_sends_more_than_its_window_is_stopped() {
    let server = Server::with_limits(|limits| {
        limits.http2.set_initial_stream_window_size(65_535).unwrap();
    });
    let mut raw = server.connect();
    raw.send(&headers(1, 0, &path_of(&POST, "/silent")));
    for _ in 0..5 {
        raw.send(&data(1, 0, &[b'x'; 16_384]));
    }
    loop {
        let frame = raw.next().expect("an answer");
        if [kind::RST_STREAM, kind::GOAWAY].contains(&frame.kind) {
            return assert_eq!(frame.code(), code::FLOW_CONTROL_ERROR);
        }
    }
}
