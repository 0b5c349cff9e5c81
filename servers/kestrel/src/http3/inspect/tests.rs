//! The inspectors alone: however the bytes are cut, and whatever they are.

use bytes::Bytes;
use h3::error::Code;

use super::{
    ControlInspector, Fault, RequestInspector, check_decoder_stream, frame::write_varint, qpack, read_varint,
};

/// GET https://a.test/ with the static table and a Huffman-coded authority.
const GET: [u8; 14] = [0x01, 0x0c, 0, 0, 0xd1, 0xd7, 0x50, 0x85, 0x1a, 0x5e, 0x49, 0xd0, 0x9f, 0xc1];

fn pushed(inspector: &mut RequestInspector, bytes: &[u8], cut: usize) -> Result<Vec<u8>, Fault> {
    let mut passed = Vec::new();
    for piece in bytes.chunks(cut) {
        inspector.push(Bytes::copy_from_slice(piece))?;
        while let Some(data) = inspector.pop() {
            passed.extend_from_slice(&data);
        }
    }
    inspector.end()?;
    Ok(passed)
}

#[test]
fn the_same_passes_however_the_bytes_are_cut() {
    let mut request = GET.to_vec();
    // An unknown frame, an empty DATA, DATA, an unknown frame.
    request.extend_from_slice(&[0x21, 3, 1, 2, 3, 0, 0, 0, 2, b'a', b'b', 0x40, 0x40, 0]);
    let mut expected = GET.to_vec();
    expected.extend_from_slice(&[0, 2, b'a', b'b']);
    for cut in 1..=request.len() {
        let passed = pushed(&mut RequestInspector::new(1000), &request, cut);
        assert_eq!(passed.as_ref(), Ok(&expected), "pieces of {cut}");
    }
}

#[test]
fn a_protocol_is_taken_out_of_the_fields() {
    let line = |name: &'static str, value: &'static str| (name.as_bytes().into(), value.as_bytes().into());
    let lines = [
        line(":method", "CONNECT"),
        line(":protocol", "websocket"),
        line(":scheme", "https"),
        line(":authority", "a.test"),
        line(":path", "/"),
    ];
    let block = qpack::encode(lines.iter());
    let mut request = vec![0x01];
    write_varint(block.len() as u64, &mut request);
    request.extend_from_slice(&block);
    let mut inspector = RequestInspector::new(1000);
    let passed = pushed(&mut inspector, &request, 7).unwrap();
    let (len, head) = read_varint(&passed[1..]).unwrap();
    assert_eq!(len as usize, passed.len() - 1 - head);
    let lines = qpack::decode(&passed[1 + head..], 1000).unwrap();
    assert!(lines.iter().all(|(name, _)| **name != *b":protocol"));
    assert_eq!(lines.len(), 4);
    assert_eq!(inspector.head().unwrap().protocol.as_deref(), Some("websocket"));
}

#[test]
fn a_section_over_the_limit_is_told_apart_from_one_that_cannot_be_decoded() {
    assert_eq!(qpack::decode(&GET[2..], 100), Err(qpack::Undecodable::TooLarge));
    assert_eq!(qpack::decode(&GET[2..GET.len() - 3], 1000), Err(qpack::Undecodable::Compression));
}

#[test]
fn instructions_of_qpack_may_be_cut() {
    let mut rest = Vec::new();
    // Stream Cancellation of stream 200, in two pieces.
    assert_eq!(check_decoder_stream(&[0x7f], &mut rest), Ok(()));
    assert_eq!(check_decoder_stream(&[0x89, 0x01], &mut rest), Ok(()));
    assert!(rest.is_empty());
    assert!(check_decoder_stream(&[0x81], &mut rest).is_err());
}

#[test]
fn no_bytes_make_an_inspector_panic() {
    // A generator of Lehmer's: the same bytes every time.
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut byte = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 56) as u8
    };
    for round in 0..20_000 {
        let mut bytes: Vec<u8> = (0..round % 60).map(|_| byte()).collect();
        // Most frames shall be known ones.
        if let Some(first) = bytes.first_mut() {
            *first &= 0x0f;
        }
        let bytes = Bytes::from(bytes);
        let mut request = RequestInspector::new(500);
        let _ = request.push(bytes.clone()).and_then(|()| request.end());
        let _ = ControlInspector::default().push(bytes.clone());
        let _ = qpack::decode(&bytes, 500);
        let _ = check_decoder_stream(&bytes, &mut Vec::new());
    }
}

#[test]
fn an_endless_control_frame_is_not_waited_for() {
    let mut control = ControlInspector::default();
    // SETTINGS of 2^30 bytes.
    let result = control.push(Bytes::from_static(&[0x04, 0xbf, 0xff, 0xff, 0xff]));
    assert!(matches!(result, Err(Fault::Connection(Code::H3_EXCESSIVE_LOAD, _))));
}
