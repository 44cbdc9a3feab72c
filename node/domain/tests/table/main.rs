//! The law of the case as a table: every state, every act, every custody, and the code of each refusal.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command;
#[path = "../hall/mod.rs"]
mod hall;
mod manual;

use command::{APPLICATION, command, result};
use hall::{CITIZEN, Hall, PERMIT, at, collect, daishi, date, guangan, under};
use tongban_codes::ids::CaseId;
use tongban_domain::application::PartOf;
use tongban_domain::case::{
    ActKind, Asked, Correction, Custody, ForwardedFrom, ForwardedTo, Reclaim, Renewal, Status, Stop,
};
use tongban_domain::catalogue::{
    Accord, Fee, FeeDue, Guide, PledgeRule, ReceiptRule, RequiredMaterial, StepRole, StepRule,
};
use tongban_domain::licence::{self, Licence};
use tongban_domain::pledge::Pledge;
use tongban_domain::uniform::{InsteadOf, ReportRefused};

use tongban_domain::work::{Lacking, Work, WorkStep};
use tongban_domain::{Change, Command, Event, Reply};

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
const OWNED: Expected = "reclaim-owned";

/// What an act comes to where this node is the owner.
struct Row {
    act: ActKind,
    /// The article, or what else allows it.
    law: &'static str,
    /// The states in which it is done.
    done: &'static [Status],
    /// What it comes to in some of the others.
    but: &'static [(Status, Expected)],
    /// What it comes to in the rest.
    rest: Expected,
}

impl Row {
    fn expected(&self, status: Status) -> Expected {
        if self.done.contains(&status) {
            return OK;
        }
        self.but.iter().find(|(other, _)| *other == status).map_or(self.rest, |(_, expected)| *expected)
    }
}

const fn row(act: ActKind, law: &'static str, done: &'static [Status]) -> Row {
    Row { act, law, done, but: &[], rest: STATE }
}

use Status::{
    Accepted, Closed, Collected, Delivered, Denied, Forwarded, Granted, Notified, RefusedNotCompetent,
    RefusedNotRequired, Returned, SpecialProcedure, Supplemented, Withdrawn,
};

/// What the applicant may withdraw.
const UNDECIDED: &[Status] = &[Collected, Notified, Accepted, SpecialProcedure, Supplemented];

