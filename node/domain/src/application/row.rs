//! The row of an application at the hall that collected it, and what a sub-case knows of the application that it is a part of.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};

use super::answer::{ANSWER_ACT, Answer};
use super::list::EntryKind;
use super::untold::Untold;
use super::withdraw::Dropped;
use crate::case::{Deadline, ItemPin, Material, Personal};
use crate::catalogue::{CodeList as _, Mode};
use crate::facts::Place;
use crate::naming::is_line;
use crate::{Desk, Rejection, codes};

/// Where something that an item asks for came from.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Source {
    /// The applicant gave it, once.
    #[n(0)]
    Applicant {},
    /// A licence that he holds says it: looked up, not asked for.
    #[n(1)]
    Licence {
        /// Its identifier.
        #[n(0)]
        licence: String,
    },
    /// An earlier part of the same application came to it.
    #[n(2)]
    Part {
        /// Which part.
        #[n(0)]
        part: String,
        /// Its case; none while that isn't begun.
        #[n(1)]
        case: Option<CaseId>,
        /// The licences that came of it.
        #[n(2)]
        licences: Vec<String>,
        /// The day on which its authority said that the law asks for no permit (行政许可法 32(1)): no licence comes, and none is needed.
        #[n(3)]
        #[serde(skip_serializing_if = "Option::is_none")]
        not_required_on: Option<Date>,
    },
}

/// Something that an item asks for, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Entry {
    /// Field or material.
    #[n(0)]
    pub entry: EntryKind,
    /// Its name, as the item calls it.
    #[n(1)]
    pub name: String,
    /// Where it came from.
    #[n(2)]
    pub source: Source,
}

impl Entry {
    /// Whether its licences are no more, and no longer, than a hall tells.
    pub(super) fn is_said(&self) -> Result<bool, Rejection> {
        name("entries", &self.name)?;
        let fits = |licence: &String| licence.len() <= LICENCE_BYTES_MAX;
        Ok(match &self.source {
            Source::Applicant {} => true,
            Source::Licence { licence } => fits(licence),
            Source::Part { part, licences, .. } => {
                name("part", part)?;
                licences.len() <= LICENCES_MAX && licences.iter().all(fits)
            }
        })
    }
}

/// A part: one item of one authority.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Part {
    /// What the application calls it, unique there.
    #[n(0)]
    pub part: String,
    /// The item, in the version in which the application was collected.
    #[n(1)]
    pub item: ItemPin,
    /// Who decides.
    #[n(2)]
    pub deciding: Place,
    /// The parts that must be granted before it begins.
    #[n(3)]
    pub after: Vec<String>,
    /// The fields of its form.
    #[n(4)]
    pub fields: Vec<String>,
    /// The materials that it asks for.
    #[n(5)]
    pub materials: Vec<String>,
    /// Of those the ones to which an earlier part comes: name, part.
    #[n(6)]
    pub results: Vec<(String, String)>,
    /// The on-site check or publicity that it shares with other parts that name the same.
    #[n(7)]
    pub joint: Option<String>,
    /// Its case, once it is begun.
    #[n(8)]
    pub case: Option<CaseId>,
    /// That the applicant took it out before it was begun.
    #[n(9)]
    pub dropped: Option<Dropped>,
    /// How it was tried before, in order: what failed stays visible.
    #[n(17)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub earlier: Vec<Attempt>,
    /// What the owner of its case didn't take of what this hall told it, the last twenty.
    #[n(18)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub untold: Vec<Untold>,
}

impl Part {
    /// All that it asks for, fields first.
    pub fn asks(&self) -> impl Iterator<Item = (EntryKind, &str)> {
        let fields = self.fields.iter().map(|name| (EntryKind::Field, name.as_str()));
        fields.chain(self.materials.iter().map(|name| (EntryKind::Material, name.as_str())))
    }

    /// Its cases: of the attempts before, and its own.
    pub(super) fn cases(&self) -> impl Iterator<Item = CaseId> {
        self.earlier.iter().filter_map(|attempt| attempt.case).chain(self.case)
    }

    /// The earlier part that comes to what it asks for under a name.
    #[must_use]
    pub fn result_of(&self, name: &str) -> Option<&str> {
        self.results.iter().find(|(of, _)| of == name).map(|(_, part)| part.as_str())
    }
}

/// How a part ended that was applied for anew.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Attempt {
    /// Its case; none where it was taken out before it was begun.
    #[n(0)]
    pub case: Option<CaseId>,
    /// That the applicant took it out.
    #[n(1)]
    pub dropped: Option<Dropped>,
    /// When it was applied for anew.
    #[n(2)]
    pub at: Timestamp,
    /// Who took that.
    #[n(3)]
    pub operator: String,
}

/// The standard that says which items belong together.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Bundle {
    /// Its code.
    #[n(0)]
    pub code: String,
    /// Its version.
    #[n(1)]
    pub version: u32,
    /// Who keeps it.
    #[n(2)]
    pub division: DivisionCode,
}

