//! The command of each act, as a case in a cell gets it.

use crate::hall::{CARD, Hall, applicant, date};
use tongban_codes::ids::CaseId;
use tongban_domain::application::{ApplicationCommand, Entry, EntryKind, Joint, ResultsWord, Source};
use tongban_domain::case::{
    Act, ActKind, Amended, AmendedField, Bringing, Material, Offer, Progress, ReclaimOrder, RefusalKind, Status,
};
use tongban_domain::catalogue::Mode;
use tongban_domain::pledge::Outcome;
use tongban_domain::uniform::UniformCommand;

use tongban_domain::Command;

pub(crate) fn command(hall: &Hall, id: CaseId, act: ActKind, peer: &Hall) -> Command {
    let case = id.to_string();
    let (origin, tenure) = (peer.origin(), hall.case(id).tenure);
    match act {
        ActKind::Offer => Command::Offer(case),
        ActKind::Accept => Command::Accept(case),
        ActKind::AcceptDeemed | ActKind::DeemedRenewal => Command::Tick,
        ActKind::Refuse => {
            let (kind, reason) = (RefusalKind::NotRequired, "无需许可".into());
            Command::Refuse { case, kind, reason, competent: None }
        }
        ActKind::Notify => {
            let again = hall.case(id).status == Status::Supplemented;
            let new_reasons = if again { vec!["补交的报告已过期".into()] } else { Vec::new() };
            Command::Notify { case, items: vec!["检测报告".into()], new_reasons, within: None }
        }
        ActKind::Supplement => {
            let brings = vec![Bringing { item: "1".into(), materials: Vec::new() }];
            Command::Supplement { case, brings }
        }
        ActKind::Return => Command::Return { case, reason: "逾期未补正".into() },
        ActKind::Check => {
            let officers = vec!["审查员".into(), "决定员".into()];
            Command::Check { case, officers, finding: "与申请一致".into() }
        }
        ActKind::Correct => Command::Correct { case, what: "日期写错".into(), materials: Vec::new() },
        ActKind::Forward => {
            let (division, item) = (peer.division(), peer.state.items.keys().next().unwrap().clone());
            Command::Forward { case, division, item, opinion: "拟准予".into() }
        }
        ActKind::Amend => {
            let (field, value, reason) = (AmendedField::ApplicantName, "张三丰".into(), "录入有误".into());
            Command::Amend { case, amended: Amended { field, value, reason } }
        }
        ActKind::RefuseSupplement => {
            let refusal = ("case-state".into(), "closed".into());
            Command::SupplementRefused { case: id, act: hall.case(id).acts, refusal }
        }
        ActKind::RefuseWithdrawal => {
            let refusal = ("case-state".into(), "decided".into());
            Command::WithdrawalRefused { case: id, act: hall.case(id).acts, refusal }
        }
        // The owner of the superior's case reports that it was granted.
        ActKind::ForwardOutcome => {
            let next = hall.state.cases.values().find(|next| next.forwarded_from.is_some());
            let next = next.map_or(id, |next| next.id);
            let act = Act {
                case: next,
                number: 9,
                kind: ActKind::Decide,
                at: hall.now,
                place: peer.place(),
                operator: "决定员".into(),
                window: None,
                tenure: 2,
                status: Status::Granted,
                note: None,
                mandate: None,
            };
            let progress = Progress {
                act,
                case_no: None,
                received_on: None,
                accepted_on: Some(date(2026, 9, 14)),
                decided_on: Some(date(2026, 9, 14)),
                deadlines: None,
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
            };
            Command::Mirror { origin, progress: Box::new(progress) }
        }
        ActKind::TellPart => {
            let word = Box::new(ResultsWord { entries: vec![result(vec!["L".into()])], act: 1 });
            Command::Application(ApplicationCommand::TakeResults { origin, case: id, word })
        }
        ActKind::RefuseReport => {
            let refusal = ("agreement-missing".into(), "none".into());
            Command::Uniform(UniformCommand::Refused { case: id, act: hall.case(id).acts, refusal })
        }
        ActKind::Decide => Command::Decide { case, grant: true, reason: None },
        ActKind::Suspend => Command::SuspendCase { case, procedure: "检测".into(), days: 5 },
        ActKind::Resume => Command::ResumeCase { case, note: None },
        ActKind::Extend => {
            let (approver, reason) = ("局长".into(), "案情复杂".into());
            Command::ExtendCase { case, days: 5, approver, reason }
        }
        ActKind::Claim => Command::ClaimCase(case),
        ActKind::HandOn => Command::HandCaseOn { case, to: "决定员".into(), note: None },
        ActKind::ReturnStep => Command::ReturnCase { case, to_step: 1, reason: "重审".into() },
        ActKind::PassStep | ActKind::SignStep => Command::DoStep { case, pass: true, opinion: "同意".into() },
        ActKind::Recuse => Command::Recuse { case, operator: Some("审查员".into()), reason: "近亲属".into() },
        ActKind::FollowUp => {
            let material = Material { name: "检测报告".into(), sha256: "0".repeat(64), size: None };
            Command::FollowUp { case, materials: vec![material] }
        }
        ActKind::Pledge => {
            let commitment = Material { name: "承诺书".into(), sha256: "0".repeat(64), size: None };
            Command::Pledge { case, materials: vec!["检测报告".into()], commitment }
        }
        ActKind::VerifyPledge => {
            Command::VerifyPledge { case, outcome: Outcome::True, finding: "与承诺一致".into() }
        }
        ActKind::WaiveFee => Command::WaiveFee { case, fee: "工本费".into(), reason: "低保对象".into() },
        ActKind::ReportAgain => Command::ReportAgain(case),
        ActKind::Deliver => Command::Deliver { case, note: None },
        ActKind::Close => Command::Close(case),
        ActKind::Withdraw | ActKind::AskWithdrawal => Command::Withdraw { case, reason: None },
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
                    renews: None,
                    agent: None,
                    forwarded_from: None,
                    standing: None,
                    part_of: None,
                    agreement: None,
                    pledge: None,
                }),
            }
        }
        ActKind::ReceivePaper => Command::ReceivePaper(case),
        ActKind::JointCheck => {
            let officers = vec!["审查员".into(), "决定员".into()];
            jointly(Joint::Inspection { officers, finding: "场所与图纸一致".into() })
        }
        ActKind::JointPublicity => {
            jointly(Joint::Publicity { published: "区政府网站".into(), from: date(2026, 9, 15), days: 5 })
        }
        ActKind::AskReclaim => Command::AskReclaim { case, reason: "机房失火".into() },
        ActKind::Reclaim => {
            let standing = hall.case(id).clone();
            let (to, lost, tenure) = (standing.collecting, peer.place(), tenure + 1_000);
            let (city, at) = (crate::city(), hall.now);
            Command::TakeReclaimOrder {
                origin: city.origin(),
                order: Box::new(ReclaimOrder {
                    case: id,
                    to,
                    lost,
                    tenure,
                    fence: at,
                    at,
                    operator: "管理员".into(),
                    reason: "机房失火".into(),
                    standing: Box::new(standing),
                    successor: None,
                    superior: city.place().node,
                    acts: Vec::new(),
                    entries: 0,
                    known: 0,
                }),
            }
        }
        ActKind::Collect => unreachable!("collecting draws a new case"),
    }
}

/// The application of which the cases of joint acts are a part.
pub(crate) const APPLICATION: &str = "YJS511602000000-20260914-00001";

/// A licence that an earlier part comes to, as a case refers to it.
pub(crate) fn result(licences: Vec<String>) -> Entry {
    let source = Source::Part { part: "备案".into(), case: None, licences, not_required_on: None };
    Entry { entry: EntryKind::Material, name: "备案证".into(), source }
}

fn jointly(act: Joint) -> Command {
    let (application, joint) = (APPLICATION.to_owned(), "踏勘".to_owned());
    Command::Application(ApplicationCommand::Joint { application, joint, act })
}
