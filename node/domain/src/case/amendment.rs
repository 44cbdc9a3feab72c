//! 更正: a wrong entry is put right; both versions are kept, and who did it, when and why.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::time::Timestamp;

use super::custody::here;
use super::decision::mandate;
use super::paper::{paper, reason};
use super::progress::record;
use super::renewal::{is_holder, not_holder};
use super::submission::applicant;
use super::{Act, ActKind, Case, Personal};
use crate::change::{Change, NoticeBody};
use crate::{Actor, Applicant, Desk, Facts, Rejection, codes, licence};

/// The most entries of one case that are put right.
const AMENDMENTS_MAX: usize = 20;

/// An entry that may be put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum AmendedField {
    /// The applicant's name.
    #[n(0)]
    ApplicantName,
    /// The applicant's citizen id or credit code.
    #[n(1)]
    ApplicantId,
}

impl AmendedField {
    /// All of them.
    pub const ALL: [AmendedField; 2] = [AmendedField::ApplicantName, AmendedField::ApplicantId];

    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AmendedField::ApplicantName => "applicant-name",
            AmendedField::ApplicantId => "applicant-id",
        }
    }

    /// Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            AmendedField::ApplicantName => "申请人名称",
            AmendedField::ApplicantId => "申请人证件号码",
        }
    }
}

/// An entry that was put right: what stood there before, under the key that it had.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Amendment {
    /// Number of the act, in the leg of the node that did it.
    #[n(0)]
    pub act: u32,
    /// Which entry.
    #[n(1)]
    pub field: AmendedField,
    /// When.
    #[n(2)]
    pub at: Timestamp,
    /// By whom.
    #[n(3)]
    pub by: String,
    /// Why.
    #[n(4)]
    pub reason: String,
    /// The applicant's fields as they were before.
    #[n(5)]
    pub before: Personal,
    /// Tenure under which it was done.
    #[n(6)]
    pub tenure: u32,
}

/// What the collecting node is told of an entry that was put right.
#[derive(Clone, PartialEq, Eq)]
pub struct Amended {
    /// Which entry.
    pub field: AmendedField,
    /// What it is now.
    pub value: String,
    /// Why.
    pub reason: String,
}

impl std::fmt::Debug for Amended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Amended").field("field", &self.field).finish_non_exhaustive()
    }
}

/// Puts a wrong entry right (更正). After the decision it takes a mandate, and once a licence stands in the applicant's name it is too late.
pub(crate) fn amend(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    mut case: Case,
    (amended, at): (&Amended, Timestamp),
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Amend)?;
    let decided = case.decided_on.is_some();
    let mandate = if decided { Some(mandate(facts, actor, &case, at)?.said) } else { None };
    let (after, text) = righted(facts, desk, &case, amended, at)?;
    let here = here(facts);
    // Neither version stands in the note: it travels, and is read by more than may see them.
    let note = format!("更正{}：{text}", amended.field.zh());
    let mut act = case.act(ActKind::Amend, actor, here, at, Some(note));
    act.mandate = mandate;
    let value = match amended.field {
        AmendedField::ApplicantName => after.name.clone(),
        AmendedField::ApplicantId => after.identity.clone(),
    };
    let known = case.clone();
    rewrite(desk, &mut case, amended.field, &after, (&act, text.clone()));
    let mut change = Change::of(crate::pledge::rekey(&known, &case), Change::case(&case));
    if decided {
        let told = [amended.field.zh().to_owned(), text.clone()];
        let content_type = "application/tongban-amendment+cbor";
        change.documents.push(paper(facts, &case, &actor.operator, at, content_type, &told, None));
    }
    record(&mut change, here, &case, act);
    for notice in &mut change.notices {
        if let NoticeBody::Progress(progress) = &mut notice.body {
            progress.amended = Some(Amended { field: amended.field, value: value.clone(), reason: text.clone() });
        }
    }
    Ok(change)
}

/// The applicant's fields with an entry put right, and the reason; refused where a licence stands, or the case would never have come so.
fn righted(
    facts: &dyn Facts,
    desk: &dyn Desk,
    case: &Case,
    amended: &Amended,
    at: Timestamp,
) -> Result<(Applicant, String), Rejection> {
    let text = reason(&amended.reason)?;
    let stands = |id: &String| facts.licence(id).is_some_and(|licence| licence.status == licence::Status::Valid);
    if let Some(id) = case.licences.iter().find(|id| stands(id)) {
        return Err(Rejection::new(
            codes::AMEND_LATE,
            "a licence stands in the applicant's name: what is sealed isn't altered",
            "已以该申请人名义颁发证照，签章内容不得改动",
        )
        .field("licence", id)
        .remedy("cancel it first: tongban licence cancel", "请先注销证照：tongban licence cancel"));
    }
    if case.amendments.len() >= AMENDMENTS_MAX {
        return Err(Rejection::new(
            codes::AMEND_LATE,
            format!("{AMENDMENTS_MAX} entries of this case have been put right, no more is possible"),
            format!("该办件已更正 {AMENDMENTS_MAX} 次，不能再更正"),
        )
        .field("case", case.id)
        .remedy("withdraw and collect anew", "请撤件后重新收件"));
    }
    let Some((name, identity)) = case.personal.open(desk, &case.id) else {
        return Err(Rejection::new(codes::CASE_STATE, "the applicant's fields were erased", "申请人信息已删除")
            .field("case", case.id)
            .remedy("what is left of the case: tongban case show", "查看办件现存内容：tongban case show"));
    };
    let before = Applicant { name, identity };
    let mut after = before.clone();
    match amended.field {
        AmendedField::ApplicantName => after.name.clone_from(&amended.value),
        AmendedField::ApplicantId => after.identity.clone_from(&amended.value),
    }
    let after = applicant(&after, at.date())?;
    if after == before {
        return Err(Rejection::new(codes::INVALID_FIELD, "the entry says that already", "与原记载相同")
            .field("value", "***")
            .remedy("give what it should be: --value", "填写正确内容：--value"));
    }
    if amended.field == AmendedField::ApplicantId {
        still_fits(facts, desk, case, &after)?;
    }
    Ok((after, text))
}

