//! Collecting an application: the shared form and materials once, and in the same change the sub-cases that wait for nothing.

use std::collections::BTreeMap;

use tongban_codes::ids::CaseId;
use tongban_codes::licence_id::LicenceId;
use tongban_codes::time::Timestamp;

use super::deadline;
use super::latest::Latest;
use super::list::EntryKind;
use super::plan::{Checked, Plan, check};
use super::row::{
    Application, Entry, LICENCES_TOLD_MAX, NUMBERS, PART_BYTES_MAX, Part, PartWord, RESULTS_LICENCES_MAX, Source,
    called, form_values, invalid, name, packed, value,
};
use crate::case::{
    Case, CollectRequest, Collected, Material, Status, collect, draw_query_code, here, materials, person,
};
use crate::catalogue::Mode;
use crate::change::{Change, Event, Reply};
use crate::supervision::Numbers;
use crate::work::Door;
use crate::{Actor, Applicant, Desk, Facts, Rejection, codes};

/// An application as a window collects it.
#[derive(Clone, PartialEq, Eq)]
pub struct CollectApplication {
    /// Its plan.
    pub plan: Plan,
    /// Who applies.
    pub applicant: Applicant,
    /// The shared form: name, value.
    pub fields: Vec<(String, String)>,
    /// What was brought.
    pub materials: Vec<Material>,
    /// Fields and materials that a licence says: name, identifier.
    pub licences: Vec<(String, String)>,
}

impl std::fmt::Debug for CollectApplication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CollectApplication").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// What was given once.
struct Given {
    values: BTreeMap<String, String>,
    entries: Vec<Entry>,
    materials: Vec<Material>,
}

/// What the parts ask for beside what earlier ones come to, each once.
fn asked(parts: &[Part]) -> Vec<(EntryKind, String)> {
    let mut asked: Vec<(EntryKind, String)> = Vec::new();
    for part in parts {
        for (kind, of) in part.asks() {
            if part.result_of(of).is_none() && !asked.iter().any(|(known, name)| *known == kind && name == of) {
                asked.push((kind, of.to_owned()));
            }
        }
    }
    asked
}

/// Holds what was given to what is asked for: all of it, once, and nothing else.
fn given(parts: &[Part], request: &CollectApplication) -> Result<Given, Rejection> {
    let asked = asked(parts);
    let mut sources: BTreeMap<(EntryKind, String), Source> = BTreeMap::new();
    let mut values = BTreeMap::new();
    let repeated = |of: &str| {
        invalid("fields", of, "each field and material is given once", "每项填报内容只提供一次")
            .remedy("give it once", "只填一次")
    };
    let unasked = |of: &str| {
        invalid("fields", of, "none of the items asks for it, and nobody takes it", "没有事项需要此项内容，不收取")
            .remedy("leave it out, or name it in the plan", "去掉此项，或在方案中列明")
    };
    for (of, text) in &request.fields {
        let of = name("fields", of)?;
        if !asked.contains(&(EntryKind::Field, of.clone())) {
            return Err(unasked(&of));
        }
        let text = value(&of, text)?;
        if sources.insert((EntryKind::Field, of.clone()), Source::Applicant {}).is_some() {
            return Err(repeated(&of));
        }
        values.insert(of, text);
    }
    let materials = materials(&request.materials)?;
    for material in &materials {
        if !asked.contains(&(EntryKind::Material, material.name.clone())) {
            return Err(unasked(&material.name));
        }
        if sources.insert((EntryKind::Material, material.name.clone()), Source::Applicant {}).is_some() {
            return Err(repeated(&material.name));
        }
    }
    for (of, licence) in &request.licences {
        let of = name("licences", of)?;
        let id = licence.trim().parse::<LicenceId>().map_err(|error| {
            invalid("licences", licence, &error.to_string(), &error.zh())
                .remedy("check it: tongban code check", "核对：tongban code check")
        })?;
        // A field and a material of one name may both stand in it.
        let said: Vec<&(EntryKind, String)> = asked.iter().filter(|(_, name)| *name == of).collect();
        if said.is_empty() {
            return Err(unasked(&of));
        }
        for said in said {
            let source = Source::Licence { licence: id.to_string() };
            if sources.insert(said.clone(), source).is_some() {
                return Err(repeated(&of));
            }
        }
    }
    let missing: Vec<&(EntryKind, String)> = asked.iter().filter(|entry| !sources.contains_key(*entry)).collect();
    if !missing.is_empty() {
        let all: Vec<String> = missing.iter().map(|(kind, of)| called((*kind, of.as_str()))).collect();
        let names: Vec<&str> = missing.iter().map(|(_, of)| of.as_str()).collect();
        return Err(Rejection::new(
            codes::FORM_INCOMPLETE,
            format!("the items ask for this, too, once for all of them: {}", names.join(", ")),
            format!("各事项共需补充（一次填齐）：{}", all.join("、")),
        )
        .field("fields", names.join("、"))
        .remedy(
            "give --field NAME=VALUE, --material NAME=FILE, or --from-licence NAME=LICENCE",
            "填写 --field 名称=内容、--material 名称=文件，或 --from-licence 名称=证照标识",
        ));
    }
    let entries = asked.into_iter().filter_map(|(entry, of)| {
        let source = sources.remove(&(entry, of.clone()))?;
        Some(Entry { entry, name: of, source })
    });
    Ok(Given { values, entries: entries.collect(), materials })
}

