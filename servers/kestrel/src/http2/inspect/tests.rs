use super::*;

const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

fn limits() -> Limits {
    Limits {
        max_frame_size: 16_384,
        max_fields: 32_768,
        header_table_size: 4096,
        max_streams: 100,
        scheme: Some("http"),
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// An inspector that has seen the beginning of a connection.
fn begun() -> Inspector {
    let mut inspector = Inspector::new(limits());
    assert_eq!(inspector.inspect(PREFACE), Step::Pass(24));
    assert_eq!(inspector.inspect(SETTINGS), Step::Pass(9));
    inspector
}

#[test]
fn what_passes_does_not_depend_on_how_bytes_were_cut() {
    let mut input = PREFACE.to_vec();
    input.extend_from_slice(SETTINGS);
    input.extend(frame(1, 0x4, 1, b"\x82\x84\x86"));
    input.extend(frame(0, 0x8, 1, b"\x02hello\0\0"));
    input.extend(frame(6, 0, 0, b"12345678"));
    for size in [1, 2, 3, 7, 10, 100] {
        let mut inspector = Inspector::new(limits());
        let (mut held, mut passed) = (Vec::new(), 0);
        for piece in input.chunks(size) {
            held.extend_from_slice(piece);
            loop {
                match inspector.inspect(&held) {
                    Step::Pass(count) => {
                        held.drain(..count);
                        passed += count;
                    }
                    Step::NeedMore => break,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(passed, input.len(), "in pieces of {size}");
    }
}

#[test]
fn a_name_of_a_pseudo_field_is_found_in_trailers_wherever_it_is_kept() {
    for trailers in
        [&b"\x84"[..], b"\x04\x01/", b"\x00\x05:path\x01/", b"\x00\x84\xb9\x58\xd3\x3f\x01/", b"\xbe"]
    {
        let mut inspector = begun();
        // ":path: /x" goes into the table.
        let request = frame(1, 0x4, 1, b"\x82\x86\x44\x02/x");
        assert_eq!(inspector.inspect(&request), Step::Pass(request.len()));
        let end = frame(1, 0x5, 1, trailers);
        assert_eq!(inspector.inspect(&end), Step::Malformed(end.len()), "{trailers:x?}");
    }
}

#[test]
fn ordinary_trailers_pass() {
    for trailers in [&b"\xbe"[..], b"\x00\x01a\x01b"] {
        let mut inspector = begun();
        let request = frame(1, 0x4, 1, b"\x82\x86\x84\x40\x01a\x01b");
        assert_eq!(inspector.inspect(&request), Step::Pass(request.len()));
        let end = frame(1, 0x5, 1, trailers);
        assert_eq!(inspector.inspect(&end), Step::Pass(end.len()));
    }
}

#[test]
fn fields_that_cannot_be_read_end_the_connection() {
    for block in [
        &b"\x80"[..],                     // index 0
        b"\xbe",                          // nothing there
        b"\xff\xff\xff\xff\xff\x7f",      // too large
        b"\x82\x20",                      // a size after a field
        b"\x3f\xe2\x1f",                  // 4097
        b"\x00\x03ab",                    // ends in a name
        b"\x00\x01a\x81\x00",             // padding of zeros
        b"\x00\x01a\x84\xff\xff\xff\xff", // the end of the string
    ] {
        let step = begun().inspect(&frame(1, 0x4, 1, block));
        assert_eq!(step, Step::Fail(Reason::COMPRESSION_ERROR), "{block:x?}");
    }
}

#[test]
fn entries_leave_the_table_in_the_order_in_which_they_came() {
    let mut inspector = begun();
    // Room for one entry of 34 bytes and no more.
    let request = frame(1, 0x4, 1, b"\x3f\x05\x40\x01a\x01b\x40\x01c\x01d\xbe");
    assert_eq!(inspector.inspect(&request), Step::Pass(request.len()));
    let step = inspector.inspect(&frame(1, 0x4, 3, b"\xbf"));
    assert_eq!(step, Step::Fail(Reason::COMPRESSION_ERROR));
}

#[test]
fn an_entry_that_is_larger_than_the_table_empties_it() {
    let mut inspector = begun();
    let mut block = b"\x3f\x05\x40\x01a\x01b\x40\x01c\x14".to_vec();
    block.extend_from_slice(&[b'x'; 20]);
    let request = frame(1, 0x4, 1, &block);
    assert_eq!(inspector.inspect(&request), Step::Pass(request.len()));
    assert_eq!(inspector.inspect(&frame(1, 0x4, 3, b"\xbe")), Step::Fail(Reason::COMPRESSION_ERROR));
}

#[test]
fn a_field_may_be_cut_anywhere_between_fragments() {
    let block = b"\x82\x86\x84\x40\x0acustom-key\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf\xbe";
    for at in 0..block.len() {
        let mut inspector = begun();
        let first = frame(1, 0, 1, &block[..at]);
        assert_eq!(inspector.inspect(&first), Step::Pass(first.len()));
        assert!(inspector.fields_since().is_some());
        let second = frame(9, 0x4, 1, &block[at..]);
        assert_eq!(inspector.inspect(&second), Step::Pass(second.len()));
        assert!(inspector.fields_since().is_none());
    }
}

#[test]
fn a_failure_is_for_ever() {
    let mut inspector = begun();
    assert_eq!(inspector.inspect(&frame(6, 0, 1, b"12345678")), Step::Fail(Reason::PROTOCOL_ERROR));
    assert_eq!(inspector.inspect(SETTINGS), Step::Fail(Reason::PROTOCOL_ERROR));
}

#[test]
fn a_frame_that_is_too_large_is_refused_before_it_is_there() {
    let step = begun().inspect(&frame(1, 0, 1, &[0; 16_385])[..9]);
    assert_eq!(step, Step::Fail(Reason::FRAME_SIZE_ERROR));
}

#[test]
fn whatever_comes_nothing_panics() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..2000 {
        let mut inspector = begun();
        let mut input = Vec::new();
        for _ in 0..8 {
            let mut payload = Vec::new();
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            payload.extend_from_slice(&state.to_le_bytes()[..(state % 9) as usize]);
            input.extend(frame(
                (state >> 32) as u8 % 11,
                (state >> 40) as u8,
                (state >> 50) as u32 & 3,
                &payload,
            ));
        }
        while let Step::Pass(count) | Step::Malformed(count) = inspector.inspect(&input) {
            input.drain(..count);
        }
    }
}

#[test]
fn a_scheme_that_is_not_the_connections_is_seen_without_an_authority_wherever_it_is_kept() {
    // "https" in the static table, as a literal, under a literal name, and, at last, in the table.
    for scheme in [&b"\x87"[..], b"\x06\x05https", b"\x00\x07:scheme\x05https", b"\x46\x05https", b"\xbe"] {
        let mut inspector = begun();
        let first = frame(1, 0x5, 1, b"\x82\x84\x46\x05https\x01\x01a");
        assert_eq!(inspector.inspect(&first), Step::Pass(first.len()), "h2 tells of one with an authority");
        let second = frame(1, 0x5, 3, &[b"\x82\x84", scheme].concat());
        assert_eq!(inspector.inspect(&second), Step::Malformed(second.len()), "{scheme:x?}");
    }
}

#[test]
fn where_any_scheme_will_do_those_that_h2_does_not_tell_are_kept() {
    let mut inspector = Inspector::new(Limits { scheme: None, ..limits() });
    let mut input = [PREFACE, SETTINGS].concat();
    for stream in [1, 3, 5] {
        input.extend(frame(1, 0x5, stream, b"\x82\x84\x06\x03ftp"));
    }
    let mut rest = &input[..];
    while let Step::Pass(count) = inspector.inspect(rest) {
        rest = &rest[count..];
    }
    assert!(rest.is_empty());
    assert_eq!(inspector.take_scheme(3), Some(Scheme::Other("ftp".into())));
    assert_eq!(inspector.take_scheme(3), None);
    // Streams come in their order: who has not asked by now was refused.
    assert_eq!(inspector.take_scheme(1), None);
    assert_eq!(inspector.take_scheme(5), Some(Scheme::Other("ftp".into())));
}
