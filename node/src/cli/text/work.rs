//! Texts about the work on cases.

use super::Text;

texts! {
    WORK = "work", "办理环节";
    RECUSED = "recused", "回避";
    LACKING = "to follow", "容缺待补";
    PLEDGE = "pledge", "告知承诺";
    LINE = "line", "先后顺序";
    CONFIRM_HAND_OVER = "Move everything that {0} holds to {1}, and disable {0}?", "确定将 {0} 的全部工作移交 {1}，并停用 {0}？";
    HANDED_OVER = "{0} {0|case|cases} and {1} {1|mandate|mandates} went to {2}; {3} is disabled. Sealed list: {4}",
        "{0} 件办件、{1} 项授权已移交 {2}，{3} 已停用。签章清单：{4}";
    HANDED_OVER_SOME = "{0} {0|case|cases} and {1} {1|mandate|mandates} went from {3} to {2}. Sealed list: {4}",
        "{0} 件办件、{1} 项授权已由 {3} 移交 {2}。签章清单：{4}";
    LIST_WRITTEN = "The sealed list is in {0}.", "带签章的清单已写入 {0}。";
}
