//! Section 6: each kind of frame.

use super::{
    Case, Expect, case,
    support::{
        Raw, block, code, data, flag, frame, headers, kind,
        raw::{GET, POST, path_of},
        settings,
    },
};

const END: u8 = flag::END_STREAM;
const WHOLE: u8 = flag::END_HEADERS;

fn protocol() -> Expect {
    Expect::Goaway(&[code::PROTOCOL_ERROR])
}

fn size() -> Expect {
    Expect::Goaway(&[code::FRAME_SIZE_ERROR])
}

fn open(stream: u32) -> Vec<u8> {
    headers(stream, 0, &path_of(&POST, "/silent"))
}

pub(super) fn cases() -> Vec<Case> {
    [data_frames(), header_frames(), small_frames(), setting_frames(), control_frames(), continuations()]
        .into_iter()
        .flatten()
        .collect()
}

fn data_frames() -> Vec<Case> {
    let post = headers(1, 0, &POST);
    let padded = |payload: &[u8], flags| [post.clone(), data(1, flag::PADDED | flags, payload)].concat();
    vec![
        case("6.1 DATA on stream 0", data(0, 0, b"x"), protocol()),
        case("6.1 DATA with more padding than payload", padded(b"\x06abcde", 0), protocol()),
        case("6.1 DATA with padding as long as the payload", padded(b"\x05abcd", 0), protocol()),
        case("6.1 DATA that lacks the length of its padding", padded(b"", 0), size()),
        case("6.1 DATA of padding alone", padded(b"\x02\0\0", END), Expect::Body(1, "")),
        case("6.1 padding is no data", padded(b"\x03hello\0\0\0", END), Expect::Body(1, "hello")),
        case(
            "6.1 DATA without data",
            [post.clone(), data(1, 0, b""), data(1, END, b"")].concat(),
            Expect::Body(1, ""),
        ),
        case(
            "6.1 DATA in pieces",
            [post, data(1, 0, b"he"), data(1, 0, b"llo"), data(1, END, b"!")].concat(),
            Expect::Body(1, "hello!"),
        ),
    ]
}

fn header_frames() -> Vec<Case> {
    let padded = |length: u8, padding: usize| [vec![length], block(&GET), vec![0; padding]].concat();
    let flags = WHOLE | END | flag::PADDED;
    let with_priority = [vec![2], vec![0, 0, 0, 0, 7], block(&GET), vec![0, 0]].concat();
    vec![
        case("6.2 HEADERS on stream 0", headers(0, END, &GET), protocol()),
        case("6.2 HEADERS with padding", frame(1, flags, 1, &padded(9, 9)), Expect::Status(1, 200)),
        case("6.2 HEADERS with too much padding", frame(1, flags, 1, &padded(255, 0)), protocol()),
        case("6.2 HEADERS that lack the length of their padding", frame(1, flags, 1, b""), size()),
        case(
            "6.2 HEADERS too short for their priority",
            frame(1, WHOLE | END | flag::PRIORITY, 1, &[0, 0, 0]),
            size(),
        ),
        case(
            "6.2 HEADERS with padding and priority",
            frame(1, flags | flag::PRIORITY, 1, &with_priority),
            Expect::Status(1, 200),
        ),
        case(
            "6.2 HEADERS with priority that depend on themselves",
            frame(1, WHOLE | END | flag::PRIORITY, 1, &[vec![0, 0, 0, 1, 7], block(&GET)].concat()),
            protocol(),
        ),
    ]
}

fn small_frames() -> Vec<Case> {
    let priority = |stream, payload: &[u8]| frame(kind::PRIORITY, 0, stream, payload);
    let rst = |stream, payload: &[u8]| [open(1), frame(kind::RST_STREAM, 0, stream, payload)].concat();
    vec![
        case("6.3 PRIORITY on stream 0", priority(0, &[0; 5]), protocol()),
        case("6.3 PRIORITY that is too short", priority(1, &[0; 4]), size()),
        case("6.3 PRIORITY that is too long", priority(1, &[0; 6]), size()),
        case("6.3 PRIORITY on an open stream", [open(1), priority(1, &[0; 5])].concat(), Expect::Nothing),
        case("6.4 RST_STREAM on stream 0", rst(0, &[0, 0, 0, 8]), protocol()),
        case("6.4 RST_STREAM on an idle stream", rst(3, &[0, 0, 0, 8]), protocol()),
        case("6.4 RST_STREAM that is too short", rst(1, &[0, 0, 8]), size()),
        case("6.4 RST_STREAM that is too long", rst(1, &[0, 0, 0, 0, 8]), size()),
        case("6.4 RST_STREAM with an unknown code", rst(1, &[9, 9, 9, 9]), Expect::Nothing),
        case(
            "6.6 PUSH_PROMISE of a client",
            [open(1), frame(kind::PUSH_PROMISE, WHOLE, 1, &[vec![0, 0, 0, 2], block(&GET)].concat())]
                .concat(),
            protocol(),
        ),
    ]
}

