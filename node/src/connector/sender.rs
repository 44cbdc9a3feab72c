//! Sends what waits to the other side of a connector, again and again until it is answered.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use hyper::StatusCode;
use tokio::sync::watch;
use tongban_codes::time::Timestamp;
use tongban_domain::connector::{Answer, ConnectorKind, Order, OrderCommand, Word, WordKind, is_reason_code};
use tongban_domain::{Actor, Command};
use tongban_federation::backoff::Jitter;
use tongban_storage::keyspace::connector;
use tongban_storage::keyspace::key::stem;
use tongban_storage::{Read, StorageError};

use super::body::{Acknowledgement, Named, Refusal, outgoing};
use super::tries::Waiting;
use super::{Connector, Said, unix_seconds};
use crate::engine::Request;
use crate::exchange::Shared;

/// Orders that are sent at once to one other side.
const AT_ONCE: usize = 4;
/// Orders that are taken up in one look.
const LOOK_MAX: usize = 16;
/// How often it looks, were nobody to wake it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What came of a try.
enum Tried {
    /// The other side has decided.
    Answered(Answer),
    /// It hasn't, for this reason.
    Later(Said),
    /// Nothing was sent: meanwhile the order doesn't wait for this word any more.
    Passed,
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
    connector::WAITING.visit(state, &of, None, false, |(_, number), word| {
        waiting.push((number, word));
        std::ops::ControlFlow::Continue(())
    })?;
    let due = connector.tries.due(waiting, now(), LOOK_MAX);
    let said = due.into_iter().map(|waiting| async move {
        // The row as it is when its turn comes: others before it may have taken half a minute each.
        let tried = match still_waits(state, &waiting) {
            Ok(Some((order, word))) => say(connector, shared, &order, &word).await,
            Ok(None) => Tried::Passed,
            Err(error) => Tried::Later(Said::of("the order can't be read", "无法读取委托单", &error)),
        };
        (waiting, tried)
    });
    let mut trying = futures::stream::iter(said).buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some((waiting, tried)) = trying.next().await {
        let problem = match tried {
            Tried::Answered(answer) => record(shared, &waiting, answer).await.err(),
            Tried::Later(problem) => Some(problem),
            Tried::Passed => continue,
        };
        match problem {
            None => {
                connector.tries.done(&waiting);
                done += 1;
            }
            Some(problem) => {
                tracing::info!(connector = connector.name, order = waiting.0, %problem, "an order waits");
                connector.tries.failed(&waiting, problem, now(), jitter);
            }
        }
    }
    Ok(done)
}

/// The machine's clock, which alone says when to try again.
fn now() -> Timestamp {
    Timestamp::from_millis(unix_seconds().saturating_mul(1000))
}

/// The order, and its word, if it waits for this one still.
fn still_waits(state: &dyn Read, (number, word): &Waiting) -> Result<Option<(Order, Word)>, StorageError> {
    let Some(order) = connector::ORDER.load(state, number)? else { return Ok(None) };
    Ok(order.waiting.filter(|waiting| waiting.number == *word).map(|waiting| (order, waiting)))
}

/// What was answered is recorded before it counts: were it lost, the word would be said again.
async fn record(shared: &Shared, (order, word): &Waiting, answer: Answer) -> Result<(), Said> {
    let command = OrderCommand::Answered { order: order.clone(), word: *word, answer };
    let request = Request::Act { actor: Actor::system(), command: Box::new(Command::Order(command)), key: None };
    let committed = shared.handle.submit(request).await.map_err(|refused| Said::refused(&refused))?;
    let _answer = committed.into_inner();
    // The next look must see it.
    if shared.handle.fresh().await { Ok(()) } else { Err(Said::new("the node is stopping", "节点正在停止")) }
}

async fn say(connector: &Connector, shared: &Shared, order: &Order, word: &Word) -> Tried {
    // An item may name a connector of another kind: no bank is sent what is an authority's.
    if order.kind != connector.kind {
        return Tried::Later(Said::new(
            "the connector of this name is of another kind",
            "配置中该名称的对接系统属于其他类型",
        ));
    }
    let is_told = order.recipient.is_some() && word.kind == WordKind::Place;
    let named = is_told.then(|| shared.parts.keys.of_order(order).and_then(|fields| Named::of(order.kind, fields)));
    let named = match named {
        None => None,
        Some(Some(named)) => Some(named),
        Some(None) => {
            return Tried::Later(Said::new(
                "the recipient was erased; cancel the order",
                "收件人信息已删除；请撤销该单",
            ));
        }
    };
    let secrets = match connector.secrets() {
        Ok(secrets) => secrets,
        Err(error) => return Tried::Later(error.said()),
    };
    let client = match &connector.client {
        Ok(client) => client,
        Err(problem) => return Tried::Later(problem.clone()),
    };
    let body = outgoing(order, word, named.as_ref());
    let (id, seconds) = (order.word_id(word), unix_seconds());
    let signature = secrets.sign(&id, seconds, &body);
    let headers = [("webhook-id", id), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signature)];
    match client.post(&headers, body).await {
        Ok(answered) => judged(order.kind, answered.status, &answered.body),
        Err(problem) => Tried::Later(problem),
    }
}

