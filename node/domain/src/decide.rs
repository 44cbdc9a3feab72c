//! The one door: who may ask for what, and which rule answers.

use std::collections::BTreeSet;

use tongban_codes::credit_code::CreditCode;
use tongban_codes::time::Timestamp;

use crate::actor::{MANDATE_ALL, Mandate, Operator, Role};
use crate::authority::{CodeAlias, DatedCode};
use crate::case;
use crate::catalogue::{Acting, ForeignItem, ItemAct, LifeReport, Selection};
use crate::change::{Change, Event, Reply};
use crate::command::Command;
use crate::facts::DueKind;
use crate::work::{self, Door, LackingRequest};
use crate::{
    Actor, Authority, Desk, Facts, Rejection, application, catalogue, codes, connector, earlier, limit, pledge,
    supervision, uniform, voice,
};

/// The most due things that one tick looks at, so that one that can't be done doesn't hide the rest.
const TICK_MAX: usize = 64;

/// Roles of which the actor must hold one, empty for what only the node itself does.
#[must_use]
fn roles(command: &Command) -> &'static [Role] {
    match command {
        Command::AddOperator { .. } | Command::GrantMandate { .. } | Command::AddAuthority { .. } => &[Role::Admin],
        Command::ImportItems(_)
        | Command::ClaimItem { .. }
        | Command::ClaimItems { .. }
        | Command::UpdateClaims { .. }
        | Command::DeclineItem { .. }
        | Command::ReplaceItem { .. }
        | Command::TakeBackItem { .. }
        | Command::Agreement(_)
        | Command::WithdrawItem(_) => &[Role::Catalogue],
        Command::PublishItems(_) | Command::SetStandards(_) | Command::WithdrawStandard { .. } => {
            &[Role::Catalogue, Role::Line]
        }
        Command::BringItems { act, .. } => act.roles(),
        Command::Reorganise { .. }
        | Command::ChangeDivision { .. }
        | Command::WithdrawDivision(_)
        | Command::AssignLine { .. }
        | Command::OrderReclaim { .. }
        | Command::DeclineReclaim { .. } => &[Role::Admin],
        Command::AskReclaim { .. } => &[Role::Window, Role::Admin],
        Command::ReportAgain(_) => &[Role::Window, Role::Decider],
        Command::Collect { .. }
        | Command::Offer(_)
        | Command::Deliver { .. }
        | Command::Close(_)
        | Command::Withdraw { .. } => &[Role::Window],
        Command::Accept(_)
        | Command::AcceptEnough { .. }
        | Command::Refuse { .. }
        | Command::Notify { .. }
        | Command::Supplement { .. }
        | Command::Return { .. }
        | Command::ReceivePaper(_)
        | Command::Correct { .. } => &[Role::Window, Role::Reviewer],
        Command::SuspendCase { .. } | Command::ResumeCase { .. } | Command::Check { .. } => {
            &[Role::Reviewer, Role::Decider]
        }
        Command::Amend { .. } => &[Role::Window, Role::Reviewer, Role::Decider],
        Command::Decide { .. }
        | Command::DenyForNumber(_)
        | Command::EnterOutcome { .. }
        | Command::WaiveFee { .. }
        | Command::ExtendCase { .. }
        | Command::Forward { .. } => &[Role::Decider],
        Command::PrintDocument { .. } => &[Role::Window, Role::Reviewer, Role::Decider, Role::Issuer],
        Command::ClaimCase(_) | Command::ReturnCase { .. } | Command::DoStep { .. } => &[Role::Reviewer, Role::Decider],
        Command::HandCaseOn { .. } => &[Role::Reviewer, Role::Decider, Role::Admin],
        Command::Recuse { .. } => &[Role::Window, Role::Reviewer, Role::Decider, Role::Issuer, Role::Admin],
        Command::AcceptLacking { .. } | Command::FollowUp { .. } | Command::Pledge { .. } => {
            &[Role::Window, Role::Reviewer]
        }
        Command::VerifyPledge { .. } => &[Role::Reviewer, Role::Decider],
        Command::Delegate { .. }
        | Command::EndDelegation { .. }
        | Command::HandOver { .. }
        | Command::DisableOperator(_)
        | Command::EnableOperator(_)
        | Command::RegisterIdentity { .. } => &[Role::Admin],
        Command::IssueLicence { .. } | Command::CancelLicence { .. } => &[Role::Issuer],
        Command::SetRule { .. } | Command::CloseCard { .. } | Command::GiveOrder { .. } => &[Role::Supervisor],
        Command::Voice(command) => command.roles(),
        Command::Application(command) => command.roles(),
        Command::Earlier(command) => command.roles(),
        Command::Order(command) => command.roles(),
        Command::AnswerSupervision { .. } => &[Role::Window, Role::Reviewer, Role::Decider, Role::Supervisor],
        Command::TakeOrder { .. }
        | Command::TakeOrderAnswer { .. }
        | Command::SettleOrder { .. }
        | Command::Tick
        | Command::KeepForeignItem(_)
        | Command::TakeCustody { .. }
        | Command::SettleOffer { .. }
        | Command::KeepReclaimRequest { .. }
        | Command::TakeReclaimOrder { .. }
        | Command::ReclaimDeclined { .. }
        | Command::KeepReclaimReturn { .. }
        | Command::TakeSupplement { .. }
        | Command::SupplementRefused { .. }
        | Command::TakeWithdrawal { .. }
        | Command::WithdrawalRefused { .. }
        | Command::Uniform(_)
        | Command::Mirror { .. } => &[],
    }
}

