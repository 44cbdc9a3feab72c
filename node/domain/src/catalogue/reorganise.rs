//! Departments merge, credit codes and codes of divisions change, each as of a day and by an order.
//!
//! A case keeps the item, the department and the code with which it began; what comes after the day begins with the new ones. The old item
//! names its successor, so that either code leads to the other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::AuthorityId;
use tongban_codes::item_code::ItemCode;
use tongban_codes::time::Date;

use super::carried::carry_quotas;
use super::date::end_waiting;
use super::life::{Acting, note};
use super::publish::{Publishing, publish_base, publish_item};
use super::quality::Gate;
use super::replace::{carry_mandates, ended, no_gap, takes};
use super::{BaseItem, Codes, ItemState, Refused, ServiceItem, authority_id};
use crate::authority::{AuthoritySuccessor, DatedCode};
use crate::{Authority, Event, Facts, Rejection, codes};

/// An order that changes departments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reorganisation {
    /// Names of the authorities that end; none where only the code of [`Reorganisation::into`] changes.
    pub old: Vec<String>,
    /// Name of the authority that goes on; it is made when it is new and a code is given.
    pub into: String,
    /// Its credit code from that day, when that is new.
    pub code: Option<String>,
    /// The first day.
    pub from: Date,
    /// The order (文号).
    pub order: Option<String>,
}

/// An item that was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Its code before.
    pub item: String,
    /// Its code from the day on, where that is another.
    pub successor: Option<String>,
    /// The new version.
    pub version: u32,
}

/// What a reorganisation did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReorganisationReport {
    /// Items in force.
    pub moved: Vec<Moved>,
    /// Base items.
    pub base_items: Vec<String>,
    /// Drafts that name the new department now.
    pub drafts: Vec<String>,
    /// Operators whose mandates or line were carried over.
    pub operators: Vec<String>,
    /// Items that can't be published as they are, and whose version in force goes on: a draft with the new department waits to be mended, or
    /// what stands under the new code would leave a gap.
    pub refused: Vec<Refused>,
    /// Nothing was written.
    pub dry_run: bool,
}

/// What an order changes.
enum Onto {
    /// Items of these authorities go to one, with its credit code.
    Department { of: Vec<AuthorityId>, into: Box<Authority>, credit: CreditCode },
    /// Codes that name the division by one that it had name it by its new one.
    Division { old: Vec<DivisionCode>, new: DivisionCode },
}

/// Where everything goes.
struct Move<'a> {
    facts: &'a dyn Facts,
    acting: Acting<'a>,
    gate: Gate<'a>,
    onto: Onto,
    from: Date,
    order: Option<String>,
    report: ReorganisationReport,
    events: Vec<Event>,
    /// Codes that changed, and into what.
    crossed: BTreeMap<String, String>,
    /// The versions that were published, by code.
    published: BTreeMap<String, ServiceItem>,
    /// Codes of drafts, those that were made among them.
    taken: BTreeSet<String>,
    /// Codes of items of which something was written.
    touched: BTreeSet<String>,
    /// Codes of items that were refused and go on under a division's old code: they are mended there, and the order is repeated.
    left: BTreeSet<String>,
}

