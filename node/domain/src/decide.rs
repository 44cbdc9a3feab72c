//! The one door: which rule answers a command.

use tongban_codes::time::Timestamp;

use crate::actor::{MANDATE_ALL, Mandate};
use crate::case;
use crate::catalogue::{Acting, ForeignItem, ItemAct, LifeReport, Selection};
use crate::change::{Change, Event, Reply};
use crate::command::Command;
use crate::rights::has_one;
use crate::work::{self, Door, LackingRequest};
use crate::{
    Actor, Desk, Facts, Rejection, application, authority, catalogue, connector, earlier, limit, pledge, staff,
    supervision, tick, uniform, voice,
};

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
    let door = Door::open(facts, actor, command, has_one(actor, command.roles()), at)?;
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
        Command::AddOperator { name, roles, window, uid } => {
            staff::add_operator(facts, name, roles, window.as_ref(), *uid)
        }
        Command::GrantMandate { operator, item, from, until } => {
            let item = match item {
                Some(code) => catalogue::named(facts, code)?.code,
                None => MANDATE_ALL.to_owned(),
            };
            let mandate =
                Mandate { item, from: from.unwrap_or_else(|| at.date()), until: *until, by: actor.operator.clone() };
            staff::grant_mandate(facts, operator, mandate)
        }
        Command::AddAuthority { name, code, maps } => {
            authority::add(facts, desk, name, code.as_deref(), maps.as_deref(), at)
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
        Command::AssignLine { operator, department } => staff::assign_line(facts, operator, department.as_deref()),
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
        Command::Tick => Ok(tick::tick(facts, desk, at)),
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
