//! Offers, reports and reclaims of a case, as the pinned bytes have them.

use tongban_codes::ids::{AuthorityId, CaseId, Label, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::application::{Entry, EntryKind, PartWord, Source};
use tongban_domain::case::{
    Act, ActKind, Amended, AmendedField, Asked, Brought, CameTo, Case, Competent, Correction, Custody, Deadline,
    Deadlines, Extension, ForwardedFrom, ForwardedTo, ItemPin, Material, Offer, OutsideDecision, Personal, Progress,
    ReclaimOrder, ReclaimRequest, Renewal, Status, Stop, Supplement, Withdrawal,
};
use tongban_domain::catalogue::{Core, Mode, StepRole};
use tongban_domain::limit::{Seen, Turn};
use tongban_domain::pledge::{Finding, Outcome as Found, Pledge, PledgeWord};

use tongban_domain::{Agent, Applicant, NoticeBody, Place};

pub(super) fn place(number: u8, division: &str) -> Place {
    Place { node: NodeId::from_bytes([number; 16]), division: division.parse().unwrap() }
}

pub(super) fn case() -> CaseId {
    CaseId::draw(&NodeId::from_bytes([1; 16]), [7; 10])
}

pub(in crate::exchange) fn act(kind: ActKind, number: u32, place: Place, tenure: u32, status: Status) -> Act {
    Act {
        case: case(),
        number,
        kind,
        at: Timestamp::from_millis(1_789_347_600_000 + i64::from(number)),
        place,
        operator: "演示窗口".to_owned(),
        window: Some("3".to_owned()),
        tenure,
        status,
        note: Some("演示".to_owned()),
        mandate: None,
    }
}

pub(super) fn offer() -> NoticeBody {
    let town = place(1, "511603104000");
    NoticeBody::Offer(Box::new(Offer {
        case: case(),
        tenure: 1,
        collection_no: "511603104000-20260914-00001".to_owned(),
        query_code: QueryCode::draw(Label::new(town.division, 0).unwrap(), 4711),
        collecting: town,
        collected_at: Timestamp::from_millis(1_789_347_600_001),
        deciding: "511602".parse().unwrap(),
        item: "511A0015500013-511602000000-000-115113016823646795-1-00".to_owned(),
        item_version: 1,
        mode: Mode::Online,
        applicant: Applicant { name: "张三（演示）".to_owned(), identity: "110101199003070011".to_owned() },
        materials: vec![Material { name: "申请表".to_owned(), sha256: "ab".repeat(32), size: None }],
        history: vec![
            act(ActKind::Collect, 1, town, 1, Status::Collected),
            act(ActKind::Offer, 2, town, 1, Status::Collected),
        ],
        renews: None,
        agent: None,
        standing: None,
        forwarded_from: None,
        part_of: None,
        agreement: None,
        pledge: None,
    }))
}

pub(super) fn progress() -> NoticeBody {
    let day = |day| Date::ymd(2026, 9, day).unwrap();
    let due = |day| Some(Deadline { date: day, provisional: false });
    NoticeBody::Progress(Box::new(Progress {
        act: act(ActKind::Accept, 2, place(2, "511602"), 2, Status::Accepted),
        case_no: Some("115113016823646795202609140001".to_owned()),
        received_on: Some(day(14)),
        accepted_on: Some(day(14)),
        decided_on: None,
        deadlines: Some(Deadlines {
            statutory: due(Date::ymd(2026, 10, 16).unwrap()),
            promised: due(day(20)),
            calendar: "2016-2026.1".to_owned(),
            renewal: None,
        }),
        deemed: false,
        licences: Vec::new(),
        stops: Vec::new(),
        extension: None,
        renewal: None,
        correction: None,
        competent: None,
        forwarded_to: None,
        amended: None,
        lacking: Vec::new(),
        turn: None,
        pledge: None,
        outside: None,
    }))
}

/// The clock was stopped and runs again, and the time was extended.
pub(super) fn extended() -> NoticeBody {
    let NoticeBody::Progress(mut progress) = progress() else { unreachable!("it is progress") };
    let day = |day| Date::ymd(2026, 9, day).unwrap();
    progress.act = act(ActKind::Extend, 5, place(2, "511602"), 2, Status::Accepted);
    progress.stops = vec![Stop {
        procedure: "检测".to_owned(),
        basis: "行政许可法第四十五条".to_owned(),
        announced: 3,
        from: day(15),
        until: Some(day(18)),
    }];
    progress.extension = Some(Extension {
        days: 10,
        approver: "局长（演示）".to_owned(),
        on: day(21),
        basis: "行政许可法第四十二条".to_owned(),
    });
    NoticeBody::Progress(progress)
}

/// A renewal that an agent asks for at a window elsewhere.
pub(super) fn offered_renewal() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    offer.renews = Some(LICENCE.to_owned());
    offer.agent = Some(Agent {
        name: "李四（演示）".to_owned(),
        identity: "110101199003071997".to_owned(),
        power: "cd".repeat(32),
        scope: Some("代为申请延续".to_owned()),
        until: Date::ymd(2026, 12, 31),
    });
    NoticeBody::Offer(offer)
}