/// Merges authorities into another, or changes the credit code of one, as of a day.
pub(crate) fn reorganise(
    facts: &dyn Facts,
    acting: Acting<'_>,
    plan: &Reorganisation,
    dry_run: bool,
) -> Result<(ReorganisationReport, Vec<Event>), Rejection> {
    let node = facts.node();
    let order = plan.order.as_deref().map(|order| note("order", order)).transpose()?;
    let find = |name: &str| facts.authority(&authority_id(&node.node, node.division, name.trim()));
    let mut old = Vec::new();
    for name in &plan.old {
        let authority = find(name).ok_or_else(|| unknown_authority(name))?;
        if name.trim() == plan.into.trim() {
            return Err(Rejection::new(codes::INVALID_FIELD, "it can't be merged into itself", "不能并入自身")
                .field("old", name)
                .remedy("name another", "请另选机关"));
        }
        old.push(authority);
    }
    let code = plan.code.as_deref().map(credit).transpose()?;
    let mut into = match (find(&plan.into), code) {
        (Some(known), _) => known,
        (None, Some(_)) => {
            let name = crate::naming::name("into", &plan.into)?;
            Authority::new(authority_id(&node.node, node.division, &name), name, node.division)
        }
        (None, None) => return Err(unknown_authority(&plan.into)),
    };
    if let Some(successor) = &into.successor {
        return Err(Rejection::new(
            codes::AUTHORITY_MERGED,
            format!("{} was merged into {} itself", into.name, successor.name),
            format!("{} 自身已并入 {}", into.name, successor.name),
        )
        .field("into", &into.name)
        .remedy("merge into that one", "请并入后者"));
    }
    if let Some(code) = code
        && into.codes.last().is_none_or(|dated| dated.code != code)
    {
        into.codes.push(DatedCode { code, from: plan.from });
        into.codes.sort_by_key(|dated| dated.from);
    }
    let Some(credit) = into.code(plan.from).copied() else {
        return Err(Rejection::new(
            codes::AUTHORITY_UNMAPPED,
            "the authority has no credit code, so no number could be drawn",
            "该机关没有统一社会信用代码，无法取号",
        )
        .field("into", &into.name)
        .remedy("give --code", "请提供 --code"));
    };
    let only_code = old.is_empty();
    carry_quotas(facts, &old, &mut into);
    let of: Vec<AuthorityId> = if only_code { vec![into.id] } else { old.iter().map(|old| old.id).collect() };
    let onto = Onto::Department { of, into: Box::new(into.clone()), credit };
    let mut whole = Move::new(facts, acting, onto, plan.from, order);
    whole.events.push(Event::Authority(into.clone()));
    whole.items();
    whole.drafts();
    if !only_code {
        whole.base_items(&old, &into);
    }
    whole.operators(&old, Some(&into));
    for mut authority in old {
        authority.successor = Some(AuthoritySuccessor {
            id: into.id,
            name: into.name.clone(),
            from: whole.from,
            order: whole.order.clone(),
        });
        whole.events.push(Event::Authority(authority));
    }
    whole.report.dry_run = dry_run;
    if dry_run {
        whole.events.clear();
    }
    Ok((whole.report, whole.events))
}

/// Moves items, drafts and mandates of a hall whose division gets another code.
pub(super) fn move_division(
    facts: &dyn Facts,
    acting: Acting<'_>,
    (old, new): (Vec<DivisionCode>, DivisionCode),
    from: Date,
    order: String,
) -> (ReorganisationReport, Vec<Event>) {
    let mut whole = Move::new(facts, acting, Onto::Division { old, new }, from, Some(order));
    whole.items();
    whole.drafts();
    whole.operators(&[], None);
    (whole.report, whole.events)
}

impl<'a> Move<'a> {
    fn new(facts: &'a dyn Facts, acting: Acting<'a>, onto: Onto, from: Date, order: Option<String>) -> Self {
        Self {
            facts,
            acting,
            gate: Gate::new(facts, acting.at.date()),
            onto,
            from,
            order,
            report: ReorganisationReport::default(),
            events: Vec::new(),
            crossed: BTreeMap::new(),
            published: BTreeMap::new(),
            taken: facts.item_drafts().into_iter().collect(),
            touched: BTreeSet::new(),
            left: BTreeSet::new(),
        }
    }

    /// Tells whether the order is about an item.
    fn concerns(&self, item: &ServiceItem) -> bool {
        match &self.onto {
            Onto::Department { of, .. } => of.contains(&item.authority),
            Onto::Division { .. } => {
                self.recoded(&item.code) != item.code || self.all_recoded(&item.codes) != item.codes
            }
        }
    }

    /// An item as it goes on under the new department or division, and code where that names it.
    fn renamed(&self, item: &ServiceItem) -> ServiceItem {
        let mut next = item.clone();
        if let Onto::Department { into, credit, .. } = &self.onto {
            next.authority = into.id;
            next.department.clone_from(&into.name);
            next.department_code = credit.to_string();
        }
        next.code = self.recoded(&item.code);
        if next.code != item.code {
            next.counts_under.get_or_insert_with(|| item.code.clone());
        }
        next.codes = self.all_recoded(&item.codes);
        next.editing.note.clone_from(&self.order);
        next.editing.editor = Some(self.acting.actor.operator.clone());
        next.editing.reviewer = None;
        next
    }

    /// A national implementation code begins with the authority's, a local one is the province's to give and stays; the other way round a
    /// local code and one of the first generation name the division, a national one doesn't.
    fn recoded(&self, code: &str) -> String {
        match (&self.onto, code.parse::<ItemCode>()) {
            (Onto::Department { credit, .. }, Ok(ItemCode::Implementation(_))) => format!("{credit}{}", &code[18..]),
            (Onto::Division { old, new }, Ok(ItemCode::Local(local))) if old.contains(&local.division()) => {
                let at = local.base().len() + 1;
                format!("{}{new}{}", &code[..at], &code[at + 12..])
            }
            (Onto::Division { old, new }, Ok(ItemCode::Permit(permit)))
                if permit.division().is_some_and(|division| old.contains(&division)) =>
            {
                format!("{}{}{}", &code[..11], &new.to_string()[..6], &code[17..])
            }
            _ => code.to_owned(),
        }
    }

