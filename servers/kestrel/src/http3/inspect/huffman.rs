//! Decoding Huffman-coded strings (RFC 9204 section 4.1.2).

use crate::huffman;

/// Decodes a string into `output`; `None` if it is none, or longer than `max` bytes.
pub(super) fn decode(input: &[u8], max: usize, output: &mut Vec<u8>) -> Option<()> {
    huffman::read(input, |symbol| {
        if output.len() >= max {
            return None;
        }
        output.push(symbol);
        Some(())
    })
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
