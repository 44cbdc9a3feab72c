//! Every text of the command line, in English and Chinese, in one place.

/// The language of what people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl Lang {
    /// The language of the locale: Chinese for `zh…`, else English.
    pub(crate) fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(variable)
            .find(|value| !value.is_empty())
            .unwrap_or_default();
        if locale.to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// The one of two texts that is in this language.
    pub(crate) fn of<'t>(self, en: &'t str, zh: &'t str) -> &'t str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

/// A text in both languages; `{0}`, `{1}` … stand for values, `{0~}` for one that the system or a library has said, `{0|row|rows}` for the first word where value 0 is 1 and for the second where it is
/// another number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) en: &'static str,
    pub(crate) zh: &'static str,
}

impl Text {
    pub(crate) fn of(self, lang: Lang) -> &'static str {
        lang.of(self.en, self.zh)
    }

    pub(crate) fn with(self, lang: Lang, values: &[&str]) -> String {
        fill(self.of(lang), values)
    }
}

/// Puts values in the places of a text, as they are.
pub(crate) fn fill(text: &str, values: &[&str]) -> String {
    fill_said(text, values, values)
}

/// The same; in a place that is marked, as `{0~}` is, stands what a value is said to be in the text's language.
pub(crate) fn fill_said(text: &str, values: &[&str], said: &[&str]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}').and_then(|(place, after)| {
            let put = match place.strip_suffix('~') {
                Some(place) => put(place, said),
                None => put(place, values),
            };
            Some((put?, after))
        });
        match place {
            Some((value, after)) => {
                filled.push_str(value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// What stands in a place: the value, or one of two words by whether the value is one; `None` of braces that are no place.
fn put<'t>(place: &'t str, values: &[&'t str]) -> Option<&'t str> {
    let (number, words) = place.split_once('|').map_or((place, None), |(number, words)| (number, Some(words)));
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = number.parse::<usize>().ok().and_then(|at| values.get(at)).copied().unwrap_or_default();
    match words {
        None => Some(value),
        Some(words) => words.split_once('|').map(|(one, many)| if value == "1" { one } else { many }),
    }
}

/// An error of the command line itself: stable code, field, text and remedy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) field: &'static str,
    pub(crate) text: Text,
    pub(crate) remedy: Text,
}

macro_rules! texts {
    ($($name:ident = $en:literal, $zh:literal;)*) => {
        $(pub(crate) const $name: Text = Text { en: $en, zh: $zh };)*
        #[cfg(test)]
        pub(super) const TEXTS: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

macro_rules! faults {
    ($($name:ident = $code:literal, $field:literal: $en:literal, $zh:literal; $remedy_en:literal, $remedy_zh:literal;)*) => {
        $(pub(crate) const $name: Fault = Fault {
            code: $code,
            field: $field,
            text: Text { en: $en, zh: $zh },
            remedy: Text { en: $remedy_en, zh: $remedy_zh },
        };)*
        /// Every error of the command line itself, for the test that holds the table complete.
        #[cfg(test)]
        pub(super) const FAULTS: &[Fault] = &[$($name),*];
    };
}

pub(crate) mod act;
pub(crate) mod agreement;
pub(crate) mod application;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod earlier;
pub(crate) mod front;
mod labels;
pub(crate) mod life;
pub(crate) mod order;
pub(crate) mod sheet;
pub(crate) mod usage;
mod voice;
mod words;
pub(crate) mod work;

use labels::LABELS;
use words::WORDS;

texts! {
    ERROR = "error", "错误";
    FIELD = "field", "字段";
    REMEDY = "remedy", "办法";
    YES = "yes", "是";
    NO = "no", "否";
    NOTHING = "(nothing to show)", "（无）";
    INITIALISED = "The node of {0} ({1}) is in {2}.", "{0}（{1}）的节点已建于 {2}。";
    INITIALISED_NEXT = "Next: tongban run --dir {0}", "下一步：tongban run --dir {0}";
    CONFIG_VALID = "{0}: valid", "{0}：配置有效";
    CONFIG_NOT_DIALLED = "{0}: peers can't dial this node, it has no advertised address; it dials its superior",
        "{0}：未填写可拨入的地址，其他节点无法拨入本节点；本节点仍可向上级拨号";
    CODE_VALID = "{0}: valid ({1})", "{0}：有效（{1}）";
    CODE_INVALID = "{0}: not valid: {1}", "{0}：无效：{1}";
    DUE = "{0} + {1} working {1|day|days} = {2}", "{0} 起 {1} 个工作日，至 {2}";
    DUE_PROVISIONAL = "{0} + {1} working {1|day|days} = {2} (provisional: beyond the published calendar {3})",
        "{0} 起 {1} 个工作日，至 {2}（暂定：超出已公布的日历 {3}）";
    IMPORTED = "{0} came in, {1} of them flagged, {2} rejected.", "导入 {0} 项，其中 {1} 项有问题；拒绝 {2} 项。";
    SENDING = "sending rows", "正在导入";
    INDEX_INCOMPLETE = "The search index is still being built; there may be more.", "检索索引尚在建立，结果可能不全。";
    PACKAGE_CUT = "“{1}” has {0} {0|item|items}, {2} of them listed; ask with a larger --limit for more.",
        "“{1}”共 {0} 项，列出 {2} 项；如需更多请加大 --limit。";
    PUBLISHED = "{0} published, {1} refused.", "已发布 {0} 项，未发布 {1} 项。";
    DOCUMENT_WRITTEN = "The document is in {0}.", "文书已写入 {0}。";
    GLYPHS_MISSING = "No font has these signs, 〓 stands in their place: {0}. Put a font that has them into paper/fonts of the node's directory.",
        "以下字符没有字形，以〓代替：{0}。请将含这些字符的字体放入节点目录的 paper/fonts。";
    FILE_WRITTEN = "The sealed file is in {0}.", "带签章的证照文件已写入 {0}。";
    VERDICT_VALID = "valid: {0}", "有效：{0}";
    VERDICT_INVALID = "not valid: {0} ({1})", "无效：{0}（{1}）";
    AUDIT_EQUAL = "{0} {0|entry|entries} folded again; every figure is equal.", "重新汇总 {0} 条，各项数字一致。";
    AUDIT_DIFFERS = "{0} {0|entry|entries} folded again; {1} {1|figure differs|figures differ}:", "重新汇总 {0} 条，{1} 项数字不一致：";
    NOTHING_WAITS = "Nothing of this case waits here.", "该办件在本节点没有待送达的内容。";
    AS_OF = "as of", "数据截至";
    WITH_LINEAGE = "counted together with what came before and after it: {0}", "含前身、后继事项：{0}";
    WITH_CODES = "{0} has these codes, counted together: {1}", "{0} 的新旧代码合并统计：{1}";
    FINDINGS = "findings", "发现的问题";
    PEERS = "peers", "关联节点";
    HISTORY = "history", "办理过程";
    MORE_CARDS = "{0} in all; go on: --after {1}", "共 {0} 项；下一页：--after {1}";
    STAGES = "when cards of this case begin as long as nothing is done", "不办理时各牌的起始日";
    MATERIALS = "materials", "材料";
    STOPS = "time that isn't counted", "不计入时限";
    SHARES = "whose time was used", "用时合计";
    ASKED = "asked by correction notices", "补正事项";
    AMENDMENTS = "entries put right", "更正记录";
    CONFIRM_CANCEL = "Cancel the licence {0}? It can't be undone.", "确定注销证照 {0}？此操作不可撤销。";
    CONFIRM_REVOKE = "Revoke the node {0} as of {1}? Its links are closed, and what it seals counts no more.", "确定自 {1} 起撤销节点 {0}？其链路将被切断，其后签章不再有效。";
    CONFIRM_WITHDRAW_ANCHOR = "Trust the tree of {0} no more? Its links are closed, and what it seals counts no more.", "确定不再信任 {0} 全省节点？其链路将被切断，其签章不再有效。";
    CONFIRM_WITHDRAW = "Withdraw the item {0}?", "确定取消事项 {0}？";
    CONFIRM_WITHDRAW_STANDARD = "Withdraw the {0} {1}?", "确定撤销{0} {1}？";
    STANDARDS_SET = "{0} set, {1} unchanged, {2} refused.", "已设定 {0} 项，未变 {1} 项，拒绝 {2} 项。";
    QUALITY_SUMMARY = "{0} {0|item|items}, mean score {1}, {2} % of the guides accurate.", "共 {0} 项，平均 {1} 分，指南准确度 {2}%。";
    LIST_TITLE = "{0}: {1} {1|item|items} ({2})", "{0}：{1} 项（{2}）";
    REPORT_TITLE = "As of {0}: {1} {1|item that is|items that are} applied for, {2} of them without a guide.", "截至 {0}：依申请事项 {1} 项，其中 {2} 项没有办事指南。";
    PRESENCE_UNLISTED = "They ask for presence and are on no negative list:", "要求到现场但不在网上审批负面清单内：";
    CONFIRM_HINT = "[y/N] ", "［y/N］";
    TRYING_AGAIN = "The connection broke, trying again…", "连接中断，正在重试…";
    DOCTOR_OK = "Everything is in order.", "一切正常。";
    DOCTOR_WARN = "In order, {0} {0|warning|warnings}.", "可以运行，有 {0} 项提醒。";
    DOCTOR_FAIL = "{0} {0|fault|faults}, {1} {1|warning|warnings}.", "{0} 项故障，{1} 项提醒。";
}

faults! {
    DIR_REQUIRED = "dir-required", "dir": "which node is meant is not said", "未指定节点目录";
        "add --dir D, or set TONGBAN_DIR", "加上 --dir D，或设置 TONGBAN_DIR";
    NODE_NOT_RUNNING = "node-not-running", "dir": "the node in {0} is not running", "{0} 的节点没有运行";
        "tongban run --dir {0}", "tongban run --dir {0}";
    SOCKET_DENIED = "socket-denied", "": "this user may not use the socket {0}", "当前用户无权使用套接字 {0}";
        "run as a user who may, or ask the administrator", "请换用有权限的用户，或联系管理员";
    SOCKET_FOREIGN = "socket-foreign", "": "the process behind the socket {0} is not this node's: it runs as user {1}",
        "套接字 {0} 后的进程不是本节点：其用户号为 {1}";
        "stop that process; it may listen in on the hall", "请停止该进程，它可能在窃听窗口业务";
    ANSWER_UNKNOWN = "answer-unknown", "": "the connection broke before the answer came: {0~}", "尚未收到答复连接即中断：{0~}";
        "repeat the command with --idempotency-key {1}: what was done is not done again",
        "请加上 --idempotency-key {1} 重复该命令：已办的不会重办";
    ANSWER_LATE = "answer-late", "": "no answer within {0} {0|second|seconds}", "{0} 秒内没有答复";
        "see tongban status; then repeat with --idempotency-key {1}: what was done is not done again",
        "查看 tongban status；然后加上 --idempotency-key {1} 重复该命令：已办的不会重办";
    ANSWER_UNREADABLE = "answer-unreadable", "": "the node's answer can't be read: {0~}", "无法读取节点的答复：{0~}";
        "use the same release on both sides: tongban --version", "请使用相同版本：tongban --version";
    INVALID_FIELD = "invalid-field", "": "{0}", "{1}"; "correct the value", "请更正该值";
    QUESTION_TOO_LONG = "invalid-field", "": "the question is longer than {0} KiB", "查询内容超过 {0} KiB";
        "write less", "请缩短";
    OFFSET_INVALID = "invalid-field", "offset": "an offset is -50 to 50 millimetres", "偏移量为 -50 至 50 毫米";
        "measure how far the print is off", "请量出打印偏差后填写";
    KEY_INVALID = "invalid-field", "idempotency-key": "an idempotency key is 1 to 100 visible ASCII characters",
        "幂等键应为 1 至 100 个可见 ASCII 字符";
        "use letters, digits and dashes", "请使用字母、数字和连字符";
    OPERATOR_INVALID = "invalid-field", "as": "an operator's name is 1 to 100 characters", "经办人姓名应为 1 至 100 个字符";
        "tongban operator list", "tongban operator list";
    DURATION_INVALID = "invalid-field", "expires": "a duration is a number with s, m, h or d, as 24h, and at most a year",
        "时长写作数字加 s、m、h 或 d，如 24h，最长一年";
        "write --expires 24h", "写作 --expires 24h";
    DAYS_INVALID = "invalid-field", "days": "days are a number from 0 to {0}", "天数应为 0 至 {0} 的整数";
        "write tongban calendar due 2026-09-14 5", "写法：tongban calendar due 2026-09-14 5";
    BATCH_INVALID = "invalid-field", "since": "no batch of this division, which is written {0}", "不是本区划的批次，应写作 {0}";
        "take it from the report's answer or the column cd_batch; 0 for all that was sent", "见上报结果或 cd_batch 列；0 表示全部";
    LINE_INVALID = "invalid-line", "": "a line is DATE N, as 2026-09-14 5", "每行应为 日期 天数，如 2026-09-14 5";
        "separate date and days by a blank", "日期与天数之间用空格分隔";
    DIGEST_INVALID = "invalid-field", "": "it is a file, or sha256: and 64 hexadecimal digits", "应为文件，或 sha256: 加 64 位十六进制摘要";
        "give the file", "请填写文件";
    MATERIAL_INVALID = "invalid-field", "material": "a material is NAME=FILE or NAME=sha256:HEX with 64 digits",
        "材料写作 名称=文件 或 名称=sha256:64位十六进制摘要";
        "write --material 身份证=id.jpg", "写作 --material 身份证=id.jpg";
    MATERIAL_EMPTY = "material-empty", "material": "the file is empty", "文件为空";
        "take the right file, or give the digest alone", "请核对文件，或只填写摘要";
    MATERIAL_CUT = "material-cut", "material": "the file did not come whole, or not as it was given", "文件未完整取得，或与提交时不符";
        "try again; if it stays so the file is damaged at this node: see its log", "请重试；仍如此则本节点的文件已损坏，请查看日志";
    FILE_UNREADABLE = "file-unreadable", "file": "the file can't be read: {0~}", "无法读取文件：{0~}";
        "check path and permissions", "请检查路径和权限";
    FILE_TOO_LARGE = "file-too-large", "file": "the file has more than {0} MiB", "文件超过 {0} MiB";
        "nothing was read of it; a list can be split, of anything else take the right file", "未读取任何内容；清单类文件请拆分，其他文件请核对是否选错";
    FILE_EXISTS = "file-exists", "file": "the file exists already", "文件已存在";
        "choose another name, or add --yes to replace it", "请换一个文件名，或加 --yes 覆盖";
    FILE_UNWRITABLE = "file-unwritable", "file": "the file can't be written: {0~}", "无法写入文件：{0~}";
        "check path, permissions and free disk", "请检查路径、权限和磁盘余量";
    ITEM_UNKNOWN = "item-unknown", "item": "no item of this code is known here", "本节点没有该编码的事项";
        "tongban item list", "tongban item list";
    STANDARD_UNKNOWN = "standard-unknown", "code": "nothing of this code is known here", "本节点没有该编码的内容";
        "list them first", "请先列出查看";
    JSON_MALFORMED = "json-malformed", "file": "the file isn't JSON of the documented shape: {0}: {1~}", "文件不是约定格式的 JSON：{0}：{1~}";
        "correct it, nothing was sent; names of fields: tongban item columns for items, the manual for standards",
        "请更正，尚未提交任何内容；事项的字段名见 tongban item columns，标准的见手册";
    COLUMN_UNKNOWN = "column-unknown", "file": "the column {0} is unknown", "未知的列 {0}";
        "rename it{1}, or leave it out", "请改名{2}，或删去该列";
    AFTER_MALFORMED = "invalid-field", "after": "each is LATER:EARLIER, two codes with a colon between", "写作 后办编码:先办编码";
        "write --after B:A where B waits for A", "B 须在 A 之后办理的，写作 --after B:A";
    PART_MALFORMED = "invalid-field", "part": "a part is NAME=ITEM@DIVISION", "分项写作 名称=事项编码@区划";
        "write --part 变更=511A0093000028@511602", "写作 --part 变更=511A0093000028@511602";
    OF_PART_MALFORMED = "invalid-field", "part": "it is PART=TEXT, and the part is one of those given with --part", "写作 分项=内容，且分项须以 --part 列出";
        "write --asks 变更=经营者名称,分店地址", "写作 --asks 变更=经营者名称,分店地址";
    FIELD_INVALID = "invalid-field", "field": "a field of the form is NAME=VALUE", "表单项写作 名称=内容";
        "write --field 分店地址=代市镇正街1号", "写作 --field 分店地址=代市镇正街1号";
    LICENCE_SOURCE_INVALID = "invalid-field", "from_licence": "what a licence says is NAME=LICENCE", "由证照取得的内容写作 名称=证照标识";
        "write --from-licence 营业执照=1.2.156…", "写作 --from-licence 营业执照=1.2.156…";
    COMPETENT_INVALID = "invalid-field", "competent": "the competent authority is its division and its name with a slash between",
        "有权办理的机关写作 区划/机关名称";
        "write --competent 511600/市生态环境局", "写作 --competent 511600/市生态环境局";
    SUPPLEMENT_UNPAIRED = "invalid-field", "material": "with several items there is one material for each, in their order, or none",
        "事项有多项的，材料须与 --item 依次对应，或不填";
        "record each item by a command of its own", "请逐项登记";
    RUN_FAILED = "run-failed", "": "the node stopped: {0~}", "节点停止运行：{0~}";
        "tongban doctor --dir {1}", "tongban doctor --dir {1}";
    CLOCK_NOT_DEMO = "clock-not-demo", "clock": "only a node made with init --demo takes another clock",
        "只有以 init --demo 建立的节点才可使用其他时钟";
        "leave --clock out", "请去掉 --clock";
    NOT_CONFIRMED = "not-confirmed", "yes": "not confirmed, nothing was changed", "未确认，未作任何改动";
        "add --yes", "加上 --yes";
    OUTPUT_FAILED = "output-failed", "": "the output can't be written: {0~}", "无法写出结果：{0~}";
        "check where the output goes", "请检查输出位置";
    SYSTEM = "system-fault", "": "the system refused: {0~}", "系统拒绝：{0~}";
        "check memory and limits of this machine", "请检查本机内存和限额";
}

/// The heading of a field of the API.
pub(crate) fn label(key: &str, lang: Lang) -> String {
    LABELS
        .iter()
        .chain(voice::LABELS)
        .chain(application::LABELS)
        .chain(earlier::LABELS)
        .chain(agreement::LABELS)
        .chain(order::LABELS)
        .find(|(known, _)| *known == key)
        .map_or_else(|| key.replace('_', " "), |(_, text)| text.of(lang).to_owned())
}

/// What a stable word of the API means; the word itself where nothing is known.
pub(crate) fn word(word: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return word.to_owned();
    }
    WORDS.iter().find(|(known, _)| *known == word).map_or_else(|| word.to_owned(), |(_, zh)| (*zh).to_owned())
}

#[cfg(test)]
mod tests;