    fn all_recoded(&self, codes: &Codes) -> Codes {
        let mut codes = codes.clone();
        for code in [&mut codes.national, &mut codes.first_generation, &mut codes.local].into_iter().flatten() {
            *code = self.recoded(code);
        }
        codes
    }

    fn items(&mut self) {
        for code in self.facts.item_codes() {
            let Some(item) = self.facts.item(&code).filter(|item| self.concerns(item)) else { continue };
            let settled = match &self.onto {
                Onto::Department { into, credit, .. } => {
                    item.authority == into.id && item.department_code == credit.as_str()
                }
                Onto::Division { .. } => false,
            };
            if item.state == ItemState::Withdrawn || settled || item.successor.is_some() {
                continue;
            }
            self.item(item);
        }
    }

    fn item(&mut self, item: ServiceItem) {
        // What has begun by that day goes on; what waits longer goes on waiting, under the new department.
        let (begun, later): (Vec<_>, Vec<_>) =
            self.facts.items_waiting(&item.code).into_iter().partition(|waiting| waiting.effective <= Some(self.from));
        let mut next = self.renamed(begun.last().unwrap_or(&item));
        let crosses = next.code != item.code;
        next.effective = Some(next.effective.map_or(self.from, |begins| begins.max(self.from)));
        let suspended = item.state == ItemState::Suspended;
        let already = crosses.then(|| self.goes_on(&next.code, suspended)).flatten();
        // Where another goes on under that code, what waits there waits for both.
        let beside = already.is_some();
        let version = match already {
            Some(Ok(version)) => version,
            Some(Err(rejection)) => {
                self.left.insert(item.code.clone());
                self.report.refused.push(Refused { item: item.code, rejection });
                return;
            }
            None => match self.publish(&item, next.clone(), suspended) {
                Some(version) => version,
                None => return,
            },
        };
        self.touched.insert(item.code.clone());
        for (waiting, number) in later.iter().filter(|_| !beside).zip(version + 1..) {
            let renamed = ServiceItem { version: number, ..self.renamed(waiting) };
            self.events.push(Event::Waiting(renamed));
        }
        let successor = crosses.then(|| next.code.clone());
        if let Some(successor) = &successor {
            self.crossed.insert(item.code.clone(), successor.clone());
            self.events.push(Event::Item(self.ended(item.clone(), successor)));
            if self.from > self.acting.at.date() {
                let ended = |waiting| self.ended(waiting, successor);
                self.events.extend(end_waiting(self.facts, &item.code, self.from, ended));
            }
        }
        self.report.moved.push(Moved { item: item.code, successor, version });
    }

    /// Publishes an item as it goes on; its version. Where it can't be, it stays a draft to be mended, unless one stands already; under a
    /// division's new code none is made, for two would share a short code.
    fn publish(&mut self, item: &ServiceItem, mut next: ServiceItem, suspended: bool) -> Option<u32> {
        if next.code != item.code {
            next.version = 0;
        }
        let publishing = match &self.onto {
            Onto::Department { into, .. } => Publishing::of(self.acting).under(into),
            Onto::Division { .. } => Publishing::of(self.acting),
        };
        match publish_item(self.facts, next.clone(), &self.gate, publishing) {
            Ok((mut published, waits)) => {
                if suspended && !waits {
                    published.state = ItemState::Suspended;
                    published.editing.at = item.editing.at;
                }
                let version = published.version;
                self.published.insert(next.code.clone(), published.clone());
                self.touched.insert(next.code);
                self.events.push(if waits { Event::Waiting(published) } else { Event::Item(published) });
                Some(version)
            }
            Err(rejection) => {
                self.report.refused.push(Refused { item: item.code.clone(), rejection });
                self.left.insert(item.code.clone());
                let of_division = matches!(self.onto, Onto::Division { .. });
                if !of_division && !self.taken.contains(&item.code) && self.taken.insert(next.code.clone()) {
                    next.state = ItemState::Draft;
                    self.events.push(Event::Item(next));
                }
                None
            }
        }
    }

    /// The version of an item of that code, which is there already where two departments that merge offered the same: then it takes the cases
    /// of both from the day on, unless it would leave a gap. A suspended item leaves none beside one that is suspended with it.
    fn goes_on(&self, code: &str, suspended: bool) -> Option<Result<u32, Rejection>> {
        let first = self.from.max(self.acting.at.date());
        if let Some(published) = self.published.get(code) {
            let takes = (suspended || published.state == ItemState::Published)
                && published.effective.is_none_or(|begins| begins <= first)
                && published.cancel.is_none_or(|last| first <= last);
            return Some(takes.then_some(published.version).ok_or_else(|| no_gap(code, self.from)));
        }
        self.facts.item(code).filter(|known| known.state != ItemState::Withdrawn)?;
        Some(takes(self.facts, code, first).map(|taking| taking.version).ok_or_else(|| no_gap(code, self.from)))
    }

