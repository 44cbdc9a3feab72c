//! The law of the case as a table: every state, every act, every custody, and the code of each refusal.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CARD, CITIZEN, Hall, applicant, at, collect, daishi, date, guangan};
use tongban_codes::ids::CaseId;
use tongban_domain::case::{ActKind, Custody, Offer, RefusalKind, Status, Stop};
use tongban_domain::catalogue::Mode;
use tongban_domain::licence::{self, Licence};
use tongban_domain::{Command, Reply};

/// What a cell expects: done, nothing to do, or refused with this code.
type Expected = &'static str;

const OK: Expected = "ok";
/// A tick that finds nothing to do.
const NOTHING: Expected = "nothing";
const STATE: Expected = "case-state";
const REPEATED: Expected = "notice-repeated";
const OFFERED: Expected = "case-offered";
const ELSEWHERE: Expected = "not-owner";
const STALE: Expected = "stale-tenure";

/// Where this node is the owner, by state in the order of `Status::ALL`: Collected, Notified, Accepted, not required, not competent,
/// Granted, Denied, Delivered, Closed, Withdrawn, special procedure.
#[rustfmt::skip]
const OWNER: [(ActKind, [Expected; 11]); 17] = [
    // 国办发〔2020〕35号: what is collected is handed over; what the authority has taken up isn't.
    (ActKind::Offer,         [OK,    STATE,    STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE]),
    // An owner takes nothing over.
    (ActKind::TakeCustody,   [STATE, STATE,    STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE]),
    // Answers to offers that aren't open.
    (ActKind::RefuseCustody, [STALE, STALE,    STALE, STALE, STALE, STALE, STALE, STALE, STALE, STALE, STALE]),
    (ActKind::Discharge,     [STALE, STALE,    STALE, STALE, STALE, STALE, STALE, STALE, STALE, STALE, STALE]),
    // 行政许可法 32(5): accepted as brought, or when all that the notice asked for has been brought.
    (ActKind::Accept,        [OK,    OK,       STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE]),
    // 32(4): only who was not answered is deemed accepted.
    (ActKind::AcceptDeemed,  [OK,    NOTHING,  NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]),
    // 32(1), (2).
    (ActKind::Refuse,        [OK,    OK,       STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE]),
    // 32(4): once, and before acceptance.
    (ActKind::Notify,        [OK,    REPEATED, STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE]),
    // 34, 37, 38: what was accepted is decided, once.
    (ActKind::Decide,        [STATE, STATE,    OK,    STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE]),
    // 44: the decision is delivered.
    (ActKind::Deliver,       [STATE, STATE,    STATE, STATE, STATE, OK,    OK,    STATE, STATE, STATE, STATE]),
    // A grant is delivered before it is closed; refusals and denials may be closed at once.
    (ActKind::Close,         [STATE, STATE,    STATE, OK,    OK,    STATE, OK,    OK,    STATE, STATE, STATE]),
    // The applicant may withdraw until the decision.
    (ActKind::Withdraw,      [OK,    OK,       OK,    STATE, STATE, STATE, STATE, STATE, STATE, STATE, OK]),
    // 39: a licence follows a grant.
    (ActKind::IssueLicence,  [STATE, STATE,    STATE, STATE, STATE, OK,    STATE, OK,    STATE, STATE, STATE]),
    // 70: what was issued can be cancelled, after closing as well.
    (ActKind::CancelLicence, [STATE, STATE,    STATE, STATE, STATE, OK,    STATE, OK,    OK,    STATE, STATE]),
    // 45: the clock of what was accepted stands still for a special procedure, and runs again after it.
    (ActKind::Suspend,       [STATE, STATE,    OK,    STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE]),
    (ActKind::Resume,        [STATE, STATE,    STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE, OK]),
    // 42: once, while the time runs.
    (ActKind::Extend,        [STATE, STATE,    OK,    STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE]),
];

/// While it is offered, only the answer of the node it was offered to changes anything.
fn offered(act: ActKind) -> Expected {
    match act {
        ActKind::RefuseCustody | ActKind::Discharge => OK,
        ActKind::AcceptDeemed => NOTHING,
        // It can't hand on what it hasn't taken.
        ActKind::TakeCustody => ELSEWHERE,
        _ => OFFERED,
    }
}

