//! Huffman-coded strings (RFC 7541 section 5.2 and appendix B, which RFC 9204 section 4.1.2 takes over).

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

/// The shortest code, and the most bits that may pad the last byte.
const SHORTEST: u32 = 5;
const MAX_PADDING: u32 = 7;

/// Decodes a string into `output`; `None` if it is none, or longer than `max` bytes.
pub(super) fn decode(input: &[u8], max: usize, output: &mut Vec<u8>) -> Option<()> {
    let mut bytes = input.iter();
    let (mut bits, mut count) = (0u64, 0u32);
    loop {
        while count <= 56
            && let Some(byte) = bytes.next()
        {
            bits = bits << 8 | u64::from(*byte);
            count += 8;
        }
        if count < SHORTEST {
            break;
        }
        let Some((symbol, len)) = first_symbol(bits, count)? else { break };
        if output.len() >= max {
            return None;
        }
        output.push(symbol);
        count -= len;
        bits &= (1 << count) - 1;
    }
    // Padding is the beginning of the code of the end: ones, and less than a byte.
    (count <= MAX_PADDING && bits == (1 << count) - 1).then_some(())
}

/// The first of `count` bits as a symbol and its length; nothing if they are the beginning of a code,
/// `None` if they are the end of the string.
fn first_symbol(bits: u64, count: u32) -> Option<Option<(u8, u32)>> {
    let (mut first_code, mut first_place, mut last_len) = (0u64, 0usize, 0u32);
    for (len, symbols) in LENGTHS {
        first_code <<= len - last_len;
        last_len = len;
        if count < len {
            return Some(None);
        }
        let offset = (bits >> (count - len)).checked_sub(first_code);
        if let Some(offset) = offset
            && offset < u64::from(symbols)
        {
            let place = first_place + usize::try_from(offset).ok()?;
            return SYMBOLS.get(place).map(|symbol| Some((*symbol, len)));
        }
        first_code += u64::from(symbols);
        first_place += symbols as usize;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(input: &[u8]) -> Option<String> {
        let mut output = Vec::new();
        decode(input, 100, &mut output)?;
        String::from_utf8(output).ok()
    }

    #[test]
    fn the_examples_of_rfc_7541_appendix_c() {
        for (input, text) in [
            (
                &[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff][..],
                "www.example.com",
            ),
            (&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache"),
            (&[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f], "custom-key"),
            (&[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf], "custom-value"),
            (&[], ""),
        ] {
            assert_eq!(decoded(input).as_deref(), Some(text));
        }
    }

    #[test]
    fn wrong_padding_and_the_end_of_the_string_are_refused() {
        // Zeros; a whole byte; the end itself.
        for input in [&[0b0001_1000][..], &[0b0001_1111, 0xff], &[0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(decoded(input), None, "{input:?}");
        }
    }

    #[test]
    fn a_string_that_is_too_long_is_refused() {
        assert_eq!(decode(&[0; 5], 7, &mut Vec::new()), None);
    }
}
