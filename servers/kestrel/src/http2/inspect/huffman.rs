//! The lengths of Huffman-coded strings (RFC 7541 section 5.2 and appendix B).

/// How many symbols have a code of so many bits. The code is canonical: this is all there is to it but
/// for the order of the symbols, which nothing here needs to know.
const SYMBOLS: [(u32, u32); 21] = [
    (5, 10),
    (6, 26),
    (7, 32),
    (8, 6),
    (10, 5),
    (11, 3),
    (12, 2),
    (13, 6),
    (14, 2),
    (15, 3),
    (19, 3),
    (20, 8),
    (21, 13),
    (22, 26),
    (23, 29),
    (24, 12),
    (25, 4),
    (26, 15),
    (27, 19),
    (28, 29),
    (30, 4),
];

/// The place of the colon in the order of codes.
const COLON: u32 = 36;

/// The place of the end of the string, which must not be sent.
const END: u32 = 256;

/// The codes of one length.
#[derive(Clone, Copy)]
struct Group {
    bits: u32,
    first_code: u32,
    first_place: u32,
    count: u32,
}

const GROUPS: [Group; SYMBOLS.len()] = groups();

/// A string that was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) len: usize,
    pub(super) begins_with_colon: bool,
}

/// Measures a coded string; `None` if it is none.
pub(super) fn measure(input: &[u8]) -> Option<Measured> {
    let mut measured = Measured { len: 0, begins_with_colon: false };
    let mut bytes = input.iter();
    let (mut bits, mut count) = (0u64, 0u32);
    loop {
        while count <= 56
            && let Some(&byte) = bytes.next()
        {
            bits = bits << 8 | u64::from(byte);
            count += 8;
        }
        let Some((place, len)) = symbol(bits, count) else { break };
        if place == END {
            return None;
        }
        if measured.len == 0 {
            measured.begins_with_colon = place == COLON;
        }
        measured.len += 1;
        count -= len;
        bits &= (1 << count) - 1;
    }
    // What is left are the first bits of the end of the string: ones, and less than a byte.
    (count < 8 && bits == (1 << count) - 1).then_some(measured)
}

/// The place and the length of the first code of `bits`; `None` if none is whole.
fn symbol(bits: u64, count: u32) -> Option<(u32, u32)> {
    for group in &GROUPS {
        let code = (bits >> count.checked_sub(group.bits)?) as u32;
        if let Some(at) = code.checked_sub(group.first_code)
            && at < group.count
        {
            return Some((group.first_place + at, group.bits));
        }
    }
    None
}

const fn groups() -> [Group; SYMBOLS.len()] {
    let mut groups = [Group { bits: 0, first_code: 0, first_place: 0, count: 0 }; SYMBOLS.len()];
    let (mut code, mut place, mut bits, mut at) = (0, 0, 0, 0);
    while at < SYMBOLS.len() {
        let (length, count) = SYMBOLS[at];
        code <<= length - bits;
        bits = length;
        groups[at] = Group { bits, first_code: code, first_place: place, count };
        code += count;
        place += count;
        at += 1;
    }
    groups
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