/// The case as the township knows it when it asks for it.
pub(in crate::exchange) fn known() -> Box<Case> {
    let (town, home) = (place(1, "511603104000"), place(2, "511602"));
    let day = |day| Date::ymd(2026, 9, day).unwrap();
    Box::new(Case {
        id: case(),
        collection_no: "511603104000-20260914-00001".to_owned(),
        query_code: QueryCode::draw(Label::new(town.division, 0).unwrap(), 4711),
        case_no: Some("115113016823646795202609140001".to_owned()),
        status: Status::Accepted,
        custody: Custody::Elsewhere { owner: home, as_of: Timestamp::from_millis(1_789_347_600_002) },
        tenure: 2,
        collecting: town,
        deciding: home,
        item: ItemPin {
            code: "511A0015500013-511602000000-000-115113016823646795-1-00".to_owned(),
            core: Core {
                name: "公共场所卫生许可延续（县级）".to_owned(),
                base_code: None,
                item_type: "01".to_owned(),
                legal_basis: "公共场所卫生管理条例 第四条、第八条".to_owned(),
            },
            version: 1,
            authority: AuthorityId::from_bytes([3; 16]),
            department: "区行政审批局".to_owned(),
            statutory: None,
            promised: None,
            department_code: "115113016823646795".to_owned(),
        },
        mode: Mode::Online,
        personal: Personal { wrapped_key: Vec::new(), name: Vec::new(), identity: Vec::new(), forgotten_at: None },
        holder: [0; 32],
        collected_at: Timestamp::from_millis(1_789_347_600_001),
        received_on: Some(day(14)),
        accepted_on: Some(day(14)),
        deadlines: None,
        deemed_at: None,
        decided_on: None,
        reason: None,
        licences: Vec::new(),
        acts: 3,
        materials: Vec::new(),
        deemed: false,
        heard: 2,
        stops: Vec::new(),
        extension: None,
        correction: None,
        competent: None,
        forwarded_to: None,
        forwarded_from: None,
        amendments: Vec::new(),
        reclaims: Vec::new(),
        after_offer: 0,
        work: None,
        recused: Vec::new(),
        lacking: Vec::new(),
        back_since: None,
        turn: None,
        pledge: None,
        outside: None,
        waivers: Vec::new(),
        part_of: None,
        stated: None,
        agreement: None,
        instead_of: None,
        report_refused: None,
        renewal: None,
        renewal_at: None,
        agent: None,
    })
}

pub(super) fn reclaims() -> [(&'static str, NoticeBody, Place); 4] {
    let (town, home, next, city) =
        (place(1, "511603104000"), place(2, "511602"), place(4, "511602"), place(3, "511600"));
    let at = Timestamp::from_millis(1_789_400_000_000);
    let request = ReclaimRequest {
        lost: home,
        known: known(),
        reason: "机房失火（演示）".to_owned(),
        operator: "演示窗口".to_owned(),
        at,
    };
    let order = ReclaimOrder {
        case: case(),
        to: town,
        lost: home,
        tenure: 1_002,
        fence: Timestamp::from_millis(1_789_380_000_000),
        at,
        operator: "演示管理".to_owned(),
        reason: request.reason.clone(),
        standing: known(),
        successor: Some(next),
        superior: city.node,
        acts: vec![act(ActKind::Accept, 2, home, 2, Status::Accepted)],
        entries: 17,
        known: 2,
    };
    let late = act(ActKind::Decide, 3, home, 2, Status::Granted);
    [
        ("reclaim-request.1.hex", NoticeBody::ReclaimRequest(Box::new(request)), town),
        ("reclaim-order.1.hex", NoticeBody::ReclaimOrder(Box::new(order)), city),
        ("reclaim-declined.1.hex", NoticeBody::ReclaimDeclined("明日恢复（演示）".to_owned()), city),
        ("reclaim-return.1.hex", NoticeBody::ReclaimReturn(vec![late]), home),
    ]
}

/// An offer of a case that was reclaimed after it had been accepted.
pub(super) fn handed_back() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    (offer.tenure, offer.standing) = (1_002, Some(Status::Accepted));
    NoticeBody::Offer(offer)
}

