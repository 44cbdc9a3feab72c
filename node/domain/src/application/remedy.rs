//! What is open to the applicant after a part that wasn't granted, in both languages.

use super::list::PartState;
use crate::case::Status;

/// A text of the answer.
pub(super) struct Said {
    pub(super) en: String,
    pub(super) zh: String,
}

/// Time and ways against a decision (行政复议法 20, 行政诉讼法 46).
const REVIEW_EN: &str =
    "apply for administrative review within 60 days of learning of it, or bring an action within six months";
const REVIEW_ZH: &str = "可以自知道之日起六十日内申请行政复议，或者自知道之日起六个月内提起行政诉讼";

/// What is open to the applicant after a part came to nothing (行政许可法 32, 38); none where it was granted.
pub(super) fn remedies(status: Option<Status>, state: PartState, because: Option<&str>) -> Option<Said> {
    let said = |en: String, zh: String| Some(Said { en, zh });
    let again = |en: &str, zh: &str| {
        said(
            format!("{en} it may be applied for anew; what was provided isn't asked for again"),
            format!("{zh}，可以重新提出申请，已提供的材料无须重复提供"),
        )
    };
    match (state, status) {
        (PartState::Granted, _) => None,
        (PartState::Forwarded, _) => said(
            "a superior authority goes on with it, and its result isn't known when this answer is given; it is delivered by \
             that authority, and the query code of this part tells how far it is"
                .to_owned(),
            "已转报上级机关办理，作出本答复时结果未知，由该机关另行送达，凭本项查询码可查进度".to_owned(),
        ),
        (PartState::NotBegun, _) => {
            let because = because.unwrap_or_default();
            again(&format!("when “{because}” is granted,"), &format!("“{because}”获准后"))
        }
        (PartState::Dropped, _) | (_, Some(Status::Withdrawn)) => again("after the withdrawal", "撤件后"),
        (_, Some(Status::Returned)) => again("with all materials,", "备齐材料后"),
        (_, Some(Status::RefusedNotRequired)) => said(
            format!("the law asks for no permit, nothing needs to be applied for; who disagrees may {REVIEW_EN}"),
            format!("依法不需要取得行政许可，无须申请；对此不服的，{REVIEW_ZH}"),
        ),
        _ => said(format!("who disagrees with this decision may {REVIEW_EN}"), format!("不服本项决定的，{REVIEW_ZH}")),
    }
}
