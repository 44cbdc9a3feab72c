//! What is said of agreements between authorities, and what their fields are called.

use super::{Fault, Text};

faults! {
    PARTY_INVALID = "party-invalid", "party": "a party is written DIVISION/CODE/NAME", "签约机关写作 区划代码/统一社会信用代码/名称";
        "as 511603/11513011452259996U/区卫健局", "如 511603/11513011452259996U/区卫健局";
}

texts! {
    HANDLED_MORE = "There are more: --after {0}", "还有更多：--after {0}";
    AGREEMENT_WITHDRAW = "Nobody will collect under the agreement {0} any more.", "将终止协议 {0}，不再据此收件。";
}

const fn text(en: &'static str, zh: &'static str) -> Text {
    Text { en, zh }
}

/// What fields are called.
pub(super) const LABELS: &[(&str, Text)] = &[
    ("agreement", text("agreement", "协议编号")),
    ("agreement_state", text("state of the agreement", "协议状态")),
    ("agreement.number", text("under the agreement", "依据协议")),
    ("agreement.receipt", text("what counts as receipt", "以何为收到")),
    ("handled.cases", text("handled elsewhere", "异地办理件数")),
    ("handled.accepted", text("of these accepted", "其中受理")),
    ("handled.granted", text("of these granted", "其中准予")),
    ("handled.denied", text("of these denied", "其中不予")),
    ("handled.ended", text("of these ended otherwise", "其中其他办结")),
    ("handled_at", text("handled at", "办理地")),
    ("handled_by", text("decided by", "办理机关")),
    ("by_item", text("by its item", "所依本地事项")),
    ("ended_on", text("ended on", "办结日期")),
    ("number_end", text("end of the number", "证件号码后六位")),
    ("heard_at", text("heard of at", "获知时间")),
    ("instead_of.place.division", text("in the place of", "代行区划")),
    ("instead_of.division", text("in the place of", "代行区划")),
    ("instead_of.department", text("authority in charge", "代行机关")),
    ("instead_of.item", text("its item", "其事项")),
    ("instead_of.agreement", text("by the agreement", "代行依据协议")),
    ("report_refused.code", text("report not taken", "告知未收原因")),
    ("report_refused.text", text("report not taken because", "告知未收说明")),
    ("report_refused.at", text("heard of at", "获知时间")),
    ("parties", text("parties", "签约机关")),
    ("receipt", text("what counts as receipt", "以何为收到")),
    ("published_on", text("published on", "公布日期")),
    ("withdrawn.from", text("withdrawn as of", "终止日期")),
    ("withdrawn.reason", text("withdrawn because", "终止理由")),
];
