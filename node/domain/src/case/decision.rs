//! Decision, licence, delivery, closing, withdrawal.

use tongban_codes::credit_code::CreditCode;
use tongban_codes::licence_id::{LicenceId, LicenceTypeCode};
use tongban_codes::time::{Date, Timestamp};

use super::custody::here;
use super::paper::{paper, reason, remark};
use super::progress::{done, record};
use super::{ActKind, Case, Status, named};
use crate::authority::LicenceType;
use crate::catalogue::short_code;
use crate::change::{Change, Event, Reply};
use crate::licence::{self, Licence, Statement};
use crate::{Actor, Authority, Desk, Facts, Mandate, Rejection, codes};

/// The mandate in force under which an operator acts for the authority in charge, as its act names it: item and grantor.
pub(super) fn mandate(facts: &dyn Facts, actor: &Actor, case: &Case, at: Timestamp) -> Result<String, Rejection> {
    let code = &case.item.code;
    let covers = |mandate: &Mandate| mandate.covers(code, at.date()) || mandate.covers(short_code(code), at.date());
    let mandates = facts.operator(&actor.operator).map(|operator| operator.mandates).unwrap_or_default();
    let mandate = mandates.into_iter().find(covers).ok_or_else(|| {
        Rejection::new(
            codes::MANDATE_MISSING,
            format!("{} holds no mandate in force for this item", actor.operator),
            format!("{} 没有该事项的有效授权", actor.operator),
        )
        .field("item", code)
        .remedy(
            format!("tongban operator mandate {} --item {code}", actor.operator),
            format!("授权：tongban operator mandate {} --item {code}", actor.operator),
        )
    })?;
    Ok(format!("{} ({})", mandate.item, mandate.by))
}

/// Decides, under a mandate in force; a denial states its reason and the remedies go with the document (行政许可法 38).
pub(crate) fn decide_case(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    grant: bool,
    text: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Decide)?;
    let mandate = mandate(facts, actor, &case, at)?;
    let text = text.filter(|text| !text.trim().is_empty());
    case.reason = match text {
        Some(text) => Some(reason(text)?),
        None if grant => None,
        None => Some(reason("")?),
    };
    case.status = if grant { Status::Granted } else { Status::Denied };
    case.decided_on = Some(at.date());
    let here = here(facts);
    let mut act = case.act(ActKind::Decide, actor, here, at, case.reason.clone());
    act.mandate = Some(mandate);
    let document = paper(facts, &case, &actor.operator, at, "application/tongban-decision+cbor", &[], Some(grant));
    let mut change = Change::of(Vec::new(), Change::case(&case));
    record(&mut change, here, &case, act);
    change.documents.push(document);
    Ok(change)
}

/// Issues a licence under the authority's seal, with an identifier of GB/T 36904.
pub(crate) fn issue_licence(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    mut case: Case,
    kind: &str,
    until: Date,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::IssueLicence)?;
    let kind = kind.trim();
    let day = at.date();
    if until < day {
        return Err(Rejection::new(codes::INVALID_FIELD, "the last day of validity has passed", "有效期止早于今日")
            .field("until", until)
            .remedy("give a later day", "填写更晚的日期"));
    }
    let unmapped = || {
        Rejection::new(
            codes::AUTHORITY_UNMAPPED,
            "the authority has no valid credit code",
            "实施主体没有有效的统一社会信用代码",
        )
        .field("case", case.id)
        .remedy("tongban authority add", "tongban authority add")
    };
    let mut authority = facts.authority(&case.item.authority).ok_or_else(unmapped)?;
    let credit = case.item.number_code(&authority).ok_or_else(unmapped)?;
    let mut events = Vec::new();
    let (type_code, type_name, changed) = licence_type(&mut authority, &credit.to_string(), kind, &case)?;
    let key = desk.authority_key(&authority.id);
    if changed || authority.seal_key.as_ref() != Some(&key) {
        authority.seal_key = Some(key);
        authority.version += 1;
        events.push(Event::Authority(authority.clone()));
    }
    let scope = format!("licence:{credit}:{}", day.compact());
    let serial = facts.next_serial(&scope);
    let id = LicenceId::new(type_code, credit, &format!("{}{serial:04}", day.compact()), 1).map_err(|error| {
        Rejection::new(codes::INVALID_FIELD, error.to_string(), format!("证照标识有误：{error}")).field("type", kind)
    })?;
    let Some((holder_name, holder_identity)) = desk.decrypt(&case.id, &case.personal) else {
        return Err(Rejection::new(codes::CASE_STATE, "the applicant's fields were erased", "申请人信息已删除")
            .field("case", case.id));
    };
    let statement = Statement {
        id: id.to_string(),
        type_code: type_code.to_string(),
        type_name: type_name.clone(),
        authority: authority.id,
        authority_name: authority.name.clone(),
        division: authority.division,
        holder_name,
        holder_identity,
        issued_on: day,
        valid_until: until,
        case_no: case.case_no.clone().unwrap_or_default(),
        item: case.item.code.clone(),
        demo: facts.node().demo,
    };
    let sealed = desk.seal(&authority.id, licence::CONTENT_TYPE, &tongban_codes::cbor::to_vec(&statement));
    case.licences.push(id.to_string());
    let here = here(facts);
    let act = case.act(ActKind::IssueLicence, actor, here, at, Some(id.to_string()));
    events.push(Event::Serial(scope, serial));
    events.push(Event::Licence(Licence {
        id: id.to_string(),
        type_name,
        authority: authority.id,
        case: case.id,
        holder: case.holder,
        issued_on: day,
        valid_until: until,
        status: licence::Status::Valid,
        since: at,
        reason: None,
        sealed,
    }));
    let mut change = Change::of(events, Reply::Licence { licence: id.to_string() });
    record(&mut change, here, &case, act);
    Ok(change)
}

