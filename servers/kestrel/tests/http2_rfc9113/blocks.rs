//! Sections 3.4 and 4: frames and field blocks.

use super::{
    Case, Expect, case,
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

fn ping() -> Vec<u8> {
    frame(kind::PING, 0, 0, b"whatever")
}

pub(super) fn cases() -> Vec<Case> {
    [frames(), blocks()].into_iter().flatten().collect()
}

fn frames() -> Vec<Case> {
    let too_large = vec![0; 16_385];
    let largest = [headers(1, 0, &POST), data(1, END, &[b'x'; 16_384])].concat();
    vec![
        case("3.4 settings after the first are no trouble", settings(&[]), Expect::Nothing),
        case("4.1 a frame of an unknown type is ignored", frame(0xEE, 0xFF, 0, b"what?"), Expect::Nothing),
        case(
            "4.1 an unknown type on a stream is ignored",
            [open(1), frame(0xEE, 0, 1, b"?")].concat(),
            Expect::Nothing,
        ),
        case("4.1 an unknown type on an idle stream is ignored", frame(0xEE, 0, 7, b"?"), Expect::Nothing),
        case(
            "4.1 flags without a meaning are ignored",
            frame(kind::PING, 0xFE, 0, b"whatever"),
            Expect::Check(answers_ping),
        ),
        case(
            "4.1 the reserved bit is ignored",
            headers(0x8000_0001, END, &GET),
            Expect::Body(1, "Hello World!"),
        ),
        case(
            "4.2 HEADERS over the size",
            frame(kind::HEADERS, 4, 1, &too_large),
            Expect::Goaway(&[code::FRAME_SIZE_ERROR]),
        ),
        case(
            "4.2 DATA over the size",
            [open(1), data(1, 0, &too_large)].concat(),
            Expect::Goaway(&[code::FRAME_SIZE_ERROR]),
        ),
        case(
            "4.2 SETTINGS over the size",
            frame(kind::SETTINGS, 0, 0, &[0; 16_386]),
            Expect::Goaway(&[code::FRAME_SIZE_ERROR]),
        ),
        case(
            "4.2 an unknown frame over the size",
            frame(0xEE, 0, 0, &too_large),
            Expect::Goaway(&[code::FRAME_SIZE_ERROR]),
        ),
        case("4.2 the largest frame is taken", largest, Expect::Status(1, 200)),
    ]
}

fn answers_ping(raw: &mut Raw) {
    assert_eq!(raw.expect(kind::PING).payload, b"whatever");
}

fn blocks() -> Vec<Case> {
    let fields = block(&GET);
    let begun = frame(kind::HEADERS, END, 1, &fields[..10]);
    let between = |name: &str, piece: Vec<u8>| {
        let name = format!("4.3 {name} between the pieces of a field block");
        case(name, [begun.clone(), piece].concat(), Expect::Goaway(&[code::PROTOCOL_ERROR]))
    };
    let bad = |name: &str, block: &[u8]| {
        let name = format!("4.3 a field block with {name}");
        case(name, frame(kind::HEADERS, 5, 1, block), Expect::Goaway(&[code::COMPRESSION_ERROR]))
    };
    let mut cases = vec![
        between("PRIORITY", frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 1])),
        between("PING", ping()),
        between("SETTINGS", settings(&[])),
        between("an unknown frame", frame(0xEE, 0, 1, b"")),
        between("DATA", data(1, 0, b"x")),
        between("HEADERS of the same stream", get(1)),
        between("HEADERS of another stream", get(3)),
        between("WINDOW_UPDATE", frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
        between("RST_STREAM", frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8])),
        between("CONTINUATION of another stream", frame(kind::CONTINUATION, 4, 3, &fields[10..])),
        bad("index 0", b"\x80"),
        bad("an index that is not there", b"\xfe"),
        bad("a name index that is not there", b"\x7f\x20\x01a"),
        bad("an index beyond all numbers", b"\xff\xff\xff\xff\xff\xff\x7f"),
        bad("a field that is cut off", b"\x82\x00\x05ab"),
        bad("a coded string that is padded with zeros", b"\x00\x01a\x81\x00"),
        bad("a coded string that is padded too long", b"\x00\x01a\x82\x1f\xff"),
        bad("the end of a coded string", b"\x00\x01a\x84\xff\xff\xff\xff"),
        bad("a table size behind a field", b"\x82\x20"),
        case(
            "4.3.1 a table size over the limit",
            frame(1, 5, 1, b"\x3f\xe2\x1f"),
            Expect::Goaway(&[code::COMPRESSION_ERROR]),
        ),
        case(
            "4.3.1 a table size up to the limit",
            frame(1, 5, 1, &[b"\x3f\xe1\x1f".to_vec(), block(&GET)].concat()),
            Expect::Status(1, 200),
        ),
    ];
    for at in [0, 1, 5, 11, fields.len()] {
        let bytes = [
            frame(kind::HEADERS, END, 1, &fields[..at]),
            frame(kind::CONTINUATION, 0, 1, b""),
            frame(kind::CONTINUATION, flag::END_HEADERS, 1, &fields[at..]),
        ];
        cases.push(case(
            format!("4.3 a field block may be cut at byte {at}"),
            bytes.concat(),
            Expect::Status(1, 200),
        ));
    }
    cases
}
