//! Inputs for tests that are nearly good: changed, cut, lengthened and mixed, the same ones every time.

/// Makes inputs out of good ones.
pub(crate) struct Mutations<'a> {
    good: &'a [Vec<u8>],
    /// A generator of Lehmer's kind: tests fail again in the same way.
    seed: u64,
}

/// No input is longer.
const MAX_LEN: usize = 600;

impl<'a> Mutations<'a> {
    /// Inputs like these; there must be one.
    pub(crate) fn of(good: &'a [Vec<u8>]) -> Self {
        Self { good, seed: 0x2545_f491_4f6c_dd1d }
    }

    /// An input, and a place to cut it.
    pub(crate) fn next(&mut self) -> (Vec<u8>, usize) {
        let mut input = self.pick();
        for _ in 0..self.below(6) {
            let (from, to) = (self.below(input.len() + 1), self.below(input.len() + 1));
            let (from, to) = (from.min(to), from.max(to));
            match self.below(6) {
                0 if from < input.len() => input[from] = self.below(256) as u8,
                1 if from < input.len() => input[from] ^= 1 << self.below(8),
                2 => drop(input.drain(from..to)),
                3 => input.insert(from, self.below(256) as u8),
                4 => {
                    let again = input[from..to].to_vec();
                    input.splice(to..to, again);
                }
                _ => {
                    let other = self.pick();
                    let start = self.below(other.len() + 1);
                    input.truncate(to);
                    input.extend_from_slice(&other[start..]);
                }
            }
            input.truncate(MAX_LEN);
        }
        let cut = self.below(input.len() + 1);
        (input, cut)
    }

    fn pick(&mut self) -> Vec<u8> {
        let index = self.below(self.good.len());
        self.good[index].clone()
    }

    fn below(&mut self, end: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) as usize % end
    }
}
