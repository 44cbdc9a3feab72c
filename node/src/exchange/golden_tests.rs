//! Bodies of envelopes are frozen: the bytes of each kind and version are pinned by a file.

use std::path::PathBuf;

use tongban_codes::ids::{AuthorityId, CaseId, Digest, Label, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::application::{
    AmendedWord, ApplicationCommand, Entry, EntryKind, JointKind, JointWord, PartWord, ResultsWord, Source,
};
use tongban_domain::case::{
    Act, ActKind, Amended, AmendedField, Asked, Brought, CameTo, Case, Competent, Correction, Custody, Deadline,
    Deadlines, Extension, ForwardedFrom, ForwardedTo, ItemPin, Material, Offer, OutsideDecision, Personal, Progress,
    ReclaimOrder, ReclaimRequest, Renewal, Status, Stop, Supplement, Withdrawal,
};
use tongban_domain::catalogue::{Core, Mode, StepRole};
use tongban_domain::licence;
use tongban_domain::limit::{Seen, Turn};
use tongban_domain::pledge::{Finding, Outcome as Found, Pledge, PledgeWord};
use tongban_domain::supervision::{Answer, Colour, Order, OrderAnswer, Rule};
use tongban_domain::uniform::{LicenceWord, UniformCommand, UniformEnding, UniformWord};
use tongban_domain::voice::{
    Channel, Grade, Indicator, Plea, Rater, RatingWord, Score, TicketKind, TicketNews, TicketOutcome, TicketReply,
    TicketState, TicketWord, VoiceCommand, Word,
};
use tongban_domain::{Agent, Applicant, Command, NoticeBody, Place};
use tongban_federation::{Body, Envelope, Outcome, Receipt, Subject};

use super::ask::MaterialAnswer;
use super::translate::{self, Inbound, inbound, outbound};

fn place(number: u8, division: &str) -> Place {
    Place { node: NodeId::from_bytes([number; 16]), division: division.parse().unwrap() }
}

fn case() -> CaseId {
    CaseId::draw(&NodeId::from_bytes([1; 16]), [7; 10])
}

fn act(kind: ActKind, number: u32, place: Place, tenure: u32, status: Status) -> Act {
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

fn offer() -> NoticeBody {
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

fn progress() -> NoticeBody {
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
fn extended() -> NoticeBody {
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
fn offered_renewal() -> NoticeBody {
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
pub(super) fn known() -> Box<Case> {
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

fn reclaims() -> [(&'static str, NoticeBody, Place); 4] {
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
fn handed_back() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    (offer.tenure, offer.standing) = (1_002, Some(Status::Accepted));
    NoticeBody::Offer(offer)
}

/// The collecting hall took a pledge.
fn offered_pledge() -> NoticeBody {
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
fn pledged() -> NoticeBody {
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
fn forwarded() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    offer.forwarded_from = Some(ForwardedFrom {
        case: CaseId::from_bytes([5; 16]),
        case_no: Some("115113016823646795202609140001".to_owned()),
        division: "511603104000".parse().unwrap(),
        opinion: "拟准予（演示）".to_owned(),
    });
    NoticeBody::Offer(offer)
}

const LICENCE: &str = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";

/// Nobody decided before the licence ended.
fn deemed_renewal() -> NoticeBody {
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
fn supplement() -> NoticeBody {
    let town = place(1, "511603104000");
    let photo = Material { name: "照片".to_owned(), sha256: "cd".repeat(32), size: None };
    NoticeBody::Supplement(Box::new(Supplement {
        act: act(ActKind::Supplement, 2, town, 2, Status::Notified),
        lines: vec![(0, vec![photo]), (2, Vec::new())],
    }))
}

/// The applicant withdrew where he had applied.
fn withdrawal() -> NoticeBody {
    let town = place(1, "511603104000");
    NoticeBody::Withdrawal(Box::new(Withdrawal {
        act: act(ActKind::AskWithdrawal, 2, town, 2, Status::Accepted),
        reason: Some("不办了（演示）".to_owned()),
    }))
}

/// A notice of two things, of which one was brought; who is competent; where it went on; an entry put right.
fn corrected() -> NoticeBody {
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

fn order() -> NoticeBody {
    let (city, county) = (place(3, "511600"), place(2, "511602"));
    let at = Timestamp::from_millis(1_789_952_400_000);
    NoticeBody::Order(Box::new(Order {
        id: case(),
        number: "DB511600000000-20260921-00001".to_owned(),
        text: "说明超期原因（演示）".to_owned(),
        from: city,
        to: county,
        operator: "演示监察".to_owned(),
        at,
        answer_by: Date::ymd(2026, 9, 23).unwrap(),
        about: "JC511602000000-20260921-00001".to_owned(),
        case: None,
        case_no: None,
        item_type: None,
        department: None,
        rule: None,
        colour: None,
        answer: None,
        refused: None,
        since: at,
    }))
}

fn order_answer() -> NoticeBody {
    NoticeBody::OrderAnswer(Box::new(OrderAnswer {
        order: case(),
        answer: Answer {
            text: "检测延误（演示）".to_owned(),
            operator: "演示审查".to_owned(),
            at: Timestamp::from_millis(1_789_952_500_000),
        },
        case_no: Some("115113016823646795202609140001".to_owned()),
        item_type: Some("01".to_owned()),
        department: Some("区行政审批局".to_owned()),
        rule: Some(Rule::Promise),
        colour: Some(Colour::Red),
    }))
}

fn voices() -> [(&'static str, NoticeBody, Place); 6] {
    let (town, home) = (place(1, "511603104000"), place(2, "511602"));
    let at = Timestamp::from_millis(1_789_347_600_000);
    let rating = RatingWord {
        number: "PJ511603104000-20260914-00001".to_owned(),
        case: case(),
        grade: Grade::Dissatisfied,
        channel: Channel::Mobile,
        comment: Some("等候过久（演示）".to_owned()),
        scores: vec![Score { indicator: Indicator::Convenience, grade: Grade::VeryDissatisfied }],
        indicators: 1,
        by: Rater::Applicant,
        at,
    };
    let answers =
        vec![TicketReply {
            text: "已核实（演示）".to_owned(), operator: "演示窗口".to_owned(), at, in_time: true
        }];
    let ticket = TicketWord {
        number: "GD511603104000-20260914-00001".to_owned(),
        code: QueryCode::draw(Label::new(town.division, 0).unwrap(), 4712),
        kind: TicketKind::Complaint,
        text: "态度生硬（演示）".to_owned(),
        channel: Channel::Phone,
        name: Some("张三（演示）".to_owned()),
        contact: Some("0826-0000000".to_owned()),
        subject: Some("511603104000-20260914-00001".to_owned()),
        case: Some(case()),
        opened_at: at,
        dispatch: 2,
        reopened: 1,
        answers: answers.clone(),
        from: None,
        due: None,
    };
    let (from, due) = (Date::ymd(2026, 9, 15), Date::ymd(2026, 9, 21));
    let timed = TicketWord { from, due, ..ticket.clone() };
    let news = TicketNews {
        state: TicketState::Closed,
        department: Some("区行政审批局".to_owned()),
        due: Date::ymd(2026, 9, 21).unwrap(),
        answers,
        outcome: Some(TicketOutcome::Explained),
        reopened: 1,
        note: None,
    };
    let plea = |from, due| Plea::Reopen { number: 1, reason: "未解决（演示）".to_owned(), from, due };
    let said = |word| NoticeBody::Voice(Box::new(word));
    [
        ("rating.1.hex", said(Word::Rating(Box::new(rating))), town),
        ("ticket.1.hex", said(Word::Ticket(Box::new(ticket))), town),
        ("ticket-news.1.hex", said(Word::News(Box::new(news))), home),
        ("ticket-plea.1.hex", said(Word::Plea(plea(None, None))), town),
        ("ticket-timed.1.hex", said(Word::Ticket(Box::new(timed))), town),
        ("ticket-plea-timed.1.hex", said(Word::Plea(plea(from, due))), town),
    ]
}

/// A part of an application for a life event.
fn offered_part() -> NoticeBody {
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
pub(super) fn outside_decision() -> OutsideDecision {
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
fn outside() -> NoticeBody {
    let NoticeBody::Progress(mut progress) = progress() else { unreachable!("it is progress") };
    progress.act = act(ActKind::Decide, 7, place(2, "511602"), 2, Status::Granted);
    progress.decided_on = Date::ymd(2026, 9, 16);
    progress.outside = Some(outside_decision());
    NoticeBody::Progress(progress)
}

/// Collected under an agreement between the authorities.
fn agreed() -> NoticeBody {
    let NoticeBody::Offer(mut offer) = offer() else { unreachable!("it is an offer") };
    offer.agreement = Some("跨域〔2026〕1号".to_owned());
    NoticeBody::Offer(offer)
}

fn joint() -> NoticeBody {
    NoticeBody::Joint(Box::new(JointWord {
        joint: "现场踏勘".to_owned(),
        kind: JointKind::Inspection,
        note: "现场踏勘：甲、乙：符合要求（演示）".to_owned(),
        act: 2,
        of: CaseId::from_bytes([5; 16]),
        late: None,
    }))
}

/// The same, told to a case that was accepted afterwards.
fn late() -> NoticeBody {
    let NoticeBody::Joint(mut word) = joint() else { unreachable!("it is a joint act") };
    word.late = Some(true);
    NoticeBody::Joint(word)
}

/// What earlier parts came to after this one had begun.
fn results() -> NoticeBody {
    let entry = |name: &str, licences: Vec<String>, not_required_on| {
        let source = Source::Part {
            part: "变更".to_owned(),
            case: Some(CaseId::from_bytes([5; 16])),
            licences,
            not_required_on,
        };
        Entry { entry: EntryKind::Material, name: name.to_owned(), source }
    };
    let licence = entry("农药经营许可证", vec![LICENCE.to_owned()], None);
    let needless = entry("仓储许可", Vec::new(), Date::ymd(2026, 9, 16));
    NoticeBody::Results(Box::new(ResultsWord { entries: vec![licence, needless], act: 2 }))
}

/// A wrong name, put right in another case of the application.
fn amended_alike() -> NoticeBody {
    NoticeBody::Amended(Box::new(AmendedWord {
        field: AmendedField::ApplicantName,
        before: "张三（演示）".to_owned(),
        value: "张三丰（演示）".to_owned(),
        reason: "录入有误".to_owned(),
        act: 2,
    }))
}

/// What came of a case that a superior went on with.
fn went_on() -> NoticeBody {
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

/// Granted in the receiver's place, and the licence issued.
fn uniform() -> NoticeBody {
    let day = |day| Date::ymd(2026, 9, day).unwrap();
    NoticeBody::Uniform(Box::new(UniformWord {
        act: 2,
        at: Timestamp::from_millis(1_789_347_600_000),
        item: "511A0015500013".to_owned(),
        version: 3,
        agreement: "跨域〔2026〕1号".to_owned(),
        core: Digest::of(b"core"),
        department: "区行政审批局".to_owned(),
        department_code: "11511301452259996U".to_owned(),
        by_item: "500A0015500013".to_owned(),
        collected_on: day(14),
        case_no: Some("11511301452259996U202609140001".to_owned()),
        accepted_on: Some(day(14)),
        ending: Some(UniformEnding::Granted),
        ended_on: Some(day(15)),
        licences: vec![LicenceWord { licence: LICENCE.to_owned(), stands: licence::Status::Valid }],
        applicant: "张*".to_owned(),
        number_end: "31002X".to_owned(),
    }))
}

/// Reads the pinned bytes; `TONGBAN_BLESS=1` writes a file that is missing, never one that is there.
fn pinned(name: &str, bytes: &[u8]) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/exchange/golden").join(name);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if !path.exists() && std::env::var_os("TONGBAN_BLESS").is_some() {
        std::fs::write(&path, format!("{hex}\n")).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let digits = text.trim().as_bytes();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn parts_of_materials_and_offers_of_files_are_what_they_were() {
    let digest = Digest::of(b"material");
    let answer = MaterialAnswer { digest, from: 524_288, size: 524_291, bytes: vec![1, 2, 3] };
    let bytes = tongban_codes::cbor::to_vec(&answer);
    assert_eq!(pinned("answer-material.hex", &bytes), bytes);
    assert_eq!(tongban_codes::cbor::from_slice::<MaterialAnswer>(&bytes).unwrap(), answer);
    let NoticeBody::Offer(mut offer) = offer() else { panic!("an offer") };
    offer.materials[0].size = Some(524_291);
    let (_, _, bytes) = outbound(&NoticeBody::Offer(offer));
    assert_eq!(pinned("offer-file.1.hex", &bytes), bytes);
}

#[test]
fn bodies_are_what_they_were_and_read_back() {
    let others = [
        ("offer.1.hex", offer(), place(1, "511603104000")),
        ("offer-reclaimed.1.hex", handed_back(), place(1, "511603104000")),
        ("progress.1.hex", progress(), place(2, "511602")),
        ("progress-extended.1.hex", extended(), place(2, "511602")),
        ("offer-renewal.1.hex", offered_renewal(), place(1, "511603104000")),
        ("progress-renewal.1.hex", deemed_renewal(), place(2, "511602")),
        ("progress-corrected.1.hex", corrected(), place(2, "511602")),
        ("offer-forwarded.1.hex", forwarded(), place(1, "511603104000")),
        ("supplement.1.hex", supplement(), place(1, "511603104000")),
        ("order.1.hex", order(), place(3, "511600")),
        ("order-answer.1.hex", order_answer(), place(2, "511602")),
        ("offer-part.1.hex", offered_part(), place(1, "511603104000")),
        ("joint.1.hex", joint(), place(1, "511603104000")),
        ("joint-late.1.hex", late(), place(1, "511603104000")),
        ("amended.1.hex", amended_alike(), place(1, "511603104000")),
        ("results.1.hex", results(), place(1, "511603104000")),
        ("progress-forwarded.1.hex", went_on(), place(2, "511602")),
        ("withdrawal.1.hex", withdrawal(), place(1, "511603104000")),
        ("offer-pledge.1.hex", offered_pledge(), place(1, "511603104000")),
        ("progress-pledge.1.hex", pledged(), place(2, "511602")),
        ("progress-outside.1.hex", outside(), place(2, "511602")),
        ("uniform.1.hex", uniform(), place(1, "511603104000")),
        ("offer-agreement.1.hex", agreed(), place(1, "511603104000")),
    ];
    for (name, notice, sender) in others.into_iter().chain(reclaims()).chain(voices()) {
        let (kind, version, bytes) = outbound(&notice);
        assert_eq!(pinned(name, &bytes), bytes, "{name} has other bytes: a body once shipped never changes");
        let envelope = Envelope {
            origin: sender.node,
            epoch: 1,
            destination: NodeId::from_bytes([9; 16]),
            sequence: 1,
            subject: Subject::from(case()),
            act_number: 2,
            kind,
            version,
            body: Body::Plain(bytes),
        };
        let Ok(Inbound::Command(command)) = inbound(&envelope, sender) else { panic!("{name} is no command") };
        match (*command, notice) {
            (Command::TakeCustody { offer, .. }, NoticeBody::Offer(sent)) => assert_eq!(offer, sent),
            (Command::Mirror { progress, .. }, NoticeBody::Progress(sent)) => assert_eq!(progress, sent),
            (Command::KeepReclaimRequest { request, .. }, NoticeBody::ReclaimRequest(sent)) => {
                assert_eq!(request, sent);
            }
            (Command::TakeReclaimOrder { order, .. }, NoticeBody::ReclaimOrder(sent)) => assert_eq!(order, sent),
            (Command::ReclaimDeclined { reason, .. }, NoticeBody::ReclaimDeclined(sent)) => assert_eq!(reason, sent),
            (Command::KeepReclaimReturn { acts, .. }, NoticeBody::ReclaimReturn(sent)) => assert_eq!(acts, sent),
            (Command::TakeSupplement { supplement, .. }, NoticeBody::Supplement(sent)) => assert_eq!(supplement, sent),
            (Command::TakeWithdrawal { withdrawal, .. }, NoticeBody::Withdrawal(sent)) => assert_eq!(withdrawal, sent),
            (Command::Uniform(UniformCommand::Take { word, .. }), NoticeBody::Uniform(sent)) => assert_eq!(word, sent),
            (Command::TakeOrder { order, .. }, NoticeBody::Order(sent)) => assert_eq!(order, sent),
            (Command::TakeOrderAnswer { answer, .. }, NoticeBody::OrderAnswer(sent)) => assert_eq!(answer, sent),
            (Command::Voice(VoiceCommand::Take { word, .. }), NoticeBody::Voice(sent)) => assert_eq!(word, sent),
            (Command::Application(ApplicationCommand::TakeJoint { word, .. }), NoticeBody::Joint(sent)) => {
                assert_eq!(word, sent);
            }
            (Command::Application(ApplicationCommand::TakeResults { word, .. }), NoticeBody::Results(sent)) => {
                assert_eq!(word, sent);
            }
            (Command::Application(ApplicationCommand::TakeAmended { word, .. }), NoticeBody::Amended(sent)) => {
                assert_eq!(word, sent);
            }
            (other, _) => panic!("{name} read back as {other:?}"),
        }
    }
}

#[test]
fn an_outcome_is_what_it_was_and_reads_back() {
    let (offerer, receiver) = (place(1, "511603104000"), place(2, "511602"));
    let (kind, version, bytes) = outbound(&offer());
    let about = Envelope {
        origin: offerer.node,
        epoch: 1,
        destination: receiver.node,
        sequence: 7,
        subject: Subject::from(case()),
        act_number: 2,
        kind,
        version,
        body: Body::Plain(bytes),
    };
    let outcome = Outcome::Applied { detail: vec![2] };
    let receipt = Receipt::of(&about, outcome, Timestamp::from_millis(1_789_347_600_000));
    let (kind, version, bytes) = translate::outcome(&receipt);
    assert_eq!(pinned("outcome.1.hex", &bytes), bytes, "a body once shipped never changes");
    let envelope = Envelope {
        origin: receiver.node,
        epoch: 1,
        destination: offerer.node,
        sequence: 1,
        subject: translate::outcome_subject(&receipt.envelope),
        act_number: 1,
        kind,
        version,
        body: Body::Plain(bytes),
    };
    let Ok(Inbound::Outcome(read)) = inbound(&envelope, receiver) else { panic!("an outcome is read as one") };
    assert_eq!(*read, receipt);
    // Of another node's envelope, by another than its destination, or under another subject: of no effect.
    let third = NodeId::from_bytes([9; 16]);
    for forged in [
        Envelope { origin: third, ..envelope.clone() },
        Envelope { destination: third, ..envelope.clone() },
        Envelope { subject: Subject::from(case()), ..envelope },
    ] {
        assert_eq!(inbound(&forged, receiver).err().unwrap().code, "body-contradiction");
    }
}

#[test]
fn what_is_not_understood_is_quarantined_with_its_reason() {
    let (kind, version, bytes) = outbound(&offer());
    let sender = place(1, "511603104000");
    let envelope = |kind, version, subject, body| Envelope {
        origin: sender.node,
        epoch: 1,
        destination: NodeId::from_bytes([9; 16]),
        sequence: 1,
        subject,
        act_number: 2,
        kind,
        version,
        body,
    };
    let subject = Subject::from(case());
    let other = Subject::from(CaseId::from_bytes([3; 16]));
    let plain = |bytes: &[u8]| Body::Plain(bytes.to_vec());
    for (envelope, code) in [
        (envelope(99, version, subject, plain(&bytes)), "kind-unknown"),
        (envelope(kind, 99, subject, plain(&bytes)), "version-unknown"),
        (envelope(kind, version, other, plain(&bytes)), "body-contradiction"),
        (envelope(kind, version, subject, plain(&bytes[1..])), "body-malformed"),
        (envelope(kind, version, subject, plain(&[&bytes[..], &[0]].concat())), "body-malformed"),
        (envelope(kind, version, subject, Body::Hpke { encapsulated: vec![1], ciphertext: vec![2] }), "body-encrypted"),
    ] {
        assert_eq!(inbound(&envelope, sender).err().unwrap().code, code);
    }
    // A reclaim of another case than the envelope is about.
    for (_, notice, sender) in reclaims().into_iter().take(2) {
        let (kind, version, bytes) = outbound(&notice);
        let mut forged = envelope(kind, version, other, plain(&bytes));
        forged.origin = sender.node;
        assert_eq!(inbound(&forged, sender).err().unwrap().code, "body-contradiction");
    }
    // Another node's offer under its own name, for a case that it did not collect.
    let foreign = place(4, "511603");
    let mut forged = envelope(kind, version, subject, plain(&bytes));
    forged.origin = foreign.node;
    assert_eq!(inbound(&forged, foreign).err().unwrap().code, "body-contradiction");
}
