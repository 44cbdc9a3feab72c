//! Agreements between authorities (跨域通办协议): who may collect for whom, in which mode, in which days, and what counts as receipt.
//!
//! An agreement is data of the authority in charge: it stands in each item that it names, and travels as the item does, so that whoever may collect
//! has the terms with the item itself. An item without one for a mode is collected by its published scope alone, as ever; once it has one, a window
//! elsewhere collects under an agreement that names its division and is in force on that day, or not at all (国办发〔2020〕35号). What is agreed is changed
//! by nobody: an agreement is withdrawn as of a day, and another one made.

mod view;

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::{Date, Timestamp};

pub use self::view::{AgreementView, agreements};

use super::code_list::code_list;
use super::publish::named;
use super::{Crosswalk, ItemState, Mode, ServiceItem, size};
use crate::change::{Change, Event};
use crate::naming::is_line;
use crate::{Facts, Rejection, codes};

/// The most agreements of one item; withdrawn ones are kept.
const AGREEMENTS_MAX: usize = 64;
/// The most parties of an agreement.
const PARTIES_MAX: usize = 200;
/// The most items that one agreement is added to at once.
const ITEMS_MAX: usize = 2_000;
/// The longest number or name, in characters.
const NAME_CHARS_MAX: usize = 100;
/// The longest reference or reason, in characters.
const TEXT_CHARS_MAX: usize = 500;

code_list! {
    /// What counts as receipt at the authority in charge, from which its five days run (行政许可法 32(4)).
    ReceiptRule: "收到方式" {
        /// 电子材料移交到达: the electronic hand-over, on the day on which the authority's node takes it.
        Electronic = 0, "electronic", "电子材料移交到达", [];
        /// 纸质材料送达: the paper file, on the day on which the authority signs for it.
        Paper = 1, "paper", "纸质材料送达", [];
    }
}

/// An authority that agreed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Its unified social credit code.
    #[n(0)]
    pub code: String,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// The division whose windows it speaks for, with those below.
    #[n(2)]
    pub division: DivisionCode,
}

/// As of when an agreement is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct AgreementEnd {
    /// The first day without it.
    #[n(0)]
    pub from: Date,
    /// Why.
    #[n(1)]
    pub reason: String,
}

/// An agreement as an item carries it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its number.
    #[n(0)]
    pub number: String,
    /// Who agreed, the authority in charge among them.
    #[n(1)]
    pub parties: Vec<Party>,
    /// For which modes between regions.
    #[n(2)]
    pub modes: Vec<Mode>,
    /// What counts as receipt.
    #[n(3)]
    pub receipt: ReceiptRule,
    /// First day in force.
    #[n(4)]
    pub from: Date,
    /// Last day in force; none where it ends by withdrawal alone.
    #[n(5)]
    #[serde(default)]
    pub until: Option<Date>,
    /// The day on which it was made public.
    #[n(6)]
    pub published_on: Date,
    /// SHA-256 of its text, 64 hexadecimal digits.
    #[n(7)]
    pub text: String,
    /// Where its text is found.
    #[n(8)]
    #[serde(default)]
    pub reference: Option<String>,
    /// As of when it is withdrawn.
    #[n(9)]
    #[serde(default)]
    pub withdrawn: Option<AgreementEnd>,
}

/// What a case keeps of the agreement under which it was collected.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Accord {
    /// Its number.
    #[n(0)]
    pub number: String,
    /// What counts as receipt.
    #[n(1)]
    pub receipt: ReceiptRule,
}

impl Agreement {
    /// The last day in force, as far as it has one.
    #[must_use]
    pub fn last(&self) -> Option<Date> {
        let withdrawn = self.withdrawn.as_ref().map(|end| end.from.previous_day());
        [self.until, withdrawn].into_iter().flatten().min()
    }

