//! Topics and life events that a question names, with their items.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_domain::Facts;
use tongban_domain::catalogue::{
    CodeList as _, ItemState, LifeEvent, ServiceItem, StandardBody, StandardKind, holding, ordered,
};
use tongban_search::{Bundle, answering};
use tongban_storage::keyspace::item;
use tongban_storage::{Read, StorageError};

use super::Failure;
use crate::api::v1::SearchPackage;

/// Own items that are looked through for the topics of their guides.
const ITEMS_LOOKED_AT: usize = 10_000;

/// What may be named in a question.
struct Package {
    shown: SearchPackage,
    body: StandardBody,
    /// What people ask to find their way.
    words: Vec<String>,
}

/// The topics and life events that hold here and that a question names, the best first, each with its items.
pub(super) fn named(
    facts: &dyn Facts,
    read: &dyn Read,
    question: &str,
    here: DivisionCode,
    day: Date,
) -> Result<(Vec<SearchPackage>, Vec<Bundle>), Failure> {
    let mut packages: Vec<Package> = Vec::new();
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
    let found = answering(question, packages.iter().map(|package| (&*package.shown.name, &package.words[..])));
    let mut bundles = Vec::new();
    for (at, score) in &found {
        let items = match &packages[*at].body {
            StandardBody::LifeEvent(event) => items_of(event),
            _ => under(facts, read, &packages, &packages[*at].shown.code)?,
        };
        bundles.push(Bundle { score: *score, items });
    }
    Ok((found.into_iter().map(|(at, _)| packages[at].shown.clone()).collect(), bundles))
}

/// The items of a life event in the order in which they are done.
fn items_of(event: &LifeEvent) -> Vec<String> {
    ordered(event).map_or_else(|_| event.items.clone(), |items| items.into_iter().map(|(code, _)| code).collect())
}

/// Codes of this node's items in force whose guides name a topic, or one below it.
fn under(facts: &dyn Facts, read: &dyn Read, packages: &[Package], topic: &str) -> Result<Vec<String>, StorageError> {
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
            break;
        }
    }
    let is_under = |item: &ServiceItem| {
        let guide = item.guide.filter(|_| item.state == ItemState::Published).and_then(|digest| facts.guide(&digest));
        guide.is_some_and(|guide| {
            guide.person_topics.iter().chain(&guide.corporate_topics).any(|code| topics.contains(code))
        })
    };
    let (mut codes, mut looked_at) = (Vec::new(), 0);
    item::ITEM.visit(read, &[], None, false, |code, item| {
        looked_at += 1;
        if is_under(&item) {
            codes.push(code);
        }
        if looked_at < ITEMS_LOOKED_AT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(codes)
}
