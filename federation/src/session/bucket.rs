//! A token bucket: so many at once, so many a second for long.

use tongban_codes::time::Timestamp;

/// Limits how often a peer may do something.
#[derive(Clone, Debug)]
pub struct Bucket {
    per_second: i64,
    /// Thousandths of a token, so that milliseconds count.
    full: i64,
    left: i64,
    at: Option<Timestamp>,
}

impl Bucket {
    /// A full bucket of `burst` that is refilled with `per_second`.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let full = i64::from(burst) * 1000;
        Self { per_second: i64::from(per_second), full, left: full, at: None }
    }

    /// Takes one; `false` when there is none left. A clock that goes back refills nothing.
    pub fn take(&mut self, now: Timestamp) -> bool {
        let elapsed = self.at.map_or(0, |at| now.millis_since(at)).max(0);
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
        self.left = self.left.saturating_add(elapsed.saturating_mul(self.per_second)).min(self.full);
        if self.left < 1000 {
            return false;
        }
        self.left -= 1000;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let mut bucket = Bucket::new(10, 3);
        let at = Timestamp::from_millis;
        let taken = |bucket: &mut Bucket, millis: i64| (0..9).filter(|_| bucket.take(at(millis))).count();
        assert_eq!(taken(&mut bucket, 0), 3);
        assert_eq!(taken(&mut bucket, 99), 0);
        assert_eq!(taken(&mut bucket, 100), 1);
        assert_eq!(taken(&mut bucket, 50), 0, "a clock that goes back");
        assert_eq!(taken(&mut bucket, 3_600_000), 3, "never more than the burst");
    }
}
