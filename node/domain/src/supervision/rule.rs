//! The rules, and their thresholds as a node and its superiors set them.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;
use tongban_codes::time::Date;

use crate::catalogue::code_list::code_list;
use crate::catalogue::{CodeList as _, Policy, SUPERVISION_CODE, StandardBody, StandardDraft, StandardKind};
use crate::catalogue::{holding, set_supervision};
use crate::change::{Change, Reply};
use crate::{Facts, Rejection, codes};

code_list! {
    /// What is watched.
    Rule: "监察规则" {
        /// 承诺时限: the promised deadline.
        Promise = 0, "promise", "承诺时限", [];
        /// 法定时限: the statutory deadline; what is later is unlawful.
        Statutory = 1, "statutory", "法定时限", [];
        /// 受理时限: five working days for acceptance, refusal or one complete notice.
        Acceptance = 2, "acceptance", "受理时限", [];
        /// 逾期视为受理: nobody answered in these days.
        Deemed = 3, "deemed", "逾期视为受理", [];
        /// 移交时限: a case that was collected for another authority stays at the window.
        Handover = 4, "handover", "移交时限", [];
        /// 接收时限: an offered case isn't answered by the other node.
        Unanswered = 5, "unanswered", "接收时限", [];
        /// 特别程序超期: the clock stands still for longer than the applicant was told.
        Stop = 6, "stop", "特别程序超期", [];
        /// 送达时限: the decision isn't delivered in time.
        Delivery = 7, "delivery", "送达时限", [];
        /// 督办答复时限: an order isn't answered in time.
        Order = 8, "order", "督办答复时限", [];
        /// 再次告知: a further correction notice, which a supervisor compares with the first.
        SecondNotice = 9, "second-notice", "再次告知补正", [];
        /// 差评整改时限: a bad grade isn't followed up to its end in time.
        FollowUp = 10, "follow-up", "差评整改时限", [];
        /// 咨询答复时限: an enquiry isn't answered in time.
        Enquiry = 11, "enquiry", "咨询答复时限", [];
        /// 投诉答复时限: a complaint isn't answered in time.
        Complaint = 12, "complaint", "投诉答复时限", [];
        /// 办不成事答复时限: what couldn't be got done isn't answered in time.
        Unresolved = 13, "unresolved", "办不成事答复时限", [];
        /// 越序准予: the last numbers of a limited item went to later ones before it was known that it was deemed accepted.
        Overtaken = 65, "overtaken", "越序准予", [];
        /// 承诺核查时限: a pledge isn't checked, or what is false isn't put right, in time.
        Pledge = 66, "pledge", "承诺核查时限", [];
        /// 结果录入时限: what another system decided was entered long after it.
        LateEntry = 67, "late-entry", "结果录入时限", [];
    }
}

