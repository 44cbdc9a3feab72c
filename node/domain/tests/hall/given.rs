//! What several tests give: an agreement of two authorities, and what another system decided.

use tongban_domain::case::OutsideOutcome;
use tongban_domain::catalogue::{Agreement, Mode, Party, ReceiptRule};

use super::date;

/// An authority that agrees.
pub(crate) fn party(division: &str, code: &str) -> Party {
    Party { code: code.into(), name: "机关".into(), division: division.parse().unwrap() }
}

/// An agreement of two authorities for one mode, in force in September 2026.
pub(crate) fn agreement(number: &str, mode: Mode, parties: [Party; 2]) -> Agreement {
    Agreement {
        number: number.into(),
        parties: parties.into(),
        modes: vec![mode],
        receipt: ReceiptRule::Electronic,
        from: date(2026, 9, 1),
        until: Some(date(2026, 9, 30)),
        published_on: date(2026, 8, 20),
        text: "AB".repeat(32),
        reference: None,
        withdrawn: None,
    }
}

/// What another system decided on 14 September 2026.
pub(crate) fn outside_outcome(grant: bool, number: &str) -> OutsideOutcome {
    OutsideOutcome {
        grant,
        number: number.into(),
        decided_on: date(2026, 9, 14),
        decider: "王局长".into(),
        reason: (!grant).then(|| "不符合法定条件".into()),
        document_no: Some("川残联函〔2026〕7号".into()),
        document: None,
        reason_code: None,
    }
}
