//! Where a case is and how far, asked of the nodes that know.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_domain::case::Custody;
use tongban_federation::wire::{Query as Question, Target};
use tongban_storage::keyspace::case;

use super::cases::unknown;
use super::{App, Failure, Query, problem};
use crate::api::v1::{CaseQuery, OrderBrief, ProgressQuery, ProgressView, WhereisView};
use crate::exchange::proof::{PROOF_CHARS, is_proof};
use crate::exchange::{Asked, ProgressAnswer, WhereisAnswer, proven_progress, whereis};

/// Owners that `whereis` follows, one naming the next.
const OWNERS_MAX: usize = 8;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/cases/whereis", get(whereis_case)).route("/v1/cases/progress", get(progress_of))
}

fn target(text: &str) -> Option<Target> {
    let text = text.trim();
    if let Ok(id) = text.parse::<CaseId>() {
        return Some(Target::CasePrefix(id.node_prefix()));
    }
    if let Ok(code) = text.parse::<QueryCode>() {
        return Some(Target::Label(code.label()));
    }
    // A collection number begins with the collecting division.
    let division = text.split('-').next().and_then(|first| first.parse().ok())?;
    Some(Target::Division(division))
}

fn whereis_view(answer: WhereisAnswer, source: tongban_codes::ids::NodeId) -> WhereisView {
    WhereisView {
        authority: answer.authority,
        division: answer.division,
        node: answer.node,
        tenure: answer.tenure,
        handover: answer.handover,
        as_of: answer.as_of,
        case: answer.case,
        source,
    }
}

/// Names the owner: by this node's own row when it owns, else by asking the node that collected, and that node's word on the owner; when
/// nobody answers, what is known here, with its as-of time.
async fn whereis_case(State(app): State<App>, Query(query): Query<CaseQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let text = query.case.unwrap_or_default();
    let me = app.shared.here().node;
    let known = whereis(&app.shared, &text)?;
    let mut best = known.clone().map(|answer| whereis_view(answer, me));
    if known.as_ref().is_some_and(|answer| answer.node == me && case_is_here(&app, &answer.case)) {
        return Ok(Json(best).into_response());
    }
    let mut asked: Vec<Target> = Vec::new();
    if let Some(answer) = &known {
        asked.push(Target::Node(answer.node));
        asked.push(Target::CasePrefix(answer.case.node_prefix()));
    } else {
        asked.extend(target(&text));
    }
    let mut from = None;
    for target in asked {
        let question = known.as_ref().map_or_else(|| text.clone(), |answer| answer.case.to_string());
        if let Asked::Answer(answer, source) =
            app.shared.ask::<WhereisAnswer>(target, Question::Whereis(question)).await
        {
            let id = answer.case;
            if best.as_ref().is_some_and(|best| best.case != answer.case) {
                continue;
            }
            let newer = best.as_ref().is_none_or(|best| (best.tenure, best.as_of) < (answer.tenure, answer.as_of));
            if newer {
                best = Some(whereis_view(answer, source));
                from = Some(source);
            }
            // Whoever was lost and has returned may believe that it owns the case: the node that collected it knows better.
            if id.node_prefix() == source.prefix() {
                break;
            }
        }
    }
    // Whoever is named as the owner has the newest word, and may name another in turn.
    for _ in 0..OWNERS_MAX {
        let Some(view) = best.clone().filter(|view| view.node != me && Some(view.node) != from) else { break };
        let question = Question::Whereis(view.case.to_string());
        let Asked::Answer(answer, source) = app.shared.ask::<WhereisAnswer>(Target::Node(view.node), question).await
        else {
            break;
        };
        if answer.case != view.case || answer.tenure < view.tenure {
            break;
        }
        from = Some(source);
        best = Some(whereis_view(answer, source));
    }
    best.map(|view| Json(view).into_response()).ok_or_else(|| unknown(&text))
}

fn case_is_here(app: &App, id: &CaseId) -> bool {
    case::CASE
        .load(app.state(), id)
        .ok()
        .flatten()
        .is_some_and(|row| matches!(row.custody, Custody::Owner | Custody::Offered { .. }))
}

/// Whether a node that refuses with this code has no orders of the case: it doesn't know it, or its release has none.
fn has_none(code: &str) -> bool {
    matches!(code, "unknown-here" | "request-unsupported")
}

