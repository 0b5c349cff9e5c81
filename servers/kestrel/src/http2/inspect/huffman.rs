//! The lengths of Huffman-coded strings (RFC 7541 section 5.2).

use crate::huffman;

/// A string that was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) len: usize,
    pub(super) begins_with_colon: bool,
}

/// Measures a coded string; `None` if it is none.
pub(super) fn measure(input: &[u8]) -> Option<Measured> {
    let mut measured = Measured { len: 0, begins_with_colon: false };
    huffman::read(input, |symbol| {
        measured.begins_with_colon |= measured.len == 0 && symbol == b':';
        measured.len += 1;
        Some(())
    })?;
    Some(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(len: usize) -> Option<Measured> {
        Some(Measured { len, begins_with_colon: false })
    }

    #[test]
    fn strings_of_the_specification_are_measured() {
        // RFC 7541 appendix C.4 and C.6.
        assert_eq!(
            measure(b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"),
            measured("www.example.com".len())
        );
        assert_eq!(measure(b"\xa8\xeb\x10\x64\x9c\xbf"), measured("no-cache".len()));
        assert_eq!(measure(b"\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"), measured("custom-value".len()));
        let date =
            b"\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff";
        assert_eq!(measure(date), measured("Mon, 21 Oct 2013 20:13:21 GMT".len()));
        assert_eq!(measure(b""), measured(0));
    }

    #[test]
    fn a_name_that_begins_with_a_colon_is_seen() {
        // ":path": 1011100 101011 00011 01001 100111 and ones.
        let path = measure(&[0b1011_1001, 0b0101_1000, 0b1101_0011, 0b0011_1111]).unwrap();
        assert_eq!(path, Measured { len: 5, begins_with_colon: true });
    }

    #[test]
    fn padding_is_ones_and_shorter_than_a_byte() {
        // Section 5.2: each of these MUSTs makes the string an error.
        assert_eq!(measure(b"\xff"), None);
        assert_eq!(measure(&[0b0001_1000]), None);
        assert_eq!(measure(b"\xff\xff\xff\xff"), None);
    }
}