impl Command {
    /// Roles of which an operator must hold one to give this command; empty for what only the node itself does.
    #[must_use]
    pub fn roles(&self) -> &'static [Role] {
        roles(self)
    }

    /// The case that an act of an operator names: one that a deputy may do for whom he stands in.
    #[must_use]
    pub fn of_case(&self) -> Option<&str> {
        match self {
            Command::Offer(case)
            | Command::Accept(case)
            | Command::Close(case)
            | Command::ClaimCase(case)
            | Command::ReceivePaper(case)
            | Command::ReportAgain(case)
            | Command::DenyForNumber(case) => Some(case),
            Command::Refuse { case, .. }
            | Command::Notify { case, .. }
            | Command::Decide { case, .. }
            | Command::EnterOutcome { case, .. }
            | Command::WaiveFee { case, .. }
            | Command::SuspendCase { case, .. }
            | Command::ResumeCase { case, .. }
            | Command::ExtendCase { case, .. }
            | Command::Deliver { case, .. }
            | Command::Withdraw { case, .. }
            | Command::IssueLicence { case, .. }
            | Command::HandCaseOn { case, .. }
            | Command::ReturnCase { case, .. }
            | Command::DoStep { case, .. }
            | Command::AcceptLacking { case, .. }
            | Command::FollowUp { case, .. }
            | Command::Pledge { case, .. }
            | Command::VerifyPledge { case, .. }
            | Command::AcceptEnough { case, .. }
            | Command::Supplement { case, .. }
            | Command::Return { case, .. }
            | Command::Correct { case, .. }
            | Command::Check { case, .. }
            | Command::Amend { case, .. }
            | Command::Recuse { case, .. }
            | Command::Forward { case, .. } => Some(case),
            Command::Order(command) => command.of_case(),
            _ => None,
        }
    }
}

/// Decides a command on the facts at a time.
///
/// # Errors
///
/// A [`Rejection`] when law, state or rights forbid it; then nothing has changed.
pub fn decide(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    command: &Command,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let door = Door::open(facts, actor, command, authorise(actor, command), at)?;
    let mut change = door.sign(decided(facts, desk, &door, command, at)?);
    case::after_forwarding(facts, &mut change, at);
    application::after(facts, desk, &mut change, at);
    connector::after(facts, desk, &mut change, at);
    uniform::after(facts, desk, &mut change);
    limit::after(facts, &mut change, at);
    supervision::after(facts, &mut change, at);
    Ok(change)
}