/// The collecting hall took a pledge.
pub(super) fn offered_pledge() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    offer.pledge = Some(PledgeWord {
        items: vec!["检测报告".to_owned()],
        commitment: "ef".repeat(32),
        at: Timestamp::from_millis(1_789_347_600_000),
        by: "演示窗口".to_owned(),
    });
    NoticeBody::Offer(offer)
}

/// A pledge that was found false, on a case of limited number that was overtaken.
pub(super) fn pledged() -> NoticeBody {
    let NoticeBody::Progress(mut progress) = progress() else { unreachable!("it is progress") };
    let at = Timestamp::from_millis(1_789_347_600_000);
    progress.act = act(ActKind::VerifyPledge, 7, place(2, "511602"), 2, Status::Granted);
    progress.turn = Some(Turn {
        quota: "511A0015500013".to_owned(),
        since: at,
        serial: 3,
        year: Some(2026),
        overtaken: true,
        seen: Some(Seen { ahead: 2, left: 1 }),
    });
    progress.pledge = Some(Pledge {
        items: vec!["检测报告".to_owned()],
        commitment: "ef".repeat(32),
        at,
        by: "演示窗口".to_owned(),
        consequences: "撤销许可（演示）".to_owned(),
        check_days: 10,
        role: StepRole::Reviewer,
        correct_days: 5,
        check_by: Date::ymd(2026, 9, 28),
        findings: vec![Finding {
            outcome: Found::False,
            text: "未检测（演示）".to_owned(),
            by: "演示审查".to_owned(),
            at,
            correct_by: Date::ymd(2026, 9, 20),
        }],
    });
    NoticeBody::Progress(progress)
}

/// A lower authority's case that goes on at a superior's.
pub(super) fn forwarded() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    offer.forwarded_from = Some(ForwardedFrom {
        case: CaseId::from_bytes([5; 16]),
        case_no: Some("115113016823646795202609140001".to_owned()),
        division: "511603104000".parse().unwrap(),
        opinion: "拟准予（演示）".to_owned(),
    });
    NoticeBody::Offer(offer)
}

pub(super) const LICENCE: &str = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";

/// Nobody decided before the licence ended.
pub(super) fn deemed_renewal() -> NoticeBody {
    let NoticeBody::Progress(mut progress) = progress() else { unreachable!("it is progress") };
    let ends = Date::ymd(2026, 10, 14);
    progress.act = act(ActKind::DeemedRenewal, 6, place(2, "511602"), 2, Status::Granted);
    progress.decided_on = ends;
    progress.deadlines.as_mut().unwrap().renewal = ends;
    progress.licences = vec![LICENCE.replace(".001.U", ".002.S")];
    progress.renewal = Some(Renewal {
        licence: LICENCE.to_owned(),
        asked_on: Date::ymd(2026, 9, 14).unwrap(),
        ends,
        ask_by: Date::ymd(2026, 9, 14),
        basis: Some("行政许可法第五十条第一款".to_owned()),
        deemed: true,
    });
    NoticeBody::Progress(progress)
}

/// What the collecting hall took after a notice.
pub(super) fn supplement() -> NoticeBody {
    let town = place(1, "511603104000");
    let photo = Material { name: "照片".to_owned(), sha256: "cd".repeat(32), size: None };
    NoticeBody::Supplement(Box::new(Supplement {
        act: act(ActKind::Supplement, 2, town, 2, Status::Notified),
        lines: vec![(0, vec![photo]), (2, Vec::new())],
    }))
}

/// The applicant withdrew where he had applied.
pub(super) fn withdrawal() -> NoticeBody {
    let town = place(1, "511603104000");
    NoticeBody::Withdrawal(Box::new(Withdrawal {
        act: act(ActKind::AskWithdrawal, 2, town, 2, Status::Accepted),
        reason: Some("不办了（演示）".to_owned()),
    }))
}