/// What an applicant is to pay or to get: of the node that answered, and of the hall that gave out his code and the authority in charge where these are
/// others. Gives the divisions of those that weren't reached.
async fn orders_of(
    app: &App,
    answer: &mut ProgressAnswer,
    (proof, answered): (&str, DivisionCode),
) -> (Vec<OrderBrief>, Vec<DivisionCode>) {
    let (code, here) = (answer.query_code, app.shared.here().division);
    let mut orders = std::mem::take(&mut answer.orders);
    let mut others = vec![
        (answer.division, Target::Division(answer.division)),
        (code.label().division(), Target::Label(code.label())),
    ];
    others.dedup_by_key(|(division, _)| *division);
    others.retain(|(division, _)| *division != here && *division != answered);
    let now = app.shared.now();
    let asked = others.into_iter().map(|(division, target)| async move {
        if app.silent.is(division, now) {
            return (division, None);
        }
        let question = Question::ProvenProgress(code, proof.to_owned());
        (division, Some(app.shared.ask::<ProgressAnswer>(target, question).await))
    });
    let mut unknown = Vec::new();
    for (division, asked) in futures::future::join_all(asked).await {
        let is_its = |node| app.shared.place_of(node).is_some_and(|place| place.division == division);
        match asked {
            Some(Asked::Answer(there, node)) if there.query_code == code && is_its(&node) => {
                let known: Vec<String> = orders.iter().map(|order| order.number.clone()).collect();
                orders.extend(there.orders.into_iter().filter(|order| !known.contains(&order.number)));
            }
            // It isn't there yet, or its release knows no such question.
            Some(Asked::Answer(..)) => {}
            Some(Asked::Refused(code, _)) if has_none(&code) => {}
            // It might have some, and doesn't say so now.
            Some(Asked::Refused(..)) => unknown.push(division),
            Some(Asked::Unreached) => {
                app.silent.tell(division, Some(now));
                unknown.push(division);
            }
            None => unknown.push(division),
        }
    }
    (orders.into_iter().map(super::orders::told).collect(), unknown)
}

/// How far a case is, for its applicant, asked of whichever node: by its own row, else by that of the node that gave out the query code.
async fn progress_of(State(app): State<App>, Query(query): Query<ProgressQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let ProgressQuery { code: text, proof } = query;
    let code: QueryCode = text.parse().map_err(|error: tongban_codes::InvalidCode| {
        problem("query-code", "code", &text, &error.to_string(), &format!("查询码有误：{}", error.zh()))
            .remedy("compare it with the slip", "请与收件凭证核对")
    })?;
    let proof = proof.trim();
    if !is_proof(proof) {
        let failure = problem(
            "invalid-field",
            "proof",
            "",
            &format!("the proof is the last {PROOF_CHARS} characters of the applicant's citizen id or credit code"),
            &format!("请提供申请人证件号码的后 {PROOF_CHARS} 位"),
        );
        return Err(failure.remedy("give --proof", "请填写 --proof"));
    }
    let mut answer = proven_progress(&app.shared, &code, proof)?;
    let is_here = answer.is_some();
    if answer.is_none() && case::named(app.state(), &code.to_string())?.is_none() {
        let question = Question::ProvenProgress(code, proof.to_owned());
        answer = match app.shared.ask::<ProgressAnswer>(Target::Label(code.label()), question).await {
            Asked::Answer(answer, _) => Some(answer),
            Asked::Refused(code, _) if code == "unknown-here" => None,
            Asked::Refused(..) | Asked::Unreached => {
                let failure = problem(
                    "unreached",
                    "code",
                    &text,
                    "the node that gave out this code isn't reached now, or its release can't answer",
                    "暂时无法连接发放该查询码的节点，或其版本不支持",
                );
                return Err(failure.remedy("ask again later", "请稍后再查"));
            }
        };
    }
    let mut answer = answer.ok_or_else(|| {
        let failure = problem(
            "progress-unproven",
            "code",
            &text,
            "no case has this query code and an applicant whose number ends so",
            "没有与该查询码和证件号码后六位相符的办件",
        );
        failure.remedy(
            "look at the slip; after five wrong tries a case answers nobody for a quarter of an hour",
            "请核对收件凭证；连续五次不符后，十五分钟内不再答复",
        )
    })?;
    let answered = if is_here { app.shared.here().division } else { code.label().division() };
    let (orders, orders_unknown) = orders_of(&app, &mut answer, (proof, answered)).await;
    Ok(Json(ProgressView {
        query_code: answer.query_code,
        state: answer.status.name().to_owned(),
        state_zh: answer.status.zh().to_owned(),
        item_name: answer.item_name,
        department: answer.department,
        division: answer.division,
        statutory_due: answer.statutory_due,
        promised_due: answer.promised_due,
        stop: answer.stop,
        extended_days: answer.extended,
        renewal_due: answer.renewal_due,
        renewal: answer.renewal,
        to_bring: answer.to_bring,
        bring_by: answer.bring_by,
        competent: answer.competent,
        forwarded: answer.forwarded,
        orders,
        orders_unknown,
        turn: answer.turn,
        instead_of: answer.instead_of,
        as_of: answer.as_of,
        demo: app.shared.node().demo,
    })
    .into_response())
}

#[cfg(test)]
mod tests {
    use super::has_none;

    /// Who refuses for now may have orders: only who says that it knows no such case, or no such question, has none.
    #[test]
    fn who_refuses_for_now_may_have_orders() {
        for none in ["unknown-here", "request-unsupported"] {
            assert!(has_none(none), "{none}");
        }
        for later in ["too-many-requests", "answer-malformed", "certificate-expired", "node-revoked", "answer-unsealed"]
        {
            assert!(!has_none(later), "{later}");
        }
    }
}