fn decided(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    command: &Command,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let actor = &door.actor;
    // Every act on a case finds it through the door.
    let named = |facts: &dyn Facts, text: &str| door.case(facts, text);
    let acting = Acting { actor, at };
    match command {
        Command::AddOperator { name, roles, window, uid } => add_operator(facts, name, roles, window.as_ref(), *uid),
        Command::GrantMandate { operator, item, from, until } => {
            let item = match item {
                Some(code) => catalogue::named(facts, code)?.code,
                None => MANDATE_ALL.to_owned(),
            };
            let mandate =
                Mandate { item, from: from.unwrap_or_else(|| at.date()), until: *until, by: actor.operator.clone() };
            grant_mandate(facts, operator, mandate)
        }
        Command::AddAuthority { name, code, maps } => {
            add_authority(facts, desk, name, code.as_deref(), maps.as_deref(), at)
        }
        Command::ImportItems(import) => {
            let (report, mut events) = catalogue::import(facts, import, at);
            give_seal_keys(desk, &mut events);
            name_editor(actor, at, &mut events);
            Ok(Change::of(events, Reply::Imported(report)))
        }
        Command::PublishItems(code) => {
            let which = code.clone().map_or(Selection::All, Selection::One);
            let act = ItemAct::Publish { difference: None };
            let (report, events) = catalogue::bring(facts, acting, &act, &which, false)?;
            let waits = |brought: &catalogue::Brought| Some((brought.item.clone(), brought.waits_until?));
            let waiting = report.done.iter().filter_map(waits).collect();
            let published = report.done.into_iter().map(|brought| brought.item).collect();
            let report = catalogue::PublishReport { published, waiting, refused: report.refused };
            Ok(Change::of(events, Reply::Published(report)))
        }
        Command::BringItems { act, which, dry_run } => {
            let (report, events) = catalogue::bring(facts, acting, act, which, *dry_run)?;
            Ok(Change::of(events, Reply::Life(report)))
        }
        Command::TakeBackItem { item, version } => {
            let (brought, events) = catalogue::take_back(facts, item, *version, at.date())?;
            let report = LifeReport { done: vec![brought], ..LifeReport::default() };
            Ok(Change::of(events, Reply::Life(report)))
        }
        Command::ClaimItem { base_code, terms } => {
            let mut events = catalogue::claim(facts, base_code, terms, acting)?;
            give_seal_keys(desk, &mut events);
            let item = events.iter().find_map(|event| match event {
                Event::Item(item) => Some(item.code.clone()),
                _ => None,
            });
            Ok(Change::of(events, Reply::Item { item: item.unwrap_or_default() }))
        }
        Command::ClaimItems { which, terms, dry_run } => {
            let (report, mut events) = catalogue::claim_all(facts, acting, which, terms, *dry_run)?;
            give_seal_keys(desk, &mut events);
            Ok(Change::of(events, Reply::Life(report)))
        }
        Command::UpdateClaims { base_code, dry_run } => {
            let (report, events) = catalogue::update(facts, acting, base_code.as_deref(), *dry_run)?;
            Ok(Change::of(events, Reply::Life(report)))
        }
        Command::DeclineItem { base_code, reason, note } => {
            let declined = Box::new(catalogue::decline(facts, acting, base_code, *reason, note)?);
            Ok(Change::of(vec![Event::Declined(declined.clone())], Reply::Declined(declined)))
        }
        Command::ReplaceItem { old, by, from, order } => {
            let (moved, events) = catalogue::replace(facts, acting, old, by, *from, order.as_deref())?;
            Ok(Change::of(events, Reply::Moved(moved)))
        }
        Command::Reorganise { plan, dry_run } => {
            let (report, mut events) = catalogue::reorganise(facts, acting, plan, *dry_run)?;
            give_seal_keys(desk, &mut events);
            Ok(Change::of(events, Reply::Reorganised(report)))
        }
        Command::ChangeDivision { plan, dry_run } => {
            let (report, events) = catalogue::redivide(facts, acting, plan, *dry_run)?;
            Ok(Change::of(events, Reply::Redivided(report)))
        }
        Command::WithdrawDivision(old) => {
            let event = catalogue::withdraw_division(facts, *old)?;
            Ok(Change::of(vec![event], Reply::Standard { standard: old.to_string() }))
        }
        Command::AssignLine { operator, department } => assign_line(facts, operator, department.as_deref()),
        Command::WithdrawItem(code) => {
            let act = ItemAct::Withdraw { reason: None, from: None };
            let (mut report, events) = catalogue::bring(facts, acting, &act, &Selection::One(code.clone()), false)?;
            let item = report.done.pop().map(|brought| brought.item).unwrap_or_default();
            Ok(Change::of(events, Reply::Item { item }))
        }
        Command::SetStandards(drafts) => {
            let (report, events) = catalogue::establish(facts, actor, drafts, at.date())?;
            Ok(Change::of(events, Reply::Standards(report)))
        }
        Command::WithdrawStandard { kind, code, from } => {
            let event = catalogue::withdraw_standard(facts, actor, *kind, code, *from, at.date())?;
            Ok(Change::of(vec![event], Reply::Standard { standard: code.clone() }))
        }
        Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by } => {
            let request = case::CollectRequest {
                item,
                division: *division,
                mode: *mode,
                applicant,
                materials,
                hold: *hold,
                renews: renews.as_deref(),
                agent: agent.as_deref(),
                forwarded_from: None,
                part_of: None,
                stated: None,
                by: by.as_deref(),
                beside: &[],
            };
            let change = case::collect(facts, desk, actor, &request, at)?;
            // Nobody collects from himself.
            for event in &change.events {
                if let Event::Case(case, _) = event {
                    door.touches(case)?;
                }
            }
            Ok(change)
        }
        Command::Offer(text) => {
            let case = named(facts, text)?;
            let mut change = Change::of(Vec::new(), Reply::Known {});
            case::offer(facts, desk, actor, case, at, &mut change)?;
            if let Some(Event::Case(case, _)) = change.events.first() {
                change.reply = Change::case(case);
            }
            Ok(change)
        }
        Command::Accept(text) => case::accept(facts, actor, named(facts, text)?, None, at),
        Command::AcceptEnough { case, reason } => {
            case::accept(facts, actor, named(facts, case)?, Some(reason.as_str()), at)
        }
        Command::Refuse { case, kind, reason, competent } => {
            case::refuse(facts, actor, named(facts, case)?, (*kind, competent.as_ref()), reason, at)
        }
        Command::Notify { case, items, new_reasons, within } => {
            let request = case::NoticeRequest { items, new_reasons, within: *within };
            case::notify(facts, actor, named(facts, case)?, &request, at)
        }
        Command::Supplement { case, brings } => case::supplement(facts, actor, named(facts, case)?, brings, at),
        Command::Return { case, reason } => case::send_back(facts, actor, named(facts, case)?, reason, at),
        Command::Check { case, officers, finding } => {
            case::check(facts, actor, named(facts, case)?, officers, finding, at)
        }
        Command::Correct { case, what, materials } => {
            case::correct(facts, actor, named(facts, case)?, (what, materials), at)
        }
        Command::Forward { case, division, item, opinion } => {
            let request = case::ForwardRequest { division: *division, item, opinion };
            case::forward(facts, desk, door, named(facts, case)?, &request, at)
        }
        Command::Amend { case, amended } => case::amend(facts, desk, actor, named(facts, case)?, (amended, at)),
        Command::Decide { case, grant, reason } => {
            case::decide_case(facts, door, named(facts, case)?, *grant, reason.as_deref(), at)
        }
        Command::EnterOutcome { case, source } => case::outcome(facts, door, named(facts, case)?, source, at),
        Command::WaiveFee { case, fee, reason } => case::waive(facts, actor, named(facts, case)?, (fee, reason), at),
        Command::DenyForNumber(text) => case::deny_for_number(facts, door, named(facts, text)?, at),
        Command::SuspendCase { case, procedure, days } => {
            case::suspend(facts, actor, named(facts, case)?, procedure, *days, at)
        }
        Command::ResumeCase { case, note } => case::resume(facts, actor, named(facts, case)?, note.as_deref(), at),
        Command::ExtendCase { case, days, approver, reason } => {
            case::extend(facts, actor, named(facts, case)?, *days, approver, reason, at)
        }
        Command::Deliver { case, note } => case::deliver(facts, actor, named(facts, case)?, note.as_deref(), at),
        Command::Close(text) => case::close(facts, actor, named(facts, text)?, at),
        Command::Withdraw { case, reason } => case::withdraw(facts, actor, named(facts, case)?, reason.as_deref(), at),
        Command::PrintDocument { document, form, reason } => {
            named(facts, &document.case)?;
            case::print(facts, actor, document, *form, reason.as_deref(), at)
        }
        Command::IssueLicence { case, kind, until } => {
            case::issue_licence(facts, desk, actor, named(facts, case)?, kind, *until, at)
        }
        Command::SetRule { setting, effective } => supervision::set_rule(facts, setting, *effective, at.date()),
        Command::AnswerSupervision { number, text } => {
            // Who is recused doesn't speak for the case either.
            if let Some(case) = supervision::case_of(facts, number) {
                door.touches(&case)?;
            }
            supervision::answer_order(facts, actor, number, text, at)
        }
        Command::CloseCard { card, text } => supervision::close_card(facts, actor, card, text, at),
        Command::GiveOrder { about, division, text, days } => {
            let asked = supervision::Ordering { about, division: *division, text, days: *days };
            supervision::order(facts, desk, actor, &asked, at)
        }
        Command::TakeOrder { origin, order } => supervision::take_order(facts, *origin, order, at),
        Command::TakeOrderAnswer { origin, answer } => supervision::take_answer(facts, *origin, answer, at),
        Command::SettleOrder { origin, order, refusal } => {
            supervision::refused_order(facts, *origin, order, refusal, at)
        }
        Command::Voice(command) => voice::decide(facts, desk, door, command, at),
        Command::Application(command) => application::decide(facts, desk, door, command, at),
        Command::Agreement(command) => catalogue::decide_agreement(facts, command, at),
        Command::ReceivePaper(text) => case::receive_paper(facts, actor, named(facts, text)?, at),
        Command::Earlier(command) => earlier::decide(facts, desk, door, command, at),
        Command::Order(command) => connector::decide(facts, desk, door, command, at),
        Command::CancelLicence { licence, reason } => {
            door.case_of_licence(facts, licence)?;
            case::cancel_licence(facts, actor, licence, reason, at)
        }
        Command::ClaimCase(text) => work::claim(facts, door, named(facts, text)?, at),
        Command::HandCaseOn { case, to, note } => {
            work::hand_on(facts, door, named(facts, case)?, to, note.as_deref(), at)
        }
        Command::ReturnCase { case, to_step, reason } => {
            work::return_to(facts, door, named(facts, case)?, *to_step, reason, at)
        }
        Command::DoStep { case, pass, opinion } => work::step(facts, door, named(facts, case)?, *pass, opinion, at),
        Command::Recuse { case, operator, reason } => {
            work::recuse(facts, actor, named(facts, case)?, operator.as_deref(), reason, at)
        }
        Command::AcceptLacking { case, lacking, until, promise, enough } => {
            let enough = enough.as_deref();
            let request = LackingRequest { names: lacking, until: *until, promise, enough };
            case::accept_lacking(facts, actor, named(facts, case)?, &request, at)
        }
        Command::Pledge { case, materials, commitment } => {
            pledge::pledge(facts, actor, named(facts, case)?, (materials, commitment), at)
        }
        Command::VerifyPledge { case, outcome, finding } => {
            pledge::verify(facts, actor, named(facts, case)?, (*outcome, finding), at)
        }
        Command::FollowUp { case, materials } => work::follow_up(facts, actor, named(facts, case)?, materials, at),
        Command::Delegate { principal, deputy, items, from, until, approver } => {
            let (who, term) = ((principal.as_str(), deputy.as_str()), (*from, *until));
            work::delegate(facts, &actor.operator, who, items, term, approver, at)
        }
        Command::EndDelegation { principal, deputy } => work::end_delegation(facts, (principal, deputy), at),
        Command::HandOver { from, to, items } => work::hand_over(facts, desk, actor, (from, to), items, at),
        Command::DisableOperator(operator) => work::disable(facts, operator, at),
        Command::EnableOperator(operator) => work::enable(facts, operator),
        Command::RegisterIdentity { operator, identity } => {
            work::register_identity(facts, desk, operator, identity.as_ref().map(|identity| identity.0.as_str()))
        }
        Command::Tick => Ok(tick(facts, desk, at)),
        Command::KeepForeignItem(foreign) => Ok(keep_foreign(facts, foreign)),
        Command::TakeCustody { origin, offer } => case::take_custody(facts, desk, *origin, offer, at),
        Command::SettleOffer { origin, case, tenure, act, refusal: None } => {
            case::discharge(facts, *origin, case, (*tenure, *act), at)
        }
        Command::SettleOffer { origin, case, tenure, act, refusal: Some(refusal) } => {
            case::offer_refused(facts, *origin, case, (*tenure, *act), refusal, at)
        }
        Command::AskReclaim { case, reason } => case::ask_reclaim(facts, actor, named(facts, case)?, reason, at),
        Command::OrderReclaim { case, witness } => case::order_reclaim(facts, actor, case, witness, at),
        Command::DeclineReclaim { case, reason } => case::decline_reclaim(facts, case, reason),
        Command::KeepReclaimRequest { origin, request } => case::keep_request(facts, *origin, request),
        Command::TakeReclaimOrder { origin, order } => case::take_order(facts, *origin, order, at),
        Command::ReclaimDeclined { origin, case, reason } => case::declined(facts, *origin, case, reason, at),
        Command::KeepReclaimReturn { origin, case, acts } => case::keep_return(facts, *origin, case, acts),
        Command::TakeSupplement { origin, supplement } => case::take_supplement(facts, *origin, supplement, at),
        Command::SupplementRefused { case, act, refusal } => case::supplement_refused(facts, case, *act, refusal, at),
        Command::TakeWithdrawal { origin, withdrawal } => case::take_withdrawal(facts, *origin, withdrawal, at),
        Command::WithdrawalRefused { case, act, refusal } => case::withdrawal_refused(facts, case, *act, refusal, at),
        Command::Uniform(command) => uniform::decide(facts, desk, command, at),
        Command::ReportAgain(text) => uniform::report_again(facts, actor, named(facts, text)?, at),
        Command::Mirror { origin, progress } => case::mirror(facts, desk, *origin, progress, at),
    }
}