/// A notice of two things, of which one was brought; who is competent; where it went on; an entry put right.
pub(super) fn corrected() -> NoticeBody {
    let NoticeBody::Progress(mut progress) = progress() else { unreachable!("it is progress") };
    let day = |day| Date::ymd(2026, 9, day).unwrap();
    let town = place(1, "511603104000");
    let photo = Material { name: "照片".to_owned(), sha256: "cd".repeat(32), size: None };
    let brought = Some(Brought { on: day(16), place: town, act: 4, materials: vec![photo] });
    let (text, new_reason) = ("照片不清".to_owned(), Some("补正后才提交".to_owned()));
    progress.act = act(ActKind::Supplement, 5, place(2, "511602"), 2, Status::Notified);
    progress.correction = Some(Correction {
        asked: vec![
            Asked { text: "缺照片".to_owned(), on: day(14), new_reason: None, brought },
            Asked { text, on: day(15), new_reason, brought: None },
        ],
        until: Date::ymd(2026, 10, 14).unwrap(),
        complete_on: None,
        notices: 2,
    });
    let authority = "市生态环境局（演示）".to_owned();
    progress.competent = Some(Competent { division: "511600".parse().unwrap(), authority });
    progress.forwarded_to = Some(ForwardedTo {
        division: "511600".parse().unwrap(),
        item: "511A0015500014".to_owned(),
        case: CaseId::from_bytes([5; 16]),
        query_code: QueryCode::draw(Label::new(town.division, 0).unwrap(), 4712),
        on: day(16),
        in_time: true,
        outcome: None,
    });
    let (field, value, reason) = (AmendedField::ApplicantName, "李四（演示）".to_owned(), "录入有误".to_owned());
    progress.amended = Some(Amended { field, value, reason });
    NoticeBody::Progress(progress)
}

/// A part of an application for a life event.
pub(super) fn offered_part() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    let entry = |entry, name: &str, source| Entry { entry, name: name.to_owned(), source };
    let earlier = Source::Part {
        part: "变更".to_owned(),
        case: Some(CaseId::from_bytes([5; 16])),
        licences: vec![LICENCE.to_owned()],
        not_required_on: None,
    };
    offer.part_of = Some(PartWord {
        application: CaseId::from_bytes([6; 16]),
        number: "YJS511603000000-20260914-00001".to_owned(),
        event: "开办分店（演示）".to_owned(),
        part: "备案".to_owned(),
        joint: Some("现场踏勘".to_owned()),
        values: vec![("分店地址".to_owned(), "代市镇正街 1 号".to_owned())],
        entries: vec![
            entry(EntryKind::Field, "分店地址", Source::Applicant {}),
            entry(EntryKind::Material, "营业执照", Source::Licence { licence: LICENCE.to_owned() }),
            entry(EntryKind::Material, "农药经营许可证", earlier),
        ],
    });
    NoticeBody::Offer(offer)
}

/// The decision of another system.
pub(in crate::exchange) fn outside_decision() -> OutsideDecision {
    OutsideDecision {
        system: "省卫生监督系统（演示）".to_owned(),
        number: "WJ-2026-0007".to_owned(),
        decided_on: Date::ymd(2026, 9, 16).unwrap(),
        decider: "王局长（演示）".to_owned(),
        document_no: Some("川卫许〔2026〕7号".to_owned()),
        document: Some("ef".repeat(32)),
        order: Some("YW511602000000-20260914-00001".to_owned()),
        entered_on: Date::ymd(2026, 9, 18).unwrap(),
        granted: true,
    }
}

/// What another system decided was entered.
pub(super) fn outside() -> NoticeBody {
    let NoticeBody::Progress(mut progress) = progress() else { unreachable!("it is progress") };
    progress.act = act(ActKind::Decide, 7, place(2, "511602"), 2, Status::Granted);
    progress.decided_on = Date::ymd(2026, 9, 16);
    progress.outside = Some(outside_decision());
    NoticeBody::Progress(progress)
}

/// Collected under an agreement between the authorities.
pub(super) fn agreed() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    offer.agreement = Some("跨域〔2026〕1号".to_owned());
    NoticeBody::Offer(offer)
}

/// What came of a case that a superior went on with.
pub(super) fn went_on() -> NoticeBody {
    let NoticeBody::Progress(mut progress) = corrected() else { unreachable!("it is progress") };
    progress.act = act(ActKind::ForwardOutcome, 7, place(2, "511602"), 2, Status::Forwarded);
    progress.forwarded_to.as_mut().unwrap().outcome = Some(CameTo {
        status: Status::Granted,
        on: Date::ymd(2026, 9, 18),
        case_no: Some("115116000089999999202609180001".to_owned()),
        reason: None,
        licences: vec![LICENCE.to_owned()],
        division: "511600".parse().unwrap(),
    });
    NoticeBody::Progress(progress)
}
