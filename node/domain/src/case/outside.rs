//! What another system decided (系统外办结): items that run in a vertical system of a ministry or a province (国垂、省垂业务系统) are accepted here,
//! decided there by the authority's own people, and the decision is entered here afterwards.
//!
//! It is the decision in law, and no other kind of act: entered by a decider under a mandate, held by every rule that holds a grant or a denial.
//! Only its day, its number and its decider are the other system's. An item that runs elsewhere isn't decided here besides, so that two decisions
//! never disagree. Which system an item runs in stands in its version ([`External`]).

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::clock::Stop;
use super::decision::{Verdict, decided};
use super::paper::said;
use super::submission::is_digest;
use super::{ActKind, Case};
use crate::catalogue::External;
use crate::change::Change;
use crate::connector;
use crate::naming::is_line;
use crate::work::Door;
use crate::{Facts, Rejection, codes};

/// The longest number of another system, number of a document, and name of a decider, in characters.
const LINE_CHARS_MAX: usize = 100;
/// The longest name of a system that is believed of another node, in characters: a column takes no longer one.
const SYSTEM_CHARS_MAX: usize = 1_000;

/// The decision of another system, as a case keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct OutsideDecision {
    /// The system, by the name that the item gives it.
    #[n(0)]
    pub system: String,
    /// The number under which it has the matter; of one system no two cases have the same.
    #[n(1)]
    pub number: String,
    /// The day of the decision there, by which deadlines are kept.
    #[n(2)]
    pub decided_on: Date,
    /// Who decided there.
    #[n(3)]
    pub decider: String,
    /// Number of the document (文号).
    #[n(4)]
    pub document_no: Option<String>,
    /// SHA-256 of the document, hex.
    #[n(5)]
    pub document: Option<String>,
    /// The order by which it was received; entered by hand when absent.
    #[n(6)]
    pub order: Option<String>,
    /// The day on which it was entered here.
    #[n(7)]
    pub entered_on: Date,
    /// Whether it was granted: the state of the case goes on.
    #[n(8)]
    pub granted: bool,
}

impl OutsideDecision {
    /// By how many days it was entered after it was made.
    #[must_use]
    pub fn days_late(&self) -> i32 {
        self.entered_on.days_since(self.decided_on).max(0)
    }

    /// Whether its texts are such as a node makes.
    pub(super) fn is_bounded(&self) -> bool {
        let long = |text: &String, most: usize| text.chars().count() > most;
        let lines = [Some(&self.number), Some(&self.decider), self.document_no.as_ref(), self.order.as_ref()];
        !long(&self.system, SYSTEM_CHARS_MAX)
            && !lines.into_iter().flatten().any(|line| long(line, LINE_CHARS_MAX))
            && self.document.as_ref().is_none_or(|digest| is_digest(digest))
    }
}

/// What another system decided, as it is entered or told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct OutsideOutcome {
    /// Granted, or refused.
    #[n(0)]
    pub grant: bool,
    /// The number under which that system has the matter.
    #[n(1)]
    pub number: String,
    /// The day of the decision.
    #[n(2)]
    pub decided_on: Date,
    /// Who decided.
    #[n(3)]
    pub decider: String,
    /// The reason; a refusal has one (行政许可法 38).
    #[n(4)]
    pub reason: Option<String>,
    /// Number of the document.
    #[n(5)]
    pub document_no: Option<String>,
    /// SHA-256 of the document, hex.
    #[n(6)]
    pub document: Option<String>,
    /// The other system's short code of the reason.
    #[n(7)]
    pub reason_code: Option<String>,
}

/// Where an outcome comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeSource {
    /// It is entered by hand.
    Entered(Box<OutsideOutcome>),
    /// It is entered by hand in the place of what an order was told wrongly, for this reason.
    Overruling(Box<OutsideOutcome>, String),
    /// The order of this number was told it.
    Order(String),
}

