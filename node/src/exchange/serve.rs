//! Answering requests of peers: join, pulls, questions.

use std::sync::{Arc, Mutex, PoisonError};

use minicbor::Encode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::{NodeId, QueryCode};
use tongban_domain::Place;
use tongban_domain::case::{Custody, Status};
use tongban_federation::session::Bucket;
use tongban_federation::wire::{Answer, Query, Refusal, Request, Response, Routed};
use tongban_federation::{Sealed, limits};
use tongban_quic::{Link, Standing};
use tongban_seal::cose;
use tongban_storage::keyspace::{case, connector, figure, hall, item};
use tongban_storage::{StateFacts, StorageError};

use super::ask::{
    CONTENT_TYPE, ItemAnswer, LicenceAnswer, OrderWord, ProgressAnswer, StandsIn, UNREACHED, WhereisAnswer,
};
use super::drift::Question;
use super::driver::{permits, room};
use super::knowledge::Knowledge;
use super::seldom::Seldom;
use super::shared::Shared;
use crate::engine::Refused;

/// Serves the requests of one link until it closes.
pub(super) async fn serve_link(shared: Arc<Shared>, link: Link) {
    let mut often = Bucket::new(limits::REQUESTS_PER_SECOND_MAX, limits::REQUESTS_BURST_MAX);
    let mut too_often = Seldom::default();
    let unread = Unread::new();
    while let Ok((request, responder)) = link.accept_request().await {
        if !often.take(shared.now()) {
            if let Some(unsaid) = too_often.happened(shared.now()) {
                tracing::warn!(peer = %link.peer().node, code = "requests-limit", unsaid, "a peer asks more often than the protocol allows");
            }
            let busy = refusal(Refused::problem("requests-limit", "too many requests; wait", "请求过于频繁，请稍候"));
            tokio::spawn(async move { responder.respond(busy.to_bytes()).await });
            continue;
        }
        let (shared, link, unread) = (Arc::clone(&shared), link.clone(), unread.clone());
        tokio::spawn(async move {
            let is_part = is_part(&request);
            let (response, _room) = unread.answer(&shared, &link, &request).await;
            drop(request);
            if is_part {
                responder.yields();
            }
            if let Err(error) = responder.respond(response).await {
                tracing::debug!(%error, "an answer could not be sent");
            }
        });
    }
}

/// Whether a request asks for a part of a file, whose answer lets everything else of the link go first.
fn is_part(request: &[u8]) -> bool {
    matches!(Request::from_bytes(request), Ok(Request::Routed(routed)) if routed.query.is_material())
}

/// Room for the answers that one peer hasn't read yet.
#[derive(Clone)]
struct Unread {
    slices: Arc<Semaphore>,
    parts: Arc<Semaphore>,
    others: Arc<Semaphore>,
    refused: Arc<Mutex<Seldom>>,
}

impl Unread {
    fn new() -> Self {
        let parts = room(limits::MATERIALS_BYTES_MAX);
        let refused = Arc::default();
        Self { slices: room(limits::SLICES_BYTES_MAX), parts, others: room(limits::ANSWERS_BYTES_MAX), refused }
    }

    /// Answers a request, with the room that the answer takes until the peer has read it. A pull waits for room before it is answered,
    /// since a peer that reads makes some; any other answer that finds none is refused.
    async fn answer(
        &self,
        shared: &Arc<Shared>,
        link: &Link,
        request: &[u8],
    ) -> (Vec<u8>, Option<OwnedSemaphorePermit>) {
        if matches!(Request::from_bytes(request), Ok(Request::Pull(_) | Request::Journals(_))) {
            let longest = permits(limits::RESPONSE_BYTES_MAX);
            let mut taken = Arc::clone(&self.slices).acquire_many_owned(longest).await.ok();
            let response = answer(shared, link, request).await.to_bytes();
            let over = longest.saturating_sub(permits(response.len()));
            drop(taken.as_mut().and_then(|taken| taken.split(over as usize)));
            return (response, taken);
        }
        if is_part(request) {
            let taken = Arc::clone(&self.parts).acquire_many_owned(permits(limits::MATERIAL_PART_BYTES)).await.ok();
            return (answer(shared, link, request).await.to_bytes(), taken);
        }
        let (response, taken) = self.keep(answer(shared, link, request).await.to_bytes());
        if taken.is_none()
            && let Some(unsaid) = self.refused.lock().unwrap_or_else(PoisonError::into_inner).happened(shared.now())
        {
            tracing::warn!(peer = %link.peer().node, code = "answers-limit", unsaid, "a peer doesn't read what it asks for");
        }
        (response, taken)
    }