/// An application (一件事) as the hall keeps it that collected it. Its state, its deadline and what comes next are computed from the cases of
/// its parts, and stand nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Application {
    /// Id, drawn by the collecting node.
    #[n(0)]
    pub id: CaseId,
    /// Its number.
    #[n(1)]
    pub number: String,
    /// The one code by which the applicant asks.
    #[n(2)]
    pub query_code: QueryCode,
    /// What it is for, e.g. 开办分店.
    #[n(3)]
    pub event: String,
    /// The standard of which it is one.
    #[n(4)]
    pub bundle: Option<Bundle>,
    /// The applicant's fields.
    #[n(5)]
    pub personal: Personal,
    /// Keyed index value of his number.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub holder: [u8; 32],
    /// The values of the shared form, encrypted.
    #[n(7)]
    pub form: Personal,
    /// The parts, each after what it waits for.
    #[n(8)]
    pub parts: Vec<Part>,
    /// What was given once, and where it came from.
    #[n(9)]
    pub given: Vec<Entry>,
    /// The materials that were brought.
    #[n(10)]
    pub materials: Vec<Material>,
    /// When.
    #[n(11)]
    pub collected_at: Timestamp,
    /// Where.
    #[n(12)]
    pub collecting: Place,
    /// Who collected it.
    #[n(13)]
    pub operator: String,
    /// At which window.
    #[n(14)]
    pub window: Option<String>,
    /// 综合答复.
    #[n(15)]
    pub answer: Option<Answer>,
    /// The end of its critical path as it was told at collecting; none where an item had no time, and of applications of an earlier release.
    #[n(16)]
    pub promised: Option<Deadline>,
    /// The mode in which every part is handled (多地联办); none where each goes by what its item publishes.
    #[n(17)]
    pub mode: Option<Mode>,
    /// Answers that were given before parts were applied for anew, in order.
    #[n(18)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub former: Vec<Answer>,
}

impl Application {
    /// A part by its name.
    #[must_use]
    pub fn part(&self, part: &str) -> Option<&Part> {
        self.parts.iter().find(|known| known.part == part)
    }

    /// The answer that was given last; of an application that goes on anew, the former one.
    #[must_use]
    pub fn last_answer(&self) -> Option<&Answer> {
        self.answer.as_ref().or(self.former.last())
    }

    /// The number under which an answer is kept, by its place in the order in which they were given, from 1; none where so many weren't given.
    #[must_use]
    pub fn nth_answer_act(&self, place: u32) -> Option<u32> {
        let given = self.former.len() + usize::from(self.answer.is_some());
        let is_given = (1..=given).contains(&usize::try_from(place).unwrap_or(usize::MAX));
        is_given.then(|| ANSWER_ACT.saturating_add(place - 1))
    }

    /// The number under which the last answer is kept; the next one's where none was given.
    #[must_use]
    pub fn answer_act(&self) -> u32 {
        let former = u32::try_from(self.former.len()).unwrap_or(u32::MAX);
        let is_former = self.answer.is_none() && former > 0;
        ANSWER_ACT.saturating_add(former).saturating_sub(u32::from(is_former))
    }
}

/// What a case knows of the application that it is a part of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PartOf {
    /// The application.
    #[n(0)]
    pub application: CaseId,
    /// Its number.
    #[n(1)]
    pub number: String,
    /// What it is for.
    #[n(2)]
    pub event: String,
    /// What it calls this part.
    #[n(3)]
    pub part: String,
    /// The on-site check or publicity that it shares.
    #[n(4)]
    pub joint: Option<String>,
    /// The values of the fields of this part, encrypted; none where it asks for none.
    #[n(5)]
    pub form: Option<Personal>,
    /// What this part asks for, and where each came from.
    #[n(6)]
    pub entries: Vec<Entry>,
}

/// The same on its way to the authority, the values in the clear as the applicant's name is.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PartWord {
    /// The application.
    #[n(0)]
    pub application: CaseId,
    /// Its number.
    #[n(1)]
    pub number: String,
    /// What it is for.
    #[n(2)]
    pub event: String,
    /// What it calls this part.
    #[n(3)]
    pub part: String,
    /// The on-site check or publicity that it shares.
    #[n(4)]
    pub joint: Option<String>,
    /// Values of fields: name, value.
    #[n(5)]
    pub values: Vec<(String, String)>,
    /// What this part asks for, and where each came from.
    #[n(6)]
    pub entries: Vec<Entry>,
}

impl std::fmt::Debug for PartWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartWord").field("number", &self.number).field("part", &self.part).finish_non_exhaustive()
    }
}

