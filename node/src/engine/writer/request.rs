//! What the writer is asked for, and what it answers.

use serde_json::Value;
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::{Actor, Command, Event, Place, Rejection};
use tongban_federation::{Envelope, Receipt, Sealed};
use tongban_storage::{Read, StorageError};

use crate::api::v1::Problem;
use crate::engine::desk::LeaderDesk;
use crate::engine::entry::ExchangeEvent;

/// An idempotency key with what it was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Hash of actor and key.
    pub key: Digest,
    /// Hash of the request.
    pub request: Digest,
}

/// What a custom request decided.
#[derive(Debug, Default)]
pub struct Outside {
    /// Domain events.
    pub events: Vec<Event>,
    /// Exchange events.
    pub exchange: Vec<ExchangeEvent>,
    /// The reply.
    pub reply: Value,
}

/// Decides on the state by itself, for what is not a matter of the domain: joining, records, slices.
pub type Custom = Box<dyn FnOnce(&dyn Read, Timestamp, &mut LeaderDesk) -> Result<Outside, Refused> + Send>;

/// What the writer is asked for.
pub enum Request {
    /// An operator's command.
    Act {
        /// Who.
        actor: Actor,
        /// What.
        command: Box<Command>,
        /// Idempotency key.
        key: Option<Key>,
    },
    /// An envelope for this node came in.
    Deliver {
        /// As received.
        sealed: Sealed,
        /// Opened.
        envelope: Box<Envelope>,
        /// The origin and its division.
        place: Place,
    },
    /// A verified receipt for an envelope of this node came in.
    Receipted {
        /// As received.
        sealed: Sealed,
        /// Opened.
        receipt: Box<Receipt>,
        /// The receiver and its division.
        place: Place,
    },
    /// The first of a line in quarantine, decided with what this release knows: what `origin` sent about `subject`.
    Replay {
        /// The origin and its division.
        origin: Place,
        /// What the line is about.
        subject: CaseId,
    },
    /// Something of the exchange.
    Custom(Custom),
    /// The clock.
    Tick,
}

impl Request {
    /// The line of sequences that a delivered envelope stands in: origin and epoch.
    pub(super) fn line(&self) -> Option<(NodeId, u32)> {
        match self {
            Self::Deliver { envelope, .. } => Some((envelope.origin, envelope.epoch)),
            _ => None,
        }
    }
}

/// What the writer answers, once it is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// JSON of the reply.
    Json(Vec<u8>),
    /// The sealed receipt of a delivered envelope and the inbox's high water after it.
    Receipt(Sealed, u64),
    /// The envelope came before its turn and is kept in memory: it is decided when those before it have come. Its receipt is given when
    /// it is offered again.
    Early,
    /// The same envelope is being decided; whoever brought it first hears the receipt.
    Pending,
    /// The envelope can't be taken and wasn't kept: too far ahead, no room, or of an epoch that is over. It will be offered again.
    NotYet,
    /// A contradiction of the origin's own history, of which enough are kept already: refused without a receipt.
    Fork,
    /// Done.
    Done,
}

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Lawful refusal.
    Rejection(Box<Rejection>),
    /// Another refusal with a code.
    Problem(Box<Problem>),
    /// The outcome is not known: the entry may be committed, now or later, or not.
    Unknown,
    /// The node stops.
    Stopped,
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self::Rejection(Box::new(rejection))
    }
}

impl Refused {
    /// A refusal with a code and texts.
    #[must_use]
    pub fn problem(code: &str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::Problem(Box::new(Problem { code: code.to_owned(), en: en.into(), zh: zh.into(), ..Problem::default() }))
    }

    /// Names the field at fault and its value.
    #[must_use]
    pub fn about(mut self, field: &str, value: impl std::fmt::Display) -> Self {
        if let Self::Problem(problem) = &mut self {
            field.clone_into(&mut problem.field);
            problem.value = value.to_string().chars().take(120).collect();
        }
        self
    }

    /// Says what to do about it, in English and Chinese.
    #[must_use]
    pub fn remedy(mut self, en: &str, zh: &str) -> Self {
        if let Self::Problem(problem) = &mut self {
            en.clone_into(&mut problem.remedy_en);
            zh.clone_into(&mut problem.remedy_zh);
        }
        self
    }

    /// A fault of the node's own, which its log says too.
    pub(crate) fn fault(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a decision failed");
        Self::problem("internal-fault", format!("the node could not decide: {error}"), format!("节点内部错误：{error}"))
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        Self::fault(error)
    }
}