    /// Finds room for an answer, or refuses in its place.
    fn keep(&self, response: Vec<u8>) -> (Vec<u8>, Option<OwnedSemaphorePermit>) {
        if let Ok(taken) = Arc::clone(&self.others).try_acquire_many_owned(permits(response.len())) {
            return (response, Some(taken));
        }
        let full = Refused::problem("answers-limit", "read the answers that wait first", "请先收取已有的答复");
        (refusal(full).to_bytes(), None)
    }
}

pub(super) fn refusal(refused: Refused) -> Response {
    let (code, text) = match refused {
        Refused::Rejection(rejection) => (rejection.code.to_owned(), format!("{} / {}", rejection.zh, rejection.en)),
        Refused::Problem(problem) => (problem.code, format!("{} / {}", problem.zh, problem.en)),
        Refused::Unknown => {
            ("outcome-unknown".to_owned(), "结果未知，请重试 / the outcome is unknown; try again".to_owned())
        }
        Refused::Stopped => ("node-stopping".to_owned(), "节点正在停止 / the node is stopping".to_owned()),
    };
    Response::Refused(Refusal { code, text })
}

async fn answer(shared: &Arc<Shared>, link: &Link, bytes: &[u8]) -> Response {
    let request = match Request::from_bytes(bytes) {
        Ok(request) => request,
        Err(error) => return refusal(Refused::problem(error.code(), error.to_string(), error.to_string())),
    };
    if shared.revoked(&link.peer().node).is_some() {
        return refusal(Refused::problem("node-revoked", "this node has been revoked", "该节点已被撤销"));
    }
    let stranger = matches!(link.peer().standing, Standing::Stranger);
    match request {
        Request::Join(join) => match super::join::admit(shared, link.peer(), join).await {
            Ok(joined) => Response::Joined(joined),
            Err(refused) => refusal(refused),
        },
        _ if stranger => refusal(Refused::problem("stranger", "only a join is answered here", "仅受理加入请求")),
        // Both read, and the second packs: not on a thread that windows wait for.
        Request::Journals(_) => {
            let (shared, peer) = (Arc::clone(shared), link.peer().node);
            let listed = super::drift::apart(move || Ok(Response::JournalList(super::pull::list(&shared, &peer))));
            listed.await.unwrap_or_else(refusal)
        }
        Request::Pull(pull) => {
            let (shared, peer) = (Arc::clone(shared), link.peer().node);
            let served = super::drift::apart(move || Ok(super::pull::serve(&shared, &peer, &pull)));
            served.await.unwrap_or_else(refusal)
        }
        // A node below whose certificate expired long ago may renew and catch up; it isn't answered before it has.
        Request::Routed(_) if matches!(link.peer().standing, Standing::ExpiredKin { .. }) => {
            refusal(Refused::problem("certificate-expired", "renew the certificate first", "请先换发证书"))
        }
        Request::Routed(routed) => routed_question(shared, link.peer().node, routed).await,
        Request::Renew(renew) => match super::renew::issue(shared, link.peer(), &renew) {
            Ok(renewed) => Response::Renewed(renewed),
            Err(refused) => refusal(refused),
        },
        Request::Blob(_) => {
            refusal(Refused::problem("request-unsupported", "this release does not answer it", "此版本不支持该请求"))
        }
    }
}

