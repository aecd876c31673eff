//! A small random number generator, so that a run can be repeated from its seed.

use std::ops::Range;
use std::time::Duration;

/// SplitMix64: one addition and three mixing steps per number; good enough to shuffle a network.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator that always yields the same numbers for the same seed.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from zero up to, but not including, `end`. The bias of the remainder does not matter here.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.number() % 100 < percent
    }

    /// A duration within the range, in whole microseconds.
    pub fn duration(&mut self, range: Range<Duration>) -> Duration {
        let width = (range.end - range.start).as_micros() as u64;
        range.start + Duration::from_micros(self.number() % width.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    /// The first numbers of the published reference implementation for the seed 1234567.
    #[test]
    fn yields_the_reference_numbers() {
        let mut random = Random::new(1234567);
        assert_eq!(random.number(), 6457827717110365317);
        assert_eq!(random.number(), 3203168211198807973);
    }
}