fn line(field: &'static str, text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    if is_line(text, LINE_CHARS_MAX) {
        return Ok(text.to_owned());
    }
    Err(Rejection::new(
        codes::INVALID_FIELD,
        format!("one line of 1 to {LINE_CHARS_MAX} characters that can be seen is required"),
        format!("须填写一行，1 至 {LINE_CHARS_MAX} 个可见字符"),
    )
    .field(field, text)
    .remedy("as the other system has it", "按业务系统中的内容填写"))
}

fn day_refused(day: Date, en: String, zh: String) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh)
        .field("decided_on", day)
        .remedy("give the day on which the other system decided", "填写业务系统作出决定的日期")
}

impl OutsideOutcome {
    /// The outcome with its texts trimmed, once each of them is such as is kept, and its day can be the day of a decision on the case: not before
    /// its acceptance, and not in the future.
    pub(crate) fn checked(&self, case: &Case, today: Date) -> Result<Self, Rejection> {
        let day = self.decided_on;
        if day > today {
            let en = format!("the decision is of {day}, which has not come yet");
            return Err(day_refused(day, en, format!("决定日期 {day} 尚未到来")));
        }
        if let Some(accepted) = case.accepted_on.filter(|accepted| day < *accepted) {
            let en = format!("the decision is of {day}, before the acceptance on {accepted}");
            return Err(day_refused(day, en, format!("决定日期 {day} 早于受理日 {accepted}")));
        }
        let document = self.document.as_ref().map(|digest| digest.trim().to_ascii_lowercase());
        if document.as_ref().is_some_and(|digest| !is_digest(digest)) {
            let (en, zh) = ("a document is named by the SHA-256 of its file", "文书以文件的 SHA-256 摘要标识");
            return Err(Rejection::new(codes::INVALID_FIELD, en, zh)
                .field("document", self.document.clone().unwrap_or_default())
                .remedy("give --document FILE, or sha256:HEX", "填写 --document 文件，或 sha256:摘要"));
        }
        let reason = self.reason.as_deref().filter(|reason| !reason.trim().is_empty());
        let reason = match (self.grant, reason) {
            (true, reason) => reason.map(super::paper::reason).transpose()?,
            (false, reason) => Some(super::paper::denial(reason.unwrap_or_default())?),
        };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        Ok(Self {
            grant: self.grant,
            number: line("number", &self.number)?,
            decided_on: day,
            decider: line("decider", &self.decider)?,
            reason,
            document_no: given(&self.document_no).map(|number| line("document_no", &number)).transpose()?,
            document,
            reason_code: self.reason_code.clone(),
        })
    }
}

/// Refuses a decision of a day on which a procedure that a decision waits for (听证、检验等) had begun and hadn't ended.
///
/// One of a day before it began waited for nothing: it was made, and nobody here had heard of it. On the day on which a procedure began nobody knows
/// which came first.
///
/// What an order is told isn't refused for it, so that it isn't lost: it stands there, and a person looks into it.
fn after_stops(case: &Case, day: Date) -> Result<(), Rejection> {
    let is_within = |stop: &&Stop| stop.from <= day && stop.until.is_none_or(|until| day < until);
    let Some(stop) = case.stops.iter().find(is_within) else { return Ok(()) };
    let until = stop.until.map_or_else(|| "-".to_owned(), |until| until.to_string());
    let (from, procedure) = (stop.from, &stop.procedure);
    Err(Rejection::new(
        codes::OUTCOME_IN_STOP,
        format!("the decision is of {day}, within a procedure that it waited for: {procedure}, {from} to {until}"),
        format!("决定日期 {day} 在特别程序期间：{procedure}，{from} 至 {until}"),
    )
    .field("decided_on", day)
    .remedy(
        "compare the day with the other system; what was decided before the procedure ended is decided anew there",
        "与业务系统核对决定日期；程序结束前作出的，应由业务系统重新决定",
    ))
}