/// Answers what this node can answer a known peer from its applied state: which journals there are, slices of them, and questions that
/// are for this node. `None` for what must be asked of others or changes something here. Whoever asks for a question waits before until what
/// is committed is applied.
#[must_use]
pub fn answer_here(knowledge: &Knowledge, peer: &NodeId, request: &[u8]) -> Option<Vec<u8>> {
    let response = match Request::from_bytes(request) {
        Err(error) => refusal(Refused::problem(error.code(), error.to_string(), error.to_string())),
        Ok(Request::Journals(_)) => Response::JournalList(super::pull::list(knowledge, peer)),
        Ok(Request::Pull(pull)) => super::pull::serve(knowledge, peer, &pull),
        Ok(Request::Routed(routed)) if knowledge.targets(&routed.target).contains(&knowledge.here().node) => {
            vouched(knowledge, peer, &routed)
                .and_then(|()| local(knowledge, &routed.asker, &routed.query))
                .unwrap_or_else(refusal)
        }
        Ok(_) => return None,
    };
    Some(response.to_bytes())
}

/// Holds who is said to ask against who brings the question: himself, one above him, or one above this node. That is asked of the questions alone
/// whose answer goes by who asks; others come by whichever way there is, a cousin's superior that dials straight among them.
fn vouched(knowledge: &Knowledge, came_from: &NodeId, routed: &Routed) -> Result<(), Refused> {
    let asker = &routed.asker;
    let vouches = !(routed.query.is_drift() || routed.query.is_material())
        || asker == came_from
        || knowledge.is_superior(came_from)
        || knowledge.directory().superiors(asker).contains(came_from);
    if vouches {
        return Ok(());
    }
    Err(Refused::problem("asker-forged", "the peer may not ask in the name of that node", "对方不得以该节点名义提问"))
}

async fn routed_question(shared: &Arc<Shared>, came_from: NodeId, routed: Routed) -> Response {
    let me = shared.here().node;
    if let Err(refused) = vouched(shared, &came_from, &routed) {
        return refusal(refused);
    }
    let unreached = || {
        Response::Refused(Refusal {
            code: UNREACHED.to_owned(),
            text: "nobody that could answer was reached".to_owned(),
        })
    };
    if shared.targets(&routed.target).contains(&me) {
        if !shared.handle.fresh().await {
            return unreached();
        }
        if let Query::Material(part) = routed.query {
            let given = super::materials::give(shared, routed.asker, part).await;
            return given.and_then(|answer| sealed(shared, answer)).unwrap_or_else(refusal);
        }
        // Comparisons read many rows, one after another: those that wait for that hold no thread meanwhile.
        let _turn = match routed.query.is_drift() {
            true => shared.drift.turn().await,
            false => None,
        };
        let shared = Arc::clone(shared);
        let answered = super::drift::apart(move || local(&shared, &routed.asker, &routed.query)).await;
        return answered.unwrap_or_else(refusal);
    }
    shared.pass_on(routed, Some(came_from)).await.unwrap_or_else(unreached)
}

fn sealed<T: Encode<()>>(knowledge: &Knowledge, answer: T) -> Result<Response, Refused> {
    let payload = tongban_codes::cbor::to_vec(&answer);
    // A part of a file lies in memory once less while it is signed.
    drop(answer);
    sealed_payload(knowledge, payload)
}

fn sealed_payload(knowledge: &Knowledge, payload: Vec<u8>) -> Result<Response, Refused> {
    let sealed = cose::seal(&*knowledge.parts.keys.seal, CONTENT_TYPE, payload, &[])
        .map_err(|error| Refused::problem("seal-unusable", error.to_string(), error.to_string()))?;
    Ok(Response::Answer(Answer { signer: knowledge.here().node, sealed: Sealed::new(sealed) }))
}