impl Rule {
    /// What it stands on.
    #[must_use]
    pub fn basis(self) -> &'static str {
        match self {
            Rule::Promise => "事项公布的承诺时限",
            Rule::Statutory => "行政许可法第四十二条；事项的法定时限",
            Rule::Acceptance | Rule::Deemed | Rule::SecondNotice => "行政许可法第三十二条第一款第四项",
            Rule::Handover | Rule::Unanswered => "国办发〔2020〕35号；收件与办理机关的协议",
            Rule::Stop => "行政许可法第四十五条",
            Rule::Overtaken => "行政许可法第五十七条",
            Rule::Pledge => "国办发〔2020〕42号；事项公布的核查期限",
            Rule::Delivery => "行政许可法第四十四条",
            Rule::Order => "督办单",
            Rule::LateEntry => "本地监察规定",
            Rule::FollowUp => "国办发〔2019〕51号",
            Rule::Enquiry | Rule::Complaint | Rule::Unresolved => "国办发〔2020〕53号",
        }
    }

    /// What is to be done, in English and Chinese.
    #[must_use]
    pub fn remedy(self) -> (&'static str, &'static str) {
        match self {
            Rule::Promise => ("decide the case: tongban case decide", "尽快决定：tongban case decide"),
            Rule::Statutory => (
                "decide at once and tell the applicant why it is late; an extension is possible only before the time ends",
                "立即决定并向申请人说明；延期须在届满前批准",
            ),
            Rule::Acceptance => (
                "accept, refuse or give the one complete notice: tongban case accept, refuse, notify",
                "受理、不受理或一次性告知：tongban case accept、refuse、notify",
            ),
            Rule::Deemed => (
                "decide within the time that runs since the day of receipt, and say why nobody answered: tongban supervise answer",
                "自收到之日起计时，按期决定，并说明逾期未答复的原因：tongban supervise answer",
            ),
            Rule::Handover => ("hand it over: tongban case offer", "尽快移交：tongban case offer"),
            Rule::Unanswered => ("see why it waits: tongban sync why", "查看原因：tongban sync why"),
            Rule::Stop => (
                "let the clock run again when the procedure is over: tongban case resume",
                "程序结束后恢复计时：tongban case resume",
            ),
            Rule::Delivery => ("deliver the decision: tongban case deliver", "送达：tongban case deliver"),
            Rule::SecondNotice => (
                "say why it couldn't be known at the first notice: tongban supervise answer; a supervisor closes the card",
                "说明首次告知时为何无法得知：tongban supervise answer；由监察人员关闭",
            ),
            Rule::Order => ("answer the order: tongban supervise answer", "答复督办：tongban supervise answer"),
            Rule::Pledge => {
                ("check it and say what was found: tongban case verify", "核查并登记结果：tongban case verify")
            }
            Rule::Overtaken => (
                "say why nobody answered, and how the applicant is served: tongban supervise answer; a supervisor closes the card",
                "说明逾期未答复的原因及对申请人的处理：tongban supervise answer；由监察人员关闭",
            ),
            Rule::LateEntry => (
                "say why it was entered late, and have the other system tell its decisions by a connector: tongban supervise answer; a supervisor closes the card",
                "说明未及时录入的原因，并由业务系统经连接器告知决定：tongban supervise answer；由监察人员关闭",
            ),
            Rule::FollowUp => (
                "verify, put right or explain, and tell the applicant: tongban rate show",
                "回访核实、整改或说明，并反馈评价人：tongban rate show",
            ),
            Rule::Enquiry | Rule::Complaint | Rule::Unresolved => {
                ("assign and answer the ticket: tongban ticket show", "分派、答复工单：tongban ticket show")
            }
        }
    }

    /// Whether what it found stays found, whatever is done later: such a card is closed by a person alone.
    #[must_use]
    pub fn is_lasting(self) -> bool {
        matches!(self, Rule::Deemed | Rule::SecondNotice | Rule::Overtaken | Rule::LateEntry)
    }

    /// Whether the collecting place answers for it, not the deciding one.
    #[must_use]
    pub fn is_of_collecting(self) -> bool {
        matches!(self, Rule::Handover | Rule::Unanswered)
    }

    /// Whether it watches cases; the others watch what hangs on them.
    #[must_use]
    pub fn is_of_case(self) -> bool {
        !matches!(self, Rule::Order | Rule::FollowUp | Rule::Enquiry | Rule::Complaint | Rule::Unresolved)
    }

    /// The thresholds where nobody has set others (standards §3.6).
    #[must_use]
    pub fn standing(self) -> RuleSetting {
        let setting = |yellow_days, yellow_percent, red_after, severe_after, limit_days| RuleSetting {
            rule: self,
            yellow_days,
            yellow_percent,
            red_after,
            severe_after,
            limit_days,
        };
        match self {
            Rule::Promise => setting(Some(1), Some(80), Some(0), Some(5), None),
            Rule::Statutory => setting(None, None, Some(0), Some(5), None),
            Rule::Acceptance => setting(Some(1), None, None, None, None),
            Rule::Pledge => setting(Some(0), None, None, None, None),
            Rule::Deemed | Rule::Overtaken => setting(None, None, Some(0), None, None),
            Rule::Handover => setting(None, None, Some(0), Some(5), Some(1)),
            Rule::Unanswered => setting(Some(0), None, None, None, Some(2)),
            Rule::Stop => setting(Some(1), None, Some(0), Some(5), None),
            Rule::Delivery => setting(Some(1), None, Some(0), Some(5), Some(10)),
            Rule::Order => setting(None, None, Some(0), Some(5), None),
            Rule::SecondNotice => setting(None, None, None, None, None),
            Rule::LateEntry => setting(None, None, None, None, Some(5)),
            Rule::FollowUp | Rule::Complaint | Rule::Unresolved => setting(Some(1), None, Some(0), Some(5), Some(5)),
            Rule::Enquiry => setting(Some(1), None, Some(0), Some(5), Some(3)),
        }
    }

    /// Whether its time is a setting rather than of the case.
    #[must_use]
    pub fn has_limit(self) -> bool {
        self.standing().limit_days.is_some()
    }
}

