//! Signing for a paper file (纸质签收): receipt, where the agreement between the authorities says that the paper counts.

use tongban_codes::time::Timestamp;

use super::collect::deemed_at;
use super::progress::done;
use super::{ActKind, Case, Status};
use crate::catalogue::ReceiptRule;
use crate::change::Change;
use crate::{Actor, Facts, Rejection, codes};

/// Signs for the paper file: from this day on the five days of 行政许可法 32(4) run.
pub(crate) fn receive_paper(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::ReceivePaper)?;
    let by_paper = case.agreement.as_ref().is_some_and(|accord| accord.receipt == ReceiptRule::Paper);
    if !by_paper || case.received_on.is_some() {
        let (en, zh) = match case.received_on {
            Some(day) => (format!("it was received on {day}"), format!("已于 {day} 收到")),
            None => ("no agreement waits for its paper file".to_owned(), "没有协议约定以纸质材料送达为收到".to_owned()),
        };
        return Err(Rejection::new(codes::PAPER_NOT_AWAITED, en, zh)
            .field("case", case.id)
            .remedy("see it: tongban case show", "查看：tongban case show"));
    }
    case.received_on = Some(at.date());
    if matches!(case.status, Status::Collected | Status::Supplemented) {
        case.deemed_at = deemed_at(facts, &case);
    }
    Ok(done(facts, actor, case, ActKind::ReceivePaper, (at, None), None))
}
