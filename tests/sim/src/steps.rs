//! The steps of a node: its writer forms, its log syncs, its state is written, and whoever waited hears of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tongban::engine::{Answer, Committed, Outcome, Refused, Request};
use tongban::exchange::{Changed, Changing, Happened, Kept, PullStep};
use tongban_codes::ids::{CaseId, NodeId};
use tongban_storage::keyspace::delivery::QUARANTINE;

use crate::machine::Whom;
use crate::queue::Event;
use crate::world::World;

impl World {
    /// Has the writer decide something.
    pub(crate) fn ask(&mut self, node: usize, request: Request, whom: Whom) {
        let delay = if self.chance.one_in(3) { self.chance.millis(0, 60) } else { 0 };
        let Some(run) = self.machines[node].run.as_mut() else { return };
        let outcome = run.writer.push(request);
        run.waiting.push((whom, outcome));
        if !run.forming {
            run.forming = true;
            self.queue.put(delay, Event::Form(node, run.number));
        }
    }

    pub(crate) fn form(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return };
        run.forming = false;
        #[cfg(feature = "deliberate-bugs")]
        tongban_codes::deliberate::be_of_old(machine.old);
        if let Some(proposal) = run.writer.form() {
            let index = machine.disk.log.append(proposal.bytes());
            run.proposed.push_back((index, proposal));
            if !run.syncing {
                run.syncing = true;
                let delay = self.chance.millis(0, 12);
                self.queue.put(delay, Event::Sync(node, run.number));
            }
        }
        self.form_later(node);
        self.outcomes(node);
    }

    fn form_later(&mut self, node: usize) {
        let delay = self.chance.millis(0, 4);
        let Some(run) = self.machines[node].run.as_mut() else { return };
        if run.writer.may_form() && !run.forming {
            run.forming = true;
            self.queue.put(delay, Event::Form(node, run.number));
        }
    }

    /// The sync of the log has ended: what was appended before it began is durable.
    pub(crate) fn sync(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return };
        run.syncing = false;
        // A sync covers what was written when it began: at least one entry.
        let covered = 1 + self.chance.below(2) as u64;
        let log = &mut machine.disk.log;
        log.synced = (log.synced + covered).min(log.last());
        let synced = log.synced;
        self.note(format_args!("{node} syncs {synced}"));
        self.oracle_reads(node, synced);
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return };
        while run.proposed.front().is_some_and(|(index, _)| *index <= synced) {
            let Some((index, proposal)) = run.proposed.pop_front() else { break };
            let (number, sends) = (proposal.number(), proposal.sends());
            proposal.committed(index);
            run.writer.settled(number, Some(index));
            run.committed.push_back((index, sends));
        }
        if !run.proposed.is_empty() {
            run.syncing = true;
            let delay = self.chance.millis(0, 12);
            self.queue.put(delay, Event::Sync(node, run.number));
        }
        if !run.applying && !run.committed.is_empty() {
            run.applying = true;
            let delay = self.chance.millis(0, 6);
            self.queue.put(delay, Event::Apply(node, run.number));
        }
        self.outcomes(node);
        self.form_later(node);
    }

    pub(crate) fn apply(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return };
        run.applying = false;
        let Some((index, sends)) = run.committed.pop_front() else { return };
        let Some(entry) = machine.disk.log.entry(index) else { return };
        if let Err(error) = run.applied.apply(index, &entry) {
            self.oracle.breach("2", format!("node {node} can't apply entry {index}: {error}"));
            return;
        }
        let number = run.number;
        if !run.committed.is_empty() {
            run.applying = true;
            let delay = self.chance.millis(0, 6);
            self.queue.put(delay, Event::Apply(node, number));
        }
        // The word that there is something to send may be lost: looking finds it too.
        if sends && !self.chance.one_in(8) {
            self.queue.put(0, Event::Tell(node, number, Box::new(Happened::OutboxGrew)));
        }
        match self.pace.close_look_one_in {
            Some(n) => {
                let chosen = self.chance.one_in(n);
                if chosen && self.machines[node].run.as_ref().is_some_and(|run| run.committed.is_empty()) {
                    self.oracle.looks_closely(node, &self.machines);
                }
            }
            None => self.oracle.looks_at_touched(node, &self.machines),
        }
        let Some(run) = self.machines[node].run.as_mut() else { return };
        let mut seen = Vec::new();
        let unseen = std::mem::take(&mut run.unseen);
        for (awaited, whom, outcome) in unseen {
            if awaited <= index {
                seen.push((whom, outcome));
            } else {
                run.unseen.push((awaited, whom, outcome));
            }
        }
        for (whom, outcome) in seen {
            self.hear(node, whom, outcome);
        }
    }

    pub(crate) fn flush(&mut self, node: usize) {
        let again = self.pace.flush(&mut self.chance);
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_ref() else { return };
        self.queue.put(again, Event::Flush(node, run.number));
        match run.applied.flush() {
            Ok(flushed) => machine.disk.log.purge(flushed),
            Err(error) => self.oracle.breach("2", format!("node {node} can't be flushed: {error}")),
        }
    }

    /// Passes on what the writer has answered.
    fn outcomes(&mut self, node: usize) {
        let Some(run) = self.run(node) else { return };
        let (committed, applied) = (run.writer.committed(), run.applied.applied().index());
        for (whom, outcome) in run.outcomes() {
            let awaits = match whom {
                Whom::Exchange { applied, .. } => applied,
                Whom::Pull(_) => true,
                _ => false,
            };
            if awaits && committed > applied {
                if let Some(run) = self.run(node) {
                    run.unseen.push((committed, whom, outcome));
                }
            } else {
                self.hear(node, whom, outcome);
            }
        }
    }

    fn hear(&mut self, node: usize, whom: Whom, outcome: Outcome) {
        match whom {
            Whom::Exchange { ticket, .. } => {
                let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
                self.queue.put(0, Event::Tell(node, run, Box::new(Happened::Decided { ticket, outcome })));
            }
            Whom::Change => self.changed(node, outcome),
            Whom::Pull(pull) => self.pull_decided(node, pull, outcome),
            Whom::Client(act) => self.served(act, outcome),
            Whom::Replay(origin, subject) => self.replayed(node, origin, subject, outcome),
            Whom::Nobody => {}
        }
    }

    /// Begins the next change of a node, one at a time.
    pub(crate) fn change(&mut self, node: usize) {
        let Some(run) = self.run(node) else { return };
        if run.changing.is_none() {
            let Some((ticket, change)) = run.changes.pop_front() else { return };
            run.changing = Some((ticket, Changing::new(change)));
            self.go_on_changing(node);
        }
    }

    fn go_on_changing(&mut self, node: usize) {
        let Some(run) = self.run(node) else { return };
        let knowledge = Arc::clone(&run.knowledge);
        let Some((ticket, mut changing)) = run.changing.take() else { return };
        match changing.next(&knowledge) {
            Ok(Some(request)) => {
                run.changing = Some((ticket, changing));
                self.ask(node, request, Whom::Change);
            }
            Ok(None) => self.change_ends(node, ticket, Ok(changing.finish())),
            Err(refused) => self.change_ends(node, ticket, Err(refused)),
        }
    }

    fn change_ends(&mut self, node: usize, ticket: u64, outcome: Result<Changed, Refused>) {
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        self.queue.put(0, Event::Tell(node, run, Box::new(Happened::Changed { ticket, outcome })));
        self.change(node);
    }

    fn changed(&mut self, node: usize, outcome: Outcome) {
        let Some(run) = self.run(node) else { return };
        let Some((ticket, mut changing)) = run.changing.take() else { return };
        match outcome {
            Ok(committed) => {
                let kept = changing.committed(&run.knowledge, committed);
                if kept == Kept::Records {
                    let places = run.knowledge.places();
                    run.writer.set_places(places);
                }
                run.changing = Some((ticket, changing));
                self.go_on_changing(node);
            }
            Err(refused) => self.change_ends(node, ticket, Err(refused)),
        }
    }

    /// Decides anew what was put aside, the first of each line.
    pub(crate) fn replay(&mut self, node: usize) {
        if self.machines[node].old {
            return;
        }
        let rows = QUARANTINE.list(&*self.machines[node].disk.state, &[], None, usize::MAX).unwrap_or_default();
        let lines: BTreeSet<(NodeId, CaseId)> =
            rows.into_iter().map(|((origin, subject, _), _)| (origin, subject)).collect();
        for (origin, subject) in lines {
            self.replay_line(node, origin, subject);
        }
    }

    fn replay_line(&mut self, node: usize, origin: NodeId, subject: CaseId) {
        let Some(run) = self.machines[node].run.as_ref() else { return };
        if let Some(place) = run.knowledge.place_of(&origin) {
            self.ask(node, Request::Replay { origin: place, subject }, Whom::Replay(origin, subject));
        }
    }

    fn replayed(&mut self, node: usize, origin: NodeId, subject: CaseId, outcome: Outcome) {
        let Ok(Answer::Json(reply)) = outcome.map(Committed::into_inner) else { return };
        let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap_or_default();
        self.note(format_args!("{node} replays {reply}"));
        if matches!(reply["outcome"].as_str(), Some("applied" | "refused")) {
            self.replay_line(node, origin, subject);
        }
    }

    fn pull_decided(&mut self, node: usize, pull: u64, outcome: Outcome) {
        let Some(run) = self.run(node) else { return };
        let knowledge = Arc::clone(&run.knowledge);
        let Some((_, known)) = run.pulls.iter_mut().find(|(number, _)| *number == pull) else { return };
        let step = outcome.and_then(|committed: Committed<Answer>| known.pulling.applied(&knowledge, committed));
        self.pull_step(node, pull, step);
    }

    pub(crate) fn pull_step(&mut self, node: usize, pull: u64, step: Result<PullStep, Refused>) {
        let result = match step {
            Ok(PullStep::Ask(bytes)) => {
                self.ask_pull(node, pull, bytes);
                return;
            }
            Ok(PullStep::Decide(request)) => {
                self.ask(node, request, Whom::Pull(pull));
                return;
            }
            Ok(PullStep::Done(count)) => Ok(count),
            Err(refused) => Err(refused),
        };
        if let Err(refused) = &result {
            let text = format!("{refused:?}");
            self.note(format_args!("{node} can't pull: {}", text.chars().take(160).collect::<String>()));
        }
        let Some(run) = self.run(node) else { return };
        let Some(place) = run.pulls.iter().position(|(number, _)| *number == pull) else { return };
        let (_, known) = run.pulls.remove(place);
        let happened = Happened::Pulled { peer: known.peer, journal: known.journal, result };
        let number = run.number;
        self.queue.put(0, Event::Tell(node, number, Box::new(happened)));
    }
}
