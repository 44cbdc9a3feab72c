//! Headings of orders to outside systems.

use super::Text;

texts! {
    ORDERS = "orders to outside systems", "委托单";
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
    ("reference", text("reference", "对方单号")),
    ("link", text("link", "链接")),
    ("placed_at", text("placed at", "下单时间")),
    ("waiting.since", text("waits since", "待发送自")),
    ("waiting.tries", text("tried in vain", "已试次数")),
    ("waiting.next", text("next try", "下次尝试")),
    ("waiting.problem", text("why it waits", "等待原因")),
];
