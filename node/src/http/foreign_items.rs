//! Items of other divisions, asked for before a window collects for them, and what is kept of them meanwhile.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;
use tongban_codes::time::Timestamp;
use tongban_domain::catalogue::ForeignItem;
use tongban_domain::{Actor, Command};
use tongban_federation::wire::{Query, Target};
use tongban_storage::keyspace::item;

use super::{App, Call, Failure, problem};
use crate::engine::Request;
use crate::exchange::{Asked, ItemAnswer};

/// Fetches the item of another division that a command is about. Whoever may not give the command makes this node ask nobody, and what was
/// done under this key is not asked for again; tells whether it asked.
pub(super) async fn fetch_for(
    app: &App,
    call: &Call,
    digest: Digest,
    command: &Command,
    (division, item): (DivisionCode, &str),
) -> Result<bool, Failure> {
    let is_known =
        tongban_codes::division::table().find(division).is_some() || app.shared.places().contains_key(&division);
    let elsewhere = division != app.shared.here().division && is_known;
    let asks =
        elsewhere && call.actor(app, command)?.has(command.roles()) && call.answered(app, digest).await?.is_none();
    if asks {
        fetch_item(app, division, item).await?;
    }
    Ok(asks)
}

/// Seconds for which a division that didn't answer isn't asked again for an item that is kept: no window waits for it twice.
const SILENT_SECONDS: i64 = 20;

/// Divisions that didn't answer, and when.
#[derive(Debug, Default)]
pub(super) struct Silent(Mutex<BTreeMap<DivisionCode, Timestamp>>);

impl Silent {
    pub(super) fn is(&self, division: DivisionCode, now: Timestamp) -> bool {
        let silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(&division).is_some_and(|since| now.millis_since(*since) < SILENT_SECONDS * 1000)
    }

    pub(super) fn tell(&self, division: DivisionCode, since: Option<Timestamp>) {
        let mut silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match since {
            Some(since) => silent.insert(division, since),
            None => silent.remove(&division),
        };
    }
}

/// How old the word on a kept item grows, in milliseconds, before the same word is kept anew, so that its age says when it was last confirmed.
const CONFIRMED_MILLIS: i64 = 3_600_000;

/// Whether a word of then still says when the same word, given now, was last confirmed.
fn is_recent(then: Timestamp, now: Timestamp) -> bool {
    now.millis_since(then) < CONFIRMED_MILLIS
}

/// Fetches the item from the node that decides it, sealed, and keeps it; what was kept before serves when that node can't be reached.
async fn fetch_item(app: &App, division: DivisionCode, code: &str) -> Result<(), Failure> {
    let kept = item::foreign(app.state(), division, code)?;
    if kept.is_some() && app.silent.is(division, app.shared.now()) {
        return Ok(());
    }
    let question = Query::Item(division, code.to_owned());
    let asked: Asked<ItemAnswer> = app.shared.ask(Target::Division(division), question).await;
    app.silent.tell(division, matches!(asked, Asked::Unreached).then(|| app.shared.now()));
    match asked {
        Asked::Answer(answer, node) => {
            if answer.item.division != division
                || app.shared.place_of(&node).map(|place| place.division) != Some(division)
            {
                return Err(problem(
                    "item-foreign-seal",
                    "item",
                    code,
                    "the item is sealed by a node of another division",
                    "事项由其他区划的节点签署",
                )
                .remedy("ask the node of that division: tongban peer show", "联系该区划的节点：tongban peer show"));
            }
            let (told, at) = (&answer.item, answer.as_of);
            let is_kept = kept.is_some_and(|kept| kept.item == *told && kept.node == node && is_recent(kept.as_of, at));
            if !is_kept {
                let item = ForeignItem { item: answer.item, node, as_of: answer.as_of };
                let command = Box::new(Command::KeepForeignItem(Box::new(item)));
                let request = Request::Act { actor: Actor::system(), command, key: None };
                let _kept = app.shared.handle.submit(request).await?;
            }
            Ok(())
        }
        // The authority's own word that there is no such item stands over what was kept.
        Asked::Refused(remote, _) if remote == "unknown-here" => Err(problem(
            "outside-catalogue",
            "item",
            code,
            &format!("the catalogue of {division} has no such item in force"),
            &format!("{division} 的目录中没有该事项"),
        )
        .remedy("search for it: tongban item search", "检索：tongban item search")),
        Asked::Refused(..) | Asked::Unreached => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_an_hour_ago_is_kept_anew() {
        let at = Timestamp::from_millis;
        assert!(is_recent(at(0), at(3_599_999)));
        assert!(!is_recent(at(0), at(3_600_000)), "its age would say that nobody confirmed it since");
        assert!(is_recent(at(5), at(0)), "a clock that goes back");
    }
}