/// Keeps another node's item, unless a later statement of that node is known.
fn keep_foreign(facts: &dyn Facts, foreign: &ForeignItem) -> Change {
    let known = facts.foreign_item(foreign.item.division, &foreign.item.code);
    let events = if known.is_some_and(|known| known.as_of > foreign.as_of) {
        Vec::new()
    } else {
        vec![Event::ForeignItem(foreign.clone())]
    };
    Change::of(events, Reply::Known {})
}

fn authorise(actor: &Actor, command: &Command) -> Result<(), Rejection> {
    has_one(actor, roles(command))
}

/// Refuses an actor who has none of some roles; of none, nobody.
pub(crate) fn has_one(actor: &Actor, needed: &[Role]) -> Result<(), Rejection> {
    if needed.is_empty() || actor.has(needed) {
        return Ok(());
    }
    let (en, zh) = (
        needed.iter().map(|role| role.name()).collect::<Vec<_>>().join(" or "),
        needed.iter().map(|role| role.zh()).collect::<Vec<_>>().join("或"),
    );
    Err(Rejection::new(
        codes::ROLE_MISSING,
        format!("{} lacks the role {en}", actor.operator),
        format!("{} 没有“{zh}”角色", actor.operator),
    )
    .field("operator", &actor.operator)
    .remedy(
        format!("act --as another operator, or: tongban operator role {} --role {}", actor.operator, needed[0].name()),
        format!("换经办人（--as），或授予角色：tongban operator role {} --role {}", actor.operator, needed[0].name()),
    ))
}