    /// Whether it is in force on a day.
    #[must_use]
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && self.last().is_none_or(|last| day <= last)
    }

    /// Whether it speaks for the windows of a division, under whichever codes the two are named; the division of the item itself agreed for its authority.
    fn names(&self, crosswalk: &Crosswalk, item: &ServiceItem, division: DivisionCode) -> bool {
        let codes = crosswalk.codes(division);
        let others = self.parties.iter().filter(|party| !crosswalk.same(party.division, item.division));
        let mut regions = others.flat_map(|party| crosswalk.codes(party.division));
        regions.any(|region| codes.iter().any(|code| *code == region || code.is_within(region)))
    }

    /// Why it isn't in force on a day.
    fn lapsed(&self, day: Date) -> (String, String) {
        match (&self.withdrawn, self.last()) {
            _ if day < self.from => (format!("it begins on {}", self.from), format!("自 {} 起生效", self.from)),
            (Some(end), _) if day >= end.from => (
                format!("it was withdrawn as of {}: {}", end.from, end.reason),
                format!("已自 {} 起终止：{}", end.from, end.reason),
            ),
            (_, Some(last)) => (format!("it ended on {last}"), format!("已于 {last} 届满")),
            (_, None) => (String::new(), String::new()),
        }
    }
}

/// Under which agreement a window of a division collects for an item on a day; none where the item goes by its published scope alone. `of` is the one
/// that the window named, where it did. To decide in another's place (`uniform`) an agreement is always needed.
///
/// # Errors
/// `agreement-missing` where none of the item's agreements for the mode names the division; `agreement-lapsed` where those that do aren't in force.
pub(crate) fn accord(
    facts: &dyn Facts,
    item: &ServiceItem,
    (division, mode): (DivisionCode, Mode),
    of: Option<&str>,
    day: Date,
) -> Result<Option<Accord>, Rejection> {
    let of_mode: Vec<&Agreement> = item.agreements.iter().filter(|known| known.modes.contains(&mode)).collect();
    if of_mode.is_empty() && of.is_none() && mode.hands_over() {
        return Ok(None);
    }
    let crosswalk = Crosswalk::gather(facts);
    let named: Vec<&Agreement> = of_mode
        .into_iter()
        .filter(|known| of.is_none_or(|of| known.number == of) && known.names(&crosswalk, item, division))
        .collect();
    if let Some(held) = named.iter().find(|known| known.holds(day)) {
        return Ok(Some(Accord { number: held.number.clone(), receipt: held.receipt }));
    }
    let Some(nearest) = named.iter().max_by_key(|known| (known.last(), known.from)) else {
        // What a peer calls it is repeated no longer than a number may be.
        let of = of.map(|of| of.chars().take(NAME_CHARS_MAX).collect::<String>());
        let about = of.map(|of| (format!(" {of}"), format!("（{of}）"))).unwrap_or_default();
        let en = format!("no agreement{} of the item for the mode {} names {division}", about.0, mode.name());
        let zh = format!("该事项“{}”的协议{}未包括 {division}", mode.zh(), about.1);
        return Err(Rejection::new(codes::AGREEMENT_MISSING, en, zh).field("item", &item.code).remedy(
            "the two authorities agree first, and the one in charge enters it: tongban agreement add",
            "由双方机关先行签订，并由主管机关录入：tongban agreement add",
        ));
    };
    let (en, zh) = nearest.lapsed(day);
    let number = &nearest.number;
    Err(Rejection::new(
        codes::AGREEMENT_LAPSED,
        format!("the agreement {number} is not in force on {day}: {en}"),
        format!("协议 {number} 在 {day} 未生效：{zh}"),
    )
    .field("agreement", number)
    .remedy(
        "collect while it is in force, or send the applicant to the authority in charge: tongban agreement show",
        "在协议有效期内收件，或引导申请人向主管机关提出：tongban agreement show",
    ))
}

/// Whether an agreement of an item for a mode had begun on a day: before that it was collected by its published scope alone.
pub(crate) fn had_begun(item: &ServiceItem, mode: Mode, day: Date) -> bool {
    item.agreements.iter().any(|known| known.modes.contains(&mode) && known.from <= day)
}

