//! What is said of agreements between authorities, and what their fields are called.

use super::{Fault, Text};

faults! {
    PARTY_INVALID = "party-invalid", "party": "a party is written DIVISION/CODE/NAME", "签约机关写作 区划代码/统一社会信用代码/名称";
        "as 511603/11513011452259996U/区卫健局", "如 511603/11513011452259996U/区卫健局";
}

texts! {
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
    ("parties", text("parties", "签约机关")),
    ("receipt", text("what counts as receipt", "以何为收到")),
    ("published_on", text("published on", "公布日期")),
    ("withdrawn.from", text("withdrawn as of", "终止日期")),
    ("withdrawn.reason", text("withdrawn because", "终止理由")),
];