/// What an answer means: 2xx takes it, 4xx doesn't and won't, everything else is tried again.
///
/// Of a body that declines only its code is kept, and nothing of who was sent a person's name: who echoes that would have it stored in
/// the clear.
fn judged(kind: ConnectorKind, status: StatusCode, body: &[u8]) -> Tried {
    if status.is_success() {
        let Acknowledgement { reference, link } = serde_json::from_slice(body).unwrap_or_default();
        return Tried::Answered(Answer::Taken { reference, link });
    }
    let passes = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    if status.is_client_error() && !passes.contains(&status) {
        let Refusal { code } = match kind {
            ConnectorKind::Payment => serde_json::from_slice(body).unwrap_or_default(),
            ConnectorKind::Courier | ConnectorKind::Handling => Refusal::default(),
        };
        let code = code.filter(|code| is_reason_code(code));
        return Tried::Answered(Answer::Declined { status: status.as_u16(), code });
    }
    let said = format!("HTTP {}", status.as_u16());
    Tried::Later(Said::new(said.clone(), said))
}

#[cfg(test)]
mod tests {
    use tongban_domain::connector::OrderDeed;
    use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

    use super::*;
    use crate::engine::sample_order;

    #[test]
    fn a_word_is_said_only_while_the_order_waits_for_it() {
        let (state, waiting) = (MemoryBackend::new(), ("JF511602000000-20261123-00001".to_owned(), 1));
        let order = sample_order(OrderDeed::Placed);
        assert_eq!(order.number, waiting.0);
        let since = Timestamp::from_millis(1);
        let kept = |word: Option<Word>| {
            let mut batch = WriteBatch::new();
            let mut over = tongban_storage::keyspace::Overlay::new(&state, &mut batch);
            connector::store(&mut over, &Order { waiting: word, ..order.clone() }).expect("it is read");
            state.write(batch).expect("it is written");
            let mut found = Vec::new();
            let see = |(_, number): (String, String), word| {
                found.push((number, word));
                std::ops::ControlFlow::Continue(())
            };
            connector::WAITING.visit(&state, &stem(&order.connector), None, false, see).expect("it reads");
            let now = still_waits(&state, &waiting).expect("it reads").map(|(_, word)| word.number);
            (found, now)
        };
        assert!(still_waits(&state, &waiting).expect("it reads").is_none(), "there is no such order");
        let place = Word { number: 1, kind: WordKind::Place, since };
        assert_eq!(kept(Some(place)), (vec![waiting.clone()], Some(1)));
        // It was given up while others were sent.
        let cancel = Word { number: 2, kind: WordKind::Cancel, since };
        assert_eq!(kept(Some(cancel)), (vec![(order.number.clone(), 2)], None));
        // It was paid meanwhile.
        assert_eq!(kept(None), (Vec::new(), None));
    }

    #[test]
    fn what_declines_is_kept_as_a_code_alone() {
        let of = |kind, body: &str| match judged(kind, StatusCode::GONE, body.as_bytes()) {
            Tried::Answered(Answer::Declined { status: 410, code }) => code,
            _ => panic!("410 declines"),
        };
        let code = r#"{"code":"order-expired","data":{"recipient":{"address":"代市镇正街 1 号"}}}"#;
        assert_eq!(of(ConnectorKind::Payment, code).as_deref(), Some("order-expired"));
        assert_eq!(of(ConnectorKind::Courier, code), None);
        for other in ["", "代市镇正街 1 号", r#"{"code":"代市镇"}"#, r#"{"code":""}"#, r#"{"code":7}"#] {
            assert_eq!(of(ConnectorKind::Payment, other), None, "{other}");
        }
        assert_eq!(of(ConnectorKind::Payment, &format!(r#"{{"code":"{}"}}"#, "a".repeat(65))), None);
    }

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
            let said = match judged(ConnectorKind::Payment, status, b"{\"reference\":\"T1\",\"more\":1}") {
                Tried::Answered(Answer::Taken { reference, .. }) => {
                    assert_eq!(reference.as_deref(), Some("T1"));
                    "taken"
                }
                Tried::Answered(Answer::Declined { .. }) => "declined",
                Tried::Later(_) => "later",
                Tried::Passed => "passed",
            };
            assert_eq!(said, meaning, "{status}");
        }
        for body in [&b""[..], b"ok", b"[]", b"{\"reference\":7}"] {
            let Tried::Answered(Answer::Taken { reference, link }) =
                judged(ConnectorKind::Payment, StatusCode::OK, body)
            else {
                panic!("2xx takes it")
            };
            assert_eq!((reference, link), (None, None));
        }
    }
}