/// The most parts of an application.
pub const PARTS_MAX: usize = 20;
/// How often a part is applied for within one application, the first time included.
pub(super) const ATTEMPTS_MAX: usize = 5;
/// The most fields, and the most materials, that one part asks for.
pub(super) const ASKED_MAX: usize = 200;
/// The longest name of a part, a field, a material, or of what an application is for, in characters.
pub(super) const NAME_CHARS_MAX: usize = 100;
/// The longest value of a field, in characters.
pub(super) const VALUE_CHARS_MAX: usize = 1000;
/// The longest identifier of a licence, in bytes, and the most that came of one part.
const LICENCE_BYTES_MAX: usize = 200;
const LICENCES_MAX: usize = 1_000;
/// The most that is told of a part, in bytes: an offer also has a history of up to 512 KiB and must fit into an envelope.
pub(super) const PART_BYTES_MAX: usize = 256 << 10;
/// The most licences of an earlier part that are told with one entry.
pub(super) const LICENCES_TOLD_MAX: usize = 20;
/// The most licences that all results of one part name together, where each names more than one.
pub(super) const RESULTS_LICENCES_MAX: usize = 500;
/// What numbers of applications begin with, before the division.
pub(crate) const NUMBERS: &str = "YJS";
/// The longest number of an application, in bytes.
const NUMBER_BYTES_MAX: usize = 64;

pub(super) fn invalid(field: &'static str, value: &str, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh).field(field, value)
}

/// A name of 1 to 100 characters that can be seen.
pub(super) fn name(field: &'static str, text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    if is_line(text, NAME_CHARS_MAX) {
        return Ok(text.to_owned());
    }
    Err(invalid(field, text, "a name has 1 to 100 characters that can be seen", "名称为 1 至 100 个可见字符")
        .remedy("correct the name", "请更正名称"))
}

/// A value of a form: 1 to 1,000 characters. It is personal and isn't repeated.
pub(super) fn value(name: &str, text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    if (1..=VALUE_CHARS_MAX).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(invalid("fields", name, "the value of a field has 1 to 1,000 characters", "表单项的内容为 1 至 1000 字")
        .remedy("give --field NAME=VALUE", "填写 --field 名称=内容"))
}

/// Values of a form as one text, and back.
pub(super) fn packed(values: &BTreeMap<String, String>) -> String {
    serde_json::to_string(values).unwrap_or_default()
}

/// The values of a form, by whoever may read them.
#[must_use]
pub fn form_values(text: &str) -> BTreeMap<String, String> {
    serde_json::from_str(text).unwrap_or_default()
}

impl PartWord {
    /// Refuses what no hall of this division says of a part.
    pub(crate) fn check(&self, case: &CaseId, division: DivisionCode) -> Result<(), Rejection> {
        let refuse = |field: &'static str| {
            invalid(field, "***", "what the offer says of its application is none that a hall says", "一件事信息有误")
        };
        let drawn = self.application.node_prefix() == case.node_prefix();
        let shaped = (1..=NUMBER_BYTES_MAX).contains(&self.number.len())
            && self.number.bytes().all(|byte| byte.is_ascii_graphic());
        // Another hall's number would mix its cases with that one's.
        let own = self.number.strip_prefix(&format!("{NUMBERS}{division}"));
        if !drawn || !shaped || !own.is_some_and(|rest| rest.starts_with(['-', '.'])) {
            return Err(refuse("application"));
        }
        if tongban_codes::cbor::to_vec(self).len() > PART_BYTES_MAX {
            return Err(refuse("entries"));
        }
        name("event", &self.event)?;
        name("part", &self.part)?;
        self.joint.as_deref().map(|joint| name("joint", joint)).transpose()?;
        if self.values.len() > ASKED_MAX || self.entries.len() > 2 * ASKED_MAX {
            return Err(refuse("entries"));
        }
        for (of, text) in &self.values {
            name("fields", of)?;
            value(of, text)?;
        }
        self.entries.iter().try_for_each(|entry| if entry.is_said()? { Ok(()) } else { Err(refuse("entries")) })
    }

    /// The word as the case keeps it.
    pub(crate) fn kept(&self, desk: &mut dyn Desk, case: &CaseId) -> PartOf {
        let values: BTreeMap<String, String> = self.values.iter().cloned().collect();
        PartOf {
            application: self.application,
            number: self.number.clone(),
            event: self.event.clone(),
            part: self.part.clone(),
            joint: self.joint.clone(),
            form: (!values.is_empty()).then(|| desk.encrypt(case, &packed(&values), "")),
            entries: self.entries.clone(),
        }
    }
}

impl PartOf {
    /// What is told to whom the case is offered; none of the values whose key doesn't exist any more.
    pub(crate) fn word(&self, desk: &dyn Desk, case: &CaseId) -> PartWord {
        let opened = self.form.as_ref().and_then(|form| form.open(desk, case));
        PartWord {
            application: self.application,
            number: self.number.clone(),
            event: self.event.clone(),
            part: self.part.clone(),
            joint: self.joint.clone(),
            values: opened.map(|(text, _)| form_values(&text).into_iter().collect()).unwrap_or_default(),
            entries: self.entries.clone(),
        }
    }
}

/// How an entry is called, with its kind.
pub(super) fn called((kind, name): (EntryKind, &str)) -> String {
    format!("{}“{name}”", kind.zh())
}
