//! Names for connections.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// 13 characters of base 32 (`0-9A-V`) of a counter that starts with the time, so that the ids of
/// one process do not repeat those of the one before it.
pub(crate) fn next_connection_id() -> String {
    static COUNTER: OnceLock<AtomicU64> = OnceLock::new();
    let counter = COUNTER.get_or_init(|| AtomicU64::new(ticks_now()));
    encode(counter.fetch_add(1, Ordering::Relaxed))
}

/// The time in units of 100 ns since the year 1, as the original counts it.
fn ticks_now() -> u64 {
    const TICKS_TO_1970: u64 = 621_355_968_000_000_000;
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TICKS_TO_1970 + u64::try_from(since_1970.as_nanos() / 100).unwrap_or_default()
}

fn encode(number: u64) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
    (0..13).rev().map(|place| char::from(DIGITS[(number >> (5 * place)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_13_digits_of_base_32_and_never_repeat() {
        let (first, second) = (next_connection_id(), next_connection_id());
        assert_eq!(first.len(), 13);
        assert!(first.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'V').contains(&byte)));
        assert_ne!(first, second);
    }

    #[test]
    fn the_highest_number_still_fits() {
        assert_eq!(encode(u64::MAX), "FVVVVVVVVVVVV");
    }
}
