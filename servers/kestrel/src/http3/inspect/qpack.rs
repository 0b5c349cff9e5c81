//! Field sections compressed without a dynamic table (RFC 9204): this server gives clients none.

use std::borrow::Cow;

use h3::error::Code;

use super::{Fault, huffman, table::STATIC_TABLE};

/// A field line: its name and its value.
pub(super) type Line<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// Why there are no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undecodable {
    Compression,
    TooLarge,
}

use Undecodable::{Compression, TooLarge};

/// What a field line takes beside its bytes (RFC 9114 section 4.2.2).
const OVERHEAD: u64 = 32;

/// Decodes a field section of at most `max_size`, as section 4.2.2 of RFC 9114 counts it.
pub(super) fn decode(block: &[u8], max_size: u64) -> Result<Vec<Line<'_>>, Undecodable> {
    let mut input = Input(block);
    // Section 4.5.1: what is not inserted cannot be required, and a base below 0 cannot be.
    let (_, required) = input.integer(8)?;
    let (sign, _) = input.integer(7)?;
    if required != 0 || sign & 0x80 != 0 {
        return Err(Compression);
    }
    let (mut lines, mut size) = (Vec::new(), 0u64);
    let max_string = usize::try_from(max_size).unwrap_or(usize::MAX);
    while let Some(first) = input.0.first() {
        let line = match first {
            // Indexed in the static table.
            0xc0.. => {
                let (name, value) = entry(input.integer(6)?.1)?;
                (name.into(), value.into())
            }
            // A literal value under a name of the static table.
            0x40..0x80 if first & 0x10 != 0 => {
                let (name, _) = entry(input.integer(4)?.1)?;
                (name.into(), input.string(7, max_string)?)
            }
            0x20..0x40 => (input.string(3, max_string)?, input.string(7, max_string)?),
            // All others refer to the dynamic table.
            _ => return Err(Compression),
        };
        size += line.0.len() as u64 + line.1.len() as u64 + OVERHEAD;
        if size > max_size {
            return Err(TooLarge);
        }
        lines.push(line);
    }
    Ok(lines)
}

/// A field section with these lines, without compression.
pub(super) fn encode<'a>(lines: impl Iterator<Item = &'a Line<'a>>) -> Vec<u8> {
    let mut block = vec![0, 0];
    for (name, value) in lines {
        write_integer(0x20, 3, name.len(), &mut block);
        block.extend_from_slice(name);
        write_integer(0, 7, value.len(), &mut block);
        block.extend_from_slice(value);
    }
    block
}

/// Section 4.3: without a table there is nothing to say but that it has no room. `rest` is what has not been looked at.
pub(in crate::http3) fn check_encoder_stream(data: &[u8]) -> Result<(), Fault> {
    const SET_CAPACITY_0: u8 = 0x20;
    if data.iter().all(|byte| *byte == SET_CAPACITY_0) {
        return Ok(());
    }
    Err(Fault::Connection(Code::QPACK_ENCODER_STREAM_ERROR, "the dynamic table has no room"))
}

/// Section 4.4: nothing was inserted or referred to, so all that can come is that a stream was cancelled.
/// `rest` holds the beginning of an instruction, from one piece to the next.
pub(in crate::http3) fn check_decoder_stream(data: &[u8], rest: &mut Vec<u8>) -> Result<(), Fault> {
    rest.extend_from_slice(data);
    let mut input = Input(rest);
    let fault = Fault::Connection(
        Code::QPACK_DECODER_STREAM_ERROR,
        "nothing was inserted that could be acknowledged",
    );
    while let Some(first) = input.0.first() {
        if first & 0xc0 != 0x40 {
            return Err(fault);
        }
        let before = input.0;
        if input.integer(6).is_err() {
            const LONGEST: usize = 11;
            if before.len() >= LONGEST {
                return Err(fault);
            }
            input.0 = before;
            break;
        }
    }
    let left = input.0.len();
    rest.drain(..rest.len() - left);
    Ok(())
}

fn entry(index: u64) -> Result<(&'static [u8], &'static [u8]), Undecodable> {
    let entry = usize::try_from(index).ok().and_then(|index| STATIC_TABLE.get(index));
    entry.map(|(name, value)| (name.as_bytes(), value.as_bytes())).ok_or(Compression)
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// An integer behind a prefix (RFC 7541 section 5.1); the byte that the prefix is in, and its value.
    fn integer(&mut self, prefix_bits: u32) -> Result<(u8, u64), Undecodable> {
        let first = self.byte()?;
        let mask = u8::MAX >> (8 - prefix_bits);
        let mut value = u64::from(first & mask);
        if first & mask < mask {
            return Ok((first, value));
        }
        // Section 4.1.1 of RFC 9204: 62 bits must be understood.
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value = u64::from(byte & 0x7f)
                .checked_mul(1 << shift)
                .and_then(|more| value.checked_add(more))
                .ok_or(Compression)?;
            if byte & 0x80 == 0 {
                return Ok((first, value));
            }
        }
        Err(Compression)
    }

    /// A string whose length has such a prefix; the bit before it tells of Huffman's code.
    fn string(&mut self, prefix_bits: u32, max: usize) -> Result<Cow<'a, [u8]>, Undecodable> {
        let (first, len) = self.integer(prefix_bits)?;
        let len = usize::try_from(len).map_err(|_| Compression)?;
        let (string, rest) = self.0.split_at_checked(len).ok_or(Compression)?;
        self.0 = rest;
        if first & (1 << prefix_bits) == 0 {
            return Ok(string.into());
        }
        let mut decoded = Vec::with_capacity(len.saturating_mul(8) / 5);
        match huffman::decode(string, max, &mut decoded) {
            Some(()) => Ok(decoded.into()),
            None if decoded.len() >= max => Err(TooLarge),
            None => Err(Compression),
        }
    }

    fn byte(&mut self) -> Result<u8, Undecodable> {
        let (first, rest) = self.0.split_first().ok_or(Compression)?;
        self.0 = rest;
        Ok(*first)
    }
}

fn write_integer(pattern: u8, prefix_bits: u32, value: usize, output: &mut Vec<u8>) {
    let mask = u8::MAX >> (8 - prefix_bits);
    if value < usize::from(mask) {
        output.push(pattern | value as u8);
        return;
    }
    output.push(pattern | mask);
    let mut rest = value - usize::from(mask);
    while rest >= 0x80 {
        output.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    output.push(rest as u8);
}
