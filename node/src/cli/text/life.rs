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
}
