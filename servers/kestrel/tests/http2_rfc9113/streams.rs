//! Section 5: the states of streams and their numbers.

use super::{
    Case, Expect, NEXT, case,
    support::{
        Raw, block, code, data, flag, frame, headers, kind,
        raw::{GET, POST, path_of},
        settings,
    },
};

const END: u8 = flag::END_STREAM;

fn get(stream: u32) -> Vec<u8> {
    headers(stream, END, &GET)
}

/// A request that the application does not answer.
fn open(stream: u32) -> Vec<u8> {
    headers(stream, 0, &path_of(&POST, "/silent"))
}

fn half_closed(stream: u32) -> Vec<u8> {
    headers(stream, END, &path_of(&GET, "/silent"))
}

/// A stream that the client has reset.
fn reset(stream: u32) -> Vec<u8> {
    [open(stream), frame(kind::RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
}

fn ping() -> Vec<u8> {
    frame(kind::PING, 0, 0, b"whatever")
}

pub(super) fn cases() -> Vec<Case> {
    [states(), identifiers(), errors()].into_iter().flatten().collect()
}

fn states() -> Vec<Case> {
    let update = |stream| frame(kind::WINDOW_UPDATE, 0, stream, &[0, 0, 0, 1]);
    let rst = |stream| frame(kind::RST_STREAM, 0, stream, &[0, 0, 0, 8]);
    let priority = |stream| frame(kind::PRIORITY, 0, stream, &[0, 0, 0, 0, 15]);
    let protocol = || Expect::Goaway(&[code::PROTOCOL_ERROR]);
    let closed = || Expect::ResetOrGoaway(1, code::STREAM_CLOSED);
    vec![
        case("5.1 idle: DATA", data(1, 0, b"x"), protocol()),
        case("5.1 idle: RST_STREAM", rst(1), protocol()),
        case("5.1 idle: WINDOW_UPDATE", update(1), protocol()),
        case("5.1 idle: CONTINUATION", frame(kind::CONTINUATION, 4, 1, &block(&GET)), protocol()),
        case("5.1 idle: PRIORITY is taken", priority(1), Expect::Nothing),
        case("5.1 half-closed: DATA", [half_closed(1), data(1, END, b"x")].concat(), closed()),
        case("5.1 half-closed: HEADERS", [half_closed(1), get(1)].concat(), closed()),
        case("5.1 half-closed: CONTINUATION", [half_closed(1), frame(9, 4, 1, b"")].concat(), protocol()),
        case(
            "5.1 half-closed: WINDOW_UPDATE is taken",
            [half_closed(1), update(1)].concat(),
            Expect::Nothing,
        ),
        case("5.1 half-closed: PRIORITY is taken", [half_closed(1), priority(1)].concat(), Expect::Nothing),
        case("5.1 half-closed: RST_STREAM is taken", [half_closed(1), rst(1)].concat(), Expect::Nothing),
        case("5.1 closed by the client: DATA", [reset(1), data(1, END, b"x")].concat(), closed()),
        case("5.1 closed by the client: HEADERS", [reset(1), get(1)].concat(), closed()),
        case("5.1 closed by the client: CONTINUATION", [reset(1), frame(9, 4, 1, b"")].concat(), protocol()),
        case("5.1 closed: DATA", get(1), Expect::Check(data_after_the_end)),
        case("5.1 closed: HEADERS", get(1), Expect::Check(headers_after_the_end)),
        case("5.1 closed: WINDOW_UPDATE is ignored", get(1), Expect::Check(window_update_after_the_end)),
        case("5.1 closed: RST_STREAM is ignored", get(1), Expect::Check(reset_after_the_end)),
        case("5.1 closed: PRIORITY is ignored", get(1), Expect::Check(priority_after_the_end)),
        case(
            "5.1 open: the request may go on after the answer has begun",
            headers(1, 0, &path_of(&POST, "/until")),
            Expect::Check(full_duplex),
        ),
    ]
}

fn after_the_end(raw: &mut Raw, bytes: &[u8]) {
    assert_eq!(raw.response(1).status(), 200);
    raw.send(bytes);
}

fn assert_closed(raw: &mut Raw) {
    while let Some(frame) = raw.next() {
        if matches!(frame.kind, kind::GOAWAY | kind::RST_STREAM) {
            // A number that was used is not used again (section 5.1.1).
            return assert!([code::STREAM_CLOSED, code::PROTOCOL_ERROR].contains(&frame.code()), "{frame:?}");
        }
    }
    panic!("the connection has ended without a word");
}

fn data_after_the_end(raw: &mut Raw) {
    after_the_end(raw, &data(1, END, b"x"));
    assert_closed(raw);
}

fn headers_after_the_end(raw: &mut Raw) {
    after_the_end(raw, &get(1));
    assert_closed(raw);
}

fn window_update_after_the_end(raw: &mut Raw) {
    after_the_end(raw, &frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]));
    raw.assert_serves(NEXT);
}

