//! Where in the list of entries a key is.

use std::{
    any::TypeId,
    hash::{Hash, Hasher},
};

use super::{Entry, Feature, usual};

/// A small hash table from keys to positions in the list of entries, with a byte per slot, and the
/// positions of the usual features, which every request asks for again and again.
///
/// A request asks for features some twenty times: walking the list each time costs more than the
/// rest of the contract. Past [`CAPACITY`] entries, which no server comes near, the list is walked.
pub(super) struct Index {
    usual: [Position; usual::COUNT],
    slots: [u8; SLOTS],
}

/// One more than the position in the list; 0 is none.
type Position = u32;

const SLOTS: usize = 64;
/// The most entries that are indexed: with a quarter of the slots free, probes stay short.
const CAPACITY: usize = 48;
const EMPTY: u8 = u8::MAX;

impl Index {
    pub(super) const fn new() -> Self {
        Self { usual: [0; usual::COUNT], slots: [EMPTY; SLOTS] }
    }

    /// The position of the entry with the key `F` in `entries`.
    #[inline]
    pub(super) fn position<F: ?Sized + Feature>(&self, entries: &[Entry]) -> Option<usize> {
        match usual::number::<F>() {
            Some(number) => (self.usual[number] as usize).checked_sub(1),
            None => self.search(entries, TypeId::of::<F>()),
        }
    }

    /// Notes the last of `entries`, which has just been added.
    pub(super) fn added(&mut self, entries: &[Entry]) {
        if let Some((entry, before)) = entries.split_last() {
            self.insert(entry, before.len());
        }
    }

    /// Notes that one of the entries has been removed, and those after it have moved up.
    pub(super) fn removed(&mut self, entries: &[Entry]) {
        *self = Self::new();
        for (position, entry) in entries.iter().enumerate() {
            self.insert(entry, position);
        }
    }

    fn search(&self, entries: &[Entry], key: TypeId) -> Option<usize> {
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

    fn insert(&mut self, entry: &Entry, position: usize) {
        if let Some(number) = entry.usual() {
            // No list comes near the end of `Position`.
            self.usual[number] = position as Position + 1;
        }
        if position >= CAPACITY {
            return;
        }
        let mut slot = first_slot(entry.key());
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
