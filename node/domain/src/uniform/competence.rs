//! By what right an authority decides in another's place: the agreement of the day, and an item of its own with the same core.

use tongban_codes::division::DivisionCode;
use tongban_codes::time::{Date, Timestamp};

use super::InsteadOf;
use crate::catalogue::{Agreement, Core, Crosswalk, ItemState, Mode, Party, ServiceItem, accord, in_force, named};
use crate::facts::Place;
use crate::{Facts, Rejection, codes};

/// The own item by which this node's authority decides a matter of another division today, and in whose place.
///
/// `theirs` is the item of the authority in charge, whose scope was judged before; `by` is the own item where the caller names it.
///
/// # Errors
///
/// `agreement-missing` and `agreement-lapsed` where no agreement of the other's item for this mode names this division, or none is in force;
/// `uniform-item-missing` where no own item has the same base code, `uniform-item-ambiguous` where several of parties have it and none was named;
/// `uniform-not-party` where the item's authority is no party; what [`in_force`] says where it isn't in force or suspended; `uniform-core-differs`
/// where name, type or legal basis aren't the same.
pub(crate) fn stand_in(
    facts: &dyn Facts,
    (place, theirs, as_of): (Place, &ServiceItem, Timestamp),
    by: Option<&str>,
    at: Timestamp,
) -> Result<(ServiceItem, InsteadOf), Rejection> {
    let (here, day) = (facts.node().division, at.date());
    // The published scope alone lets collect; only an agreement moves competence.
    accord(facts, theirs, (here, Mode::Uniform), None, day)?;
    let own = own_item(facts, theirs, by, day)?;
    let code = number_code(facts, &own).unwrap_or_default();
    let agreed = agreed(&Crosswalk::gather(facts), theirs, (here, &code), None, day);
    let agreement = agreed.ok_or_else(|| no_party(&theirs.code, &own.department, &code))?.number.clone();
    in_force(&own, day)?;
    same_core(&theirs.core, &own)?;
    let instead = InsteadOf {
        place,
        item: theirs.code.clone(),
        version: theirs.version,
        as_of,
        authority: theirs.authority,
        department: theirs.department.clone(),
        department_code: theirs.department_code.clone(),
        agreement,
        party: code,
    };
    Ok((own, instead))
}

/// The agreement by which an authority of a division decides in another's place on a day: one for this mode, in force, of which it is a party itself, by
/// its credit code and its own division. That one names a division, with those below, gives windows there something to collect, and no authority
/// there a competence that it didn't sign for. `of` is the one that is meant, where that was said.
pub(super) fn agreed<'i>(
    walk: &Crosswalk,
    theirs: &'i ServiceItem,
    (division, code): (DivisionCode, &str),
    of: Option<&str>,
    day: Date,
) -> Option<&'i Agreement> {
    let signed = |party: &Party| party.code == code && walk.same(party.division, division);
    theirs.agreements.iter().find(|known| {
        known.modes.contains(&Mode::Uniform)
            && of.is_none_or(|of| known.number == of)
            && known.holds(day)
            && known.parties.iter().any(signed)
    })
}

/// The credit code of an item's authority, mapped where the source's is none.
fn number_code(facts: &dyn Facts, item: &ServiceItem) -> Option<String> {
    let authority = facts.authority(&item.authority)?;
    item.number_code(&authority).map(|code| code.to_string())
}

/// The refusal of an authority that signed no such agreement.
pub(super) fn no_party(item: &str, department: &str, code: &str) -> Rejection {
    Rejection::new(
        codes::UNIFORM_NOT_PARTY,
        format!(
            "{department} ({code}) is no party of an agreement of {item} for this mode, by credit code and division"
        ),
        format!("{department}（{code}）不是事项 {item} 该方式协议的签约方（信用代码和区划）"),
    )
    .field("item", item)
    .remedy(
        "collect for the authority in charge: --mode collect; or the two authorities agree: tongban agreement add",
        "以代收代办方式收件：--mode collect；或由双方机关签订协议：tongban agreement add",
    )
}

/// Refuses the mode for a matter of this division itself.
pub(crate) fn elsewhere(facts: &dyn Facts, theirs: &ServiceItem) -> Result<(), Rejection> {
    let here = facts.node().division;
    if !Crosswalk::gather(facts).same(theirs.division, here) {
        return Ok(());
    }
    Err(Rejection::new(
        codes::UNIFORM_OWN,
        format!("{here} is in charge of the matter itself; nobody's place is taken"),
        format!("该事项由 {here} 主管，不存在代行"),
    )
    .field("division", theirs.division)
    .remedy("collect it without --mode uniform", "收件时不填 --mode uniform"))
}