/// What is asked of agreements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgreementCommand {
    /// Adds one to the items that it names.
    Add {
        /// The agreement.
        agreement: Box<Agreement>,
        /// The items, by code.
        items: Vec<String>,
    },
    /// Withdraws one as of a day.
    Withdraw {
        /// Its number.
        number: String,
        /// The first day without it, tomorrow when absent.
        from: Option<Date>,
        /// Why.
        reason: String,
    },
}

pub(crate) fn decide(facts: &dyn Facts, command: &AgreementCommand, at: Timestamp) -> Result<Change, Rejection> {
    match command {
        AgreementCommand::Add { agreement, items } => add(facts, agreement, items, at),
        AgreementCommand::Withdraw { number, from, reason } => withdraw(facts, number, *from, reason, at),
    }
}

fn invalid(field: &'static str, value: impl ToString, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh).field(field, value).remedy("correct the value", "请更正该值")
}

fn text(field: &'static str, text: &str, chars_max: usize) -> Result<String, Rejection> {
    let text = text.trim();
    if !is_line(text, chars_max) {
        let (en, zh) =
            (format!("it has 1 to {chars_max} visible characters"), format!("应为 1 至 {chars_max} 个可见字符"));
        return Err(invalid(field, text, &en, &zh));
    }
    Ok(text.to_owned())
}

/// An agreement in one form, held to what it must say.
fn checked(agreement: &Agreement) -> Result<Agreement, Rejection> {
    let number = text("number", &agreement.number, NAME_CHARS_MAX)?;
    if !(2..=PARTIES_MAX).contains(&agreement.parties.len()) {
        let count = agreement.parties.len();
        return Err(invalid("parties", count, "an agreement has 2 to 200 parties", "协议有 2 至 200 方"));
    }
    let mut parties: Vec<Party> = Vec::new();
    for party in &agreement.parties {
        let code = party.code.trim().parse::<CreditCode>().map_err(|error| {
            Rejection::new(codes::INVALID_IDENTITY, error.to_string(), error.zh())
                .field("parties", &party.code)
                .remedy("check it: tongban code check", "核对：tongban code check")
        })?;
        let party =
            Party { code: code.to_string(), name: text("parties", &party.name, NAME_CHARS_MAX)?, ..party.clone() };
        if parties.iter().any(|known| known.code == party.code && known.division == party.division) {
            return Err(invalid("parties", party.code, "a party is named twice", "同一方重复"));
        }
        parties.push(party);
    }
    let mut modes = agreement.modes.clone();
    modes.sort_unstable();
    modes.dedup();
    if modes.is_empty() || modes.iter().any(|mode| !mode.is_between_regions()) {
        let (en, zh) = (
            "name modes between regions: online, collect, joint, uniform",
            "须为跨区域的办理方式：online、collect、joint、uniform",
        );
        return Err(invalid("modes", "", en, zh));
    }
    if agreement.until.is_some_and(|until| until < agreement.from) {
        return Err(invalid("until", agreement.from, "it ends before it begins", "止日早于起日"));
    }
    if agreement.published_on > agreement.from {
        let (en, zh) = ("it is published by its first day", "应在生效前公布");
        return Err(invalid("published_on", agreement.published_on, en, zh));
    }
    let digest = agreement.text.trim().to_ascii_lowercase();
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let (en, zh) =
            ("give the SHA-256 of its text, 64 hexadecimal digits", "须填写协议文本的 SHA-256（64 位十六进制）");
        return Err(invalid("text", &agreement.text, en, zh));
    }
    let reference = agreement.reference.as_deref().map(|of| text("reference", of, TEXT_CHARS_MAX)).transpose()?;
    Ok(Agreement { number, parties, modes, text: digest, reference, withdrawn: None, ..agreement.clone() })
}