/// What this node itself knows about a question.
fn local(knowledge: &Knowledge, asker: &NodeId, query: &Query) -> Result<Response, Refused> {
    let state = &*knowledge.parts.backend;
    let unknown = |what_en: &str, what_zh: &str| {
        Refused::problem("unknown-here", format!("no such {what_en} at this node"), format!("本节点没有该{what_zh}"))
    };
    let drifted = |question| sealed_payload(knowledge, super::drift::answer(knowledge, asker, question)?);
    match query {
        Query::Whereis(text) => {
            let answer = whereis(knowledge, text)?.ok_or_else(|| unknown("case", "办件"))?;
            sealed(knowledge, answer)
        }
        // It comes from a release that asked for no proof.
        Query::Progress(_) => Err(unknown("case under this code and proof", "查询码和证件号码的办件")),
        Query::ProvenProgress(code, proof) => {
            let answer = proven_progress(knowledge, code, proof)?;
            let answer = answer.ok_or_else(|| unknown("case under this code and proof", "查询码和证件号码的办件"))?;
            sealed(knowledge, answer)
        }
        Query::Item(division, code) => {
            if *division != knowledge.here().division {
                return Err(unknown("item", "事项"));
            }
            let item = item::ITEM
                .load(state, code)?
                .or_else(|| {
                    item::named(state, code).ok().filter(|found| found.len() == 1).and_then(|mut found| found.pop())
                })
                .filter(|item| !item.state.is_draft())
                .ok_or_else(|| unknown("published item", "已发布事项"))?;
            sealed(knowledge, ItemAnswer { item, as_of: knowledge.now() })
        }
        Query::Licence(id) => {
            let licence = hall::LICENCE.load(state, id)?.ok_or_else(|| unknown("licence", "证照"))?;
            let (status, renewed_by, as_of) = (licence.status, licence.renewed_by, knowledge.now());
            sealed(knowledge, LicenceAnswer { sealed: licence.sealed, status, as_of, renewed_by })
        }
        Query::DriftRoot(_) => drifted(Question::Root),
        Query::DriftList(_) => drifted(Question::List),
        Query::DriftLeaves(wanted) => drifted(Question::Leaves(wanted)),
        Query::DriftItems(wanted) => drifted(Question::Items(wanted)),
        Query::Material(part) => sealed(knowledge, super::materials::part(knowledge, asker, part)?),
    }
}

/// How far a case of this node is, for whoever holds its query code and the end of the applicant's identity number. Nothing tells an unknown
/// code from a wrong proof, from one too many, or from an applicant whose fields were erased.
///
/// # Errors
///
/// When the state can't be read.
pub fn proven_progress(
    knowledge: &Knowledge,
    code: &QueryCode,
    proof: &str,
) -> Result<Option<ProgressAnswer>, StorageError> {
    let Some(case) = case::named(&*knowledge.parts.backend, &code.to_string())? else { return Ok(None) };
    let end = knowledge.parts.keys.proof(&case.id, &case.personal);
    if !end.is_some_and(|end| knowledge.proves(case.id, &end, proof)) {
        return Ok(None);
    }
    let mut answer = progress(knowledge, &case);
    if case.turn.is_some() {
        answer.turn = turn(knowledge, &case)?;
    }
    let orders = connector::orders(&*knowledge.parts.backend, &case.id)?;
    answer.orders = orders.into_iter().filter_map(OrderWord::of).collect();
    Ok(Some(answer))
}

/// How far a case is, without a name.
fn progress(knowledge: &Knowledge, case: &tongban_domain::case::Case) -> ProgressAnswer {
    let due = case.deadlines.as_ref();
    let as_of = match &case.custody {
        Custody::Elsewhere { as_of, .. } => *as_of,
        _ => knowledge.now(),
    };
    let open = case.correction.as_ref().filter(|_| case.status == Status::Notified);
    let line = |number: usize| open.and_then(|open| open.asked.get(number - 1)).map(|asked| asked.text.clone());
    ProgressAnswer {
        query_code: case.query_code,
        status: case.status,
        item_name: case.item.core.name.clone(),
        department: case.item.department.clone(),
        division: case.deciding.division,
        statutory_due: due.and_then(|due| due.statutory).map(|due| due.date),
        promised_due: due.and_then(|due| due.promised).map(|due| due.date),
        as_of,
        stop: case.stops.last().filter(|stop| stop.until.is_none()).cloned(),
        extended: case.extension.as_ref().map(|extension| extension.days),
        renewal_due: due.and_then(|due| due.renewal),
        renewal: case.renewal.as_ref().map(|renewal| renewal.standing().to_owned()),
        to_bring: open
            .map(|correction| correction.missing())
            .unwrap_or_default()
            .into_iter()
            .filter_map(line)
            .collect(),
        bring_by: open.map(|correction| correction.until),
        competent: case.competent.clone(),
        forwarded: case.forwarded_to.as_ref().map(|to| to.query_code),
        turn: None,
        orders: Vec::new(),
        instead_of: case.instead_of.as_ref().map(|instead| StandsIn {
            division: instead.place.division,
            department: instead.department.clone(),
            agreement: instead.agreement.clone(),
        }),
    }
}

