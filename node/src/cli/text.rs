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

/// A text in both languages; `{0}`, `{1}` … stand for values, `{0|row|rows}` for the first word where value 0 is 1 and for the second where it is
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

/// Puts values in the places of a text.
pub(crate) fn fill(text: &str, values: &[&str]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}').and_then(|(place, after)| Some((put(place, values)?, after)));
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

pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod front;
pub(crate) mod life;
pub(crate) mod sheet;

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
    STOPS = "time that isn't counted", "不计入时限";
    CONFIRM_CANCEL = "Cancel the licence {0}? It can't be undone.", "确定注销证照 {0}？此操作不可撤销。";
    CONFIRM_REVOKE = "Revoke the node {0} as of {1}? Its links are closed, and what it seals counts no more.", "确定自 {1} 起撤销节点 {0}？其链路将被切断，其后签章不再有效。";
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
    NODE_NOT_RUNNING = "node-not-running", "": "the node in {0} is not running", "{0} 的节点没有运行";
        "tongban run --dir {0}", "tongban run --dir {0}";
    SOCKET_DENIED = "socket-denied", "": "this user may not use the socket {0}", "当前用户无权使用套接字 {0}";
        "run as a user who may, or ask the administrator", "请换用有权限的用户，或联系管理员";
    SOCKET_FOREIGN = "socket-foreign", "": "the process behind the socket {0} is not this node's: it runs as user {1}",
        "套接字 {0} 后的进程不是本节点：其用户号为 {1}";
        "stop that process; it may listen in on the hall", "请停止该进程，它可能在窃听窗口业务";
    ANSWER_UNKNOWN = "answer-unknown", "": "the connection broke before the answer came: {0}", "尚未收到答复连接即中断：{0}";
        "repeat the command with --idempotency-key {1}: what was done is not done again",
        "请加上 --idempotency-key {1} 重复该命令：已办的不会重办";
    ANSWER_LATE = "answer-late", "": "no answer within {0} {0|second|seconds}", "{0} 秒内没有答复";
        "see tongban status; then repeat with --idempotency-key {1}: what was done is not done again",
        "查看 tongban status；然后加上 --idempotency-key {1} 重复该命令：已办的不会重办";
    ANSWER_UNREADABLE = "answer-unreadable", "": "the node's answer can't be read: {0}", "无法读取节点的答复：{0}";
        "use the same release on both sides: tongban --version", "请使用相同版本：tongban --version";
    INVALID_FIELD = "invalid-field", "": "{0}", "{1}"; "correct the value", "请更正该值";
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
    MATERIAL_INVALID = "invalid-field", "material": "a material is NAME=FILE or NAME=sha256:HEX with 64 digits",
        "材料写作 名称=文件 或 名称=sha256:64位十六进制摘要";
        "write --material 身份证=id.jpg", "写作 --material 身份证=id.jpg";
    FILE_UNREADABLE = "file-unreadable", "file": "the file can't be read: {0}", "无法读取文件：{0}";
        "check path and permissions", "请检查路径和权限";
    FILE_TOO_LARGE = "file-too-large", "file": "the file has more than {0} MiB", "文件超过 {0} MiB";
        "nothing was read of it; a list can be split, of anything else take the right file", "未读取任何内容；清单类文件请拆分，其他文件请核对是否选错";
    FILE_EXISTS = "file-exists", "file": "the file exists already", "文件已存在";
        "choose another name, or add --yes to replace it", "请换一个文件名，或加 --yes 覆盖";
    FILE_UNWRITABLE = "file-unwritable", "file": "the file can't be written: {0}", "无法写入文件：{0}";
        "check path, permissions and free disk", "请检查路径、权限和磁盘余量";
    ITEM_UNKNOWN = "item-unknown", "item": "no item of this code is known here", "本节点没有该编码的事项";
        "tongban item list", "tongban item list";
    STANDARD_UNKNOWN = "standard-unknown", "code": "nothing of this code is known here", "本节点没有该编码的内容";
        "list them first", "请先列出查看";
    JSON_MALFORMED = "json-malformed", "file": "the file isn't JSON of the documented shape: {0}: {1}", "文件不是约定格式的 JSON：{0}：{1}";
        "correct it, nothing was sent; names of fields: tongban item columns for items, the manual for standards",
        "请更正，尚未提交任何内容；事项的字段名见 tongban item columns，标准的见手册";
    COLUMN_UNKNOWN = "column-unknown", "file": "the column {0} is unknown", "未知的列 {0}";
        "rename it{1}, or leave it out", "请改名{2}，或删去该列";
    AFTER_MALFORMED = "invalid-field", "after": "each is LATER:EARLIER, two codes with a colon between", "写作 后办编码:先办编码";
        "write --after B:A where B waits for A", "B 须在 A 之后办理的，写作 --after B:A";
    RUN_FAILED = "run-failed", "": "the node stopped: {0}", "节点停止运行：{0}";
        "tongban doctor --dir {1}", "tongban doctor --dir {1}";
    CLOCK_NOT_DEMO = "clock-not-demo", "clock": "only a node made with init --demo takes another clock",
        "只有以 init --demo 建立的节点才可使用其他时钟";
        "leave --clock out", "请去掉 --clock";
    NOT_CONFIRMED = "not-confirmed", "": "not confirmed, nothing was changed", "未确认，未作任何改动";
        "add --yes", "加上 --yes";
    OUTPUT_FAILED = "output-failed", "": "the output can't be written: {0}", "无法写出结果：{0}";
        "check where the output goes", "请检查输出位置";
    SYSTEM = "system-fault", "": "the system refused: {0}", "系统拒绝：{0}";
        "check memory and limits of this machine", "请检查本机内存和限额";
}