/// Collects an application, and the cases of the parts that wait for nothing, in one change.
pub(super) fn collect_application(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    request: &CollectApplication,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let Checked { event, bundle, parts } = check(facts, &request.plan, at)?;
    let applicant = person(&request.applicant, at.date())?;
    let Given { values, entries, materials } = given(&parts, request)?;
    let here = here(facts);
    let mut random = [0; 10];
    desk.fill(&mut random);
    let id = CaseId::draw(&here.node, random);
    let query_code = draw_query_code(facts, desk, &[])?;
    let mut numbers = Numbers::new(facts, NUMBERS, at, &[]);
    let number = numbers.draw();
    let mut application = Application {
        id,
        number,
        query_code,
        event,
        bundle,
        personal: desk.encrypt(&id, &applicant.name, &applicant.identity),
        holder: desk.index(&applicant.identity),
        form: desk.encrypt(&id, &packed(&values), ""),
        parts,
        given: entries,
        materials,
        collected_at: at,
        collecting: here,
        operator: door.actor.operator.clone(),
        window: door.actor.window.clone(),
        answer: None,
        promised: None,
        mode: request.plan.jointly.then_some(Mode::Joint),
        former: Vec::new(),
    };
    application.promised = deadline::planned(facts.calendar(), &application);
    let mut change = Change::of(numbers.drawn().into_iter().collect(), Reply::Known {});
    // Its query code is taken while the codes of its cases are drawn.
    change.events.push(Event::Application(Box::new(application.clone())));
    // What begins later must fit, too; nobody could shorten it then.
    for part in &application.parts {
        word(&Latest { facts, events: &[] }, &application, part, &values)?;
    }
    for place in 0..application.parts.len() {
        if application.parts[place].after.is_empty() {
            begin(facts, desk, &door.actor, &mut application, place, at, &mut change)?;
        }
    }
    // Nobody collects from himself.
    for event in &change.events {
        if let Event::Case(case, _) = event {
            door.touches(case)?;
        }
    }
    change.reply = super::reply(&Latest { facts, events: &change.events }, &application);
    change.events.retain(|event| !matches!(event, Event::Application(_)));
    change.events.push(Event::Application(Box::new(application)));
    Ok(change)
}

