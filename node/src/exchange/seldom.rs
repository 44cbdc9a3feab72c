//! What a peer can cause as often as it likes is logged seldom, with how often it wasn't.

use tongban_codes::time::Timestamp;

/// Milliseconds between two lines of the log on one matter of one link.
const EVERY_MILLIS: i64 = 10_000;

/// One matter of one link.
#[derive(Debug, Default)]
pub(super) struct Seldom {
    said: Option<Timestamp>,
    unsaid: u64,
}

impl Seldom {
    /// Says that it happened: how often it wasn't logged since it last was, where it is to be logged now. A clock that goes back logs nothing anew.
    pub(super) fn happened(&mut self, now: Timestamp) -> Option<u64> {
        if self.said.is_some_and(|said| now.millis_since(said) < EVERY_MILLIS) {
            self.unsaid += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_logged_once_in_ten_seconds_and_counted() {
        let mut seldom = Seldom::default();
        let mut at = |millis: i64| seldom.happened(Timestamp::from_millis(millis));
        assert_eq!(at(5), Some(0));
        assert_eq!((at(6), at(10_004), at(0)), (None, None, None));
        assert_eq!(at(10_005), Some(3));
        assert_eq!(at(10_006), None);
        assert_eq!(at(40_000), Some(1));
    }
}