/// While another owns it, this node does nothing but take it back, if it was not taken up there.
fn elsewhere(act: ActKind, status: Status) -> Expected {
    match act {
        ActKind::TakeCustody if status == Status::Collected => OK,
        ActKind::TakeCustody => STATE,
        ActKind::RefuseCustody | ActKind::Discharge => STALE,
        ActKind::AcceptDeemed => NOTHING,
        _ => ELSEWHERE,
    }
}

fn command(hall: &Hall, id: CaseId, act: ActKind, peer: &Hall) -> Command {
    let case = id.to_string();
    let (origin, tenure) = (peer.origin(), hall.case(id).tenure);
    match act {
        ActKind::Offer => Command::Offer(case),
        ActKind::Accept => Command::Accept(case),
        ActKind::AcceptDeemed => Command::Tick,
        ActKind::Refuse => {
            let (kind, reason) = (RefusalKind::NotRequired, "无需许可".into());
            Command::Refuse { case, kind, reason }
        }
        ActKind::Notify => Command::Notify { case, items: vec!["检测报告".into()] },
        ActKind::Decide => Command::Decide { case, grant: true, reason: None },
        ActKind::Suspend => Command::SuspendCase { case, procedure: "检测".into(), days: 5 },
        ActKind::Resume => Command::ResumeCase { case, note: None },
        ActKind::Extend => {
            let (approver, reason) = ("局长".into(), "案情复杂".into());
            Command::ExtendCase { case, days: 5, approver, reason }
        }
        ActKind::Deliver => Command::Deliver { case, note: None },
        ActKind::Close => Command::Close(case),
        ActKind::Withdraw => Command::Withdraw { case, reason: None },
        ActKind::IssueLicence => {
            let (kind, until) = ("公共场所卫生许可证".into(), date(2030, 9, 14));
            Command::IssueLicence { case, kind, until }
        }
        ActKind::CancelLicence => Command::CancelLicence { licence: "L".into(), reason: "歇业".into() },
        ActKind::Discharge => Command::SettleOffer { origin, case: id, tenure, act: hall.case(id).acts, refusal: None },
        ActKind::RefuseCustody => {
            let refusal = Some(("item-withdrawn".into(), "withdrawn".into()));
            Command::SettleOffer { origin, case: id, tenure, act: hall.case(id).acts, refusal }
        }
        ActKind::TakeCustody => {
            let case = hall.case(id);
            Command::TakeCustody {
                origin,
                offer: Box::new(Offer {
                    case: id,
                    tenure,
                    collection_no: case.collection_no.clone(),
                    query_code: case.query_code,
                    collecting: case.collecting,
                    collected_at: case.collected_at,
                    deciding: hall.division(),
                    item: CARD[3].1.into(),
                    item_version: 1,
                    mode: Mode::Collect,
                    applicant: applicant(),
                    materials: Vec::new(),
                    history: Vec::new(),
                }),
            }
        }
        ActKind::Collect => unreachable!("collecting draws a new case"),
    }
}

