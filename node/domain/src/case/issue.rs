//! Licences of a case: issued, renewed, cancelled.

use tongban_codes::credit_code::CreditCode;
use tongban_codes::licence_id::{LicenceId, LicenceTypeCode};
use tongban_codes::time::{Date, Timestamp};

use super::custody::here;
use super::paper::reason;
use super::progress::record;
use super::review::numbered;
use super::{ActKind, Case, fee, named, renewal};
use crate::authority::LicenceType;
use crate::change::{Change, Event, Reply};
use crate::licence::{self, Licence, Statement};
use crate::{Actor, Authority, Desk, Facts, Rejection, codes, limit};

/// What is to be issued.
pub(super) struct Issue<'a> {
    /// Its type: a code, or the name of a type of the authority's own.
    pub(super) kind: &'a str,
    /// 有效期止.
    pub(super) until: Date,
    /// 有效期起; the day of issue when absent.
    pub(super) from: Option<Date>,
    /// The licence in whose place it stands.
    pub(super) predecessor: Option<Licence>,
    /// What it rests on where nobody decided.
    pub(super) basis: Option<String>,
}

/// Issues a licence under the authority's seal, with an identifier of GB/T 36904; on a renewal, in the place of the one that is renewed.
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
    limit::may_issue(facts, &case)?;
    fee::settled(facts, &case)?;
    if until < at.date() {
        return Err(Rejection::new(codes::INVALID_FIELD, "the last day of validity has passed", "有效期止早于今日")
            .field("until", until)
            .remedy("give a later day", "填写更晚的日期"));
    }
    let predecessor = case.renewal.as_ref().and_then(|renewal| facts.licence(&renewal.licence));
    if let Some(old) = &predecessor {
        if old.status != licence::Status::Valid {
            return Err(renewal::stands_no_more(old));
        }
        if until <= old.valid_until {
            return Err(Rejection::new(
                codes::INVALID_FIELD,
                format!("what is renewed ends on {}; its successor ends later", old.valid_until),
                format!("原证照有效期至 {}，延续后的有效期止须更晚", old.valid_until),
            )
            .field("until", until)
            .remedy("give a later day", "填写更晚的日期"));
        }
    }
    let issue = Issue { kind: kind.trim(), until, from: None, predecessor, basis: None };
    let (id, events) = issued(facts, desk, &mut case, issue, at)?;
    let here = here(facts);
    let act = case.act(ActKind::IssueLicence, actor, here, at, Some(id.clone()));
    let mut change = Change::of(events, Reply::Licence { licence: id });
    record(&mut change, here, &case, act);
    Ok(change)
}

/// The rows of a licence that is issued on a case, and its identifier, which the case then names. A successor keeps the serial of its predecessor and takes
/// the next version (GB/T 36904), where the authority still has the code that it had.
pub(super) fn issued(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    case: &mut Case,
    issue: Issue<'_>,
    at: Timestamp,
) -> Result<(String, Vec<Event>), Rejection> {
    let Issue { kind, until, from, predecessor, basis } = issue;
    let day = at.date();
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
    let (type_code, type_name, changed) = licence_type(&mut authority, &credit.to_string(), kind, case)?;
    let old_id = predecessor.as_ref().and_then(|old| old.id.parse::<LicenceId>().ok());
    if let Some(old) = predecessor.as_ref()
        && old.type_name != type_name
        && old_id.as_ref().is_none_or(|old| old.licence_type() != type_code)
    {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            format!("a renewal gives the same type again: {}", old.type_name),
            format!("延续的证照类型须与原证照相同：{}", old.type_name),
        )
        .field("type", kind)
        .remedy("give that type", "填写原证照类型"));
    }
    let key = desk.authority_key(&authority.id);
    if changed || authority.seal_key.as_ref() != Some(&key) {
        authority.seal_key = Some(key);
        authority.version += 1;
        events.push(Event::Authority(authority.clone()));
    }
    let successor = old_id
        .filter(|old| old.licence_type() == type_code && old.issuer_credit_code().ok() == Some(credit))
        .and_then(|old| old.next_version())
        .filter(|next| facts.licence(next.as_str()).is_none());
    let id = match successor {
        Some(next) => next,
        None => {
            let scope = format!("licence:{credit}:{}", day.compact());
            let serial = facts.next_serial(&scope);
            events.push(Event::Serial(scope, serial));
            let number = format!("{}{}", day.compact(), numbered(facts, serial));
            LicenceId::new(type_code, credit, &number, 1).map_err(|error| {
                Rejection::new(codes::INVALID_FIELD, error.to_string(), format!("证照标识有误：{}", error.zh()))
                    .field("type", kind)
                    .remedy("compare the type code and the authority's credit code", "请核对证照类型代码和机关信用代码")
            })?
        }
    };
    let Some((holder_name, holder_identity)) = case.personal.open(desk, &case.id) else {
        return Err(Rejection::new(codes::CASE_STATE, "the applicant's fields were erased", "申请人信息已删除")
            .field("case", case.id)
            .remedy("what is left of the case: tongban case show", "查看办件现存内容：tongban case show"));
    };
    let id = id.to_string();
    let renews = predecessor.as_ref().map(|old| old.id.clone());
    let statement = Statement {
        id: id.clone(),
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
        valid_from: from,
        renews: renews.clone(),
        basis,
    };
    let sealed = desk.seal(&authority.id, licence::CONTENT_TYPE, &tongban_codes::cbor::to_vec(&statement));
    case.licences.push(id.clone());
    if let Some(old) = predecessor {
        let (status, renewed_by) = (licence::Status::Renewed, Some(id.clone()));
        events.push(Event::Licence(Licence { status, since: at, renewed_by, ..old }));
    }
    events.push(Event::Licence(Licence {
        id: id.clone(),
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
        valid_from: from,
        renews,
        renewed_by: None,
        renewal: None,
    }));
    Ok((id, events))
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
        return Err(renewal::stands_no_more(&licence));
    }
    if let Some(case) = renewal::pending(facts, &licence) {
        return Err(renewal::under_way(&licence, case));
    }
    let text = reason(text)?;
    let mut case = named(facts, &licence.case.to_string())?;
    case.may(facts, ActKind::CancelLicence)?;
    let freed = limit::freed(facts, &licence);
    licence.status = licence::Status::Cancelled;
    licence.since = at;
    licence.reason = Some(text.clone());
    // While another licence rests on the pledge, it is checked.
    if !limit::others_stand(facts, &case, id) {
        crate::pledge::cancelled(&mut case, actor, &text, at);
    }
    let note = format!("{id}: {text}");
    let reply = Reply::Licence { licence: id.to_owned() };
    let mut change = Change::of(vec![Event::Licence(licence)], reply);
    change.events.extend(freed);
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
