//! Extended CONNECT (RFC 8441).

use crate::{
    END,
    h2::{Server, code, data, frame, headers, kind},
};

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
            raw.send(&frame(kind::WINDOW_UPDATE, 0, stream, &16_384_u32.to_be_bytes()));
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
    raw.send(&frame(kind::RST_STREAM, 0, 1, &code::CANCEL.to_be_bytes()));
    server.app.disposed.wait_for(1);
    assert_eq!(server.app.errors.lock().unwrap().len(), 1);
}