/// The law of the case: each act, what allows it, and the states in which it is done. `docs/case-life.md` shows it.
const OWNER: &[Row] = &[
    row(ActKind::Offer, "国办发〔2020〕35号（收受分离）", &[Collected]),
    // An owner takes nothing over.
    row(ActKind::TakeCustody, "国办发〔2020〕35号", &[]),
    // Answers to offers, and to supplements, that aren't open.
    Row { rest: STALE, ..row(ActKind::RefuseCustody, "国办发〔2020〕35号", &[]) },
    Row { rest: STALE, ..row(ActKind::Discharge, "国办发〔2020〕35号", &[]) },
    Row { rest: STALE, ..row(ActKind::RefuseSupplement, "国办发〔2020〕35号", &[]) },
    Row { rest: STALE, ..row(ActKind::RefuseReport, "国办发〔2020〕35号", &[]) },
    Row { rest: STALE, ..row(ActKind::RefuseWithdrawal, "国办发〔2020〕35号", &[]) },
    // As brought, or when all that the notice asked for has been brought.
    row(ActKind::Accept, "行政许可法 32（五）", &[Collected, Notified, Supplemented]),
    // Only who was not answered is deemed accepted.
    Row { rest: NOTHING, ..row(ActKind::AcceptDeemed, "行政许可法 32（四）", &[Collected, Supplemented]) },
    row(ActKind::Refuse, "行政许可法 32（一）（二）", &[Collected, Notified, Supplemented]),
    // Once; after that only what couldn't be known.
    Row {
        but: &[(Notified, REPEATED)], ..row(ActKind::Notify, "行政许可法 32（四）", &[Collected, Supplemented])
    },
    row(ActKind::Supplement, "行政许可法 32（五）", &[Notified]),
    // No law lets it lapse by itself.
    row(ActKind::Return, "补正告知所定期限届满", &[Notified]),
    row(ActKind::Correct, "行政许可法 32（三）", &[Collected, Notified, Supplemented]),
    row(ActKind::Check, "行政许可法 34", &[Accepted]),
    // What was accepted is decided, once.
    row(ActKind::Decide, "行政许可法 34、37、38", &[Accepted]),
    row(ActKind::Forward, "行政许可法 43", &[Accepted]),
    // The clock of what was accepted stands still for a special procedure, and runs again after it.
    row(ActKind::Suspend, "行政许可法 45", &[Accepted]),
    row(ActKind::Resume, "行政许可法 45", &[SpecialProcedure]),
    // Once, while the time runs.
    row(ActKind::Extend, "行政许可法 42", &[Accepted]),
    row(ActKind::Deliver, "行政许可法 44", &[Granted, Denied]),
    // A grant is delivered before it is closed; refusals and denials may be closed at once.
    row(
        ActKind::Close,
        "行政许可法 38、44",
        &[RefusedNotRequired, RefusedNotCompetent, Denied, Delivered, Returned, Forwarded],
    ),
    // The applicant may withdraw until the decision.
    // What it came to at the superior, also when this leg is closed.
    Row { rest: NOTHING, ..row(ActKind::ForwardOutcome, "行政许可法 43", &[Forwarded, Closed]) },
    // What an earlier part of its application came to.
    row(ActKind::TellPart, "行政许可法 26、31", UNDECIDED),
    row(ActKind::Withdraw, "申请人自愿", UNDECIDED),
    // At the hall that collected it, for the owner.
    row(ActKind::AskWithdrawal, "申请人自愿", UNDECIDED),
    // What was accepted and not decided when the licence ends, whether or not the clock stands still.
    Row { rest: NOTHING, ..row(ActKind::DeemedRenewal, "行政许可法 50", &[Accepted, SpecialProcedure]) },
    // A licence follows a grant.
    row(ActKind::IssueLicence, "行政许可法 39", &[Granted, Delivered]),
    // What was issued can be cancelled, after closing as well.
    row(ActKind::CancelLicence, "行政许可法 70", &[Granted, Delivered, Closed]),
    row(ActKind::Amend, "个人信息保护法 46", &Status::ALL),
    // What is here is asked of nobody; an order that was asked for is taken in every state, since the lost node lets go by it.
    Row { act: ActKind::AskReclaim, law: "共同上级的决定（0021）", done: &[], but: &[], rest: OWNED },
    row(ActKind::Reclaim, "共同上级的决定（0021）", &Status::ALL),
    // What was accepted is reviewed, by the steps that the item publishes; nothing of it while the clock stands still, but who holds it may be
    // another.
    row(ActKind::Claim, "行政许可法 34", &[Accepted]),
    row(ActKind::HandOn, "行政许可法 34", &[Accepted, SpecialProcedure]),
    row(ActKind::ReturnStep, "行政许可法 34", &[Accepted]),
    row(ActKind::PassStep, "行政许可法 34", &[Accepted]),
    row(ActKind::SignStep, "行政许可法 34", &[Accepted]),
    // Whoever has a stake in it doesn't touch it, from its collection until its licence is made.
    row(ActKind::Recuse, "公务员法 76", &[Collected, Notified, Accepted, Granted, SpecialProcedure, Supplemented]),
    // What was to follow comes before the decision.
    row(ActKind::FollowUp, "容缺受理（事项公布）", &[Accepted, SpecialProcedure]),
    // A pledge does in the place of a material until the decision, and is checked after a grant.
    row(ActKind::Pledge, "告知承诺制（事项公布）", &[Collected, Notified, Accepted, SpecialProcedure, Supplemented]),
    row(ActKind::VerifyPledge, "行政许可法 61、69", &[Granted, Delivered, Closed]),
    // A fee that comes before the result is waived until that is handed out, and after it was refunded.
    row(
        ActKind::WaiveFee,
        "行政许可法 58、59",
        &[Collected, Notified, Accepted, Granted, Delivered, SpecialProcedure, Supplemented],
    ),
    // Once for all cases of an application that share it.
    row(ActKind::JointCheck, "行政许可法 26、34", &[Accepted]),
    row(ActKind::JointPublicity, "行政许可法 5、26", &[Accepted]),
    // What the authority in charge hadn't taken of a case that is decided in its place; of one that isn't accepted nothing was told.
    row(
        ActKind::ReportAgain,
        "国办发〔2020〕35号",
        &[
            Accepted,
            Granted,
            Denied,
            Delivered,
            Closed,
            Withdrawn,
            RefusedNotRequired,
            RefusedNotCompetent,
            Returned,
            SpecialProcedure,
        ],
    ),
    // Where the agreement says that the paper file counts, the five days run from it.
    row(ActKind::ReceivePaper, "行政许可法 32、国办发〔2020〕35号", &[Collected, Notified, Supplemented]),
];