/// Every version of this node's items that is or will be in force, by item.
fn versions(facts: &dyn Facts, code: &str) -> Vec<(ServiceItem, bool)> {
    let in_force = facts.item(code).filter(|item| item.state != ItemState::Withdrawn).map(|item| (item, false));
    in_force.into_iter().chain(facts.items_waiting(code).into_iter().map(|item| (item, true))).collect()
}

fn stored((item, waits): (ServiceItem, bool)) -> Event {
    if waits { Event::Waiting(item) } else { Event::Item(item) }
}

/// What waits takes the place of a draft when it is stored, so that a draft beside it is written again.
fn with_drafts(facts: &dyn Facts, mut events: Vec<Event>) -> Vec<Event> {
    let codes: BTreeSet<String> = events
        .iter()
        .filter_map(|event| match event {
            Event::Waiting(item) => Some(item.code.clone()),
            _ => None,
        })
        .collect();
    events.extend(codes.iter().filter_map(|code| facts.item_draft(code)).map(Event::Item));
    events
}

/// What is said of an agreement in the items where it stands, those that were withdrawn too: one may be published again.
fn known(facts: &dyn Facts, number: &str) -> Vec<(ServiceItem, bool)> {
    let all = facts.item_codes().into_iter().flat_map(|code| {
        let kept = facts.item(&code).map(|item| (item, false));
        kept.into_iter().chain(facts.items_waiting(&code).into_iter().map(|item| (item, true))).collect::<Vec<_>>()
    });
    all.filter(|(item, _)| item.agreements.iter().any(|known| known.number == number)).collect()
}

/// The refusal of a number that stands for other words, or for what was withdrawn: the cases that were collected under it name it, and it says
/// until when it held. Who agrees again does so under another number, be it that of a supplement.
fn number_taken(number: &str, code: &str, withdrawn: Option<AgreementEnd>) -> Rejection {
    let (en, zh) = match withdrawn {
        Some(AgreementEnd { from, reason }) => (
            format!(
                "the agreement of this number was withdrawn as of {from} in {code} ({reason}) and isn't entered again"
            ),
            format!("该编号的协议在 {code} 中已自 {from} 起终止（{reason}），不能以原编号重新录入"),
        ),
        None => (
            format!("an agreement of this number stands with other words in {code}"),
            format!("该编号的协议在 {code} 中已有不同内容"),
        ),
    };
    Rejection::new(codes::AGREEMENT_KNOWN, en, zh).field("number", number).remedy(
        "what was agreed isn't changed: withdraw what still holds, and add what is agreed now under its own number, that of a supplement for one",
        "协议内容不得改动：尚有效的先终止，再以新编号（如补充协议编号）录入",
    )
}

