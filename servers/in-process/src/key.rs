//! [`RequestKey`] and [`RequestTable`]: naming requests so that late messages find nobody.

use std::fmt;

/// Names a request in its [`RequestTable`]: a slot, and how often that slot was filled before.
///
/// A message that comes after its request has ended names a generation that is no more, and finds
/// nothing, whoever has the slot now. As a number it fits where native code carries a pointer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestKey {
    slot: u32,
    generation: u32,
}

impl RequestKey {
    /// The key as one number, never 0: for native code that carries it and hands it back.
    pub fn to_bits(self) -> u64 {
        (u64::from(self.generation) << 32) | (u64::from(self.slot) + 1)
    }

    /// The key that a number of [`to_bits`](Self::to_bits) stands for; `None` for 0 and other numbers that
    /// stand for none.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let slot = u32::try_from((bits & u64::from(u32::MAX)).checked_sub(1)?).ok()?;
        Some(Self { slot, generation: (bits >> 32) as u32 })
    }
}

impl fmt::Debug for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestKey({}.{})", self.slot, self.generation)
    }
}

/// What a host keeps for each request under way, by [`RequestKey`].
///
/// ```
/// use falconry_in_process::RequestTable;
///
/// let mut table = RequestTable::new();
/// let first = table.insert("first");
/// assert_eq!(table.remove(first), Some("first"));
/// let second = table.insert("second");
/// assert_eq!(table.get(first), None);
/// assert_eq!(table.get(second), Some(&"second"));
/// ```
#[derive(Debug)]
pub struct RequestTable<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Entry<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> RequestTable<T> {
    /// An empty table.
    pub const fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }

    /// Adds a request.
    ///
    /// # Panics
    /// With more than 2³² - 2 requests at once.
    pub fn insert(&mut self, value: T) -> RequestKey {
        if let Some(slot) = self.free.pop()
            && let Some(entry) = self.entries.get_mut(slot as usize)
        {
            entry.value = Some(value);
            return RequestKey { slot, generation: entry.generation };
        }
        let slot = u32::try_from(self.entries.len()).ok().filter(|slot| *slot < u32::MAX);
        let slot = slot.expect("fewer than 2^32 - 1 requests are under way");
        self.entries.push(Entry { generation: 0, value: Some(value) });
        RequestKey { slot, generation: 0 }
    }

    /// The request with this key, unless it has ended.
    pub fn get(&self, key: RequestKey) -> Option<&T> {
        let entry = self.entries.get(key.slot as usize)?;
        if entry.generation == key.generation { entry.value.as_ref() } else { None }
    }

    /// As [`get`](Self::get), for change.
    pub fn get_mut(&mut self, key: RequestKey) -> Option<&mut T> {
        let entry = self.entries.get_mut(key.slot as usize)?;
        if entry.generation == key.generation { entry.value.as_mut() } else { None }
    }

    /// Takes a request out: its key finds nothing from now on.
    pub fn remove(&mut self, key: RequestKey) -> Option<T> {
        let entry = self.entries.get_mut(key.slot as usize)?;
        if entry.generation != key.generation {
            return None;
        }
        let value = entry.value.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(key.slot);
        Some(value)
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The requests, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().filter_map(|entry| entry.value.as_ref())
    }
}

impl<T> Default for RequestTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_used_again_under_another_key() {
        let mut table = RequestTable::new();
        let first = table.insert(1);
        let kept = table.insert(2);
        assert_eq!((table.remove(first), table.remove(first)), (Some(1), None));
        let third = table.insert(3);
        assert_ne!(first, third);
        assert_eq!((table.get(first), table.get(kept), table.get(third)), (None, Some(&2), Some(&3)));
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn a_key_survives_being_a_number() {
        let mut table = RequestTable::new();
        let first = table.insert(());
        table.remove(first);
        let key = table.insert(());
        assert_eq!(RequestKey::from_bits(key.to_bits()), Some(key));
        assert_ne!(key.to_bits(), first.to_bits());
        assert_eq!(RequestKey::from_bits(0), None);
    }
}