/// The longest time that a threshold may name, in working days.
const DAYS_MAX: u16 = 250;

/// Thresholds of one rule; what is absent is as the superiors have it, or as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct RuleSetting {
    /// Which rule.
    #[n(0)]
    pub rule: Rule,
    /// Yellow begins when so many working days remain; 0 is the last day.
    #[n(1)]
    #[serde(default)]
    pub yellow_days: Option<u16>,
    /// Yellow begins when so much of the time is used, in percent; whichever comes first.
    #[n(2)]
    #[serde(default)]
    pub yellow_percent: Option<u8>,
    /// Red begins so many working days after the last day; 0 is the next day.
    #[n(3)]
    #[serde(default)]
    pub red_after: Option<u16>,
    /// Severe red (严重红) likewise.
    #[n(4)]
    #[serde(default)]
    pub severe_after: Option<u16>,
    /// The time itself, in working days, where the rule and not the case has it.
    #[n(5)]
    #[serde(default)]
    pub limit_days: Option<u16>,
}

impl RuleSetting {
    /// Takes over what another level says where that is stricter.
    fn tighten(&mut self, other: &Self) {
        self.yellow_days = self.yellow_days.max(other.yellow_days);
        let least = |one: Option<u16>, other: Option<u16>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.yellow_percent = least(self.yellow_percent.map(u16::from), other.yellow_percent.map(u16::from))
            .map(|percent| u8::try_from(percent).unwrap_or(100));
        self.red_after = least(self.red_after, other.red_after);
        self.severe_after = least(self.severe_after, other.severe_after);
        self.limit_days = least(self.limit_days, other.limit_days);
    }

    /// What is said nowhere is as it stands.
    fn or_standing(mut self) -> Self {
        let standing = self.rule.standing();
        self.yellow_days = self.yellow_days.or(standing.yellow_days);
        self.yellow_percent = self.yellow_percent.or(standing.yellow_percent);
        self.red_after = self.red_after.or(standing.red_after);
        self.severe_after = self.severe_after.or(standing.severe_after);
        self.limit_days = self.limit_days.or(standing.limit_days);
        self
    }

    fn is_empty(&self) -> bool {
        let Self { rule: _, yellow_days, yellow_percent, red_after, severe_after, limit_days } = self;
        yellow_percent.is_none() && [yellow_days, red_after, severe_after, limit_days].iter().all(|days| days.is_none())
    }
}

/// The thresholds in force, in the order of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rules(Vec<RuleSetting>);

impl Default for Rules {
    fn default() -> Self {
        Self(Rule::ALL.iter().map(|rule| rule.standing()).collect())
    }
}

impl Rules {
    /// What holds in a division on a day: of what several levels say the strictest, and as it stands where none says anything.
    #[must_use]
    pub fn holding(facts: &dyn Facts, division: DivisionCode, day: Date) -> Self {
        let standards = holding(facts, StandardKind::Policy, SUPERVISION_CODE, division, day);
        let said: Vec<RuleSetting> = standards
            .into_iter()
            .flat_map(|standard| match standard.body {
                StandardBody::Policy(policy) => policy.supervision,
                _ => Vec::new(),
            })
            .collect();
        let of = |rule: Rule| {
            let mut levels = said.iter().filter(|setting| setting.rule == rule);
            let Some(mut whole) = levels.next().copied() else { return rule.standing() };
            levels.for_each(|level| whole.tighten(level));
            whole.or_standing()
        };
        Self(Rule::ALL.iter().map(|rule| of(*rule)).collect())
    }

