//! Topics and life events that a question names, with their items.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_domain::Facts;
use tongban_domain::catalogue::{CodeList as _, LifeEvent, StandardBody, StandardKind, holding, ordered};
use tongban_search::{Bundle, answering};

use super::standards::judged;
use super::{App, Failure};
use crate::api::v1::SearchPackage;

/// What may be named in a question.
struct Package {
    shown: SearchPackage,
    body: StandardBody,
    /// What people ask to find their way.
    words: Vec<String>,
}

/// What packages are read from: the changes of standards that were counted before, the division, the day.
type Source = (u64, DivisionCode, Date);

/// The packages as they were read last; they are read anew when standards have changed, and every day.
#[derive(Default)]
pub(super) struct Known(Mutex<Option<(Source, Arc<Vec<Package>>)>>);

impl Known {
    /// The packages from a source, read only where they are from another.
    fn of(
        &self,
        source: Source,
        read: impl FnOnce() -> Result<Vec<Package>, Failure>,
    ) -> Result<Arc<Vec<Package>>, Failure> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, packages)) = held.filter(|(of, _)| *of == source) {
            return Ok(packages);
        }
        let packages = Arc::new(read()?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((source, Arc::clone(&packages)));
        Ok(packages)
    }
}

/// The topics and life events that hold here and that a question names, the best first, each with its items.
pub(super) fn named(app: &App, question: &str) -> Result<(Vec<SearchPackage>, Vec<Bundle>), Failure> {
    let (here, day) = (app.shared.here().division, app.shared.now().date());
    // Counted before the state is looked at: what changes meanwhile is read anew by the next.
    let source = (app.search.standards(), here, day);
    let packages = app.packages.of(source, || judged(app, |facts, _| Ok(holding_here(facts, here, day))))?;
    let found = answering(question, packages.iter().map(|package| (&*package.shown.name, &package.words[..])));
    let bundles = found.iter().map(|(at, score)| {
        let (items, topics) = match &packages[*at].body {
            StandardBody::LifeEvent(event) => (items_of(event), Vec::new()),
            _ => (Vec::new(), under(&packages, &packages[*at].shown.code)),
        };
        Bundle { score: *score, items, topics }
    });
    let bundles = bundles.collect();
    Ok((found.into_iter().map(|(at, _)| packages[at].shown.clone()).collect(), bundles))
}

/// The topics and life events that hold in a division on a day.
fn holding_here(facts: &dyn Facts, here: DivisionCode, day: Date) -> Vec<Package> {
    let mut packages = Vec::new();
    for kind in [StandardKind::LifeEvent, StandardKind::Topic] {
        for code in facts.standard_codes(kind) {
            // That of the nearest division stands.
            let Some(standard) = holding(facts, kind, &code, here, day).pop() else { continue };
            let (name, words) = match &standard.body {
                StandardBody::LifeEvent(event) => (event.name.clone(), event.guidance.iter().cloned().collect()),
                StandardBody::Topic(topic) => (topic.name.clone(), Vec::new()),
                _ => continue,
            };
            let shown = SearchPackage { kind: kind.name(), code, name, division: standard.division };
            packages.push(Package { shown, body: standard.body, words });
        }
    }
    packages
}

/// The items of a life event in the order in which they are done.
fn items_of(event: &LifeEvent) -> Vec<String> {
    ordered(event).map_or_else(|_| event.items.clone(), |items| items.into_iter().map(|(code, _)| code).collect())
}

/// A topic and those below it.
fn under(packages: &[Package], topic: &str) -> Vec<String> {
    let mut topics = BTreeSet::from([topic.to_owned()]);
    loop {
        let before = topics.len();
        for package in packages {
            if let StandardBody::Topic(body) = &package.body
                && body.above.as_ref().is_some_and(|above| topics.contains(above))
            {
                topics.insert(package.shown.code.clone());
            }
        }
        if topics.len() == before {
            return topics.into_iter().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn packages_are_read_when_what_they_come_from_is_another() {
        let (known, reads) = (Known::default(), std::cell::Cell::new(0));
        let ask = |changes, day: &str| {
            let source = (changes, "511602".parse().unwrap(), day.parse().unwrap());
            let read = || {
                reads.set(reads.get() + 1);
                Ok(Vec::new())
            };
            known.of(source, read).unwrap();
            reads.get()
        };
        let asked = [(1, "2026-11-22"), (1, "2026-11-22"), (2, "2026-11-22"), (2, "2026-11-22"), (2, "2026-11-23")];
        assert_eq!(asked.map(|(changes, day)| ask(changes, day)), [1, 1, 2, 2, 3]);
        let fails = || Err(super::super::Refused::Stopped.into());
        let source = (3, "511602".parse().unwrap(), "2026-11-23".parse().unwrap());
        assert!(known.of(source, fails).is_err());
        assert_eq!(ask(3, "2026-11-23"), 4);
    }
}
