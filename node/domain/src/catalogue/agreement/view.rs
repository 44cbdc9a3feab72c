//! An agreement as it is listed: with its state on a day, and the items in which it stands.

use std::collections::BTreeMap;

use serde::Serialize;
use tongban_codes::time::{Date, Timestamp};

use super::{AgreementEnd, Party, ReceiptRule};
use crate::Facts;
use crate::catalogue::{CodeList as _, ItemState, Mode, ServiceItem};
use crate::change::{Event, Reply};

/// An agreement with the items in which it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgreementView {
    /// Its number.
    pub agreement: String,
    /// `in-force`, `coming`, `ended` or `withdrawn`, as of a day.
    pub agreement_state: &'static str,
    /// In Chinese.
    pub agreement_state_zh: &'static str,
    /// Who agreed.
    pub parties: Vec<Party>,
    /// For which modes.
    pub modes: Vec<Mode>,
    /// What counts as receipt.
    pub receipt: ReceiptRule,
    /// In Chinese.
    pub receipt_zh: &'static str,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Option<Date>,
    /// Made public on.
    pub published_on: Date,
    /// SHA-256 of its text.
    pub text: String,
    /// Where its text is found.
    pub reference: Option<String>,
    /// As of when it is withdrawn.
    pub withdrawn: Option<AgreementEnd>,
    /// Codes of the items in which it stands.
    pub items: Vec<String>,
}

/// The agreements of items, by number; an item in force speaks for its number.
#[must_use]
pub fn agreements(items: impl Iterator<Item = ServiceItem>, day: Date) -> Vec<AgreementView> {
    let mut found: BTreeMap<String, AgreementView> = BTreeMap::new();
    for item in items.filter(|item| item.state != ItemState::Withdrawn) {
        for known in item.agreements {
            let (agreement_state, agreement_state_zh) = match &known.withdrawn {
                _ if known.holds(day) => ("in-force", "有效"),
                _ if day < known.from => ("coming", "未生效"),
                Some(_) => ("withdrawn", "已终止"),
                None => ("ended", "已届满"),
            };
            let view = found.entry(known.number.clone()).or_insert_with(|| AgreementView {
                agreement: known.number,
                agreement_state,
                agreement_state_zh,
                parties: known.parties,
                modes: known.modes,
                receipt: known.receipt,
                receipt_zh: known.receipt.zh(),
                from: known.from,
                until: known.until,
                published_on: known.published_on,
                text: known.text,
                reference: known.reference,
                withdrawn: known.withdrawn,
                items: Vec::new(),
            });
            view.items.push(item.code.clone());
        }
    }
    found.into_values().collect()
}

/// The answer to a command: the agreement of a number as the items have it once its events are stored.
pub(super) fn reply(facts: &dyn Facts, events: &[Event], number: &str, at: Timestamp) -> Reply {
    let changed: Vec<ServiceItem> = events
        .iter()
        .filter_map(|event| match event {
            Event::Item(item) if !item.state.is_draft() => Some(item.clone()),
            _ => None,
        })
        .collect();
    let is_changed = |code: &String| changed.iter().any(|item| item.code == *code);
    let kept = facts.item_codes().into_iter().filter(|code| !is_changed(code)).filter_map(|code| facts.item(&code));
    let kept: Vec<ServiceItem> = kept.collect();
    let all = agreements(changed.iter().cloned().chain(kept), at.date());
    let found = all.into_iter().find(|known| known.agreement == number);
    found.map_or(Reply::Known {}, |view| Reply::Agreement(Box::new(view)))
}