/// Every authority that this node serves has a seal of its own, and a record that counts its changes.
fn give_seal_keys(desk: &mut dyn Desk, events: &mut [Event]) {
    for event in events {
        if let Event::Authority(authority) = event {
            authority.seal_key = Some(desk.authority_key(&authority.id));
            authority.version += 1;
        }
    }
}

/// Who imports is the editor of the drafts that this makes.
fn name_editor(actor: &Actor, at: Timestamp, events: &mut [Event]) {
    for event in events {
        let editing = match event {
            Event::Item(item) if item.state.is_draft() => &mut item.editing,
            Event::BaseItem(base) if base.state.is_draft() => &mut base.editing,
            _ => continue,
        };
        editing.editor = Some(actor.operator.clone());
        editing.at = Some(at);
    }
}

fn assign_line(facts: &dyn Facts, text: &str, department: Option<&str>) -> Result<Change, Rejection> {
    let mut operator = facts.operator(text).ok_or_else(|| unknown_operator(text))?;
    operator.department = department.map(|department| name("department", department)).transpose()?;
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}

/// The operator of a name, or a rejection that says so.
pub(crate) fn operator_named(facts: &dyn Facts, text: &str) -> Result<Operator, Rejection> {
    facts.operator(text).ok_or_else(|| unknown_operator(text))
}

