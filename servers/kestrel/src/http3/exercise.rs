//! What must hold for whatever a client of HTTP/3 sends: shared by the tests and by the fuzz target.

use bytes::Bytes;

use super::inspect::{
    ControlInspector, Fault, RequestInspector, check_decoder_stream, check_encoder_stream, read_varint,
};

/// A small limit, so that small inputs reach it.
const MAX_SECTION: u64 = 512;

/// What became of an input.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    passed: Vec<u8>,
    fault: Option<Fault>,
    /// The session of WebTransport that the stream belongs to, and what is left of it.
    session: Option<(u64, Vec<u8>)>,
}

/// Nothing panics, and the result does not depend on how the input is cut: in single bytes, and behind the byte `cut`.
/// What has passed is made of whole frames that h3 knows.
pub(crate) fn check(input: &[u8], cut: usize) {
    let (first, second) = input.split_at(cut.min(input.len()));
    for run in [run_request, run_control] {
        let whole = run(&[input]);
        assert_eq!(whole, run(&input.chunks(1).collect::<Vec<_>>()), "{input:x?} in bytes");
        assert_eq!(whole, run(&[first, second]), "{input:x?} cut at {cut}");
        check_frames(&whole.passed);
    }
    let mut begun = Vec::new();
    let whole = check_decoder_stream(input, &mut begun);
    let mut in_bytes = Vec::new();
    let cut = input.iter().try_for_each(|byte| check_decoder_stream(&[*byte], &mut in_bytes));
    assert_eq!(whole, cut, "{input:x?} on a decoder stream");
    assert!(whole.is_err() || begun == in_bytes, "{input:x?}: {begun:x?} and {in_bytes:x?} wait for more");
    let _ = check_encoder_stream(input);
}

fn run_request(pieces: &[&[u8]]) -> Outcome {
    let mut inspector = RequestInspector::new(MAX_SECTION);
    let mut outcome = Outcome::default();
    for piece in pieces {
        if let Some((_, rest)) = &mut outcome.session {
            rest.extend_from_slice(piece);
            continue;
        }
        let pushed = inspector.push(Bytes::copy_from_slice(piece));
        while let Some(data) = inspector.pop() {
            outcome.passed.extend_from_slice(&data);
        }
        outcome.session = inspector.take_session().map(|(session, rest)| (session, rest.to_vec()));
        if let Err(fault) = pushed {
            outcome.fault = Some(fault);
            return outcome;
        }
    }
    if outcome.session.is_none() {
        outcome.fault = inspector.end().err();
    }
    outcome
}

fn run_control(pieces: &[&[u8]]) -> Outcome {
    let mut inspector = ControlInspector::default();
    let mut outcome = Outcome::default();
    for piece in pieces {
        let pushed = inspector.push(Bytes::copy_from_slice(piece));
        while let Some(data) = inspector.pop() {
            outcome.passed.extend_from_slice(&data);
        }
        if let Err(fault) = pushed {
            outcome.fault = Some(fault);
            return outcome;
        }
    }
    assert!(inspector.end().is_err(), "a control stream does not end");
    outcome
}

/// Type and length can be read; only the payload of the last frame may be cut off.
fn check_frames(mut passed: &[u8]) {
    while !passed.is_empty() {
        let (kind, kind_len) = read_varint(passed).expect("the type of a frame");
        assert!(matches!(kind, 0x0 | 0x1 | 0x3 | 0x4 | 0x7 | 0xd), "{kind:#x} is not for h3");
        let (len, len_len) = read_varint(&passed[kind_len..]).expect("the length of a frame");
        let payload = &passed[kind_len + len_len..];
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        assert!(kind == 0 || len <= payload.len(), "only DATA passes in parts");
        passed = &payload[len.min(payload.len())..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutations::Mutations;

    #[test]
    fn what_holds_for_good_input_holds_for_whatever_it_is_changed_to() {
        /// GET https://a.test/ with the static table and a Huffman-coded authority.
        const GET: [u8; 14] = [0x01, 0x0c, 0, 0, 0xd1, 0xd7, 0x50, 0x85, 0x1a, 0x5e, 0x49, 0xd0, 0x9f, 0xc1];
        // content-length: 5, from the static table.
        const POST: [u8; 17] =
            [0x01, 0x0f, 0, 0, 0xd4, 0xd7, 0x50, 0x85, 0x1a, 0x5e, 0x49, 0xd0, 0x9f, 0xc1, 0x54, 0x01, b'5'];
        let inputs = [
            GET.to_vec(),
            [&GET[..], &[0x21, 3, 1, 2, 3, 0, 2, b'a', b'b', 0x40, 0x40, 0]].concat(),
            [&POST[..], &[0, 2, b'a', b'b', 0, 3, b'c', b'd', b'e']].concat(),
            // A literal name, and trailers.
            [&GET[..], &[0, 1, b'x', 1, 8, 0, 0, 0x23, b'a', b'b', b'c', 1, b'd']].concat(),
            // A stream of WebTransport.
            [&[0x40, 0x41, 0x04][..], b"whatever"].concat(),
            // SETTINGS, MAX_PUSH_ID, GOAWAY, an unknown frame.
            vec![4, 4, 6, 0x41, 0x00, 8, 1, 0xd, 1, 5, 7, 1, 0, 0x21, 2, 1, 2],
            vec![4, 0, 0x40, 0x41, 0],
            // Instructions of QPACK.
            vec![0x7f, 0x89, 0x01, 0x44, 0x20],
        ];
        let mut mutations = Mutations::of(&inputs);
        for _ in 0..20_000 {
            let (input, cut) = mutations.next();
            check(&input, cut);
        }
    }
}