    /// The thresholds of a rule.
    #[must_use]
    pub fn of(&self, rule: Rule) -> RuleSetting {
        self.0.iter().find(|setting| setting.rule == rule).copied().unwrap_or_else(|| rule.standing())
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[RuleSetting] {
        &self.0
    }

    /// A name for these thresholds with a calendar: when it is another, all open cases are looked at again.
    #[must_use]
    pub fn print(&self, calendar: &Calendar) -> Digest {
        self.printed(calendar.version())
    }

    pub(super) fn printed(&self, calendar: &str) -> Digest {
        Digest::of(&tongban_codes::cbor::to_vec(&("tongban/supervision/1", calendar, &self.0)))
    }
}

fn invalid(field: &'static str, value: impl ToString, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh)
        .field(field, value)
        .remedy("see the rules: tongban supervise rules", "查看规则：tongban supervise rules")
}

/// Refuses thresholds that mean nothing.
pub(crate) fn check(settings: &[RuleSetting]) -> Result<(), Rejection> {
    for (place, setting) in settings.iter().enumerate() {
        let days = [
            ("yellow_days", setting.yellow_days, 0),
            ("red_after", setting.red_after, 0),
            ("severe_after", setting.severe_after, 1),
            ("limit_days", setting.limit_days, 1),
        ];
        for (field, days, least) in days {
            if let Some(days) = days.filter(|days| !(least..=DAYS_MAX).contains(days)) {
                let (en, zh) =
                    (format!("{least} to {DAYS_MAX} working days"), format!("应为 {least} 至 {DAYS_MAX} 个工作日"));
                return Err(invalid(field, days, &en, &zh));
            }
        }
        if let Some(percent) = setting.yellow_percent.filter(|percent| !(1..=99).contains(percent)) {
            return Err(invalid("yellow_percent", percent, "1 to 99 percent", "应为 1 至 99"));
        }
        if setting.limit_days.is_some() && !setting.rule.has_limit() {
            let (en, zh) = ("the time of this rule is the case's own", "该规则的时限由办件自身决定");
            return Err(invalid("limit_days", setting.rule.name(), en, zh));
        }
        let standing = setting.rule.standing();
        let sets_yellow = setting.yellow_days.is_some() || setting.yellow_percent.is_some();
        let (knows_yellow, knows_red) = (standing.yellow_days.is_some(), standing.red_after.is_some());
        // Of a rule of which a card stays, the time alone is set, where it has one: the card comes when that was passed.
        let is_fixed = setting.rule.is_lasting() && (!setting.rule.has_limit() || sets_yellow);
        if is_fixed || (setting.rule == Rule::Acceptance && !(sets_yellow && knows_yellow)) {
            let (en, zh) = ("this threshold stands and can't be set", "该阈值是固定的，不能设定");
            return Err(invalid("rule", setting.rule.name(), en, zh));
        }
        if !knows_red && (setting.red_after.is_some() || setting.severe_after.is_some()) {
            let (en, zh) = ("this rule raises yellow cards alone", "该规则只发黄牌");
            return Err(invalid("rule", setting.rule.name(), en, zh));
        }
        if let (Some(red), Some(severe)) = (setting.red_after, setting.severe_after)
            && severe <= red
        {
            return Err(invalid("severe_after", severe, "severe red comes after red", "严重红牌须晚于红牌"));
        }
        if settings[..place].iter().any(|other| other.rule == setting.rule) {
            return Err(invalid("rule", setting.rule.name(), "each rule at most once", "每条规则只能出现一次"));
        }
    }
    Ok(())
}

/// Sets the thresholds of one rule at this node, beside those of the others; without any, it is as the superiors have it.
pub(crate) fn set_rule(
    facts: &dyn Facts,
    setting: &RuleSetting,
    effective: Option<Date>,
    day: Date,
) -> Result<Change, Rejection> {
    let here = facts.node().division;
    let own = facts.standards(StandardKind::Policy, SUPERVISION_CODE).into_iter().find(|own| own.division == here);
    let mut settings = match own.map(|own| own.body) {
        Some(StandardBody::Policy(policy)) => policy.supervision,
        _ => Vec::new(),
    };
    settings.retain(|known| known.rule != setting.rule);
    if !setting.is_empty() {
        settings.push(*setting);
    }
    settings.sort_by_key(|setting| setting.rule);
    let body = StandardBody::Policy(Policy { supervision: settings, ..Policy::default() });
    let code = Some(SUPERVISION_CODE.to_owned());
    let draft = StandardDraft { code, body, effective, department: None };
    let event = set_supervision(facts, &draft, day)?;
    let reply = Reply::Rules(Rules::holding(facts, here, day));
    let Some(event) = event else { return Ok(Change::of(Vec::new(), reply)) };
    Ok(Change::of(vec![event], Reply::Standard { standard: SUPERVISION_CODE.to_owned() }))
}
