//! Certificates in fields.

use data_encoding::BASE64;
use falconry_features::Certificate;

/// A certificate in DER form as base64; `None` if it is anything else. What is in the DER is up to
/// who reads the certificate.
pub(super) fn from_base64(value: &[u8]) -> Option<Certificate> {
    let der = BASE64.decode(value).ok()?;
    is_sequence(&der).then(|| Certificate::from_der(der))
}

/// Whether the bytes are one DER SEQUENCE and nothing after it: everything else is cut off or no
/// certificate at all.
fn is_sequence(der: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = der else { return false };
    match (*first, rest) {
        (length @ ..=0x7f, content) => content.len() == usize::from(length),
        (0x81, [length, content @ ..]) => content.len() == usize::from(*length),
        (0x82, [a, b, content @ ..]) => content.len() == usize::from(u16::from_be_bytes([*a, *b])),
        // Certificates above 64 KiB do not fit into a field.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_one_whole_sequence_in_base64() {
        let mut long = vec![0x30, 0x82, 0x01, 0x00];
        long.resize(4 + 256, 7);
        for der in [vec![0x30, 0x03, 2, 1, 0], [vec![0x30, 0x81, 0x80], vec![0; 128]].concat(), long] {
            let certificate = from_base64(BASE64.encode(&der).as_bytes());
            assert_eq!(certificate.unwrap().der(), der);
        }
    }

    #[test]
    fn everything_else_is_none() {
        let bad: [&[u8]; 7] =
            [b"", b"!", b"MAMCAQ", b"MAMCAQA= ", b"MAMCAQAA", b"AAAA", b"-----BEGIN CERTIFICATE-----"];
        for value in bad {
            assert_eq!(from_base64(value), None, "{}", value.escape_ascii());
        }
    }
}
