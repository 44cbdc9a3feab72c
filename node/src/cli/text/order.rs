//! Headings of orders to outside systems.

use super::Text;

texts! {
    ORDERS = "orders to outside systems", "委托单";
    WAIVERS = "fees waived", "免缴的费用";
}

const fn text(en: &'static str, zh: &'static str) -> Text {
    Text { en, zh }
}

pub(super) const LABELS: &[(&str, Text)] = &[
    ("order_no", text("order", "委托单号")),
    ("order_kind", text("kind", "类型")),
    ("order_state", text("state", "状态")),
    ("connector", text("connector", "对接系统")),
    ("fee", text("fee", "收费项目")),
    ("fen", text("fen", "金额（分）")),
    ("recipient", text("recipient", "收件人")),
    ("system", text("handled in", "办理系统")),
    ("orders_unknown", text("orders not known of", "未能查到委托单的办理地")),
    ("decision.grant", text("granted there", "业务系统准予")),
    ("decision.number", text("number there", "业务编号")),
    ("decision.decided_on", text("decided there on", "业务系统决定日期")),
    ("decision.decider", text("decided there by", "业务系统决定人")),
    ("decision.document_no", text("number of the document", "决定文号")),
    ("decision.reason", text("reason given there", "业务系统理由")),
    ("outside.system", text("decided in", "办理系统")),
    ("outside.number", text("number there", "业务编号")),
    ("outside.decided_on", text("decided there on", "业务系统决定日期")),
    ("outside.decider", text("decided there by", "业务系统决定人")),
    ("outside.document_no", text("number of the document", "决定文号")),
    ("outside.document", text("document (SHA-256)", "决定书（SHA-256）")),
    ("outside.order", text("received by order", "来自委托单")),
    ("outside.entered_on", text("entered on", "录入日期")),
    ("outside.days_late", text("entered after (days)", "迟录天数")),
    ("reference", text("reference", "对方单号")),
    ("link", text("link", "链接")),
    ("placed_at", text("placed at", "下单时间")),
    ("waiting.since", text("waits since", "待发送自")),
    ("waiting.tries", text("tried in vain", "已试次数")),
    ("waiting.next", text("next try", "下次尝试")),
    ("waiting.problem", text("why it waits", "等待原因")),
];