fn setting_frames() -> Vec<Case> {
    let flow = || Expect::Goaway(&[code::FLOW_CONTROL_ERROR]);
    vec![
        case("6.5 SETTINGS on a stream", [open(1), frame(kind::SETTINGS, 0, 1, b"")].concat(), protocol()),
        case("6.5 an acknowledgment with a payload", frame(kind::SETTINGS, flag::ACK, 0, &[0; 6]), size()),
        case("6.5 SETTINGS whose length is no multiple of six", frame(kind::SETTINGS, 0, 0, &[0; 7]), size()),
        case("6.5.2 ENABLE_PUSH of 0", settings(&[(2, 0)]), Expect::Nothing),
        case("6.5.2 ENABLE_PUSH of 2", settings(&[(2, 2)]), protocol()),
        case("6.5.2 HEADER_TABLE_SIZE of 0", settings(&[(1, 0)]), Expect::Nothing),
        case("6.5.2 HEADER_TABLE_SIZE of everything", settings(&[(1, u32::MAX)]), Expect::Nothing),
        case("6.5.2 MAX_CONCURRENT_STREAMS of 0", settings(&[(3, 0)]), Expect::Nothing),
        case("6.5.2 INITIAL_WINDOW_SIZE over the maximum", settings(&[(4, 0x8000_0000)]), flow()),
        case("6.5.2 INITIAL_WINDOW_SIZE of the maximum", settings(&[(4, 0x7FFF_FFFF)]), Expect::Nothing),
        case("6.5.2 MAX_FRAME_SIZE under the minimum", settings(&[(5, 16_383)]), protocol()),
        case("6.5.2 MAX_FRAME_SIZE over the maximum", settings(&[(5, 16_777_216)]), protocol()),
        case("6.5.2 MAX_FRAME_SIZE of the maximum", settings(&[(5, 16_777_215)]), Expect::Nothing),
        case("6.5.2 MAX_HEADER_LIST_SIZE of anything", settings(&[(6, 100)]), Expect::Nothing),
        case("8441 3 ENABLE_CONNECT_PROTOCOL of 2", settings(&[(8, 2)]), protocol()),
        case("6.5.3 SETTINGS are acknowledged", settings(&[(4, 100)]), Expect::Check(acknowledged)),
        case(
            "6.5.3 of several values the last one counts",
            settings(&[(4, 0), (4, 65_535)]),
            Expect::Nothing,
        ),
        case(
            "6.5.2 frames keep to the client's size",
            settings(&[(5, 16_384)]),
            Expect::Check(frames_are_small),
        ),
    ]
}

fn acknowledged(raw: &mut Raw) {
    let frame = raw.expect(kind::SETTINGS);
    assert!(frame.has(flag::ACK));
    assert!(frame.payload.is_empty());
}

fn frames_are_small(raw: &mut Raw) {
    raw.send(&headers(1, END, &path_of(&GET, "/big?60000")));
    let mut left = 60_000;
    while left > 0 {
        let frame = raw.expect(kind::DATA);
        assert!(frame.payload.len() <= 16_384);
        left -= frame.payload.len();
    }
}

fn control_frames() -> Vec<Case> {
    let ping = |flags, stream, payload: &[u8]| frame(kind::PING, flags, stream, payload);
    let goaway = |stream, payload: &[u8]| frame(kind::GOAWAY, 0, stream, payload);
    vec![
        case("6.7 PING is answered with the same bytes", ping(0, 0, b"12345678"), Expect::Check(pong)),
        case(
            "6.7 the answer to a PING is not answered",
            ping(flag::ACK, 0, b"12345678"),
            Expect::Check(no_pong),
        ),
        case("6.7 PING on a stream", [open(1), ping(0, 1, b"12345678")].concat(), protocol()),
        case("6.7 PING that is too short", ping(0, 0, b"1234567"), size()),
        case("6.7 PING that is too long", ping(0, 0, b"123456789"), size()),
        case("6.8 GOAWAY on a stream", [open(1), goaway(1, &[0; 8])].concat(), protocol()),
        case("6.8 GOAWAY that is too short", goaway(0, &[0; 7]), size()),
        case(
            "6.8 GOAWAY with words",
            [headers(1, END, &GET), goaway(0, b"\0\0\0\0\0\0\0\0bye")].concat(),
            Expect::Check(ends),
        ),
        case(
            "6.8 streams end before the connection does",
            [headers(1, 0, &POST), goaway(0, &[0; 8]), data(1, END, b"late")].concat(),
            Expect::Check(ends_after_stream),
        ),
    ]
}

fn pong(raw: &mut Raw) {
    let frame = raw.expect(kind::PING);
    assert!(frame.has(flag::ACK));
    assert_eq!(frame.payload, b"12345678");
}

fn no_pong(raw: &mut Raw) {
    raw.send(&frame(kind::PING, 0, 0, b"the next"));
    assert_eq!(raw.expect(kind::PING).payload, b"the next");
}

fn ends(raw: &mut Raw) {
    assert_eq!(raw.response(1).status(), 200);
    while raw.next().is_some() {}
}

fn ends_after_stream(raw: &mut Raw) {
    assert_eq!(raw.response(1).text(), "late");
    while raw.next().is_some() {}
}

fn continuations() -> Vec<Case> {
    let fields = block(&GET);
    let begun = frame(kind::HEADERS, END, 1, &fields[..10]);
    let then =
        |stream, flags| [begun.clone(), frame(kind::CONTINUATION, flags, stream, &fields[10..])].concat();
    vec![
        case("6.10 CONTINUATION ends a field block", then(1, WHOLE), Expect::Status(1, 200)),
        case("6.10 CONTINUATION on stream 0", then(0, WHOLE), protocol()),
        case("6.10 CONTINUATION of another stream", then(3, WHOLE), protocol()),
        case("6.10 CONTINUATION without HEADERS", frame(kind::CONTINUATION, WHOLE, 1, &fields), protocol()),
        case(
            "6.10 CONTINUATION behind the end",
            [headers(1, 0, &POST), frame(kind::CONTINUATION, WHOLE, 1, b"")].concat(),
            protocol(),
        ),
        case(
            "6.10 CONTINUATION behind DATA",
            [headers(1, 0, &POST), data(1, 0, b"x"), frame(9, WHOLE, 1, b"")].concat(),
            protocol(),
        ),
        case(
            "6.10 HEADERS in the place of CONTINUATION",
            [begun.clone(), frame(1, WHOLE, 1, &fields[10..])].concat(),
            protocol(),
        ),
    ]
}