/// The heading of a field of the API.
pub(crate) fn label(key: &str, lang: Lang) -> String {
    LABELS
        .iter()
        .find(|(known, _)| *known == key)
        .map_or_else(|| key.replace('_', " "), |(_, text)| text.of(lang).to_owned())
}

macro_rules! labels {
    ($($key:literal = $en:literal, $zh:literal;)*) => {
        const LABELS: &[(&str, Text)] = &[$(($key, Text { en: $en, zh: $zh })),*];
    };
}

labels! {
    "becomes" = "after", "修改后";
    "base_version" = "base version", "基本目录版本";
    "was" = "before", "修改前";
    "begins" = "begins", "生效日期";
    "cancel" = "last day", "最后有效日";
    "change" = "change", "变化";
    "claimed" = "claimed", "已认领";
    "deadline" = "deadline", "认领期限";
    "keeper" = "kept by", "编制地";
    "declined" = "declined", "不认领";
    "different" = "lawfully different", "依法有差异";
    "difference" = "lawful difference", "依法差异";
    "differs" = "differs in", "差异要素";
    "document" = "document", "文件";
    "is_overdue" = "overdue", "逾期";
    "last_day" = "last day", "最后有效日";
    "outdated" = "to be updated", "待更新";
    "pending" = "pending", "待认领";
    "promised" = "promised time", "承诺时限";
    "claim_rate" = "claim rate", "认领率";
    "replaces" = "in the place of", "替代";
    "should" = "to claim", "应认领";
    "stands" = "stands", "情况";
    "statutory" = "statutory time", "法定时限";
    "successor" = "successor", "后继";
    "waits_until" = "begins", "生效日期";
    "differences" = "differences", "差异";
    "act_number" = "act", "环节序号";
    "announced" = "announced (working days)", "告知工作日";
    "applicant" = "applicant", "申请人";
    "applied" = "applied", "已应用";
    "as_of" = "as of", "数据截至";
    "at" = "time", "时间";
    "authority" = "authority", "机关";
    "base_code" = "base code", "基本编码";
    "behind" = "behind", "待同步";
    "behind_line" = "behind", "前序";
    "body" = "body", "内容";
    "bytes" = "bytes", "字节数";
    "basis" = "basis", "依据";
    "calendar" = "calendar", "日历";
    "case" = "case", "办件标识";
    "case_no" = "case number", "办件编号";
    "cause" = "cause", "原因";
    "certificate_until" = "transport certificate until", "传输证书有效期至";
    "clock_seconds" = "its clock ahead by, seconds", "对方时钟快（秒）";
    "cause_text" = "cause", "原因";
    "code" = "code", "编码";
    "collected_at" = "collected at", "收件时间";
    "collecting" = "collecting division", "收件地";
    "collection_no" = "collection number", "收件编号";
    "column" = "column", "列";
    "command" = "command", "命令";
    "committed" = "committed", "已提交";
    "count" = "count", "数量";
    "custody" = "custody", "经办";
    "deciding" = "deciding division", "办理地";
    "decided_on" = "decided on", "决定日期";
    "demo" = "demo", "演示";
    "department" = "department", "部门";
    "detail" = "detail", "详情";
    "direction" = "direction", "方向";
    "disk_free_bytes" = "free disk, bytes", "磁盘余量（字节）";
    "division" = "division", "行政区划";
    "division_name" = "place", "地区";
    "effective" = "effective", "生效日期";
    "epoch" = "epoch", "纪元";
    "expires" = "expires", "有效期至";
    "findings" = "findings", "问题数";
    "handover" = "hand-over to", "移交至";
    "core" = "core hash", "核心摘要";
    "issued_on" = "issued on", "颁发日期";
    "covered" = "collected in", "可收件区划";
    "former_superior" = "former superior", "原上级";
    "extension.approver" = "extension approved by", "延期批准人";
    "extension.days" = "extended by (working days)", "延期工作日";
    "extended_days" = "extended by (working days)", "延期工作日";
    "from" = "from", "自";
    "stop.announced" = "takes (working days)", "告知所需工作日";
    "stop.from" = "clock stands still since", "中止计时自";
    "stop.procedure" = "special procedure", "特别程序";
    "batch" = "batch", "批次";
    "row_guid" = "row id", "记录标识";
    "table" = "table", "数据表";
    "legal_basis" = "legal basis", "法律依据";
    "stage" = "catalogue", "目录";
    "until" = "until", "至";
    "by" = "by", "授予人";
    "item" = "item", "事项";
    "item_name" = "item", "事项名称";
    "item_type" = "type", "事项类型";
    "journal" = "journal", "台账";
    "kind" = "act", "环节";
    "label" = "label", "短标识";
    "licence" = "licence", "证照标识";
    "licences" = "licences", "证照";
    "listen" = "listens on", "监听地址";
    "log_syncs" = "log syncs", "日志落盘次数";
    "log_released" = "log released to", "日志已删至";
    "mandates" = "mandates", "决定授权";
    "measure" = "measure", "口径";
    "mode" = "mode", "办理方式";
    "modes" = "modes", "办理方式";
    "month" = "month", "月份";
    "name" = "name", "名称";
    "next_try" = "next try", "下次尝试";
    "node" = "node", "节点";
    "note" = "note", "说明";
    "operator" = "operator", "经办人";
    "id" = "id", "标识";
    "codes" = "credit codes", "信用代码";
    "aliases" = "stands for", "对应错误代码";
    "origin" = "origin", "来源节点";
    "outcome" = "outcome", "结果";
    "owner" = "owner", "经办节点";
    "places" = "places", "办理地数";
    "place.division" = "at", "办理地点";
    "problem" = "problem", "问题";
    "procedure" = "procedure", "程序";
    "promised_days" = "promised days", "承诺时限";
    "promised_due" = "promised due", "承诺到期";
    "provisional" = "provisional", "暂定";
    "query_code" = "query code", "查询码";
    "ready" = "ready", "就绪";
    "readmitted" = "admitted again at", "恢复时间";
    "reason" = "reason", "理由";
    "revoked" = "revoked as of", "撤销起始";
    "received_on" = "received on", "收到日期";
    "accepted_on" = "accepted on", "受理日期";
    "reason_code" = "code", "原因代码";
    "said" = "told its origin", "已告知来源";
    "sequence" = "sequence", "序号";
    "subject" = "subject", "办件标识";
    "relation" = "relation", "关系";
    "release" = "release", "版本";
    "remedy" = "remedy", "办法";
    "roles" = "roles", "角色";
    "root" = "root", "根";
    "row" = "row", "行";
    "seal_key" = "seal key", "签章密钥";
    "since" = "since", "自";
    "size" = "entries", "条数";
    "socket" = "socket", "套接字";
    "source" = "says", "答复节点";
    "state" = "state", "状态";
    "status" = "state", "状态";
    "statutory_days" = "statutory days", "法定时限";
    "statutory_due" = "statutory due", "法定到期";
    "superior" = "superior", "上级";
    "tenure" = "tenure", "任期";
    "token" = "token", "邀请码";
    "type" = "type", "类型";
    "type_name" = "type", "证照类型";
    "valid" = "valid", "有效";
    "valid_until" = "valid until", "有效期至";
    "value" = "value", "值";
    "version" = "version", "版本";
    "window" = "window", "窗口";
    "set_by" = "set by", "设定地";
    "old" = "old code", "原代码";
    "old_name" = "old name", "原名称";
    "new" = "new code", "新代码";
    "counts" = "counts", "采用";
    "package" = "topic or life event", "主题、一件事";
    "holds" = "holds here", "在此执行";
    "until_then" = "until then version", "此前执行版本";
    "ceiling.materials" = "materials", "材料数";
    "ceiling.promised_days" = "promised days", "承诺时限";
    "ceiling.fee_fen" = "fees, fen", "收费（分）";
    "ceiling.steps" = "steps", "环节数";
    "ceiling.visits" = "visits", "到现场次数";
    "ceiling.materials_floor" = "statutory materials", "法定材料";
    "ceiling.publicity_floor" = "statutory publicity, days", "法定公示（工作日）";
    "ceiling.fees_floor" = "statutory fees", "法定收费";
    "ceiling.deadline" = "mended by", "整改期限";
    "limited" = "limit of", "要素";
    "limit" = "limit", "限额";
    "mend_by" = "mended by", "整改期限";
    "overdue" = "overdue", "逾期";
    "standard" = "code", "标准编码";
    "topic.name" = "name", "名称";
    "topic.for_persons" = "for persons", "面向自然人";
    "topic.above" = "above it", "上级主题";
    "topic.order" = "order", "次序";
    "life-event.name" = "name", "名称";
    "life-event.for_persons" = "for persons", "面向自然人";
    "life-event.items" = "items", "事项";
    "for_persons" = "for persons", "面向自然人";
    "guidance" = "guidance", "引导语";
    "order" = "order", "次序";
    "after" = "after", "须先办";
    "policy.review" = "review", "须审核";
    "policy.quality_min" = "least quality", "最低质量分";
    "policy.rules_required" = "rules required", "必须满足的规则";
    "policy.claim_days" = "days to claim", "认领期限（天）";
    "entry.list" = "list", "清单";
    "entry.name" = "name", "名称";
    "entry.base_code" = "base code", "基本编码";
    "entry.department" = "department", "部门";
    "entry.demo" = "demo", "演示";
    "list" = "list", "清单";
    "rule" = "rule", "规则";
    "severity" = "severity", "等级";
    "weight" = "weight", "分值";
    "accuracy" = "accuracy", "准确度";
    "field" = "field", "要素";
    "score" = "score", "得分";
    "items" = "items", "事项数";
    "visits" = "visits", "到现场次数";
    "fees" = "fees", "收费";
    "intermediary" = "intermediary", "中介服务";
    "figure" = "figure", "指标";
    "rate" = "rate", "数值";
    "online" = "online", "网上可办率";
    "fully-online" = "fully online", "全程网办率";
    "no-visit" = "no visit", "零跑动率";
    "once-at-most" = "once at most", "最多跑一次率";
    "mean-visits" = "mean visits", "平均跑动次数";
    "instant" = "instant", "即办件占比";
    "shortening" = "shortening", "时限压缩率";
    "numerator" = "numerator", "分子";
    "denominator" = "denominator", "分母";
}

