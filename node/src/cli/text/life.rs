//! Texts about the life of items.

use super::Text;

texts! {
    LIFE_DONE = "{0} done, {1} refused.", "已办 {0} 项，未办 {1} 项。";
    LIFE_DRY = "{0} would be done, {1} refused; nothing was written.", "可办 {0} 项，不可办 {1} 项；未写入。";
    WAITS = "{0} of them {0|begins on a later day and waits|begin on a later day and wait} beside the version in force.",
        "其中 {0} 项待生效，届时自动替换现行版本。";
    SAME = "Nothing differs.", "没有差异。";
    REORGANISED = "{0} {0|item|items}, {1} base {1|item|items} and {2} {2|draft|drafts} go to {3} as of {4}; {5} refused.",
        "自 {4} 起，{0} 个事项、{1} 个基本目录事项、{2} 份草稿转入 {3}；未转入 {5} 项。";
    REORGANISED_DRY = "{0} {0|item|items}, {1} base {1|item|items} and {2} {2|draft|drafts} would go to {3} as of {4}, {5} refused; nothing was written.",
        "自 {4} 起，将有 {0} 个事项、{1} 个基本目录事项、{2} 份草稿转入 {3}，不可转入 {5} 项；未写入。";
    REDIVIDED = "{0} is {1} as of {2}: {3} {3|item|items} and {4} {4|draft|drafts} follow, {5} refused.",
        "自 {2} 起 {0} 变更为 {1}：{3} 个事项、{4} 份草稿随之换码，未换码 {5} 项。";
    REDIVIDED_DRY = "{0} would be {1} as of {2}: {3} {3|item|items} and {4} {4|draft|drafts} would follow, {5} refused; nothing was written.",
        "自 {2} 起 {0} 将变更为 {1}：{3} 个事项、{4} 份草稿将随之换码，不可换码 {5} 项；未写入。";
    REDIVIDED_KEPT = "{0} is {1} as of {2}, here and below. Its own node moves its items, by the same command.",
        "已登记对照：自 {2} 起 {0} 变更为 {1}，并下发。其事项由该区划的节点用同一命令换码。";
}