fn reset_after_the_end(raw: &mut Raw) {
    after_the_end(raw, &frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]));
    raw.assert_serves(NEXT);
}

fn priority_after_the_end(raw: &mut Raw) {
    after_the_end(raw, &frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 9]));
    raw.assert_serves(NEXT);
}

fn full_duplex(raw: &mut Raw) {
    assert_eq!(raw.expect(kind::DATA).payload, b"begun");
    raw.send(&data(1, END, b"12345"));
    assert_eq!(raw.expect(kind::DATA).payload, b" 5");
}

fn identifiers() -> Vec<Case> {
    let protocol = || Expect::Goaway(&[code::PROTOCOL_ERROR]);
    let refused: Vec<u8> = (0..101).flat_map(|at| half_closed(2 * at + 1)).collect();
    vec![
        case("5.1.1 a stream with an even number", get(2), protocol()),
        case("5.1.1 a stream with a lower number than before", [half_closed(5), get(3)].concat(), protocol()),
        case("5.1.1 numbers may be left out", [half_closed(3), get(9)].concat(), Expect::Status(9, 200)),
        case("5.1.1 the highest number", get(0x7FFF_FFFF), Expect::Check(highest)),
        case("5.1.2 a stream over the limit is refused", refused, Expect::Check(refuses)),
        case("5.1.2 a stream that has ended makes room", Vec::new(), Expect::Check(more_than_the_limit)),
        case("5.3 a priority is taken for nothing", headers_with_priority(), Expect::Status(1, 200)),
        case(
            "5.3 a priority that depends on a stream that is not there",
            frame(kind::PRIORITY, 0, 3, &[0, 0, 0, 99, 1]),
            Expect::Nothing,
        ),
    ]
}

fn highest(raw: &mut Raw) {
    assert_eq!(raw.response(0x7FFF_FFFF).status(), 200);
}

fn refuses(raw: &mut Raw) {
    assert_eq!(raw.reset_of(201), code::REFUSED_STREAM);
}

fn more_than_the_limit(raw: &mut Raw) {
    for at in 0..150 {
        raw.assert_serves(2 * at + 1);
    }
}

fn headers_with_priority() -> Vec<u8> {
    let payload = [vec![0x80, 0, 0, 0, 200], block(&GET)].concat();
    frame(kind::HEADERS, END | flag::END_HEADERS | flag::PRIORITY, 1, &payload)
}

fn errors() -> Vec<Case> {
    let bad = headers(1, 0, &[(":method", "GET")]);
    let more: Vec<u8> = [bad.clone(), data(1, 0, b"in flight"), frame(8, 0, 1, &[0, 0, 0, 9])].concat();
    vec![
        case(
            "5.4.1 a connection error closes the connection",
            frame(kind::PING, 0, 1, b"whatever"),
            Expect::Goaway(&[code::PROTOCOL_ERROR]),
        ),
        case(
            "5.4.1 GOAWAY names the last stream that was served",
            [get(1), frame(kind::PING, 0, 1, b"whatever")].concat(),
            Expect::Check(last_stream),
        ),
        case(
            "5.4.2 frames under way to a stream that was reset are taken",
            more,
            Expect::Reset(1, code::PROTOCOL_ERROR),
        ),
        case("5.4.2 a reset is not answered by one", reset(1), Expect::Check(no_reset)),
        case("5.5 an unknown setting is ignored", settings(&[(0xABCD, 1)]), Expect::Nothing),
    ]
}

fn last_stream(raw: &mut Raw) {
    while let Some(frame) = raw.next() {
        if frame.kind == kind::GOAWAY {
            return assert_eq!(frame.number(0), 1);
        }
    }
    panic!("no GOAWAY");
}

fn no_reset(raw: &mut Raw) {
    raw.send(&ping());
    loop {
        match raw.next().expect("the connection has ended") {
            frame if frame.kind == kind::PING => return,
            frame => assert_ne!(frame.kind, kind::RST_STREAM),
        }
    }
}
