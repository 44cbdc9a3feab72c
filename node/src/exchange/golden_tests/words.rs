//! Orders, voices and words about cases, as the pinned bytes have them.

use tongban_codes::ids::{CaseId, Digest, Label, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::application::{AmendedWord, Entry, EntryKind, JointKind, JointWord, ResultsWord, Source};
use tongban_domain::case::AmendedField;

use tongban_domain::licence;

use tongban_domain::supervision::{Answer, Colour, Order, OrderAnswer, Rule};
use tongban_domain::uniform::{LicenceWord, UniformEnding, UniformWord};
use tongban_domain::voice::{
    Channel, Grade, Indicator, Plea, Rater, RatingWord, Score, TicketKind, TicketNews, TicketOutcome, TicketReply,
    TicketState, TicketWord, Word,
};
use tongban_domain::{NoticeBody, Place};

use super::cases::{LICENCE, case, place};

pub(super) fn order() -> NoticeBody {
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

pub(super) fn order_answer() -> NoticeBody {
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

pub(super) fn voices() -> [(&'static str, NoticeBody, Place); 6] {
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

pub(super) fn joint() -> NoticeBody {
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
pub(super) fn late() -> NoticeBody {
    let NoticeBody::Joint(mut word) = joint() else { unreachable!("it is a joint act") };
    word.late = Some(true);
    NoticeBody::Joint(word)
}

/// What earlier parts came to after this one had begun.
pub(super) fn results() -> NoticeBody {
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
pub(super) fn amended_alike() -> NoticeBody {
    NoticeBody::Amended(Box::new(AmendedWord {
        field: AmendedField::ApplicantName,
        before: "张三（演示）".to_owned(),
        value: "张三丰（演示）".to_owned(),
        reason: "录入有误".to_owned(),
        act: 2,
    }))
}

/// Granted in the receiver's place, and the licence issued.
pub(super) fn uniform() -> NoticeBody {
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
