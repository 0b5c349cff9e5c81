//! Sections 5.2 and 6.9: flow control.

use super::{
    Case, Expect, NEXT, case,
    support::{
        Raw, code, data, flag, frame, headers, kind,
        raw::{GET, POST, path_of},
        settings,
    },
};

const END: u8 = flag::END_STREAM;

fn update(stream: u32, increment: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}

fn big(stream: u32, path: &str) -> Vec<u8> {
    headers(stream, END, &path_of(&GET, path))
}

fn open(stream: u32) -> Vec<u8> {
    headers(stream, 0, &path_of(&POST, "/silent"))
}

pub(super) fn cases() -> Vec<Case> {
    let protocol = || Expect::Goaway(&[code::PROTOCOL_ERROR]);
    let no_window = |path: &str| [settings(&[(4, 0)]), big(1, path)].concat();
    vec![
        case(
            "5.2.1 nothing is sent into a window of 0",
            no_window("/big?100"),
            Expect::Check(waits_for_window),
        ),
        case(
            "5.2.1 a response without a body needs no window",
            no_window("/empty"),
            Expect::Check(needs_no_window),
        ),
        case(
            "5.2.1 a window is used up and no more",
            [settings(&[(4, 10)]), big(1, "/big?100")].concat(),
            Expect::Check(ten_bytes),
        ),
        case(
            "5.2.1 the connection's window holds for all streams",
            [settings(&[(4, 200_000)]), big(1, "/big?50000"), big(3, "/big?50000")].concat(),
            Expect::Check(connection_window),
        ),
        case(
            "5.2.2 what is read can be sent anew",
            headers(1, 0, &path_of(&POST, "/upload")),
            Expect::Check(windows_open_again),
        ),
        case(
            "6.9 WINDOW_UPDATE that is too short",
            frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 1]),
            Expect::Goaway(&[code::FRAME_SIZE_ERROR]),
        ),
        case(
            "6.9 WINDOW_UPDATE that is too long",
            frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 0, 1]),
            Expect::Goaway(&[code::FRAME_SIZE_ERROR]),
        ),
        case("6.9 an increment of 0 for the connection", update(0, 0), protocol()),
        case(
            "6.9 an increment of 0 for a stream",
            [open(1), update(1, 0)].concat(),
            Expect::ResetOrGoaway(1, code::PROTOCOL_ERROR),
        ),
        case("6.9 the reserved bit of an increment is ignored", update(0, 0x8000_0001), Expect::Nothing),
        case(
            "6.9.1 the connection's window overflows",
            update(0, 0x7FFF_FFFF),
            Expect::Goaway(&[code::FLOW_CONTROL_ERROR]),
        ),
        case(
            "6.9.1 a stream's window overflows",
            [open(1), update(1, 0x7FFF_FFFF)].concat(),
            Expect::Reset(1, code::FLOW_CONTROL_ERROR),
        ),
        case("6.9.1 a window that is just not too large", update(0, 0x7FFF_FFFF - 65_535), Expect::Nothing),
        case(
            "6.9.2 a change of the initial window holds for open streams",
            no_window("/big?100"),
            Expect::Check(window_by_settings),
        ),
        case(
            "6.9.2 a window may become negative",
            [settings(&[(4, 100)]), big(1, "/big?1000")].concat(),
            Expect::Check(negative_window),
        ),
        case(
            "6.9.2 a stream's window overflows by SETTINGS",
            [open(1), update(1, 0x7FFF_FFFF - 65_535), settings(&[(4, 65_536)])].concat(),
            Expect::Goaway(&[code::FLOW_CONTROL_ERROR]),
        ),
    ]
}

/// Whatever has come of DATA until a PING is answered.
fn arrived(raw: &mut Raw) -> usize {
    raw.send(&frame(kind::PING, 0, 0, b"arrived?"));
    let mut count = 0;
    loop {
        match raw.next().expect("the connection has ended") {
            frame if frame.kind == kind::PING => return count,
            frame if frame.kind == kind::DATA => count += frame.payload.len(),
            _ => {}
        }
    }
}

fn waits_for_window(raw: &mut Raw) {
    raw.expect(kind::HEADERS);
    assert_eq!(arrived(raw), 0);
    raw.send(&update(1, 60));
    assert_eq!(raw.expect(kind::DATA).payload.len(), 60);
    raw.send(&update(1, 60));
    assert_eq!(raw.expect(kind::DATA).payload.len(), 40);
}

fn needs_no_window(raw: &mut Raw) {
    assert_eq!(raw.response(1).status(), 200);
}

fn ten_bytes(raw: &mut Raw) {
    assert_eq!(raw.expect(kind::DATA).payload.len(), 10);
    assert_eq!(arrived(raw), 0);
}

fn connection_window(raw: &mut Raw) {
    let mut total = 0;
    while total < 65_535 {
        total += raw.expect(kind::DATA).payload.len();
    }
    assert_eq!(total, 65_535);
    assert_eq!(arrived(raw), 0);
    raw.send(&update(0, 100_000));
    while total < 100_000 {
        total += raw.expect(kind::DATA).payload.len();
    }
}

fn windows_open_again(raw: &mut Raw) {
    // More than any of the windows.
    const SIZE: usize = 3_000_000;
    let (mut stream, mut sent) = (786_432, 0);
    while sent < SIZE {
        let count = (SIZE - sent).min(16_384);
        while stream < count || raw.connection_window < sent + count {
            let frame = raw.expect(kind::WINDOW_UPDATE);
            if frame.stream != 0 {
                stream += frame.number(0) as usize;
            }
        }
        stream -= count;
        sent += count;
        raw.send(&data(1, if sent == SIZE { END } else { 0 }, &vec![b'x'; count]));
    }
    assert_eq!(raw.response(1).text(), "3000000");
}

fn window_by_settings(raw: &mut Raw) {
    raw.expect(kind::HEADERS);
    raw.send(&settings(&[(4, 30)]));
    assert_eq!(raw.expect(kind::DATA).payload.len(), 30);
    raw.send(&settings(&[(4, 130)]));
    assert_eq!(raw.expect(kind::DATA).payload.len(), 70);
}

fn negative_window(raw: &mut Raw) {
    assert_eq!(raw.expect(kind::DATA).payload.len(), 100);
    // 100 of a window of 40: 60 too many.
    raw.send(&settings(&[(4, 40)]));
    raw.send(&update(1, 60));
    assert_eq!(arrived(raw), 0);
    raw.send(&update(1, 5));
    assert_eq!(raw.expect(kind::DATA).payload.len(), 5);
    raw.send(&settings(&[(4, 65_535)]));
    raw.assert_serves(NEXT);
}
