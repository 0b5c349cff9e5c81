//! What applications are offered on HTTP/2.

#[path = "support/h2/mod.rs"]
mod h2;

use falconry_kestrel::Http2Limits;
use h2::{
    Server, code, data, flag, headers, kind,
    raw::{GET, POST, path_of, with},
};

const END: u8 = flag::END_STREAM;

fn connect(path: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "a.test"),
    ]
}

#[test]
fn a_request_has_the_features_of_its_protocol() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.get(1, "/");
    let text = raw.get(3, "/info?a=b").text();
    let lines: Vec<_> = text.lines().collect();
    let expected = [
        "version=HTTP/2.0",
        "scheme=http",
        "target=/info?a=b",
        "path=/info",
        "query=?a=b",
        "stream=Some(3)",
        "body=false",
        "upgrade=Some(false)",
        "connect=Some(false)",
        "trailers=true",
        "reset=true",
        "response-rate=false",
        "body-rate=true true true",
    ];
    for line in expected {
        assert!(lines.contains(&line), "{line} is not among {lines:?}");
    }
}

#[test]
fn a_trace_identifier_is_the_connection_and_the_stream() {
    let server = Server::start();
    let mut raw = server.connect();
    let trace =
        |text: String| text.lines().find_map(|line| line.strip_prefix("trace=").map(str::to_owned)).unwrap();
    let first = trace(raw.get(1, "/info").text());
    let other = trace(raw.get(0x1F, "/info").text());
    let (connection, stream) = first.split_once(':').unwrap();
    assert_eq!((connection.len(), stream), (13, "00000001"));
    assert_eq!(other, format!("{connection}:0000001F"));
}

#[test]
fn trailers_travel_both_ways() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, 0, &path_of(&POST, "/trailers")));
    raw.send(&data(1, 0, b"body"));
    raw.send(&headers(1, END, &[("x-a", "1")]));
    let response = raw.response(1);
    assert_eq!(response.text(), "x-a: 1\n");
    assert_eq!(response.trailer("x-after"), Some("all"));
    // The stream's objects are used again; its trailers are not.
    assert!(raw.get(3, "/").trailers.is_empty());
}

#[test]
fn a_stream_is_reset_with_the_code_of_the_application() {
    let server = Server::start();
    let mut raw = server.connect();
    for (at, reset) in [0, 8, 0xD, 0xABCD, u32::MAX].into_iter().enumerate() {
        let stream = 4 * at as u32 + 1;
        assert_eq!(raw.get(stream, &format!("/reset?{reset}")).reset, Some(reset));
        let late = raw.get(stream + 2, &format!("/late-reset?{reset}"));
        assert_eq!((&*late.text(), late.reset), ("some", Some(reset)));
    }
    raw.assert_serves(101);
}

#[test]
fn an_application_hears_that_its_client_has_reset_the_stream() {
    let server = Server::start();
    let mut raw = server.connect();
    for (at, path) in ["/silent", "/wait", "/until"].into_iter().enumerate() {
        let stream = 2 * at as u32 + 1;
        raw.send(&headers(stream, 0, &path_of(&POST, path)));
        server.app.started.wait_for(at + 1);
        raw.send(&h2::frame(kind::RST_STREAM, 0, stream, &code::CANCEL.to_be_bytes()));
        server.app.aborted.wait_for(at + 1);
    }
    raw.assert_serves(101);
}

#[test]
fn an_application_hears_that_its_client_has_left() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, END, &path_of(&GET, "/silent")));
    raw.send(&headers(3, END, &path_of(&GET, "/wait")));
    raw.send(&headers(5, 0, &path_of(&POST, "/upload")));
    server.app.started.wait_for(3);
    drop(raw);
    server.app.aborted.wait_for(3);
}

#[test]
fn an_extended_connect_becomes_a_stream_of_bytes() {
    let server = Server::start();
    let mut raw = server.connect();
    assert_eq!(raw.settings.as_ref().unwrap().setting(8), Some(1));
    raw.send(&headers(1, 0, &connect("/tunnel")));
    let head = raw.expect(kind::HEADERS);
    assert!(!head.has(END));
    raw.send(&data(1, 0, b"hello"));
    assert_eq!(raw.expect(kind::DATA).payload, b"HELLO");
    raw.send(&data(1, 0, b"more"));
    assert_eq!(raw.expect(kind::DATA).payload, b"MORE");
    raw.send(&data(1, END, b"end"));
    assert_eq!(raw.expect(kind::DATA).payload, b"END");
    let last = raw.expect(kind::DATA);
    assert!(last.payload.is_empty() && last.has(END));
    raw.ping();
    assert_eq!(raw.get(3, "/tunnel").status(), 500, "a GET is no tunnel");
}