/// What a stable word of the API means; the word itself where nothing is known.
pub(crate) fn word(word: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return word.to_owned();
    }
    WORDS.iter().find(|(known, _)| *known == word).map_or_else(|| word.to_owned(), |(_, zh)| (*zh).to_owned())
}

/// Words that no type of the domain translates.
const WORDS: &[(&str, &str)] = &[
    ("superior", "上级"),
    ("subordinate", "下级"),
    ("other", "其他"),
    ("up", "正常"),
    ("same", "一致"),
    ("differs", "不一致"),
    ("unreached", "未应答"),
    ("connecting", "连接中"),
    ("down", "中断"),
    ("owner", "本节点"),
    ("offered", "移交中"),
    ("elsewhere", "他处"),
    ("draft", "草稿"),
    ("published", "已发布"),
    ("submitted", "待审核"),
    ("reviewed", "审核通过"),
    ("suspended", "暂停"),
    ("withdrawn", "已取消"),
    ("pending", "待认领"),
    ("drafted", "认领中"),
    ("claimed", "已认领"),
    ("outdated", "待更新"),
    ("declined", "不认领"),
    ("in-force", "现行"),
    ("waiting", "待生效"),
    ("superseded", "已被替代"),
    ("taken-back", "已撤回"),
    ("base", "基本目录"),
    ("item", "实施清单"),
    ("valid", "有效"),
    ("cancelled", "已注销"),
    ("expired", "已过期"),
    ("tampered", "被篡改"),
    ("unknown", "未知"),
    ("unknown-authority", "机关未知"),
    ("status-unknown", "状态未知"),
    ("acts", "办件台账"),
    ("standards", "标准台账"),
    ("red", "红"),
    ("yellow", "黄"),
    ("info", "提示"),
    ("ok", "正常"),
    ("warn", "提醒"),
    ("fail", "故障"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .filter_map(|(place, _)| place.split('|').next())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    #[test]
    fn every_text_is_in_both_languages_with_the_same_places() {
        for (name, text) in texts() {
            assert!(!text.en.is_empty() && !is_chinese(text.en), "{name}");
            assert!(is_chinese(text.zh) || !text.zh.is_ascii(), "{name}");
            assert_eq!(places(text.en), places(text.zh), "{name}");
        }
        for (key, text) in LABELS {
            assert!(!text.en.is_empty() && is_chinese(text.zh), "{key}");
            assert_eq!(LABELS.iter().filter(|(other, _)| other == key).count(), 1, "{key}");
        }
        for (word, zh) in WORDS {
            assert!(is_chinese(zh), "{word}");
        }
    }

    fn texts() -> impl Iterator<Item = &'static (&'static str, Text)> {
        [TEXTS, sheet::TEXTS, front::TEXTS, drift::TEXTS, life::TEXTS].into_iter().flatten()
    }

    #[test]
    fn numbers_agree_with_what_they_count() {
        let (one, two) = (["1"; 6], ["2"; 6]);
        for (text, of_one, of_two) in [
            (DUE, "1 + 1 working day = 1", "2 + 2 working days = 2"),
            (
                AUDIT_EQUAL,
                "1 entry folded again; every figure is equal.",
                "2 entries folded again; every figure is equal.",
            ),
            (AUDIT_DIFFERS, "1 entry folded again; 1 figure differs:", "2 entries folded again; 2 figures differ:"),
            (
                QUALITY_SUMMARY,
                "1 item, mean score 1, 1 % of the guides accurate.",
                "2 items, mean score 2, 2 % of the guides accurate.",
            ),
            (LIST_TITLE, "1: 1 item (1)", "2: 2 items (2)"),
            (
                REPORT_TITLE,
                "As of 1: 1 item that is applied for, 1 of them without a guide.",
                "As of 2: 2 items that are applied for, 2 of them without a guide.",
            ),
            (DOCTOR_WARN, "In order, 1 warning.", "In order, 2 warnings."),
            (DOCTOR_FAIL, "1 fault, 1 warning.", "2 faults, 2 warnings."),
            (drift::SAME, "1 node holds the same standards.", "2 nodes hold the same standards."),
            (drift::DIFFERS, "1 node compared, 1 item differs:", "2 nodes compared, 2 items differ:"),
            (drift::UNREACHED, "1 node was not heard.", "2 nodes were not heard."),
            (
                front::REPORT_SENT,
                "Batch 1: 1 row new, 1 changed, 1 withdrawn; 1 stands as it was sent; 1 item can't be reported.",
                "Batch 2: 2 rows new, 2 changed, 2 withdrawn; 2 stand as they were sent; 2 items can't be reported.",
            ),
            (
                front::REPORT_NOTHING,
                "Nothing to report: 1 row stands as it was sent; 1 item can't be reported.",
                "Nothing to report: 2 rows stand as they were sent; 2 items can't be reported.",
            ),
            (front::REPORT_THERE, "1 row lay there already.", "2 rows lay there already."),
            (
                life::WAITS,
                "1 of them begins on a later day and waits beside the version in force.",
                "2 of them begin on a later day and wait beside the version in force.",
            ),
            (
                life::REORGANISED,
                "1 item, 1 base item and 1 draft go to 1 as of 1; 1 refused.",
                "2 items, 2 base items and 2 drafts go to 2 as of 2; 2 refused.",
            ),
            (
                sheet::HIDDEN_READ,
                "1 hidden row was read too; --skip-hidden leaves it out.",
                "2 hidden rows were read too; --skip-hidden leaves them out.",
            ),
            (sheet::HIDDEN_SKIPPED, "1 hidden row was left out.", "2 hidden rows were left out."),
            (sheet::SKIPPED, "1 stands already and was left as it is.", "2 stand already and were left as they are."),
            (sheet::EXPORTED, "1 item is in 1.", "2 items are in 2."),
        ] {
            assert_eq!(text.with(Lang::En, &one), of_one);
            assert_eq!(text.with(Lang::En, &two), of_two);
            assert!(!text.zh.contains('|'), "{text:?}");
        }
    }

    /// A number before a word in the plural alone would say "1 rows" one day.
    #[test]
    fn no_number_stands_before_a_plural_alone() {
        const PLURALS: [&str; 14] = [
            "batches", "cases", "days", "drafts", "entries", "faults", "figures", "items", "lines", "nodes", "rows",
            "seconds", "stand", "warnings",
        ];
        let faults = FAULTS.iter().chain(doctor::FAULTS).chain(sheet::FAULTS);
        let faults = faults.flat_map(|fault| [(fault.code, fault.text), (fault.code, fault.remedy)]);
        for (name, text) in texts().copied().chain(faults) {
            for behind in text.en.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(_, behind)| behind) {
                let words = behind.strip_prefix(' ').unwrap_or_default().split(|c: char| !c.is_ascii_alphabetic());
                // One adjective may stand between.
                assert!(!words.take(2).any(|word| PLURALS.contains(&word)), "{name}: {}", text.en);
            }
        }
    }

    #[test]
    fn every_fault_has_code_text_and_remedy() {
        for fault in FAULTS.iter().chain(doctor::FAULTS).chain(sheet::FAULTS) {
            let code = fault.code;
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
            for text in [fault.text.en, fault.text.zh, fault.remedy.en, fault.remedy.zh] {
                assert!(!text.is_empty(), "{code}");
            }
            assert!(is_chinese(fault.text.zh) || fault.text.zh.starts_with('{'), "{code}");
        }
    }

    #[test]
    fn places_are_filled_and_braces_kept() {
        assert_eq!(fill("a {0} b {1} {0}", &["x", "y"]), "a x b y x");
        assert_eq!(fill("{0}", &["{1}", "y"]), "{1}");
        assert_eq!(fill("{x} {", &[]), "{x} {");
        assert_eq!(fill("{7}", &["x"]), "");
        for (value, filled) in
            [("0", "0 rows"), ("1", "1 row"), ("2", "2 rows"), ("11", "11 rows"), ("1.0", "1.0 rows")]
        {
            assert_eq!(fill("{0} {0|row|rows}", &[value]), filled);
        }
        assert_eq!(fill("{0|row}", &["1"]), "{0|row}");
    }

    #[test]
    fn the_locale_chooses() {
        let lang = |pairs: &[(&str, &str)]| {
            Lang::of_locale(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(lang(&[]), Lang::En);
        assert_eq!(lang(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(lang(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(lang(&[("LANG", "en_US"), ("LC_MESSAGES", "zh_TW"), ("LC_ALL", "")]), Lang::Zh);
    }
}
