//! Secrets.

use std::io;

/// Bytes that nobody can guess.
pub(crate) fn bytes<const COUNT: usize>() -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// A pairing token: a random GUID, as the original makes one.
pub(crate) fn token() -> io::Result<String> {
    let mut value = u128::from_be_bytes(bytes()?);
    // Version 4, variant 1 (RFC 9562 section 5.4).
    value = value & !(0xf << 76) | 0x4 << 76;
    value = value & !(0x3 << 62) | 0x2 << 62;
    let hex = format!("{value:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default());
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_token_is_a_random_guid() {
        let (one, other) = (super::token().unwrap(), super::token().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 36);
        assert_eq!((one.as_bytes()[14], one.matches('-').count()), (b'4', 4));
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{one}");
    }
}
