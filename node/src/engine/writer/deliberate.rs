//! Speaking before it is durable, on purpose: see [`tongban_codes::deliberate`].

use tokio::sync::OwnedSemaphorePermit;
use tongban_codes::deliberate::{Bug, is_in};

use super::handle::Reply;
use super::request::{Answer, Refused};
use crate::engine::committed::Committed;

type Waiting = (Result<Answer, Refused>, Reply, Option<OwnedSemaphorePermit>);

/// Answers those that a fault lets hear too early; gives back the others.
pub(super) fn spoken_early(answers: Vec<Waiting>, index: u64) -> Vec<Waiting> {
    let early = |answer: &Result<Answer, Refused>| match answer {
        Ok(Answer::Receipt(..)) => is_in(Bug::ReceiptBeforeApply),
        Ok(Answer::Json(_)) => is_in(Bug::ReplyBeforeCommit),
        _ => false,
    };
    let (early, left): (Vec<Waiting>, Vec<Waiting>) = answers.into_iter().partition(|(answer, ..)| early(answer));
    for (answer, reply, _) in early {
        let _heard = reply.send(answer.map(|answer| Committed::new(answer, index)));
    }
    left
}