    fn ended(&self, item: ServiceItem, successor: &str) -> ServiceItem {
        ended(item, successor, self.from, self.order.clone(), self.acting)
    }

    /// Drafts follow at once: what is published from them is of the new department. None is lost, for what was published takes the draft
    /// beside it away, and under one code two could meet.
    fn drafts(&mut self) {
        for code in self.facts.item_drafts() {
            let Some(draft) = self.facts.item_draft(&code) else { continue };
            let of_division = matches!(self.onto, Onto::Division { .. });
            if of_division && self.left.contains(&code) {
                continue;
            }
            let next = if self.concerns(&draft) {
                // A code of a division holds from its day on, whenever the draft is published.
                let begins = of_division && self.from > self.acting.at.date();
                let first = begins.then(|| draft.effective.map_or(self.from, |begins| begins.max(self.from)));
                let effective = first.or(draft.effective);
                ServiceItem { editing: draft.editing.clone(), effective, ..self.renamed(&draft) }
            } else {
                draft.clone()
            };
            if next == draft {
                if self.touched.contains(&code) {
                    self.events.push(Event::Item(draft));
                }
                continue;
            }
            if next.code != code {
                if !self.taken.insert(next.code.clone()) {
                    self.report.refused.push(Refused { item: code, rejection: two_drafts(&next.code) });
                    self.events.push(Event::Item(draft));
                    continue;
                }
                self.events.push(Event::TakenBack(code, 0));
            }
            self.report.drafts.push(next.code.clone());
            self.events.push(Event::Item(next));
        }
    }

    fn base_items(&mut self, old: &[Authority], into: &Authority) {
        for code in self.facts.own_base_items() {
            let Some(row) = self.facts.base_item(&code) else { continue };
            if !old.iter().any(|old| old.name == row.department) {
                continue;
            }
            let department = into.name.clone();
            let mut above = row.clone();
            let standing = row.standing();
            if standing.is_none() && !row.state.is_draft() {
                continue;
            }
            if let Some(standing) = standing {
                let next = BaseItem {
                    department: department.clone(),
                    effective: Some(standing.effective.map_or(self.from, |begins| begins.max(self.from))),
                    in_force: Some(Box::new(standing.clone())),
                    ..standing.clone()
                };
                match publish_base(next, Publishing::of(self.acting)) {
                    // Nothing waits beyond it: it begins with the last.
                    Ok((mut next, _)) => {
                        // An order about departments resumes nothing.
                        next.state = standing.state;
                        above.in_force = Some(Box::new(next.clone()));
                        self.events.push(Event::BaseItem(next));
                    }
                    Err(rejection) => {
                        self.report.refused.push(Refused { item: code, rejection });
                        continue;
                    }
                }
            }
            if row.state.is_draft() {
                above.department = department;
                self.events.push(Event::BaseItem(above));
            }
            self.report.base_items.push(code);
        }
    }

    /// Mandates go on under the new code, beside those for cases that began under the old one.
    fn operators(&mut self, old: &[Authority], into: Option<&Authority>) {
        for mut operator in self.facts.operators() {
            let before = operator.clone();
            carry_mandates(&mut operator, self.from, |code| self.crossed.get(code).cloned());
            if let Some(into) = into
                && operator.department.as_ref().is_some_and(|line| old.iter().any(|old| old.name == *line))
            {
                operator.department = Some(into.name.clone());
            }
            if operator != before {
                self.report.operators.push(operator.name.clone());
                self.events.push(Event::Operator(operator));
            }
        }
    }
}

fn two_drafts(code: &str) -> Rejection {
    Rejection::new(codes::ITEM_STATE, "a draft of that code stands already", "该编码已有草稿")
        .field("item", code)
        .remedy("publish or take back one of the two, then repeat", "先发布或撤回其中之一，再重复")
}

pub(super) fn unknown_authority(name: &str) -> Rejection {
    Rejection::new(codes::AUTHORITY_UNKNOWN, "no such authority at this node", "本节点没有该机关")
        .field("authority", name)
        .remedy(
            "look it up: tongban authority list; a new one needs --code",
            "查询：tongban authority list；新机关请提供 --code",
        )
}

fn credit(text: &str) -> Result<CreditCode, Rejection> {
    text.parse::<CreditCode>().map_err(|error| {
        Rejection::new(codes::INVALID_IDENTITY, error.to_string(), error.zh())
            .field("code", text)
            .remedy("check it: tongban code check", "核对：tongban code check")
    })
}
