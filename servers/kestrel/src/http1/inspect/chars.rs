//! Character classes of RFC 9110 and RFC 9112 as one constant table, and a scanner for field values.

/// `tchar` of RFC 9110 section 5.6.2: methods, field names, codings, chunk extensions.
const TOKEN: u8 = 1;
/// Octets a request target may hold: VCHAR without `#`. A fragment is never part of a target (RFC 9112
/// section 3.2), and the characters that RFC 3986 leaves out but clients send raw (`|`, `"`, `[`, ...) do no
/// harm.
const TARGET: u8 = 2;
/// Octets of a registered name or IPv4 address in `Host`.
const HOST: u8 = 4;
/// `qdtext` of RFC 9110 section 5.6.4: a quoted string's octets that need no backslash.
const QUOTED: u8 = 8;

static CLASS: [u8; 256] = classes();

/// Whether the octet is a `tchar`.
#[inline]
pub(super) fn is_token(byte: u8) -> bool {
    CLASS[usize::from(byte)] & TOKEN != 0
}

/// Whether the octet may stand in a `Host` name.
#[inline]
pub(super) fn is_host(byte: u8) -> bool {
    CLASS[usize::from(byte)] & HOST != 0
}

/// Whether the octet is `qdtext`.
#[inline]
pub(super) fn is_quoted_text(byte: u8) -> bool {
    CLASS[usize::from(byte)] & QUOTED != 0
}

/// Whether a backslash in a quoted string may escape the octet (RFC 9110 section 5.6.4).
#[inline]
pub(super) fn is_escapable(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=0x7E | 0x80..)
}

/// Optional whitespace of RFC 9110 section 5.6.3.
#[inline]
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Where the target that starts the slice ends.
#[inline]
pub(super) fn target_end(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| CLASS[usize::from(byte)] & TARGET == 0).unwrap_or(bytes.len())
}

/// The first octet at or after `from` that no field value may hold: a control character other than HTAB, or
/// DEL. The octets above 0x7F are opaque data (RFC 9110 section 5.5). The length of the slice when there is
/// none.
///
/// Eight octets at a time: field values are most of a request's head.
#[inline]
pub(super) fn value_end(bytes: &[u8], from: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = from;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        // The classic "is any octet less than n" and "is any octet equal to n": a borrow can only spoil
        // octets after the first hit, and only the first hit is used.
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let del = word ^ (ONES * 0x7F);
        let found = control | (del.wrapping_sub(ONES) & !del & HIGH);
        if found == 0 {
            at += 8;
            continue;
        }
        at += found.trailing_zeros() as usize / 8;
        if bytes.get(at) != Some(&b'\t') {
            return at;
        }
        at += 1;
    }
    while let Some(&byte) = bytes.get(at) {
        if (byte < 0x20 && byte != b'\t') || byte == 0x7F {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// The slice without the optional whitespace around it.
#[inline]
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes {
        if !is_space(*first) {
            break;
        }
        bytes = rest;
    }
    while let [rest @ .., last] = bytes {
        if !is_space(*last) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// Builds the table.
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let mut class = 0;
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.')
            || matches!(byte, b'^' | b'_' | b'`' | b'|' | b'~')
        {
            class |= TOKEN;
        }
        if byte.is_ascii_graphic() && byte != b'#' {
            class |= TARGET;
        }
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'-' | b'.' | b'_' | b'~')
        {
            class |= HOST;
        }
        if matches!(byte, b'\t' | b' ' | 0x21 | 0x23..=0x5B | 0x5D..=0x7E | 0x80..=0xFF) {
            class |= QUOTED;
        }
        table[at] = class;
        at += 1;
    }
    table
}