fn add(facts: &dyn Facts, agreement: &Agreement, items: &[String], at: Timestamp) -> Result<Change, Rejection> {
    let agreement = checked(agreement)?;
    if items.is_empty() || items.len() > ITEMS_MAX {
        let (en, zh) = ("name 1 to 2,000 items", "须指明 1 至 2000 个事项");
        return Err(invalid("items", items.len(), en, zh));
    }
    let said = |known: &Agreement| Agreement { withdrawn: None, ..known.clone() } == agreement;
    let differs = known(facts, &agreement.number).into_iter().find_map(|(item, _)| {
        let known = item.agreements.into_iter().find(|known| known.number == agreement.number)?;
        (!said(&known) || known.withdrawn.is_some()).then_some((item.code, known.withdrawn))
    });
    if let Some((code, withdrawn)) = differs {
        return Err(number_taken(&agreement.number, &code, withdrawn));
    }
    let here = facts.node().division;
    let crosswalk = Crosswalk::gather(facts);
    let mut events = Vec::new();
    for code in items {
        let item = named(facts, code)?;
        let versions = versions(facts, &item.code);
        if versions.is_empty() {
            let (en, zh) = ("the item isn't published, or is withdrawn", "事项未发布或已取消");
            return Err(Rejection::new(codes::ITEM_NOT_PUBLISHED, en, zh)
                .field("item", &item.code)
                .remedy("publish it first: tongban item publish", "先发布：tongban item publish"));
        }
        let authority = facts.authority(&item.authority).and_then(|authority| item.number_code(&authority));
        let in_charge = |party: &Party| {
            crosswalk.same(party.division, here) && authority.is_none_or(|code| party.code == code.to_string())
        };
        if !agreement.parties.iter().any(in_charge) {
            let en = format!("the authority in charge of {} is no party: {}", item.code, item.department);
            let zh = format!("协议各方不含事项 {} 的主管机关：{}", item.code, item.department);
            return Err(Rejection::new(codes::AGREEMENT_PARTY, en, zh).field("parties", &item.code).remedy(
                "name it with its credit code and this node's division",
                "以其统一社会信用代码和本区划列入各方",
            ));
        }
        for (mut item, waits) in versions {
            let missing = agreement.modes.iter().find(|mode| !item.modes.contains(mode));
            if let (Some(mode), false) = (missing, waits) {
                let en = format!("{} isn't published for the mode {}", item.code, mode.name());
                let zh = format!("事项 {} 未公布“{}”", item.code, mode.zh());
                return Err(Rejection::new(codes::SCOPE_MISSING, en, zh)
                    .field("modes", mode.name())
                    .remedy("publish the scope first, then add the agreement", "先公布通办范围，再录入协议"));
            }
            if item.agreements.iter().any(|known| known.number == agreement.number) {
                continue;
            }
            if item.agreements.len() >= AGREEMENTS_MAX {
                let (en, zh) = ("an item has at most 64 agreements", "一个事项最多 64 份协议");
                return Err(invalid("items", &item.code, en, zh));
            }
            item.agreements.push(agreement.clone());
            size::fits("item", &item.code, &item)?;
            events.push(stored((item, waits)));
        }
    }
    let reply = view::reply(facts, &events, &agreement.number, at);
    Ok(Change::of(with_drafts(facts, events), reply))
}

fn withdraw(
    facts: &dyn Facts,
    number: &str,
    from: Option<Date>,
    reason: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let (number, today) = (number.trim(), at.date());
    let reason = text("reason", reason, TEXT_CHARS_MAX)?;
    let known = known(facts, number);
    let Some(first) = known.iter().flat_map(|(item, _)| &item.agreements).find(|known| known.number == number).cloned()
    else {
        return Err(Rejection::new(
            codes::AGREEMENT_UNKNOWN,
            "no item of this node has an agreement of this number",
            "没有该编号的协议",
        )
        .field("number", number)
        .remedy("list them: tongban agreement list", "查看：tongban agreement list"));
    };
    // What was collected under it stays collected under it, that of today too, whenever it arrives.
    let from = from.unwrap_or(today.next_day());
    if from <= today {
        let (en, zh) = (
            "an agreement ends tomorrow or later: what was collected under it stands",
            "终止日不得早于明天：已据此收件的依旧有效",
        );
        return Err(invalid("from", from, en, zh));
    }
    if let Some(last) = first.last().filter(|last| *last < from) {
        let en = format!("it ends on {last} anyway");
        let zh = format!("该协议已于或将于 {last} 终止");
        return Err(Rejection::new(codes::AGREEMENT_KNOWN, en, zh)
            .field("from", from)
            .remedy("give an earlier day, or leave it", "填写更早的日期，或无需办理"));
    }
    let end = AgreementEnd { from, reason };
    let events = known.into_iter().map(|(mut item, waits)| {
        for known in item.agreements.iter_mut().filter(|known| known.number == number) {
            known.withdrawn = Some(end.clone());
        }
        stored((item, waits))
    });
    let events: Vec<Event> = events.collect();
    let reply = view::reply(facts, &events, number, at);
    Ok(Change::of(with_drafts(facts, events), reply))
}
