//! The entries of a collection and of those under it.

use std::any::TypeId;

use super::{Entry, FeatureCollection};

/// Iterates over the entries of a [`FeatureCollection`] and of its defaults.
#[derive(Debug)]
pub struct Iter<'a> {
    top: &'a FeatureCollection,
    current: Option<&'a FeatureCollection>,
    index: usize,
}

impl<'a> Iter<'a> {
    pub(super) fn new(top: &'a FeatureCollection) -> Self {
        Self { top, current: Some(top), index: 0 }
    }

    /// True if a collection above the present one has an own entry for the same key.
    fn is_covered(&self, current: &FeatureCollection, key: TypeId) -> bool {
        std::iter::successors(Some(self.top), |above| above.defaults().map(|defaults| &**defaults))
            .take_while(|above| !std::ptr::eq(*above, current))
            .any(|above| above.entries().iter().any(|entry| entry.key() == key))
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Entry;

    fn next(&mut self) -> Option<&'a Entry> {
        loop {
            let current = self.current?;
            match current.entries().get(self.index) {
                Some(entry) => {
                    self.index += 1;
                    if !self.is_covered(current, entry.key()) {
                        return Some(entry);
                    }
                }
                None => {
                    self.current = current.defaults().map(|defaults| &**defaults);
                    self.index = 0;
                }
            }
        }
    }
}

impl<'a> IntoIterator for &'a FeatureCollection {
    type Item = &'a Entry;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
