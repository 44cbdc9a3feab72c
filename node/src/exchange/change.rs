//! Changes of records and trust: judged, durable, then taken in (promise 3).
//!
//! ```text
//!   Change ──▶ next ── Request ──▶ writer
//!               ▲                    │ Committed
//!               └──── committed ◀────┘   directory or trust as they are from now on
//! ```
//!
//! A change may need several entries: a root certifies itself before it publishes its first record. Whoever drives makes one change of
//! a node at a time, since each is judged by what the one before has left.

use std::collections::VecDeque;

use tongban_codes::time::Timestamp;
use tongban_federation::Sealed;
use tongban_federation::directory::{By, Draft};

use super::knowledge::Knowledge;
use super::record::{self, Verified};
use crate::engine::trust::Certificate;
use crate::engine::{Answer, Committed, ExchangeEvent, Outside, Refused, Request, Trust};

/// Changes trust, and tells whether it changed anything.
pub type TrustChange = Box<dyn FnOnce(&mut Trust) -> bool + Send>;

/// Makes records by what the node knows once the changes before are taken in.
pub type Words = Box<dyn FnOnce(&Knowledge) -> Result<Vec<Sealed>, Refused> + Send>;

/// What is to be changed.
pub enum Change {
    /// Takes in records that verify along the tree and are newer than what is known.
    Records(Vec<Sealed>),
    /// The same of records that somebody has brought who may not bring all.
    Brought(By, Vec<Sealed>),
    /// Takes in records that belong together, all of them or none; older ones than what is known do no harm.
    Together(Words),
    /// Takes in the records of own authorities, which the writer has sealed, and publishes anew.
    OwnAuthorities,
    /// Publishes this node's record when what it would say has changed.
    Publish,
    /// Changes trust, together with what else must be durable in the same entry.
    Trust {
        /// The change; nothing is stored when it says that it changed nothing.
        change: TrustChange,
        /// What else.
        also: Vec<ExchangeEvent>,
    },
}

/// What became of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Whether anything is other than before.
    pub changed: bool,
    /// Records that nothing known vouches for; they may be good when the chain has changed.
    pub unvouched: Vec<Sealed>,
    /// Codes of records that were not taken: they are older than what is known, or don't verify.
    pub refused: Vec<&'static str>,
}

/// What a committed entry of a change has changed, and who must hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Kept {
    /// Trust: the transport.
    Trust,
    /// The directory: the writer, by [`Knowledge::places`].
    Records,
}

/// What is taken in when the entry that is under way is committed.
enum Keeping {
    Trust(Trust),
    Records(Draft, Timestamp),
}

/// A change that is under way.
pub struct Changing {
    stages: VecDeque<Change>,
    keeping: Option<Keeping>,
    so_far: Changed,
}

impl Changing {
    /// Begins a change.
    #[must_use]
    pub fn new(change: Change) -> Self {
        Self { stages: VecDeque::from([change]), keeping: None, so_far: Changed::default() }
    }

    /// What the writer must decide next; `None` when all is done.
    ///
    /// # Errors
    ///
    /// When the state can't be read or a key can't be used; what was committed before stays.
    pub fn next(&mut self, knowledge: &Knowledge) -> Result<Option<Request>, Refused> {
        while let Some(stage) = self.stages.pop_front() {
            let request = match stage {
                Change::Records(records) => self.records(knowledge, By::Above, records),
                Change::Brought(by, records) => self.records(knowledge, by, records),
                Change::Together(words) => self.together(knowledge, words(knowledge)?)?,
                Change::Trust { change, also } => self.trust(knowledge, change, also),
                Change::OwnAuthorities => {
                    let unknown = record::unknown_authorities(knowledge)?;
                    if !unknown.is_empty() {
                        self.stages.extend([Change::Records(unknown), Change::Publish]);
                    }
                    None
                }
                Change::Publish => {
                    match knowledge.trust().certification {
                        Some(certification) => {
                            let own = record::own_record(knowledge, &certification)?;
                            self.stages.extend(own.map(|sealed| Change::Records(vec![sealed])));
                        }
                        None => {
                            let kept = Certificate(record::certify_self(knowledge)?.into_bytes());
                            let change: TrustChange = Box::new(|trust| trust.certification.replace(kept).is_none());
                            self.stages.extend([Change::Trust { change, also: Vec::new() }, Change::Publish]);
                        }
                    }
                    None
                }
            };
            if request.is_some() {
                return Ok(request);
            }
        }
        Ok(None)
    }

    fn together(&mut self, knowledge: &Knowledge, records: Vec<Sealed>) -> Result<Option<Request>, Refused> {
        let now = knowledge.now();
        let verified = record::verify(knowledge, By::Above, records, now);
        match verified.refused.iter().find(|code| **code != "record-older") {
            Some(code) => Err(Refused::problem(code, "the directory refuses the record", "目录未接受该记录")),
            None => Ok(self.keep(verified, now)),
        }
    }

    fn records(&mut self, knowledge: &Knowledge, by: By, records: Vec<Sealed>) -> Option<Request> {
        let now = knowledge.now();
        let verified = record::verify(knowledge, by, records, now);
        self.keep(verified, now)
    }

    fn keep(&mut self, verified: Verified, now: Timestamp) -> Option<Request> {
        self.so_far.unvouched.extend(verified.unvouched);
        self.so_far.refused.extend(verified.refused);
        if verified.events.is_empty() {
            return None;
        }
        self.keeping = Some(Keeping::Records(verified.draft, now));
        Some(entry(verified.events))
    }

    fn trust(&mut self, knowledge: &Knowledge, change: TrustChange, also: Vec<ExchangeEvent>) -> Option<Request> {
        let mut trust = knowledge.trust();
        if !change(&mut trust) {
            return None;
        }
        let mut events = also;
        events.push(ExchangeEvent::Trust(tongban_codes::cbor::to_vec(&trust)));
        self.keeping = Some(Keeping::Trust(trust));
        Some(entry(events))
    }

    /// Takes in what the entry that was asked for by [`next`](Self::next) has made durable.
    pub fn committed(&mut self, knowledge: &Knowledge, committed: Committed<Answer>) -> Kept {
        let _spoken = committed.into_inner();
        self.so_far.changed = true;
        match self.keeping.take() {
            Some(Keeping::Trust(trust)) => {
                knowledge.set_trust(trust);
                Kept::Trust
            }
            Some(Keeping::Records(draft, now)) => {
                knowledge.change_directory(|directory| directory.take(draft, now));
                Kept::Records
            }
            None => Kept::Records,
        }
    }

    /// What it came to.
    #[must_use]
    pub fn finish(self) -> Changed {
        self.so_far
    }
}

fn entry(exchange: Vec<ExchangeEvent>) -> Request {
    Request::Custom(Box::new(move |_, _, _| Ok(Outside { exchange, ..Outside::default() })))
}
