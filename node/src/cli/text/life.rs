//! Texts about the life of items.

use super::Text;

/// An act on several items.
pub(crate) const LIFE_DONE: Text = Text { en: "{0} done, {1} refused.", zh: "已办 {0} 项，未办 {1} 项。" };
/// The same, tried only.
pub(crate) const LIFE_DRY: Text = Text {
    en: "{0} would be done, {1} refused; nothing was written.",
    zh: "可办 {0} 项，不可办 {1} 项；未写入。",
};
/// Of what was published, something begins later.
pub(crate) const WAITS: Text = Text {
    en: "{0} of them begin on a later day and wait beside the version in force.",
    zh: "其中 {0} 项待生效，届时自动替换现行版本。",
};
/// Two versions are equal.
pub(crate) const SAME: Text = Text { en: "Nothing differs.", zh: "没有差异。" };
/// A reorganisation of departments.
pub(crate) const REORGANISED: Text = Text {
    en: "{0} items, {1} base items and {2} drafts go to {3} as of {4}; {5} refused.",
    zh: "自 {4} 起，{0} 个事项、{1} 个基本目录事项、{2} 份草稿转入 {3}；未转入 {5} 项。",
};
/// The same, tried only.
pub(crate) const REORGANISED_DRY: Text = Text {
    en: "{0} items, {1} base items and {2} drafts would go to {3} as of {4}, {5} refused; nothing was written.",
    zh: "自 {4} 起，将有 {0} 个事项、{1} 个基本目录事项、{2} 份草稿转入 {3}，不可转入 {5} 项；未写入。",
};
/// A division got another code.
pub(crate) const REDIVIDED: Text = Text {
    en: "{0} is {1} as of {2}: {3} items and {4} drafts follow, {5} refused.",
    zh: "自 {2} 起 {0} 变更为 {1}：{3} 个事项、{4} 份草稿随之换码，未换码 {5} 项。",
};
/// The same, tried only.
pub(crate) const REDIVIDED_DRY: Text = Text {
    en: "{0} would be {1} as of {2}: {3} items and {4} drafts would follow, {5} refused; nothing was written.",
    zh: "自 {2} 起 {0} 将变更为 {1}：{3} 个事项、{4} 份草稿将随之换码，不可换码 {5} 项；未写入。",
};
/// The same of a division below.
pub(crate) const REDIVIDED_KEPT: Text = Text {
    en: "{0} is {1} as of {2}, here and below. Its own node moves its items, by the same command.",
    zh: "已登记对照：自 {2} 起 {0} 变更为 {1}，并下发。其事项由该区划的节点用同一命令换码。",
};
