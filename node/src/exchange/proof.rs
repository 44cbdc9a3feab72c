//! Proof of who asks how far a case is: the end of the applicant's identity number, which the holder of a query code that was found or
//! overheard doesn't have.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

/// How many characters of the citizen id or credit code are asked for, from its end.
pub const PROOF_CHARS: usize = 6;

/// Wrong proofs after which a case answers nobody for a while.
const WRONG_MAX: u32 = 5;

/// How long a wrong proof counts, in seconds.
const WRONG_SECONDS: i64 = 900;

/// Cases of which wrong proofs are remembered before those of long ago are forgotten.
const REMEMBERED_MAX: usize = 10_000;

/// Whether this may be a proof: six digits or letters.
#[must_use]
pub fn is_proof(text: &str) -> bool {
    text.len() == PROOF_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The wrong proofs of late, by case. A restart forgets them.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<BTreeMap<CaseId, (u32, Timestamp)>>);

impl Attempts {
    /// Whether the proof is the end of the identity number. After five wrong ones within a quarter of an hour none is right until that time has
    /// passed, and the answer doesn't tell which it was.
    pub(super) fn holds(&self, case: CaseId, identity: &str, proof: &str, now: Timestamp) -> bool {
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |since: &Timestamp| now.millis_since(*since) < WRONG_SECONDS * 1000;
        let before = wrong.get(&case).filter(|(_, since)| counts(since)).copied();
        if before.is_some_and(|(count, _)| count >= WRONG_MAX) {
            return false;
        }
        let end = identity.len().checked_sub(PROOF_CHARS).and_then(|from| identity.get(from..));
        if is_proof(proof) && end.is_some_and(|end| end.eq_ignore_ascii_case(proof)) {
            wrong.remove(&case);
            return true;
        }
        if wrong.len() >= REMEMBERED_MAX {
            wrong.retain(|_, (_, since)| counts(since));
        }
        let (count, since) = before.unwrap_or((0, now));
        wrong.insert(case, (count + 1, since));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: &str = "51010419900307123X";

    fn case(byte: u8) -> CaseId {
        CaseId::from_bytes([byte; 16])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + second * 1000)
    }

    #[test]
    fn the_end_of_the_number_is_a_proof_and_nothing_else() {
        let attempts = Attempts::default();
        for right in ["07123X", "07123x"] {
            assert!(attempts.holds(case(1), IDENTITY, right, at(0)), "{right}");
        }
        for (number, wrong) in ["", "07123", "107123X", "071230", "０７１２３Ｘ", IDENTITY].into_iter().enumerate()
        {
            let another = case(u8::try_from(number).unwrap_or_default());
            assert!(!attempts.holds(another, IDENTITY, wrong, at(0)), "{wrong}");
        }
        assert!(!attempts.holds(case(9), "", "07123X", at(0)), "an identity that is shorter than a proof");
    }

    #[test]
    fn five_wrong_proofs_lock_the_case_for_a_quarter_of_an_hour() {
        let attempts = Attempts::default();
        for second in 0..5 {
            assert!(!attempts.holds(case(1), IDENTITY, "000000", at(second)));
        }
        assert!(!attempts.holds(case(1), IDENTITY, "07123X", at(5)), "locked");
        assert!(attempts.holds(case(2), IDENTITY, "07123X", at(5)), "another case isn't");
        assert!(!attempts.holds(case(1), IDENTITY, "07123X", at(WRONG_SECONDS - 1)));
        assert!(attempts.holds(case(1), IDENTITY, "07123X", at(WRONG_SECONDS)));
    }

    #[test]
    fn a_right_proof_forgets_the_wrong_ones() {
        let attempts = Attempts::default();
        for round in 0..3 {
            for second in 0..4 {
                assert!(!attempts.holds(case(1), IDENTITY, "000000", at(round * 10 + second)));
            }
            assert!(attempts.holds(case(1), IDENTITY, "07123X", at(round * 10 + 5)), "round {round}");
        }
    }
}
