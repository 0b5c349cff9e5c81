//! What must hold for whatever a client of HTTP/2 sends: shared by the tests and by the fuzz target.

use h2::Reason;

use super::inspect::{Inspector, Limits, Step};

/// Small limits, so that small inputs reach them.
const LIMITS: Limits =
    Limits { max_frame_size: 16_384, max_fields: 512, header_table_size: 256, max_streams: 10, scheme: None };

/// What became of an input.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    passed: Vec<u8>,
    /// Where frames that make their message malformed begin, and how long they are.
    malformed: Vec<(usize, usize)>,
    failure: Option<Reason>,
    has_open_block: bool,
}

/// Nothing panics, nothing is lost, and the result does not depend on how the input is cut: in single bytes, and
/// behind the byte `cut`.
pub(crate) fn check(input: &[u8], cut: usize) {
    let whole = run(std::iter::once(input));
    assert_eq!(whole, run(input.chunks(1)), "{input:x?} in bytes");
    let (first, second) = input.split_at(cut.min(input.len()));
    assert_eq!(whole, run([first, second].into_iter()), "{input:x?} cut at {cut}");
    assert!(input.starts_with(&whole.passed), "{input:x?} became {:x?}", whole.passed);
}

fn run<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let mut inspector = Inspector::new(LIMITS);
    let mut outcome = Outcome::default();
    let mut held = Vec::new();
    for piece in pieces {
        held.extend_from_slice(piece);
        loop {
            let used = match inspector.inspect(&held) {
                Step::NeedMore => break,
                Step::Pass(count) => count,
                Step::Malformed(count) => {
                    if let Some(frame) = inspector.with_connection_field(&held[..count]) {
                        assert!(frame.len() > count, "there is a field more");
                    }
                    outcome.malformed.push((outcome.passed.len(), count));
                    count
                }
                Step::Fail(reason) => {
                    assert_eq!(inspector.inspect(&held), Step::Fail(reason), "for ever");
                    outcome.failure = Some(reason);
                    return outcome;
                }
            };
            assert!(0 < used && used <= held.len());
            outcome.passed.extend(held.drain(..used));
        }
    }
    outcome.has_open_block = inspector.fields_since().is_some();
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http2::inspect::PREFACE, mutations::Mutations};

    /// A frame of a kind with flags on a stream.
    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        let stream = stream.to_be_bytes();
        [&length[1..], &[kind, flags], &stream, payload].concat()
    }

    #[test]
    fn what_holds_for_good_input_holds_for_whatever_it_is_changed_to() {
        let begun = [&PREFACE[..], &frame(4, 0, 0, &[0, 4, 0, 1, 0, 0])].concat();
        // A GET; an Authority in Huffman's code that goes into the table; a size for the table.
        let get = b"\x82\x87\x84\x41\x88\x2f\x91\xd3\x5d\x05\x5c\x87\xa7";
        let trailers = b"\x3f\x05\x40\x01a\x01b\xbe";
        let inputs = [
            [begun.clone(), frame(1, 0x5, 1, get), frame(1, 0x5, 3, get)].concat(),
            [begun.clone(), frame(1, 0, 1, &get[..5]), frame(9, 0x4, 1, &get[5..])].concat(),
            [begun.clone(), frame(1, 0x2c, 1, &[&[2, 0, 0, 0, 3, 9][..], get, &[0, 0]].concat())].concat(),
            [
                begun.clone(),
                frame(1, 0x4, 1, get),
                frame(0, 0x8, 1, b"\x02hello\0\0"),
                frame(0, 0, 1, b"world"),
                frame(1, 0x5, 1, trailers),
            ]
            .concat(),
            [
                begun.clone(),
                frame(6, 0, 0, b"12345678"),
                frame(8, 0, 0, &[0, 0, 1, 0]),
                frame(2, 0, 5, &[0, 0, 0, 3, 9]),
                frame(3, 0, 1, &[0, 0, 0, 8]),
                frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0]),
                frame(0x42, 0, 7, b"unknown"),
            ]
            .concat(),
        ];
        let mut mutations = Mutations::of(&inputs);
        for _ in 0..20_000 {
            let (input, cut) = mutations.next();
            check(&input, cut);
        }
    }
}