/// Cancels a licence (注销, 行政许可法 70); what was sealed stays, the register and the case say that it no longer holds.
pub(crate) fn cancel_licence(
    facts: &dyn Facts,
    actor: &Actor,
    id: &str,
    text: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut licence = facts.licence(id).ok_or_else(|| {
        Rejection::new(codes::LICENCE_UNKNOWN, "no licence of this identifier was issued here", "本节点没有颁发该证照")
            .field("licence", id)
            .remedy("cancel it at the issuing authority's node", "请在颁发机构的节点办理")
    })?;
    if licence.status != licence::Status::Valid {
        return Err(Rejection::new(codes::LICENCE_STATE, "the licence has been cancelled", "该证照已注销")
            .field("licence", id)
            .remedy("see when and why: tongban licence show", "查看注销时间和理由：tongban licence show"));
    }
    let text = reason(text)?;
    let mut case = named(facts, &licence.case.to_string())?;
    case.may(facts, ActKind::CancelLicence)?;
    licence.status = licence::Status::Cancelled;
    licence.since = at;
    licence.reason = Some(text.clone());
    let note = format!("{id}: {text}");
    let reply = Reply::Licence { licence: id.to_owned() };
    let mut change = Change::of(vec![Event::Licence(licence)], reply);
    let here = here(facts);
    let act = case.act(ActKind::CancelLicence, actor, here, at, Some(note));
    record(&mut change, here, &case, act);
    Ok(change)
}

/// The type by its code, or by the name of a type of the authority's own, which is made when it is new.
fn licence_type(
    authority: &mut Authority,
    credit: &str,
    kind: &str,
    case: &Case,
) -> Result<(LicenceTypeCode, String, bool), Rejection> {
    // The authority that defined the type is one that exists: its check digit holds.
    let defined = kind.get(..18).is_some_and(|code| code.parse::<CreditCode>().is_ok());
    if let Ok(code) = kind.parse::<LicenceTypeCode>()
        && defined
    {
        return Ok((code, case.item.core.name.clone(), false));
    }
    let refuse = || {
        Rejection::new(
            codes::INVALID_FIELD,
            "no type code of GB/T 36904 (credit code and three digits), and no name of a type",
            "不是 GB/T 36904 的证照类型代码（信用代码加三位数字），也不是类型名称",
        )
        .field("type", kind)
        .remedy(
            "give the 21 characters, or a name such as 公共场所卫生许可证",
            "填写 21 位代码或名称，如 公共场所卫生许可证",
        )
    };
    let chars = kind.chars().count();
    // What looks like a code but is none is a typing error, not the name of a new type.
    if chars == 0 || chars > 100 || kind.chars().any(char::is_control) || (kind.is_ascii() && kind.len() >= 18) {
        return Err(refuse());
    }
    let known = authority.licence_types.iter().find(|known| known.name == kind).map(|known| known.serial);
    let serial =
        known.unwrap_or_else(|| authority.licence_types.iter().map(|known| known.serial).max().unwrap_or(0) + 1);
    if serial > 999 {
        return Err(refuse());
    }
    if known.is_none() {
        authority.licence_types.push(LicenceType { name: kind.to_owned(), serial });
    }
    let code = format!("{credit}{serial:03}").parse::<LicenceTypeCode>().map_err(|_| refuse())?;
    Ok((code, kind.to_owned(), known.is_none()))
}

/// Delivers the decision and its result (行政许可法 44).
pub(crate) fn deliver(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    note: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Deliver)?;
    let note = remark(note)?;
    case.status = Status::Delivered;
    Ok(done(facts, actor, case, ActKind::Deliver, (at, note), None))
}

/// Closes.
pub(crate) fn close(facts: &dyn Facts, actor: &Actor, mut case: Case, at: Timestamp) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Close)?;
    case.status = Status::Closed;
    Ok(done(facts, actor, case, ActKind::Close, (at, None), None))
}

/// The applicant withdraws before the decision.
pub(crate) fn withdraw(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    text: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    #[cfg(feature = "deliberate-bugs")]
    if tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::OfferWithdrawn)
        && matches!(case.custody, super::Custody::Offered { .. })
    {
        case.custody = super::Custody::Owner;
    }
    case.may(facts, ActKind::Withdraw)?;
    case.reason = text.map(reason).transpose()?;
    case.status = Status::Withdrawn;
    case.deemed_at = None;
    case.end_stop(at.date());
    let note = case.reason.clone();
    Ok(done(facts, actor, case, ActKind::Withdraw, (at, note), None))
}
