//! Drift: whether other nodes hold the same standards.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tongban_codes::division::DivisionCode;
use tongban_domain::Place;

use super::divisions::placed;
use super::{App, Failure, Query, problem};
use crate::api::v1::{DriftNode, DriftQuery, DriftReport};
use crate::exchange::drift::Outcome;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/items/drift", get(drift))
}

/// The nodes that a query means, by division.
fn places(app: &App, query: &DriftQuery) -> Result<Vec<Place>, Failure> {
    let shared = &app.shared;
    let directory = shared.directory();
    let asked: Vec<DivisionCode> = [query.division, query.subtree, query.neighbour].into_iter().flatten().collect();
    let [division] = asked[..] else {
        if asked.is_empty() {
            return Ok(vec![shared.here()]);
        }
        return Err(problem(
            "invalid-request",
            "division",
            "",
            "give one of division, subtree and neighbour",
            "division、subtree、neighbour 只能给一个",
        ));
    };
    let division = placed(app, division)?;
    let text = division.to_string();
    let kin = |place: &Place| {
        let here = shared.here();
        let superior = |place: &Place| directory.node(&place.node).and_then(|entry| entry.certification.superior);
        let below = shared.is_subordinate(&place.node);
        match (query.subtree, query.neighbour) {
            (Some(_), _) => below || place.node == here.node,
            (_, Some(_)) => superior(place).is_some() && superior(place) == superior(&here),
            _ => below || shared.is_superior(&place.node) || place.node == here.node,
        }
    };
    let meant =
        |place: &Place| place.division == division || (query.subtree.is_some() && place.division.is_within(division));
    let known = directory.nodes().filter(|entry| entry.certification.revoked.is_none());
    let known = known.map(|entry| Place { node: entry.record.node, division: entry.certification.division });
    let mut places: Vec<Place> = known.filter(|place| meant(place)).collect();
    if places.is_empty() {
        return Err(problem(
            "division-unserved",
            "division",
            &text,
            "no node of this division is known here",
            "本节点不知道该区划的节点",
        )
        .remedy("list them: tongban peer list", "查看：tongban peer list"));
    }
    places.retain(kin);
    if places.is_empty() {
        return Err(problem(
            "drift-not-kin",
            "division",
            &text,
            "only nodes below, above, or with the same superior are compared with",
            "只能与下级、上级或同一上级的节点比对",
        )
        .remedy("neighbours: tongban item drift --neighbour C", "同级：tongban item drift --neighbour 区划"));
    }
    places.sort_by_key(|place| (place.division, place.node));
    Ok(places)
}

async fn drift(State(app): State<App>, Query(query): Query<DriftQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let places = places(&app, &query)?;
    let directory = app.shared.directory();
    let mut report = DriftReport { differs: false, complete: true, nodes: Vec::new(), differences: Vec::new() };
    for (place, outcome) in app.shared.examine(places).await {
        let name = directory.node(&place.node).map(|entry| entry.record.name.clone());
        let mut node = DriftNode {
            division: place.division,
            name: name.unwrap_or_default(),
            node: place.node,
            state: "unreached",
            differences: 0,
            as_of: None,
            code: None,
            text: None,
        };
        match outcome {
            Outcome::Examined(examination) => {
                let unlawful = examination.differences.iter().filter(|difference| !difference.is_lawful()).count();
                node.differences = unlawful;
                (node.state, node.as_of) = (if unlawful == 0 { "same" } else { "differs" }, Some(examination.at));
                report.differs |= unlawful > 0;
                let shown = examination.differences.into_iter();
                report.differences.extend(shown.filter(|difference| query.all || !difference.is_lawful()));
            }
            Outcome::Unreached => report.complete = false,
            Outcome::Refused(code, text) => {
                report.complete = false;
                (node.state, node.code, node.text) = ("refused", Some(code), Some(text));
            }
        }
        report.nodes.push(node);
    }
    Ok(Json(report).into_response())
}
