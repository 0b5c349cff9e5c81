//! The field section of the last head: clients send the same one again and again.

use std::ops::Range;

use super::fields::Facts;

/// A longer section costs more to compare than it is likely to save.
const LIMIT: usize = 1024;

/// Field lines that were in order, and what they say. The same octets are in order again and say the same.
#[derive(Debug, Default)]
pub(super) struct KnownFields {
    /// With the empty line at the end.
    section: Vec<u8>,
    /// Offsets count from the start of the section.
    facts: Facts,
    measures: (usize, usize),
    /// Counts the sections.
    id: u64,
}

impl KnownFields {
    /// The facts and the end of the head if the section at `start` of `head` is the known one.
    #[inline]
    pub(super) fn recall(&self, head: &[u8], start: usize) -> Option<(Facts, usize)> {
        if self.section.is_empty() || !head.get(start..)?.starts_with(&self.section) {
            return None;
        }
        let host = self.facts.host.map(|(from, to)| (from + start, to + start));
        Some((Facts { host, ..self.facts }, start + self.section.len()))
    }

    /// The number of the section that was taken note of last, whether it is kept or not. Never 0 after the first.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Octets and number of the known section's lines.
    pub(super) fn measures(&self) -> (usize, usize) {
        self.measures
    }

    /// Takes note of the section at `range` of `head`, which is in order.
    pub(super) fn remember(
        &mut self,
        head: &[u8],
        range: Range<usize>,
        facts: &Facts,
        measures: (usize, usize),
    ) {
        self.section.clear();
        self.id += 1;
        let start = range.start;
        if let Some(section) = head.get(range).filter(|section| section.len() <= LIMIT) {
            self.section.extend_from_slice(section);
            let host = facts.host.map(|(from, to)| (from - start, to - start));
            self.facts = Facts { host, ..*facts };
            self.measures = measures;
        }
    }
}