/// The superior of all halls of the table.
fn city() -> Hall {
    Hall::new("511600", "广安市")
}

/// While it is offered, only the answer of the node it was offered to changes anything.
fn offered(act: ActKind, status: Status) -> Expected {
    match act {
        ActKind::AskReclaim => asked(status),
        ActKind::Reclaim => OK,
        ActKind::RefuseCustody | ActKind::Discharge => OK,
        ActKind::RefuseSupplement | ActKind::RefuseWithdrawal | ActKind::RefuseReport => STALE,
        ActKind::AcceptDeemed | ActKind::DeemedRenewal | ActKind::ForwardOutcome => NOTHING,
        // It can't hand on what it hasn't taken.
        ActKind::TakeCustody => ELSEWHERE,
        _ => OFFERED,
    }
}

/// While another owns it, this node does nothing but take it back, if it was not taken up there, and take for the owner what a notice asked for,
/// and that the applicant withdraws.
fn elsewhere(act: ActKind, status: Status) -> Expected {
    match act {
        ActKind::TakeCustody if status == Collected => OK,
        ActKind::TakeCustody => STATE,
        ActKind::Supplement if status == Notified => OK,
        ActKind::Supplement => STATE,
        ActKind::Withdraw | ActKind::AskWithdrawal if UNDECIDED.contains(&status) => OK,
        ActKind::Withdraw | ActKind::AskWithdrawal => STATE,
        ActKind::RefuseCustody | ActKind::Discharge => STALE,
        ActKind::RefuseSupplement | ActKind::RefuseWithdrawal | ActKind::RefuseReport => STALE,
        ActKind::AskReclaim => asked(status),
        ActKind::Reclaim => OK,
        ActKind::AcceptDeemed | ActKind::DeemedRenewal | ActKind::ForwardOutcome => NOTHING,
        _ => ELSEWHERE,
    }
}

/// What is over needs nobody any more.
fn asked(status: Status) -> Expected {
    if matches!(status, Closed | Withdrawn) { STATE } else { OK }
}

fn touches(change: &Change, id: CaseId) -> bool {
    change.events.iter().any(|event| matches!(event, Event::Case(case, _) if case.id == id))
}

/// Work that stands at the second of three steps.
fn at_second_step(rule: StepRule) -> Work {
    let step = |rule| WorkStep { name: "审查".into(), role: StepRole::Decider, term: None, rule, signers: 2 };
    Work {
        steps: vec![step(StepRule::Single), step(rule), step(StepRule::Single)],
        at: 1,
        since: date(2026, 9, 14),
        due: None,
        holder: None,
        signatures: Vec::new(),
        reviewers: Vec::new(),
        published: true,
        instant: false,
    }
}

