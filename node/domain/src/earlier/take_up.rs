//! Taking up (承接) what was open in the other system: a case of this node that names it.
//!
//! The law's time for the applicant has run since the other system accepted, and no change of software lengthens it. But what this node shows as its
//! own clock it has witnessed: that one begins with the acceptance here. What the file stated stands beside it, as stated: the days, the last day
//! as the other system had it, and the last day that follows from its acceptance by the item's own statutory time.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::Digest;
use tongban_codes::time::{Date, Timestamp};

use super::TakeUpRequest;
use super::batch::standing;
use super::row::{BatchStep, EarlierVersion, TakenUp, holder_text};
use crate::case::{CollectRequest, Status, collect};
use crate::change::{Change, Event, Reply};
use crate::work::Door;
use crate::{Applicant, Desk, Facts, Rejection, codes};

/// What a case that was taken up says of the earlier one: stated by an import, witnessed by nobody.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Stated {
    /// The number that the other system had drawn.
    #[n(0)]
    pub number: String,
    /// The other system.
    #[n(1)]
    pub system: String,
    /// 收件, as stated.
    #[n(2)]
    pub collected_on: Option<Date>,
    /// 受理, as stated.
    #[n(3)]
    pub accepted_on: Option<Date>,
    /// The last day of the statutory time, as stated.
    #[n(4)]
    pub statutory_due: Option<Date>,
    /// The last day that follows from the stated acceptance by the item's statutory time, without what may have stopped it there.
    #[n(5)]
    pub computed_due: Option<Date>,
    /// Whether the calendar of that year isn't published yet.
    #[n(6)]
    pub provisional: bool,
    /// The batch.
    #[n(7)]
    pub batch: String,
    /// SHA-256 of the file.
    #[n(8)]
    pub file: Option<Digest>,
    /// When it was imported.
    #[n(9)]
    pub imported_at: Timestamp,
    /// By whom.
    #[n(10)]
    pub importer: String,
}

fn refuse(code: &'static str, number: &str, en: impl Into<Box<str>>, zh: impl Into<Box<str>>) -> Rejection {
    Rejection::new(code, en, zh).field("number", number)
}

/// The applicant: as the row has him where his number holds, else as he is given now.
fn applicant(desk: &dyn Desk, version: &EarlierVersion, request: &TakeUpRequest) -> Result<Applicant, Rejection> {
    let Some((name, identity)) = desk.decrypt(&version.id, &version.personal) else {
        let (en, zh) = ("the key of the row is gone", "该行的密钥已不存在");
        return Err(refuse(codes::EARLIER_APPLICANT, &request.number, en, zh)
            .remedy("collect it anew: tongban case collect", "请重新收件：tongban case collect"));
    };
    if !version.id_checked {
        let identity = request.identity.clone().ok_or_else(|| {
            refuse(
                codes::EARLIER_APPLICANT,
                &request.number,
                "the imported number of the applicant was never checked; it is entered anew from his document",
                "导入的证件号码未经校验，须按证件重新录入",
            )
            .remedy("give --id, and --name where that is wrong", "请填写 --id，姓名有误的填写 --name")
        })?;
        return Ok(Applicant { name: request.name.clone().unwrap_or(name), identity });
    }
    let differs = request.identity.as_deref().is_some_and(|given| holder_text(given) != holder_text(&identity))
        || request.name.as_deref().is_some_and(|given| given.trim() != name);
    if differs {
        let (en, zh) = ("the imported row names another applicant", "与导入的申请人不符");
        return Err(refuse(codes::EARLIER_APPLICANT, &request.number, en, zh).remedy(
            "leave --name and --id out; a wrong row is put right by an import with --replace",
            "去掉 --name 和 --id；导入有误的用 --replace 更正后再承接",
        ));
    }
    Ok(Applicant { name, identity })
}

/// Collects a case that goes on with an earlier one.
pub(super) fn take_up(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    request: &TakeUpRequest,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let number = request.number.trim();
    let mut earlier = facts.earlier(number).ok_or_else(|| {
        refuse(codes::EARLIER_UNKNOWN, number, "no earlier case of this number was imported", "没有导入过该编号的办件")
            .remedy("look for it: tongban case list --imported", "查看：tongban case list --imported")
    })?;
    let Some(version) = standing(facts, &earlier) else {
        let (en, zh) = ("the batch that brought it in was undone", "导入该办件的批次已撤销");
        return Err(refuse(codes::EARLIER_BATCH_STATE, number, en, zh).remedy("import it again", "请重新导入"));
    };
    if !version.is_open() {
        let (en, zh) = ("the other system had decided it: nothing of it is open", "原系统已办结，不能承接");
        return Err(refuse(codes::EARLIER_DECIDED, number, en, zh)
            .remedy("see it: tongban case show", "查看：tongban case show"));
    }
    if let Some(taken) = &earlier.taken_up
        && facts.case(&taken.case).is_none_or(|case| case.status != Status::Withdrawn)
    {
        let en = format!("it was taken up at {} as {}", taken.at, taken.collection_no);
        let zh = format!("已于 {} 承接为 {}", taken.at, taken.collection_no);
        return Err(
            refuse(codes::EARLIER_TAKEN_UP, number, en, zh).remedy("go on with that case", "请在该办件中继续办理")
        );
    }
    let item = request.item.clone().or_else(|| version.item_code.clone()).ok_or_else(|| {
        let en = format!("the row names no item of this division: {}", version.item_name);
        let zh = format!("该行的事项不在本区划目录中：{}", version.item_name);
        refuse(codes::EARLIER_ITEM, number, en, zh)
            .remedy("name the item that it is today: --item CODE", "指明现行事项：--item CODE")
    })?;
    let applicant = applicant(desk, &version, request)?;
    let batch = facts.earlier_batch(&version.batch);
    let stated = Stated {
        number: earlier.number.clone(),
        system: version.system.clone(),
        collected_on: version.collected_on,
        accepted_on: version.accepted_on,
        statutory_due: version.statutory_due,
        computed_due: None,
        provisional: false,
        batch: version.batch.clone(),
        file: batch.as_ref().map(|batch| batch.file),
        imported_at: version.at,
        importer: version.by.clone(),
    };
    let request = CollectRequest {
        item: &item,
        division: facts.node().division,
        mode: None,
        applicant: &applicant,
        materials: &request.materials,
        hold: false,
        renews: None,
        agent: None,
        forwarded_from: None,
        part_of: None,
        stated: Some(stated),
        by: None,
        beside: &[],
    };
    let mut change = collect(facts, desk, &door.actor, &request, at)?;
    for event in &change.events {
        if let Event::Case(case, _) = event {
            door.touches(case)?;
        }
    }
    // A row that is taken up again, after that case was withdrawn, is one row still.
    let is_first = earlier.taken_up.as_ref().is_none_or(|taken| taken.batch != version.batch);
    if let Reply::Collected(collected) = &change.reply {
        earlier.taken_up = Some(TakenUp {
            case: collected.case,
            collection_no: collected.collection_no.clone(),
            at,
            by: door.actor.operator.clone(),
            batch: version.batch,
        });
    }
    change.events.push(Event::Earlier(Box::new(earlier)));
    if let Some(mut batch) = batch {
        batch.taken_up += u32::from(is_first);
        change.events.push(Event::EarlierBatch(Box::new(batch), BatchStep::TakenUp));
    }
    Ok(change)
}
