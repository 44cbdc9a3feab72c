//! Sends what waits to the other side of a connector, again and again until it is answered.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use hyper::StatusCode;
use tokio::sync::watch;
use tongban_codes::time::Timestamp;
use tongban_domain::connector::{Answer, Order, OrderCommand, Recipient, Word, WordKind};
use tongban_domain::{Actor, Command};
use tongban_federation::backoff::Jitter;
use tongban_storage::StorageError;
use tongban_storage::keyspace::connector;
use tongban_storage::keyspace::key::stem;

use super::body::{Acknowledgement, outgoing};
use super::{Connector, unix_seconds};
use crate::engine::Request;
use crate::exchange::Shared;

/// Orders that are sent at once to one other side.
const AT_ONCE: usize = 4;
/// Orders that are taken up in one look.
const LOOK_MAX: usize = 16;
/// How often it looks, were nobody to wake it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How much of the other side's words is kept, in bytes; the domain cuts them further.
const REASON_BYTES_MAX: usize = 1024;

/// What came of a try.
enum Tried {
    /// The other side has decided.
    Answered(Answer),
    /// It hasn't, for this reason.
    Later(String),
}

/// Sends until told to stop.
pub(super) async fn run(connector: Arc<Connector>, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut jitter = Jitter::new(rand::random());
    loop {
        let looked = tokio::select! {
            looked = look(&connector, &shared, &mut jitter) => looked,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        match looked {
            // There may be more.
            Ok(done) if done > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(connector = connector.name, %error, "orders that wait can't be read"),
        }
        tokio::select! {
            () = connector.wake.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
    }
}

/// Tries what is due; how many words were answered.
async fn look(connector: &Connector, shared: &Shared, jitter: &mut Jitter) -> Result<usize, StorageError> {
    let state = &*shared.parts.backend;
    let mut waiting = Vec::new();
    let of = stem(&connector.name);
    connector::WAITING.visit(state, &of, None, false, |(_, number), ()| {
        waiting.push(number);
        std::ops::ControlFlow::Continue(())
    })?;
    let mut orders = Vec::new();
    for number in connector.tries.due(waiting, now(), LOOK_MAX) {
        orders.extend(connector::ORDER.load(state, &number)?);
    }
    let said = orders.into_iter().filter_map(|order| order.waiting.map(|word| (order, word)));
    let said = said.map(|(order, word)| async move {
        let tried = say(connector, shared, &order, &word).await;
        (order, word, tried)
    });
    let mut trying = futures::stream::iter(said).buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some((order, word, tried)) = trying.next().await {
        let problem = match tried {
            Tried::Answered(answer) => match record(shared, &order, &word, answer).await {
                Ok(()) => None,
                Err(problem) => Some(problem),
            },
            Tried::Later(problem) => Some(problem),
        };
        match problem {
            None => {
                connector.tries.done(&order.number);
                done += 1;
            }
            Some(problem) => {
                tracing::info!(connector = connector.name, order = order.number, problem, "an order waits");
                connector.tries.failed(&order.number, problem, now(), jitter);
            }
        }
    }
    Ok(done)
}

/// The machine's clock, which alone says when to try again.
fn now() -> Timestamp {
    Timestamp::from_millis(unix_seconds().saturating_mul(1000))
}

/// What was answered is recorded before it counts: were it lost, the word would be said again.
async fn record(shared: &Shared, order: &Order, word: &Word, answer: Answer) -> Result<(), String> {
    let command = OrderCommand::Answered { order: order.number.clone(), word: word.number, answer };
    let request = Request::Act { actor: Actor::system(), command: Box::new(Command::Order(command)), key: None };
    let committed = shared.handle.submit(request).await.map_err(|refused| format!("not recorded: {refused:?}"))?;
    let _answer = committed.into_inner();
    // The next look must see it.
    if shared.handle.fresh().await { Ok(()) } else { Err("the node is stopping".to_owned()) }
}

async fn say(connector: &Connector, shared: &Shared, order: &Order, word: &Word) -> Tried {
    let is_told = order.recipient.is_some() && word.kind == WordKind::Place;
    let recipient = is_told.then(|| shared.parts.keys.of_order(order).and_then(Recipient::of_fields));
    let recipient = match recipient {
        None => None,
        Some(Some(recipient)) => Some(recipient),
        Some(None) => return Tried::Later("the recipient was erased; cancel the order".to_owned()),
    };
    let secrets = match connector.secrets() {
        Ok(secrets) => secrets,
        Err(error) => return Tried::Later(error.to_string()),
    };
    let client = match &connector.client {
        Ok(client) => client,
        Err(problem) => return Tried::Later(problem.clone()),
    };
    let body = outgoing(order, word, recipient.as_ref());
    let (id, seconds) = (order.word_id(word), unix_seconds());
    let signature = secrets.sign(&id, seconds, &body);
    let headers = [("webhook-id", id), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signature)];
    match client.post(&headers, body).await {
        Ok(answered) => match (judged(answered.status, &answered.body), recipient) {
            (Tried::Answered(Answer::Declined { status, reason }), Some(recipient)) => {
                Tried::Answered(Answer::Declined { status, reason: recipient.hidden_in(&reason) })
            }
            (tried, _) => tried,
        },
        Err(error) => Tried::Later(error.to_string()),
    }
}

/// What an answer means: 2xx takes it, 4xx doesn't and won't, everything else is tried again.
fn judged(status: StatusCode, body: &[u8]) -> Tried {
    if status.is_success() {
        let Acknowledgement { reference, link } = serde_json::from_slice(body).unwrap_or_default();
        return Tried::Answered(Answer::Taken { reference, link });
    }
    let passes = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    if status.is_client_error() && !passes.contains(&status) {
        let reason = String::from_utf8_lossy(&body[..body.len().min(REASON_BYTES_MAX)]).into_owned();
        return Tried::Answered(Answer::Declined { status: status.as_u16(), reason });
    }
    Tried::Later(format!("HTTP {}", status.as_u16()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_means() {
        for (status, meaning) in [
            (200, "taken"),
            (202, "taken"),
            (204, "taken"),
            (301, "later"),
            (307, "later"),
            (400, "declined"),
            (401, "declined"),
            (404, "declined"),
            (408, "later"),
            (409, "declined"),
            (410, "declined"),
            (425, "later"),
            (429, "later"),
            (500, "later"),
            (503, "later"),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let said = match judged(status, b"{\"reference\":\"T1\",\"more\":1}") {
                Tried::Answered(Answer::Taken { reference, .. }) => {
                    assert_eq!(reference.as_deref(), Some("T1"));
                    "taken"
                }
                Tried::Answered(Answer::Declined { .. }) => "declined",
                Tried::Later(_) => "later",
            };
            assert_eq!(said, meaning, "{status}");
        }
        for body in [&b""[..], b"ok", b"[]", b"{\"reference\":7}"] {
            let Tried::Answered(Answer::Taken { reference, link }) = judged(StatusCode::OK, body) else {
                panic!("2xx takes it")
            };
            assert_eq!((reference, link), (None, None));
        }
    }
}
