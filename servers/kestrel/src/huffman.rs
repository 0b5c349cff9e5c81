//! Huffman-coded strings of HPACK and QPACK (RFC 7541 section 5.2 and appendix B, which RFC 9204 section
//! 4.1.2 takes over).

/// How many symbols have a code of so many bits. The code is canonical: with the order of the symbols
/// this is all there is to it.
const LENGTHS: [(u32, u32); 21] = [
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

/// The symbols in the order of their codes; the end of the string, which must not be sent, is not here.
#[rustfmt::skip]
const SYMBOLS: [u8; 256] = [
    48, 49, 50, 97, 99, 101, 105, 111, 115, 116, 32, 37, 45, 46, 47, 51, 52, 53, 54, 55, 56, 57, 61, 65, 95,
    98, 100, 102, 103, 104, 108, 109, 110, 112, 114, 117, 58, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77,
    78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 89, 106, 107, 113, 118, 119, 120, 121, 122, 38, 42, 44, 59, 88,
    90, 33, 34, 40, 41, 63, 39, 43, 124, 35, 62, 0, 36, 64, 91, 93, 126, 94, 125, 60, 96, 123, 92, 195, 208,
    128, 130, 131, 162, 184, 194, 224, 226, 153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230,
    129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187, 189, 190,
    196, 198, 228, 232, 233, 1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158,
    165, 166, 168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239, 9, 142, 144, 145, 148, 159, 171, 206,
    215, 225, 236, 237, 199, 207, 234, 235, 192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242,
    243, 255, 203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253, 254,
    2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31, 127, 220,
    249, 10, 13, 22,
];

/// The codes of one length.
#[derive(Clone, Copy)]
struct Group {
    bits: u32,
    first_code: u32,
    first_place: u32,
    count: u32,
}

const GROUPS: [Group; LENGTHS.len()] = groups();

/// Hands the symbols of a coded string to `each`, which may put an end to it; `None` if it is no such
/// string, or was put an end to.
pub(crate) fn read(input: &[u8], mut each: impl FnMut(u8) -> Option<()>) -> Option<()> {
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
        // The end of the string has a place behind the last symbol, and must not be sent.
        each(*SYMBOLS.get(place as usize)?)?;
        count -= len;
        bits &= (1 << count) - 1;
    }
    // What is left are the first bits of the end of the string: ones, and less than a byte.
    (count < 8 && bits == (1 << count) - 1).then_some(())
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

const fn groups() -> [Group; LENGTHS.len()] {
    let mut groups = [Group { bits: 0, first_code: 0, first_place: 0, count: 0 }; LENGTHS.len()];
    let (mut code, mut place, mut bits, mut at) = (0, 0, 0, 0);
    while at < LENGTHS.len() {
        let (length, count) = LENGTHS[at];
        code <<= length - bits;
        bits = length;
        groups[at] = Group { bits, first_code: code, first_place: place, count };
        code += count;
        place += count;
        at += 1;
    }
    groups
}
