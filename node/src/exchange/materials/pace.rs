//! How much of a file is asked for at once: as much as the line brings in good time.

use std::time::Duration;

use tongban_federation::limits;

/// The smallest part: a chunk as it lies on disk, so that none comes in vain.
const BYTES_MIN: u64 = tongban_seal::file::CHUNK_BYTES as u64;
const BYTES_MAX: u64 = limits::MATERIAL_PART_BYTES as u64;

/// How long a part may take at most.
const PATIENCE: Duration = Duration::from_secs(limits::MATERIAL_PART_SECONDS_MAX);

/// How large parts are, and how many are asked for ahead.
///
/// Parts that are asked for together come together, at the end of the time that all of them take: on a slow line that is longer than any
/// may take, and nothing would ever come. So what takes half the time is asked for in less, and after nothing came one small part goes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    bytes: u64,
    ahead: usize,
}

impl Default for Pace {
    /// That of a good line.
    fn default() -> Self {
        Self { bytes: BYTES_MAX, ahead: limits::MATERIAL_PARTS_AHEAD }
    }
}

impl Pace {
    /// Bytes of a part.
    pub(super) fn bytes(self) -> u64 {
        self.bytes
    }

    /// Parts that are asked for ahead.
    pub(super) fn ahead(self) -> usize {
        self.ahead
    }

    /// A part came, so long after it was asked for.
    pub(super) fn came(&mut self, took: Duration) {
        if took <= PATIENCE / 4 {
            if self.bytes < BYTES_MAX {
                self.bytes = (self.bytes * 2).min(BYTES_MAX);
            } else {
                self.ahead = (self.ahead + 1).min(limits::MATERIAL_PARTS_AHEAD);
            }
        } else if took > PATIENCE / 2 {
            self.less();
        }
    }

    /// A part didn't come in time, after others of the same attempt had come or as the first.
    pub(super) fn stalled(&mut self, others_came: bool) {
        if others_came { self.less() } else { *self = Self { bytes: BYTES_MIN, ahead: 1 } }
    }

    fn less(&mut self) {
        if self.ahead > 1 {
            self.ahead -= 1;
        } else {
            self.bytes = (self.bytes / 2).max(BYTES_MIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts over a line that brings so many bytes a second, parts that are under way together at equal shares, until one has brought a
    /// file; gives how many attempts it took.
    fn attempts(line: u64, size: u64) -> Option<usize> {
        // What the links leave of it, see `ask`.
        let allowed = u64::try_from((PATIENCE - Duration::from_secs(2)).as_millis()).expect("some seconds");
        let (mut pace, mut here) = (Pace::default(), 0);
        for attempt in 1..50 {
            let mut came = 0;
            while here < size {
                // Those that are asked for together end together.
                let together = pace.bytes() * pace.ahead() as u64;
                let took = together.min(size - here) * 1000 / line;
                if took > allowed {
                    pace.stalled(came > 0);
                    break;
                }
                let part = pace.bytes().min(size - here);
                pace.came(Duration::from_millis(took));
                here += part;
                came += part;
            }
            if here >= size {
                return Some(attempt);
            }
        }
        None
    }

    #[test]
    fn a_file_comes_on_every_line() {
        // From 16 kbit/s to 1 Gbit/s.
        for line in [2_000, 4_000, 8_000, 16_000, 32_000, 1_250_000, 125_000_000] {
            let took = attempts(line, 40 << 20);
            assert!(took.is_some_and(|attempts| attempts <= 4), "{line} bytes a second: {took:?}");
        }
        assert_eq!(attempts(32_000, 40 << 20), Some(1), "what the limits promise comes at the first attempt");
        assert_eq!(attempts(500, 1 << 20), None, "a line that brings no smallest part in time");
    }

    #[test]
    fn a_line_that_is_good_again_is_used_again() {
        let mut pace = Pace::default();
        pace.stalled(false);
        assert_eq!(pace, Pace { bytes: BYTES_MIN, ahead: 1 });
        let growing: Vec<(u64, usize)> = (0..6)
            .map(|_| {
                pace.came(Duration::from_secs(1));
                (pace.bytes() >> 10, pace.ahead())
            })
            .collect();
        assert_eq!(growing, [(128, 1), (256, 1), (512, 1), (512, 2), (512, 3), (512, 3)]);
        pace.came(PATIENCE / 3);
        assert_eq!(pace, Pace::default(), "neither too fast nor too slow");
        pace.came(PATIENCE / 2 + Duration::from_secs(1));
        assert_eq!(pace.ahead(), 2);
        pace.stalled(true);
        assert_eq!((pace.ahead(), pace.bytes()), (1, BYTES_MAX));
        pace.stalled(true);
        assert_eq!(pace.bytes(), BYTES_MAX / 2);
    }
}