#[test]
fn a_tunnel_carries_more_than_its_windows() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, 0, &connect("/tunnel")));
    raw.expect(kind::HEADERS);
    let piece = vec![b'x'; 16_384];
    let mut windows = [1_048_576_usize, 786_432];
    for _ in 0..200 {
        while windows.iter().any(|window| *window < piece.len()) {
            let frame = raw.expect(kind::WINDOW_UPDATE);
            windows[usize::from(frame.stream != 0)] += frame.number(0) as usize;
        }
        windows.iter_mut().for_each(|window| *window -= piece.len());
        raw.send(&data(1, 0, &piece));
        let mut left = piece.len();
        while left > 0 {
            match raw.next().unwrap() {
                frame if frame.kind == kind::DATA => left -= frame.payload.len(),
                frame if frame.kind == kind::WINDOW_UPDATE => {
                    windows[usize::from(frame.stream != 0)] += frame.number(0) as usize;
                }
                frame => assert_ne!(frame.kind, kind::RST_STREAM),
            }
        }
        for stream in [0, 1] {
            raw.send(&h2::frame(kind::WINDOW_UPDATE, 0, stream, &16_384_u32.to_be_bytes()));
        }
    }
}

#[test]
fn an_extended_connect_may_be_refused_with_a_body() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, 0, &connect("/refuse-tunnel")));
    let response = raw.response(1);
    assert_eq!((response.status(), &*response.text()), (403, "no"));
}

#[test]
fn a_tunnel_ends_with_its_client() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, 0, &connect("/tunnel")));
    raw.expect(kind::HEADERS);
    raw.send(&h2::frame(kind::RST_STREAM, 0, 1, &code::CANCEL.to_be_bytes()));
    server.app.disposed.wait_for(1);
    assert_eq!(server.app.errors.lock().unwrap().len(), 1);
}

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
    let block = h2::block(&with(&GET, &[("a", &"x".repeat(16_000)), ("b", &"x".repeat(17_000))]));
    let (first, rest) = block.split_at(16_384);
    raw.send(&h2::frame(kind::HEADERS, END, 1, first));
    for (at, piece) in rest.chunks(16_384).enumerate() {
        let flags = if (at + 1) * 16_384 >= rest.len() { flag::END_HEADERS } else { 0 };
        raw.send(&h2::frame(kind::CONTINUATION, flags, 1, piece));
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

#[test]
fn streams_do_not_see_each_other() {
    let server = Server::start();
    let mut raw = server.connect();
    for at in 0..20_u32 {
        let secret = format!("secret-{at}");
        raw.send(&headers(2 * at + 1, END, &with(&path_of(&GET, "/fields"), &[("x-secret", &secret)])));
    }
    for at in 0..20_u32 {
        let response = raw.response_among(2 * at + 1);
        assert_eq!(response.text(), format!("x-secret: secret-{at}\nhost: a.test\n"));
    }
    assert_eq!(raw.get(101, "/fields").text(), "host: a.test\n");
}

#[test]
fn pieces_that_were_not_flushed_share_a_frame() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, END, &path_of(&GET, "/drops?1000")));
    let mut frames = 0;
    let mut body = Vec::new();
    loop {
        let frame = raw.expect(kind::DATA);
        frames += 1;
        body.extend_from_slice(&frame.payload);
        if frame.has(END) {
            break;
        }
    }
    assert_eq!(body, "drop ".repeat(1000).into_bytes());
    assert!(frames < 10, "{frames} frames");
}

#[test]
fn fields_of_responses_stay_out_of_the_tables_if_asked() {
    let index = |server: &Server| {
        let mut raw = server.connect();
        raw.send(&headers(1, END, &GET));
        let block = raw.expect(kind::HEADERS).payload;
        // The first field behind the status: a literal that is kept, or one that never is (RFC 7541 section 6.2).
        block[1] & 0xF0
    };
    assert_eq!(index(&Server::start()) & 0xC0, 0x40);
    let server = Server::with(|options| options.allow_response_header_compression = false, |_| {});
    assert_eq!(index(&server), 0x10);
}