fn unknown_operator(text: &str) -> Rejection {
    Rejection::new(codes::OPERATOR_UNKNOWN, "no such operator", "没有该经办人")
        .field("operator", text)
        .remedy("add it: tongban operator add", "添加：tongban operator add")
}

/// The longest name of an operator, a department or a window, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 100;

/// Whether a character can't be seen, or turns the writing round: two names that look alike would be two people.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

/// How much is kept of the code of a peer's refusal, in characters.
const REFUSAL_CODE_CHARS_MAX: usize = 60;
/// How much of its text.
const REFUSAL_TEXT_CHARS_MAX: usize = 500;

/// What is kept of a peer's refusal: of code and text what can be seen, to a length.
pub(crate) fn kept_refusal((code, text): &(String, String)) -> (String, String) {
    let kept = |text: &str, chars_max| text.chars().filter(|c| !is_unseen(*c)).take(chars_max).collect();
    (kept(code, REFUSAL_CODE_CHARS_MAX), kept(text, REFUSAL_TEXT_CHARS_MAX))
}

pub(crate) fn name(field: &'static str, text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count());
    if !fits || text.chars().any(is_unseen) || text == "system" {
        let (en, zh) = ("a name has 1 to 100 characters that can be seen", "名称为 1 至 100 个可见字符");
        return Err(Rejection::new(codes::INVALID_FIELD, en, zh)
            .field(field, text)
            .remedy("give a name; system is the node itself", "填写名称；system 是节点自身的保留名"));
    }
    Ok(text.to_owned())
}