/// The other system in which a case is decided, by the version of the item that it is bound to; none where that is here.
pub(crate) fn handled_in(facts: &dyn Facts, case: &Case) -> Option<External> {
    facts.item_version(&case.item.code, case.item.version)?.external
}

/// Refuses a decision here on a case that another system decides.
pub(super) fn decided_here(facts: &dyn Facts, case: &Case) -> Result<(), Rejection> {
    let Some(External { system, .. }) = handled_in(facts, case) else { return Ok(()) };
    Err(Rejection::new(
        codes::DECIDED_OUTSIDE,
        format!("{system} decides this item; what it decided is entered here"),
        format!("该事项由“{system}”办理，应录入其办理结果"),
    )
    .field("case", case.id)
    .remedy(
        "tongban case outcome CASE --result granted|refused, or --order NO",
        "录入：tongban case outcome 办件 --result granted|refused，或 --order 委托单号",
    ))
}

/// Refuses a number under which the system had another case.
fn is_new(facts: &dyn Facts, case: &CaseId, system: &str, number: &str) -> Result<(), Rejection> {
    let Some(other) = facts.outside_case(system, number).filter(|other| other != case) else { return Ok(()) };
    let known = facts.case(&other).and_then(|other| other.case_no).unwrap_or_else(|| other.to_string());
    Err(Rejection::new(
        codes::OUTCOME_KNOWN,
        format!("the outcome of this number of {system} was entered for {known}"),
        format!("“{system}”的该编号已录入办件 {known}"),
    )
    .field("number", number)
    .remedy("compare the number with the other system", "与业务系统核对编号"))
}

/// Enters what another system decided: the decision of the case, with its day there.
pub(crate) fn outcome(
    facts: &dyn Facts,
    door: &Door,
    case: Case,
    source: &OutcomeSource,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Decide)?;
    let Some(External { system, .. }) = handled_in(facts, &case) else {
        return Err(Rejection::new(
            codes::NOT_DECIDED_OUTSIDE,
            "the item of this case runs in no other system: it is decided here",
            "该办件的事项不在其他系统办理，应在本节点作出决定",
        )
        .field("case", case.id)
        .remedy(
            "tongban case decide; an item that runs elsewhere says so in its column external_system",
            "tongban case decide；在其他系统办理的，应在事项的 external_system 列写明",
        ));
    };
    let (told, order, overrules) = match source {
        OutcomeSource::Entered(outcome) => (outcome.checked(&case, at.date())?, None, None),
        OutcomeSource::Overruling(outcome, why) => {
            (outcome.checked(&case, at.date())?, None, Some(said("overrule", why)?))
        }
        OutcomeSource::Order(order) => {
            let (outcome, number) = connector::told_outcome(facts, &case, order)?;
            (outcome.checked(&case, at.date())?, Some(number), None)
        }
    };
    after_stops(&case, told.decided_on)?;
    is_new(facts, &case.id, &system, &told.number)?;
    // The order that was told it, or that was placed for it, ends with the same entry, as does one that was told otherwise and is overruled.
    let settled = connector::settle(facts, door, &case, (&told, overrules.as_deref()), at)?;
    let outside = OutsideDecision {
        system,
        number: told.number,
        decided_on: told.decided_on,
        decider: told.decider,
        document_no: told.document_no,
        document: told.document,
        order,
        entered_on: at.date(),
        granted: told.grant,
    };
    let verdict = Verdict { grant: told.grant, text: told.reason.as_deref(), outside: Some(outside) };
    let mut change = decided(facts, door, case, verdict, at).map_err(|rejection| match rejection.code {
        // Nothing is denied here: whoever decides elsewhere has to hear of the limit.
        codes::NUMBERS_USED_UP => rejection.remedy(
            "have the other system refuse it for that and enter the refusal; or wait for a number: tongban item limit",
            "由业务系统以无名额为由不予，再录入；或等候名额：tongban item limit",
        ),
        _ => rejection,
    })?;
    change.events.extend(settled);
    Ok(change)
}
