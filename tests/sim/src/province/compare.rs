//! Each superior compares itself with its subordinates, and what that costs; then stores are edited, and found.

use std::collections::BTreeSet;

use tongban::exchange::answer_here;
use tongban::exchange::drift::{Examination, ExamineStep, Examining};
use tongban_domain::Place;
use tongban_federation::limits;
use tongban_federation::wire::{Query, Request, Response, Routed, Target};
use tongban_storage::keyspace::item::ITEM;
use tongban_storage::{Backend as _, WriteBatch};

use super::World;

/// Bytes of the length before each frame.
const LENGTH_BYTES: usize = 4;
/// The most that a check may cost in which nothing has changed, both ways.
const UNCHANGED_BYTES_MAX: usize = 256;
/// Stores that are edited.
const EDITED: usize = 20;

/// What one comparison took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Questions.
    pub questions: usize,
    /// Bytes of questions and answers.
    pub bytes: usize,
    /// Of these, of the list of bucket hashes.
    pub list_bytes: usize,
}

/// What comparing came to over all links.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// The first comparison of each link.
    pub first: Vec<Compared>,
    /// The same again, unchanged.
    pub unchanged: Vec<Compared>,
    /// Edited stores, compared by the province straight.
    pub edited: Vec<Compared>,
}

impl World {
    /// All links twice, then edited stores.
    pub(super) fn compares(&mut self, costs: &mut Costs) {
        for node in 1..self.machines.len() {
            let superior = self.superiors[node];
            if let Some((compared, examination)) = self.compares_with(superior, node) {
                self.agrees(node, &examination);
                costs.first.push(compared);
            }
        }
        for node in 1..self.machines.len() {
            let superior = self.superiors[node];
            if let Some((compared, examination)) = self.compares_with(superior, node) {
                self.agrees(node, &examination);
                if compared.bytes > UNCHANGED_BYTES_MAX || !examination.unchanged {
                    let text = format!("an unchanged check of node {node} cost {} bytes", compared.bytes);
                    self.verdict.breaks(text);
                }
                costs.unchanged.push(compared);
            }
        }
        self.edits(costs);
    }

    fn agrees(&mut self, node: usize, examination: &Examination) {
        if let Some(difference) = examination.differences.first() {
            self.verdict.breaks(format!("7: node {node} is said to differ at rest: {difference:?}"));
        }
    }

    /// Edits an item of some nodes behind their backs: the province finds these and nothing else.
    fn edits(&mut self, costs: &mut Costs) {
        // What the province knows of all, before.
        for node in 1..self.machines.len() {
            self.compares_with(0, node);
        }
        let mut edited = BTreeSet::new();
        while edited.len() < EDITED.min(self.machines.len() / 2) {
            edited.insert(1 + self.chance.below(self.machines.len() - 1));
        }
        for node in &edited {
            let state = std::sync::Arc::clone(&self.machines[*node].disk.state);
            let Some((code, mut item)) = ITEM.list(&*state, &[], None, 1).unwrap_or_default().pop() else { continue };
            item.core.legal_basis.push_str("（改）");
            let mut batch = WriteBatch::new();
            ITEM.put(&mut batch, &code, &item);
            if state.write(batch).and_then(|()| state.flush()).is_err() {
                self.verdict.breaks(format!("the state of node {node} can't be written"));
            }
            self.off(*node);
            self.start(*node);
        }
        for node in 1..self.machines.len() {
            let Some((compared, examination)) = self.compares_with(0, node) else { return };
            let fields = examination.differences.iter().flat_map(|difference| &difference.fields);
            let found = fields.map(|field| field.field.as_str()).any(|field| field == "core.legal_basis");
            if found != edited.contains(&node) {
                let text = format!("edited {}, and found {:?}", edited.contains(&node), examination.differences);
                self.verdict.breaks(format!("7: the store of node {node}: {text}"));
            }
            if edited.contains(&node) {
                costs.edited.push(compared);
            }
        }
    }

    /// One comparison, answer by answer; nothing else happens meanwhile.
    pub(super) fn compares_with(&mut self, node: usize, other: usize) -> Option<(Compared, Examination)> {
        match self.examined(node, other) {
            Ok(compared) => Some(compared),
            Err(text) => {
                self.verdict.breaks(format!("node {node} can't compare with node {other}: {text}"));
                None
            }
        }
    }

    fn examined(&self, node: usize, other: usize) -> Result<(Compared, Examination), String> {
        let knowledge = |node: usize| self.machines[node].run.as_ref().map(|run| &run.knowledge).ok_or("it is off");
        let (here, there) = (knowledge(node)?, knowledge(other)?);
        let place: Place = self.machines[other].place;
        let asker = self.machines[node].place.node;
        let mut examining = Examining::new(here, place).map_err(|refused| format!("{refused:?}"))?;
        let (mut query, mut compared) = (examining.begin(), Compared::default());
        loop {
            let target = Target::Node(place.node);
            let is_list = matches!(query, Query::DriftList(_));
            let request = Request::Routed(Routed { asker, target, hops: limits::HOPS_MAX, query }).to_bytes();
            let answer = answer_here(there, &asker, &request).ok_or("it doesn't answer")?;
            compared.questions += 1;
            compared.bytes += request.len() + answer.len() + 2 * LENGTH_BYTES;
            compared.list_bytes += if is_list { answer.len() } else { 0 };
            let answer = match Response::from_bytes(&answer) {
                Ok(Response::Answer(answer)) => answer,
                other => return Err(format!("{other:?}")),
            };
            let payload = here.open_answer(&answer.signer, &answer.sealed).ok_or("its seal doesn't hold")?;
            match examining.answered(here, &payload).map_err(|refused| format!("{refused:?}"))? {
                ExamineStep::Ask(next) => query = next,
                ExamineStep::Done(examination) => return Ok((compared, examination)),
            }
        }
    }
}