/// Puts an entry right that was put right in another case of the same application, where it had said the same. The mandate that it takes after the decision nobody has
/// here: then its own authority does it.
pub(crate) fn amend_alike(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    mut case: Case,
    (amended, at): (&Amended, Timestamp),
    change: &mut Change,
) -> Result<(), Rejection> {
    case.may(facts, ActKind::TellPart)?;
    let (after, text) = righted(facts, desk, &case, amended, at)?;
    let here = here(facts);
    let note = format!("更正{}（同一件事其他办件已更正）：{text}", amended.field.zh());
    let act = case.act(ActKind::Amend, &Actor::system(), here, at, Some(note));
    let known = case.clone();
    rewrite(desk, &mut case, amended.field, &after, (&act, text.clone()));
    change.events.extend(crate::pledge::rekey(&known, &case));
    let before = change.notices.len();
    record(change, here, &case, act);
    let value = match amended.field {
        AmendedField::ApplicantName => after.name,
        AmendedField::ApplicantId => after.identity,
    };
    for notice in change.notices.iter_mut().skip(before) {
        if let NoticeBody::Progress(progress) = &mut notice.body {
            progress.amended = Some(Amended { field: amended.field, value: value.clone(), reason: text.clone() });
        }
    }
    Ok(())
}

/// Refuses a number under which the case would never have come: that of its own agent, or of one who doesn't hold what is to be renewed.
fn still_fits(facts: &dyn Facts, desk: &dyn Desk, case: &Case, after: &Applicant) -> Result<(), Rejection> {
    let agent = case.agent.as_ref().and_then(|agency| agency.open(desk, &case.id));
    if agent.is_some_and(|agent| agent.identity == after.identity) {
        return Err(Rejection::new(
            codes::AGENT_UNLAWFUL,
            "nobody is his own agent (行政许可法 29)",
            "代理人不能是申请人本人（行政许可法第二十九条）",
        )
        .field("value", "***")
        .remedy("withdraw and collect anew", "请撤件后重新收件"));
    }
    let renewed = case.renewal.as_ref().and_then(|renewal| facts.licence(&renewal.licence));
    let with = Case { holder: desk.index(&after.identity), ..case.clone() };
    match renewed {
        Some(licence) if !is_holder(facts, desk, &licence, &with, after) => Err(not_holder(&licence.id)),
        _ => Ok(()),
    }
}

/// Puts the new fields in the place of the old ones, which are kept. The key of the case stays: the files of its materials lie under it.
fn rewrite(
    desk: &mut dyn Desk,
    case: &mut Case,
    field: AmendedField,
    after: &Applicant,
    (act, reason): (&Act, String),
) {
    let same_key = desk.encrypt_under(&case.id, &case.personal, &after.name, &after.identity);
    let personal = same_key.unwrap_or_else(|| desk.encrypt(&case.id, &after.name, &after.identity));
    let before = std::mem::replace(&mut case.personal, personal);
    case.holder = desk.index(&after.identity);
    let (number, at, by) = (act.number, act.at, act.operator.clone());
    case.amendments.push(Amendment { act: number, field, at, by, reason, before, tenure: act.tenure });
}

/// Follows the owner's word at the node that collected. Of words that come late, one that a later one has overtaken changes nothing.
pub(super) fn follow(desk: &mut dyn Desk, case: &mut Case, act: &Act, amended: &Amended) {
    let overtaken =
        |known: &Amendment| known.field == amended.field && (known.tenure, known.act) >= (act.tenure, act.number);
    if case.amendments.iter().any(overtaken) {
        return;
    }
    if case.personal.forgotten_at.is_some() {
        return case.remask(desk, amended);
    }
    let Some((name, identity)) = case.personal.open(desk, &case.id) else { return };
    if case.amendments.len() >= AMENDMENTS_MAX {
        return;
    }
    let mut after = Applicant { name, identity };
    match amended.field {
        AmendedField::ApplicantName => after.name.clone_from(&amended.value),
        AmendedField::ApplicantId => after.identity.clone_from(&amended.value),
    }
    if let Ok(after) = applicant(&after, act.at.date()) {
        rewrite(desk, case, amended.field, &after, (act, amended.reason.clone()));
    }
}
