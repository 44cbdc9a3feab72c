//! How much an applicant is spared: what each item asks for, what of it he gave, and what he was asked for again.

use std::collections::BTreeSet;

use serde::Serialize;

use super::latest::Latest;
use super::list::EntryKind;
use super::row::{Application, Source};
use super::standing::Known;
use crate::case::Case;

/// What one part asks for, and how it came to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartFigure {
    /// Fields that it asks for.
    pub fields: u32,
    /// Materials that it asks for.
    pub materials: u32,
    /// Of both, what the applicant gave for the first time.
    pub first: u32,
    /// What he had given for an earlier part.
    pub reused: u32,
    /// What an earlier part came to.
    pub from_parts: u32,
    /// What a licence says.
    pub from_licences: u32,
    /// What a notice asked him for although it had been given: typed again.
    pub asked_again: u32,
}

/// The parts in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// What he would have given item by item.
    pub required: u32,
    /// What he gave.
    pub given: u32,
    /// Of that, what he was asked for again.
    pub asked_again: u32,
}

/// The figures of the parts in their order, and their sum.
pub(super) fn figures(latest: &Latest<'_>, application: &Application, known: &[Known]) -> (Vec<PartFigure>, Total) {
    let mut seen: BTreeSet<(EntryKind, &str)> = BTreeSet::new();
    let mut total = Total::default();
    let mut figures = Vec::new();
    for (part, known) in application.parts.iter().zip(known) {
        let mut figure = PartFigure::default();
        for (kind, name) in part.asks() {
            match kind {
                EntryKind::Field => figure.fields += 1,
                EntryKind::Material => figure.materials += 1,
            }
            let given = || application.given.iter().find(|given| given.entry == kind && given.name == name);
            if part.result_of(name).is_some() {
                figure.from_parts += 1;
            } else if given().is_some_and(|given| matches!(given.source, Source::Licence { .. })) {
                figure.from_licences += 1;
            } else if seen.insert((kind, name)) {
                figure.first += 1;
            } else {
                figure.reused += 1;
            }
        }
        // What he was asked for again when it was tried before counts as well.
        let before = part.earlier.iter().filter_map(|attempt| latest.case(&attempt.case?));
        let cases: Vec<Case> = before.chain(known.case.clone()).collect();
        let corrections = cases.iter().filter_map(|case| case.correction.as_ref());
        for line in corrections.flat_map(|correction| &correction.asked) {
            let names_it = part.asks().any(|(_, name)| line.text.contains(name));
            figure.asked_again += u32::from(names_it);
        }
        total.required += figure.fields + figure.materials;
        total.given += figure.first + figure.asked_again;
        total.asked_again += figure.asked_again;
        figures.push(figure);
    }
    (figures, total)
}