/// Begins a part: its case is collected, and offered where another decides. What the change holds already is not drawn again.
pub(super) fn begin(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    application: &mut Application,
    place: usize,
    at: Timestamp,
    change: &mut Change,
) -> Result<(), Rejection> {
    let erased = || {
        Rejection::new(codes::CASE_STATE, "the applicant's fields were erased", "申请人信息已删除")
            .field("application", &application.number)
            .remedy("what is left: tongban application show", "查看现存内容：tongban application show")
    };
    let (name, identity) = application.personal.open(desk, &application.id).ok_or_else(erased)?;
    let (form, _) = application.form.open(desk, &application.id).ok_or_else(erased)?;
    let values = form_values(&form);
    let part = &application.parts[place];
    let brought =
        |material: &&Material| part.materials.contains(&material.name) && part.result_of(&material.name).is_none();
    let materials: Vec<Material> = application.materials.iter().filter(brought).cloned().collect();
    let word = word(&Latest { facts, events: &change.events }, application, part, &values)?;
    let request = CollectRequest {
        item: &part.item.code,
        division: part.deciding.division,
        mode: application.mode,
        applicant: &Applicant { name, identity },
        materials: &materials,
        hold: false,
        renews: None,
        agent: None,
        forwarded_from: None,
        part_of: Some(&word),
        stated: None,
        by: None,
        beside: &change.events,
    };
    let begun = collect(facts, desk, actor, &request, at)?;
    let Reply::Collected(Collected { case, .. }) = begun.reply else {
        return Err(Rejection::new(codes::CASE_STATE, "nothing was collected", "没有收件")
            .field("application", &application.number));
    };
    application.parts[place].case = Some(case);
    change.events.extend(begun.events);
    change.notices.extend(begun.notices);
    change.documents.extend(begun.documents);
    Ok(())
}

/// What is told of a part: no more than an offer has room for.
fn word(
    latest: &Latest<'_>,
    application: &Application,
    part: &Part,
    values: &BTreeMap<String, String>,
) -> Result<PartWord, Rejection> {
    let of_part = |of: &String| part.fields.contains(of) && part.result_of(of).is_none();
    let word = PartWord {
        application: application.id,
        number: application.number.clone(),
        event: application.event.clone(),
        part: part.part.clone(),
        joint: part.joint.clone(),
        values: values.iter().filter(|(of, _)| of_part(of)).map(|(of, text)| (of.clone(), text.clone())).collect(),
        entries: part.asks().filter_map(|entry| source(latest, application, part, entry)).collect(),
    };
    let bytes = tongban_codes::cbor::to_vec(&word).len();
    if bytes > PART_BYTES_MAX {
        let en = format!("what is told to the authority of “{}” has {} KiB, at most 256 fit", part.part, bytes >> 10);
        let zh = format!("“{}”的填报内容共 {} KiB，至多 256 KiB", part.part, bytes >> 10);
        return Err(invalid("fields", &part.part, &en, &zh).remedy(
            "shorten the values, or bring them as a file: --material",
            "缩短填报内容，或改为材料文件：--material",
        ));
    }
    Ok(word)
}

/// What a part asks for, with where it came from.
pub(super) fn source(
    latest: &Latest<'_>,
    application: &Application,
    part: &Part,
    entry: (EntryKind, &str),
) -> Option<Entry> {
    let (kind, of) = entry;
    let source = match part.result_of(of) {
        Some(earlier) => {
            let case = application.part(earlier).and_then(|earlier| earlier.case);
            let known = case.and_then(|case| latest.case(&case));
            // Its history is read where it may say so alone.
            let may_be_needless = |case: &&Case| {
                let over = [Status::RefusedNotRequired, Status::Delivered, Status::Closed];
                over.contains(&case.status) || case.forwarded_to.is_some()
            };
            let came_to = known.as_ref().filter(may_be_needless).and_then(|case| latest.came_to(case));
            let needless = came_to.filter(|came_to| came_to.status == Status::RefusedNotRequired);
            let licences = known.map(|case| latest.licences(&case)).unwrap_or_default();
            // Of many results each names fewer, so that all of them fit into what is told.
            let most = (RESULTS_LICENCES_MAX / part.results.len().max(1)).clamp(1, LICENCES_TOLD_MAX);
            let licences = licences.into_iter().take(most).collect();
            let not_required_on = needless.and_then(|came_to| came_to.on);
            Source::Part { part: earlier.to_owned(), case, licences, not_required_on }
        }
        None => application.given.iter().find(|given| given.entry == kind && given.name == of)?.source.clone(),
    };
    Some(Entry { entry: kind, name: of.to_owned(), source })
}