fn add_operator(
    facts: &dyn Facts,
    text: &str,
    roles: &[Role],
    window: Option<&String>,
    uid: Option<u32>,
) -> Result<Change, Rejection> {
    let text = name("name", text)?;
    if roles.is_empty() {
        return Err(Rejection::new(codes::INVALID_FIELD, "an operator has at least one role", "经办人至少有一个角色")
            .field("role", "")
            .remedy("give --role", "请提供 --role"));
    }
    let mut operator = facts.operator(&text).unwrap_or(Operator {
        name: text,
        roles: Vec::new(),
        window: None,
        uid: None,
        mandates: Vec::new(),
        department: None,
        identity: None,
        deputises: Vec::new(),
        disabled: None,
    });
    for role in roles {
        if !operator.roles.contains(role) {
            operator.roles.push(*role);
        }
    }
    operator.roles.sort_unstable();
    operator.window = match window {
        Some(window) => Some(name("window", window)?),
        None => operator.window,
    };
    operator.uid = uid.or(operator.uid);
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}

fn grant_mandate(facts: &dyn Facts, text: &str, mandate: Mandate) -> Result<Change, Rejection> {
    let mut operator = facts.operator(text).ok_or_else(|| unknown_operator(text))?;
    if mandate.until.is_some_and(|until| until < mandate.from) {
        return Err(Rejection::new(codes::INVALID_FIELD, "the mandate ends before it begins", "授权止日早于起日")
            .field("until", mandate.until.map_or_else(String::new, |until| until.to_string()))
            .remedy("give a later --until", "请填写更晚的 --until"));
    }
    operator.mandates.retain(|known| known.item != mandate.item);
    operator.mandates.push(mandate);
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}

