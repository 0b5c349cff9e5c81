//! Requests, their responses and their ends.

use crate::{
    END,
    h2::{
        Server, code, data, frame, headers, kind,
        raw::{GET, POST, path_of, with},
    },
};

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
        raw.send(&frame(kind::RST_STREAM, 0, stream, &code::CANCEL.to_be_bytes()));
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