/// Puts a case of 广安区 into a cell, gives the command, tells what came of it.
fn try_cell(template: &Hall, peer: &Hall, status: Status, act: ActKind, custody: &Custody) -> String {
    let mut hall = template.clone();
    let division = hall.division();
    // The clock of a permit alone stands still by the law, and it runs from the acceptance.
    let of_clock = matches!(act, ActKind::Suspend | ActKind::Resume | ActKind::Extend);
    let id = hall.collect(if of_clock { "511A0015500013" } else { "511F82001003" }, division);
    if of_clock {
        hall.act(&Command::Accept(id.to_string())).unwrap();
    }
    let peer_decides = act == ActKind::Offer;
    let deemed = act == ActKind::AcceptDeemed;
    let due = hall.now;
    let licence = Licence {
        id: "L".into(),
        type_name: "证".into(),
        authority: hall.case(id).item.authority,
        case: id,
        holder: [0; 32],
        issued_on: date(2026, 9, 14),
        valid_until: date(2030, 9, 14),
        status: licence::Status::Valid,
        since: due,
        reason: None,
        sealed: Vec::new(),
    };
    hall.state.licences.insert("L".into(), licence);
    let case = hall.state.cases.get_mut(&id).unwrap();
    case.status = status;
    case.custody = custody.clone();
    case.deemed_at = deemed.then_some(due);
    if peer_decides {
        case.deciding = peer.place();
    }
    if act == ActKind::TakeCustody {
        case.collecting = peer.place();
    }
    if status == Status::SpecialProcedure {
        let (procedure, basis) = ("检测".into(), "行政许可法第四十五条".into());
        case.stops.push(Stop { procedure, basis, announced: 5, from: date(2026, 9, 14), until: None });
    }
    let before = hall.clone();
    let command = command(&hall, id, act, peer);
    match hall.act(&command) {
        Ok(change) if change.events.is_empty() => {
            assert_eq!(change.reply, Reply::Known {});
            NOTHING.to_owned()
        }
        Ok(_) => {
            let last = hall.state.acts.last().unwrap();
            assert_eq!((last.kind, last.number), (act, hall.case(id).acts));
            let stands_still = hall.case(id).stops.iter().any(|stop| stop.until.is_none());
            assert_eq!(stands_still, hall.case(id).status == Status::SpecialProcedure);
            OK.to_owned()
        }
        Err(rejection) => {
            assert_eq!(format!("{:?}", hall.state), format!("{:?}", before.state));
            assert!(!rejection.en.is_empty() && !rejection.zh.is_empty());
            assert!(!format!("{rejection:?}").contains(CITIZEN));
            rejection.code.to_owned()
        }
    }
}

#[test]
fn every_cell() {
    let template = guangan();
    let peer = daishi(&template);
    let to = peer.place();
    let since = at(2026, 9, 14, 8);
    let mut wrong = Vec::new();
    for (act, row) in OWNER {
        for (status, expected) in Status::ALL.into_iter().zip(row) {
            for (custody, expected) in [
                (Custody::Owner, expected),
                (Custody::Offered { to, since }, offered(act)),
                (Custody::Elsewhere { owner: to, as_of: since }, elsewhere(act, status)),
            ] {
                let found = try_cell(&template, &peer, status, act, &custody);
                if found != expected {
                    let (act, status) = (act.name(), status.name());
                    wrong.push(format!("{act} · {status} · {custody:?}: {found}, not {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let listed: Vec<ActKind> = OWNER.iter().map(|(act, _)| *act).collect();
    for act in ActKind::ALL {
        assert!(act == ActKind::Collect || listed.contains(&act), "{act:?} is not in the table");
    }
}

/// The public table says the same as the acts do.
#[test]
fn allows_is_the_table() {
    for (act, row) in OWNER {
        for (status, expected) in Status::ALL.into_iter().zip(row) {
            let custody = matches!(act, ActKind::TakeCustody | ActKind::RefuseCustody | ActKind::Discharge);
            let expected = if custody { status == Status::Collected } else { expected == OK };
            assert_eq!(status.allows(act), expected, "{act:?} in {status:?}");
        }
    }
}

/// Competence: a held case may be offered or withdrawn at the window, and nothing else.
#[test]
fn the_window_has_no_competence() {
    let guangan = guangan();
    let mut daishi = daishi(&guangan);
    let held = |command: Command| match command {
        Command::Collect { item, division, mode, applicant, materials, .. } => {
            Command::Collect { item, division, mode, applicant, materials, hold: true }
        }
        other => other,
    };
    daishi.act(&held(collect("511F82001003", guangan.division()))).unwrap();
    let id = *daishi.state.cases.keys().next().unwrap();
    for (act, expected) in [
        (ActKind::Accept, "not-competent"),
        (ActKind::Refuse, "not-competent"),
        (ActKind::Notify, "not-competent"),
        (ActKind::Decide, "case-state"),
        (ActKind::AcceptDeemed, "ok"),
        (ActKind::Withdraw, "ok"),
    ] {
        let mut hall = daishi.clone();
        let command = command(&hall, id, act, &guangan);
        assert_eq!(hall.code(&command), expected, "{act:?}");
        assert!(hall.case(id).accepted_on.is_none());
    }
}