/// This division's item of the base code of another's: the one that is named, or the only one of an authority that is a party.
fn own_item(facts: &dyn Facts, theirs: &ServiceItem, by: Option<&str>, day: Date) -> Result<ServiceItem, Rejection> {
    let here = facts.node().division;
    let base_code = theirs.core.base_code.as_deref().unwrap_or_default();
    let missing = |field: &'static str, value: &str| {
        let en = format!("{here} publishes no item of the base code {base_code}, the same as {}", theirs.code);
        let zh = format!("{here} 没有与 {} 同一基本编码（{base_code}）的已发布事项", theirs.code);
        Rejection::new(codes::UNIFORM_ITEM_MISSING, en, zh).field(field, value).remedy(
            "claim and publish the base item, or collect for the authority in charge: --mode collect",
            "先认领并发布该事项，或以代收代办方式收件：--mode collect",
        )
    };
    if base_code.is_empty() {
        return Err(missing("item", &theirs.code));
    }
    let is_same = |item: &ServiceItem| item.core.base_code.as_deref() == Some(base_code);
    if let Some(by) = by {
        let item = named(facts, by)?;
        return if is_same(&item) { Ok(item) } else { Err(missing("by", by)) };
    }
    let walk = Crosswalk::gather(facts);
    let of_here = facts.bound(base_code).into_iter().filter(|(division, ..)| walk.same(*division, here));
    let known = of_here.filter_map(|(_, code, _)| facts.item(&code));
    let mut published: Vec<ServiceItem> =
        known.filter(|item| matches!(item.state, ItemState::Published | ItemState::Suspended)).collect();
    // An authority that is no party is none to choose, nor an item that no case is taken for, unless there is no other.
    let is_party = |item: &ServiceItem| {
        number_code(facts, item).is_some_and(|code| agreed(&walk, theirs, (here, &code), None, day).is_some())
    };
    if published.iter().any(is_party) {
        published.retain(is_party);
    }
    let is_open = |item: &ServiceItem| in_force(item, day).is_ok();
    if published.iter().any(is_open) {
        published.retain(is_open);
    }
    let codes: Vec<String> = published.iter().map(|item| item.code.clone()).collect();
    match (published.pop(), codes.len()) {
        (Some(item), 1) => Ok(item),
        (Some(_), _) => {
            let en = format!("{here} publishes several items of the base code {base_code}: {}", codes.join(", "));
            let zh = format!("{here} 有多个基本编码为 {base_code} 的事项：{}", codes.join("、"));
            Err(Rejection::new(codes::UNIFORM_ITEM_AMBIGUOUS, en, zh)
                .field("by", codes.join(" "))
                .remedy("name the one by which it is decided: --by CODE", "指明依据哪一事项办理：--by 编码"))
        }
        (None, _) => Err(missing("item", &theirs.code)),
    }
}

/// Refuses unless the four fields of 四同 are the same.
fn same_core(theirs: &Core, own: &ServiceItem) -> Result<(), Rejection> {
    if theirs.digest() == own.core.digest() {
        return Ok(());
    }
    let differing = [
        ("name", "名称", theirs.name != own.core.name),
        ("base_code", "编码", theirs.base_code != own.core.base_code),
        ("item_type", "类型", theirs.item_type != own.core.item_type),
        ("legal_basis", "依据", theirs.legal_basis != own.core.legal_basis),
    ];
    let differing: Vec<_> = differing.into_iter().filter(|(.., differs)| *differs).collect();
    let list = |name: fn(&(&'static str, &'static str, bool)) -> &'static str| {
        differing.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    Err(differs(
        &own.code,
        format!("this division's item differs from that of the authority in charge in: {}", list(|field| field.0)),
        format!("本地事项与主管机关事项不一致（四同）：{}", list(|field| field.1)),
    ))
}

/// The refusal of items that aren't the same in 四同.
pub(super) fn differs(code: &str, en: String, zh: String) -> Rejection {
    Rejection::new(codes::UNIFORM_CORE_DIFFERS, en, zh).field("item", code).remedy(
        "only what is standardised alike is handled alike: compare them with tongban item show, or collect: --mode collect",
        "同一标准的事项方可无差别办理：用 tongban item show 核对，或以代收代办方式收件：--mode collect",
    )
}
