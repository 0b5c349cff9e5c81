//! What is said on the stream of a session (RFC 9297 section 3.2).

use crate::http3::inspect::{read_varint, write_varint};

const CLOSE_SESSION: u64 = 0x2843;

/// The code and the reason of a CLOSE_WEBTRANSPORT_SESSION: no capsule that is read is longer.
const MAX_PAYLOAD: u64 = 4 + 1024;

/// Finds the end of a session among its capsules.
#[derive(Debug, Default)]
pub(super) struct Capsules {
    /// The beginning of a capsule.
    head: Vec<u8>,
    /// How much of an unknown capsule is still to come.
    ignored: u64,
}

/// What ended the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client has closed it.
    Closed,
    /// A capsule is malformed.
    Malformed,
}

impl Capsules {
    /// Takes what has come; gives the end if it has come with it.
    pub(super) fn push(&mut self, mut data: &[u8]) -> Option<End> {
        while let Some((first, rest)) = data.split_first() {
            if self.ignored > 0 {
                let count = usize::try_from(self.ignored).unwrap_or(usize::MAX).min(data.len());
                self.ignored -= count as u64;
                data = &data[count..];
                continue;
            }
            self.head.push(*first);
            data = rest;
            let Some((kind, kind_len)) = read_varint(&self.head) else { continue };
            let Some((len, len_len)) = read_varint(&self.head[kind_len..]) else { continue };
            if kind != CLOSE_SESSION {
                self.ignored = len;
                self.head.clear();
            } else if !(4..=MAX_PAYLOAD).contains(&len) {
                return Some(End::Malformed);
            } else if (self.head.len() - kind_len - len_len) as u64 == len {
                return Some(End::Closed);
            }
        }
        None
    }
}

/// The capsule that closes a session.
pub(super) fn close_session(error_code: u32) -> Vec<u8> {
    let mut capsule = Vec::with_capacity(8);
    write_varint(CLOSE_SESSION, &mut capsule);
    write_varint(4, &mut capsule);
    capsule.extend_from_slice(&error_code.to_be_bytes());
    capsule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_with_its_capsule_in_however_many_pieces() {
        let mut bytes = vec![0x40, 0x99, 3, b'a', b'b', b'c', 0, 0];
        bytes.extend(close_session(7));
        for size in 1..=bytes.len() {
            let mut capsules = Capsules::default();
            let ends: Vec<_> = bytes.chunks(size).filter_map(|piece| capsules.push(piece)).collect();
            assert_eq!(ends, [End::Closed], "in pieces of {size}");
        }
        assert_eq!(Capsules::default().push(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn a_close_of_the_wrong_length_is_malformed() {
        for len in [[3, 0].as_slice(), &[0x44, 0x05]] {
            let capsule = [&[0x68, 0x43], len].concat();
            assert_eq!(Capsules::default().push(&capsule), Some(End::Malformed));
        }
    }
}
