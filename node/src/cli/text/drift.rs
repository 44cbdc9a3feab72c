//! What `tongban item drift` says.

use super::Text;

texts! {
    SAME = "{0} {0|node holds|nodes hold} the same standards.", "{0} 个节点与本节点一致。";
    DIFFERS = "{0} {0|node|nodes} compared, {1} {1|item differs|items differ}:", "已比对 {0} 个节点，{1} 项不一致：";
    UNREACHED = "{0} {0|node was|nodes were} not heard.", "{0} 个节点未能应答。";
    SINCE = "  version {0} above, {1} below; in force from {2}; since {3}; as of {4}",
        "  上级版本 {0}，下级版本 {1}；生效 {2}；自 {3} 起；截至 {4}";
    FIELD_ABOVE = "above: ", "上级：";
    FIELD_BELOW = "below: ", "下级：";
    FIELD_SEALED = "sealed:", "已签：";
}

/// Kinds of differences in words.
pub(crate) const KINDS: &[(&str, Text)] = &[
    ("behind", Text { en: "the release is on its way (behind)", zh: "上级发布尚未到达（behind）" }),
    ("core-differs", Text { en: "another core than the superior's (core-differs)", zh: "四同不一致（core-differs）" }),
    ("missing", Text { en: "missing from the store (missing)", zh: "存储中缺失（missing）" }),
    ("extra", Text { en: "nobody has released it (extra)", zh: "多出，无发布记录（extra）" }),
    (
        "withdrawn-above",
        Text { en: "withdrawn by the superior (withdrawn-above)", zh: "上级已取消（withdrawn-above）" },
    ),
    ("store-edited", Text { en: "the store was edited (store-edited)", zh: "存储被改动（store-edited）" }),
    ("exempt", Text { en: "differs for a lawful reason (exempt)", zh: "有法定理由（exempt）" }),
];

/// Who must act, in words.
pub(crate) const DUTIES: &[(&str, Text)] = &[
    ("wait", Text { en: "nobody need act, it comes by itself", zh: "无须处理，自动到达" }),
    ("superior-catch-up", Text { en: "the superior catches up", zh: "由上级补齐" }),
    ("superior-mend", Text { en: "the superior mends its store", zh: "由上级修复存储" }),
    ("inferior-claim", Text { en: "the inferior claims the version in force", zh: "由下级认领现行版本" }),
    ("inferior-withdraw", Text { en: "the inferior withdraws the item", zh: "由下级取消事项" }),
    ("inferior-mend", Text { en: "the inferior mends its store", zh: "由下级修复存储" }),
    ("none", Text { en: "nothing to do", zh: "无须处理" }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use tongban_federation::drift::Kind;

    #[test]
    fn every_kind_has_words() {
        for kind in Kind::ALL {
            assert!(KINDS.iter().any(|(known, _)| *known == kind.name()), "{kind:?}");
        }
        for (_, text) in KINDS.iter().chain(DUTIES).chain(TEXTS) {
            assert!(text.en.is_ascii() && !text.zh.is_ascii(), "{text:?}");
        }
    }
}