/// How a case stands in the line of a limit of number.
fn turn(
    knowledge: &Knowledge,
    case: &tongban_domain::case::Case,
) -> Result<Option<tongban_domain::limit::Seen>, StorageError> {
    let (node, places) = (knowledge.node(), knowledge.places());
    let snapshot = knowledge.parts.backend.snapshot()?;
    let facts = StateFacts::new(&*snapshot, &node, Calendar::embedded(), &places);
    let seen = tongban_domain::limit::seen(&facts, case, knowledge.now().date());
    facts.fault().map_or(Ok(seen), Err)
}

/// Where a case is, by this node's own knowledge: its own row, or what its subordinates' entries say.
///
/// # Errors
///
/// When the state can't be read.
pub fn whereis(knowledge: &Knowledge, text: &str) -> Result<Option<WhereisAnswer>, Refused> {
    let state = &*knowledge.parts.backend;
    let here = knowledge.here();
    if let Some(case) = case::named(state, text)? {
        let (owner, handover, as_of): (Place, _, _) = match &case.custody {
            Custody::Owner => (here, None, knowledge.now()),
            Custody::Offered { to, .. } => (here, Some(to.division), knowledge.now()),
            Custody::Elsewhere { owner, as_of } => (*owner, None, *as_of),
        };
        return Ok(Some(WhereisAnswer {
            case: case.id,
            division: owner.division,
            node: owner.node,
            tenure: case.tenure,
            handover,
            as_of,
            authority: case.item.department,
        }));
    }
    let Ok(id) = text.trim().parse::<tongban_codes::ids::CaseId>() else { return Ok(None) };
    let location = figure::LOCATION.load(state, &id)?;
    // What was ordered here stands over what the entries of others have said so far.
    let order = case::RECLAIM.load(state, &id)?.and_then(|row| row.order);
    if let Some(order) = order
        && location.as_ref().is_none_or(|location| location.tenure < order.tenure)
    {
        return Ok(Some(WhereisAnswer {
            case: id,
            division: order.to.division,
            node: order.to.node,
            tenure: order.tenure,
            handover: None,
            as_of: order.at,
            authority: order.standing.item.department,
        }));
    }
    Ok(location.map(|location| WhereisAnswer {
        case: id,
        division: location.division,
        node: location.node,
        tenure: location.tenure,
        handover: None,
        as_of: location.as_of,
        authority: tongban_codes::division::table().path_name(location.division).unwrap_or_default(),
    }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn answers_that_nobody_reads_are_bounded() {
        let unread = Unread::new();
        let answer = vec![7; 300 << 10];
        let mut waiting = Vec::new();
        let refused = loop {
            match unread.keep(answer.clone()) {
                (kept, Some(taken)) => {
                    assert_eq!(kept, answer);
                    waiting.push(taken);
                }
                (refused, None) => break refused,
            }
        };
        assert_eq!(waiting.len(), limits::ANSWERS_BYTES_MAX / answer.len());
        let Response::Refused(refusal) = Response::from_bytes(&refused).unwrap() else { panic!("it is refused") };
        assert_eq!(refusal.code, "answers-limit");
        waiting.pop();
        assert!(unread.keep(answer).1.is_some(), "what was read makes room");
    }
}