/// Puts a case of 广安区 into a cell, gives the command, tells what came of it.
fn try_cell(template: &Hall, peers: &(Hall, Hall), status: Status, act: ActKind, custody: &Custody) -> String {
    let mut hall = template.clone();
    let peer = if act == ActKind::Forward { &peers.1 } else { &peers.0 };
    let division = hall.division();
    // The clock of a permit alone stands still by the law, and it runs from the acceptance.
    let of_clock =
        matches!(act, ActKind::Suspend | ActKind::Resume | ActKind::Extend | ActKind::Forward | ActKind::DeemedRenewal);
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
        valid_from: None,
        renews: None,
        renewed_by: None,
        renewal: None,
    };
    hall.state.licences.insert("L".into(), licence);
    let case = hall.state.cases.get_mut(&id).unwrap();
    case.status = status;
    case.custody = custody.clone();
    case.deemed_at = deemed.then_some(due);
    if act == ActKind::DeemedRenewal {
        let (asked_on, ends) = (date(2026, 7, 1), date(2026, 9, 13));
        case.renewal = Some(Renewal {
            licence: "L".into(),
            asked_on,
            ends: Some(ends),
            ask_by: Some(date(2026, 8, 14)),
            basis: Some("行政许可法第五十条第一款".into()),
            deemed: false,
        });
        case.renewal_at = Some(due);
        case.deadlines.as_mut().unwrap().renewal = Some(ends);
    }
    if peer_decides {
        case.deciding = peer.place();
    }
    if matches!(act, ActKind::Supplement | ActKind::Return) || (act, status) == (ActKind::Notify, Supplemented) {
        let (text, on) = ("检测报告".into(), date(2026, 8, 3));
        let asked = vec![Asked { text, on, new_reason: None, brought: None }];
        case.correction = Some(Correction { asked, until: date(2026, 9, 2), complete_on: None, notices: 1 });
    }
    if act == ActKind::TakeCustody {
        case.collecting = peer.place();
    }
    if act == ActKind::Reclaim {
        let (superior, lost, asked_at) = (city().place().node, peer.place(), due);
        let reason = "机房失火".into();
        case.reclaims.push(Reclaim { superior, lost, asked_at, reason, declined: None, taken: None });
    }
    if matches!(act, ActKind::Claim | ActKind::HandOn | ActKind::ReturnStep | ActKind::PassStep | ActKind::SignStep) {
        case.work =
            Some(at_second_step(if act == ActKind::SignStep { StepRule::Countersign } else { StepRule::Single }));
    }
    if act == ActKind::TellPart {
        case.collecting = peer.place();
    }
    if act == ActKind::ForwardOutcome {
        let mut next = case.clone();
        next.id = CaseId::from_bytes([9; 16]);
        next.forwarded_from = Some(ForwardedFrom { case: id, case_no: None, division, opinion: "拟准予".into() });
        (next.status, next.tenure, next.acts) = (Accepted, 2, 0);
        next.custody = Custody::Elsewhere { owner: peer.place(), as_of: due };
        case.forwarded_to = Some(ForwardedTo {
            division: peer.division(),
            item: case.item.code.clone(),
            case: next.id,
            query_code: case.query_code,
            on: date(2026, 9, 14),
            in_time: true,
            outcome: None,
        });
        hall.state.cases.insert(next.id, next);
    }
    let case = hall.state.cases.get_mut(&id).unwrap();
    if matches!(act, ActKind::JointCheck | ActKind::JointPublicity | ActKind::TellPart) {
        case.part_of = Some(PartOf {
            application: id,
            number: APPLICATION.into(),
            event: "开办分店".into(),
            part: "变更".into(),
            joint: Some("踏勘".into()),
            form: None,
            entries: vec![result(Vec::new())],
        });
    }
    if act == ActKind::ReceivePaper {
        case.agreement = Some(Accord { number: "协议一".into(), receipt: ReceiptRule::Paper });
        case.received_on = None;
    }
    if act == ActKind::ReportAgain {
        case.instead_of = Some(InsteadOf {
            place: peer.place(),
            item: case.item.code.clone(),
            version: 1,
            as_of: due,
            authority: case.item.authority,
            department: "区行政审批局".into(),
            department_code: "115113016823646795".into(),
            agreement: "跨域〔2026〕1号".into(),
            party: "11511301452259996U".into(),
        });
        case.accepted_on = Some(due.date());
        case.report_refused =
            Some(ReportRefused { act: 2, code: "uniform-too-many".into(), text: "今日已满".into(), at: due });
    }
    if act == ActKind::FollowUp {
        let (name, until) = ("检测报告".into(), date(2026, 9, 18));
        case.lacking.push(Lacking { name, until, promise: "0".repeat(64) });
    }
    if act == ActKind::Pledge {
        let material =
            RequiredMaterial { name: "检测报告".into(), pledge: Some(true), ..RequiredMaterial::default() };
        let rule = PledgeRule { check_days: 5, check_role: None, correct_days: 5, consequences: "撤销许可".into() };
        let guide = Guide { materials: vec![material], pledge: Some(rule), ..Guide::default() };
        let version = hall.state.versions.get_mut(&(case.item.code.clone(), case.item.version)).unwrap();
        version.guide = Some(guide.digest());
        hall.state.guides.insert(guide.digest(), (guide, true));
    }
    if act == ActKind::WaiveFee {
        let fee = Fee { name: "工本费".into(), due: Some(FeeDue::BeforeResult), ..Fee::default() };
        let guide = Guide { fees: vec![fee], ..Guide::default() };
        let version = hall.state.versions.get_mut(&(case.item.code.clone(), case.item.version)).unwrap();
        version.guide = Some(guide.digest());
        hall.state.guides.insert(guide.digest(), (guide, true));
    }
    if act == ActKind::VerifyPledge {
        case.pledge = Some(Pledge {
            items: vec!["检测报告".into()],
            commitment: "0".repeat(64),
            at: due,
            by: "窗口员".into(),
            consequences: "撤销许可".into(),
            check_days: 5,
            role: StepRole::Decider,
            correct_days: 5,
            check_by: Some(date(2026, 9, 21)),
            findings: Vec::new(),
        });
    }
    if status == SpecialProcedure {
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
        // What isn't forwarded stays as it is; the superior's case is another.
        Ok(change) if act == ActKind::ForwardOutcome && !touches(&change, id) => NOTHING.to_owned(),
        Ok(_) => {
            let last = hall.state.acts.iter().rev().find(|act| act.case == id).unwrap();
            // One command: where the node owns the case it is withdrawn, elsewhere that is asked for.
            let done = match (act, custody) {
                (ActKind::Withdraw, Custody::Elsewhere { .. }) => ActKind::AskWithdrawal,
                (ActKind::AskWithdrawal, Custody::Owner) => ActKind::Withdraw,
                _ => act,
            };
            assert_eq!((last.kind, last.number), (done, hall.case(id).acts));
            let stands_still = hall.case(id).stops.iter().any(|stop| stop.until.is_none());
            assert_eq!(stands_still, hall.case(id).status == SpecialProcedure);
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
    let (mut template, mut peers) = with_city(template);
    under(&mut peers.1, &mut [&mut template, &mut peers.0]);
    let peer = &peers.0;
    let to = peer.place();
    let since = at(2026, 9, 14, 8);
    let mut wrong = Vec::new();
    for row in OWNER {
        let act = row.act;
        for status in Status::ALL {
            for (custody, expected) in [
                (Custody::Owner, row.expected(status)),
                (Custody::Offered { to, since }, offered(act, status)),
                (Custody::Elsewhere { owner: to, as_of: since }, elsewhere(act, status)),
            ] {
                let found = try_cell(&template, &peers, status, act, &custody);
                if found != expected {
                    let (act, status) = (act.name(), status.name());
                    wrong.push(format!("{act} · {status} · {custody:?}: {found}, not {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for act in ActKind::ALL {
        let rows = OWNER.iter().filter(|row| row.act == act).count();
        assert_eq!(rows, usize::from(act != ActKind::Collect), "{act:?} has a row of its own");
    }
}

/// 广安区 that knows an item of 广安市, and two peers: a town, and that city.
fn with_city(mut home: Hall) -> (Hall, (Hall, Hall)) {
    let town = daishi(&home);
    let mut city = Hall::new("511600", "广安市");
    let mut columns = PERMIT;
    columns[3].1 = "511A0015500014-511600000000-000-115113016823646795-1-00";
    columns[4].1 = "511600000000";
    columns[11].1 = "511602";
    let code = city.offer_item(&columns);
    home.act(&city.foreign(&code)).unwrap();
    (home, (town, city))
}

/// The public table says the same as the acts do.
#[test]
fn allows_is_the_table() {
    for row in OWNER {
        for status in Status::ALL {
            if matches!(row.act, ActKind::AskReclaim | ActKind::Reclaim) {
                assert!(!status.allows(row.act), "custody decides of it alone");
                continue;
            }
            let custody = matches!(row.act, ActKind::TakeCustody | ActKind::RefuseCustody | ActKind::Discharge);
            let expected = if custody { status == Collected } else { row.expected(status) == OK };
            assert_eq!(status.allows(row.act), expected, "{:?} in {status:?}", row.act);
        }
    }
}

/// Competence: a held case may be offered or withdrawn at the window, and nothing else.
#[test]
fn the_window_has_no_competence() {
    let guangan = guangan();
    let mut daishi = daishi(&guangan);
    let held = |command: Command| match command {
        Command::Collect { item, division, mode, applicant, materials, renews, agent, .. } => {
            Command::Collect { item, division, mode, applicant, materials, hold: true, renews, agent, by: None }
        }
        other => other,
    };
    daishi.act(&held(collect("511F82001003", guangan.division()))).unwrap();
    let id = *daishi.state.cases.keys().next().unwrap();
    for (act, expected) in [
        (ActKind::Correct, "ok"),
        (ActKind::Amend, "ok"),
        (ActKind::Accept, "not-competent"),
        (ActKind::Refuse, "not-competent"),
        (ActKind::Notify, "not-competent"),
        (ActKind::Decide, "case-state"),
        (ActKind::Supplement, "case-state"),
        (ActKind::Return, "case-state"),
        (ActKind::AcceptDeemed, "ok"),
        (ActKind::Withdraw, "ok"),
    ] {
        let mut hall = daishi.clone();
        let command = command(&hall, id, act, &guangan);
        assert_eq!(hall.code(&command), expected, "{act:?}");
        assert!(hall.case(id).accepted_on.is_none());
    }
}
