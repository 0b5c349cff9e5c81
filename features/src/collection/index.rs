//! Where in the list of entries a key is.

use std::{
    any::TypeId,
    hash::{Hash, Hasher},
};

use super::Entry;

/// A small hash table from keys to positions in the list of entries, with a byte per slot.
///
/// A request asks for features some twenty times: walking the list each time costs more than the
/// rest of the contract. Past [`CAPACITY`] entries, which no server comes near, the list is walked.
pub(super) struct Index {
    slots: [u8; SLOTS],
}

const SLOTS: usize = 64;
/// The most entries that are indexed: with a quarter of the slots free, probes stay short.
const CAPACITY: usize = 48;
const EMPTY: u8 = u8::MAX;

impl Index {
    pub(super) const fn new() -> Self {
        Self { slots: [EMPTY; SLOTS] }
    }

    /// The position of `key` in `entries`.
    #[inline]
    pub(super) fn position(&self, entries: &[Entry], key: TypeId) -> Option<usize> {
        if entries.len() > CAPACITY {
            return entries.iter().position(|entry| entry.key() == key);
        }
        let mut slot = first_slot(key);
        loop {
            let position = usize::from(self.slots[slot]);
            match entries.get(position) {
                Some(entry) if entry.key() == key => return Some(position),
                Some(_) => slot = (slot + 1) % SLOTS,
                None => return None,
            }
        }
    }

    /// Notes the last of `entries`, which has just been added.
    pub(super) fn added(&mut self, entries: &[Entry]) {
        if let Some((entry, before)) = entries.split_last() {
            self.insert(entry.key(), before.len());
        }
    }

    /// Notes that one of the entries has been removed, and those after it have moved up.
    pub(super) fn removed(&mut self, entries: &[Entry]) {
        self.slots = [EMPTY; SLOTS];
        for (position, entry) in entries.iter().enumerate() {
            self.insert(entry.key(), position);
        }
    }

    fn insert(&mut self, key: TypeId, position: usize) {
        if position >= CAPACITY {
            return;
        }
        let mut slot = first_slot(key);
        while self.slots[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        // Fits: `CAPACITY` is below `EMPTY`.
        self.slots[slot] = position as u8;
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

/// The slot where the search for `key` begins. A type's identifier is a hash already.
#[inline]
fn first_slot(key: TypeId) -> usize {
    let mut bits = Bits(0);
    key.hash(&mut bits);
    bits.0 as usize % SLOTS
}

/// Passes on what a `TypeId` gives to a hasher.
struct Bits(u64);

impl Hasher for Bits {
    #[inline]
    fn write_u64(&mut self, bits: u64) {
        self.0 ^= bits;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const _: () = assert!(CAPACITY < SLOTS && CAPACITY < EMPTY as usize);
