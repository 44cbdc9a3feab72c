//! Proof of who asks how far a case is: the end of the applicant's identity number, which the holder of a query code that was found or
//! overheard doesn't have.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

/// How many characters of the citizen id or credit code are asked for, from its end.
/// As many are left of a number that is forgotten.
pub const PROOF_CHARS: usize = tongban_domain::case::NUMBER_CHARS_KEPT;

/// Wrong proofs after which a case answers nobody for a while.
const WRONG_MAX: u32 = 5;

/// How long a wrong proof counts, in seconds.
const WRONG_SECONDS: i64 = 900;

/// How often those of long ago are forgotten, in seconds. In between as many cases are remembered as peers may ask of.
const FORGET_SECONDS: i64 = 60;

/// Whether this may be a proof: six digits or letters.
#[must_use]
pub fn is_proof(text: &str) -> bool {
    text.len() == PROOF_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The wrong proofs of late, by case. A restart forgets them.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<Wrong>);

#[derive(Debug, Default)]
struct Wrong {
    cases: BTreeMap<CaseId, Attempt>,
    forgotten_at: Option<Timestamp>,
}

/// How many, since when, and the last: the same one again, by another way or by a client that repeats itself, tells its sender nothing new.
#[derive(Clone, Debug)]
struct Attempt {
    count: u32,
    since: Timestamp,
    last: String,
}

impl Attempts {
    /// Whether the proof is the end of the identity number. After five wrong ones within a quarter of an hour none is right until that time has
    /// passed, and the answer doesn't tell which it was.
    pub(super) fn holds(&self, case: CaseId, identity: &str, proof: &str, now: Timestamp) -> bool {
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Wrong { cases, forgotten_at } = &mut *wrong;
        let counts = |attempt: &Attempt| now.millis_since(attempt.since) < WRONG_SECONDS * 1000;
        let before = cases.get(&case).filter(|attempt| counts(attempt)).cloned();
        if before.as_ref().is_some_and(|before| before.count >= WRONG_MAX) {
            return false;
        }
        let end = identity.len().checked_sub(PROOF_CHARS).and_then(|from| identity.get(from..));
        if is_proof(proof) && end.is_some_and(|end| end.eq_ignore_ascii_case(proof)) {
            cases.remove(&case);
            return true;
        }
        if !is_proof(proof) || before.as_ref().is_some_and(|before| before.last == proof) {
            return false;
        }
        if forgotten_at.is_none_or(|at| now.millis_since(at) >= FORGET_SECONDS * 1000) {
            *forgotten_at = Some(now);
            cases.retain(|_, attempt| counts(attempt));
        }
        let (count, since) = before.map_or((1, now), |before| (before.count + 1, before.since));
        cases.insert(case, Attempt { count, since, last: proof.to_owned() });
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
            assert!(!attempts.holds(case(1), IDENTITY, &format!("00000{second}"), at(second)));
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
                assert!(!attempts.holds(case(1), IDENTITY, &format!("00000{second}"), at(round * 10 + second)));
            }
            assert!(attempts.holds(case(1), IDENTITY, "07123X", at(round * 10 + 5)), "round {round}");
        }
    }

    #[test]
    fn the_same_wrong_proof_again_is_one() {
        let attempts = Attempts::default();
        for second in 0..20 {
            assert!(!attempts.holds(case(1), IDENTITY, "000000", at(second)));
        }
        assert!(attempts.holds(case(1), IDENTITY, "07123X", at(20)));
    }

    #[test]
    fn what_counts_no_more_is_forgotten() {
        let attempts = Attempts::default();
        for byte in 0..100 {
            assert!(!attempts.holds(case(byte), IDENTITY, "000000", at(0)));
        }
        assert!(!attempts.holds(case(200), IDENTITY, "000000", at(WRONG_SECONDS)));
        assert_eq!(attempts.0.lock().map(|wrong| wrong.cases.len()).ok(), Some(1));
    }
}