fn add_authority(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    text: &str,
    code: Option<&str>,
    maps: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let text = name("name", text)?;
    let node = facts.node();
    let id = catalogue::authority_id(&node.node, node.division, &text);
    let mut authority = facts.authority(&id).unwrap_or_else(|| Authority::new(id, text, node.division));
    if let Some(code) = code {
        let valid = code.parse::<CreditCode>().map_err(|error| {
            Rejection::new(codes::INVALID_IDENTITY, error.to_string(), error.zh())
                .field("code", code)
                .remedy("check it: tongban code check", "核对：tongban code check")
        })?;
        if let Some(text) = maps {
            authority.aliases.retain(|alias| alias.text != text);
            authority.aliases.push(CodeAlias { text: text.to_owned(), code: valid });
        }
        if !authority.codes.iter().any(|dated| dated.code == valid) {
            authority.codes.push(DatedCode { code: valid, from: at.date() });
        }
    } else if maps.is_some() {
        return Err(Rejection::new(codes::INVALID_FIELD, "a mapping needs the valid code", "映射需要正确代码")
            .field("code", "")
            .remedy("give --code", "请提供 --code"));
    }
    authority.seal_key = Some(desk.authority_key(&id));
    authority.version += 1;
    Ok(Change::of(vec![Event::Authority(authority.clone())], Reply::Authority(authority)))
}

fn tick(facts: &dyn Facts, desk: &mut dyn Desk, at: Timestamp) -> Change {
    let due = facts.due(at, TICK_MAX);
    let mut change = Change::of(Vec::new(), Reply::Known {});
    let mut done = 0;
    let mut touched = BTreeSet::new();
    for next in &due {
        let (code, events) = match &next.kind {
            DueKind::DeemedAcceptance(id) | DueKind::DeemedRenewal(id) => {
                // One case a tick: the serial that it draws is not in these facts, so a second one would draw it again.
                if touched.contains(&None) {
                    continue;
                }
                let Some(case) = facts.case(id) else { continue };
                let one = match &next.kind {
                    DueKind::DeemedRenewal(_) => case::deem_renewed(facts, desk, &Actor::system(), case, at),
                    _ => case::accept_deemed(facts, &Actor::system(), case, at),
                };
                if let Ok(one) = one {
                    touched.insert(None);
                    done += 1;
                    change.events.extend(one.events);
                    change.notices.extend(one.notices);
                    change.documents.extend(one.documents);
                }
                continue;
            }
            DueKind::ItemBegins(code, version) => (code, catalogue::begin(facts, code, *version, at)),
            DueKind::ItemEnds(code) => (code, catalogue::end(facts, code, at)),
            DueKind::BaseItemEnds(code) => (code, catalogue::end_base(facts, code, at)),
        };
        // Of one item one thing a tick: the next is judged on what came of it.
        if !events.is_empty() && touched.insert(Some(code.clone())) {
            done += 1;
            change.events.extend(events);
        }
    }
    let more = done > 0 && due.len() > done;
    let (given, more_given) = work::let_go(facts, &mut change, at);
    let more = more || (more_given && done + given > 0);
    done += given;
    let (looked, more_looks) = supervision::look(facts, &mut change, at);
    let done = done + looked;
    if done > 0 {
        change.reply = Reply::Tick { done, more: more || more_looks };
    }
    change
}
