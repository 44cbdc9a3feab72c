//! 转报: a part that a superior goes on with ends as that one's case does, and the hall that collected the application hears it.

use tongban_codes::ids::{CaseId, Digest};
use tongban_domain::application::{ApplicationCommand, ApplicationState, PartState};
use tongban_domain::case::{ActKind, CameTo, Status};
use tongban_domain::{Change, Command, Notice, NoticeBody, Rejection};

use super::hall::{Hall, PERMIT, carry, date};
use super::scene::{Scene, replied, request};

/// The scene, and the city above both counties, which decides what the home county forwards.
struct Above {
    scene: Scene,
    city: Hall,
    /// The case of the licence at the home county, and the one in which it goes on.
    case: CaseId,
    next: CaseId,
}

impl Above {
    /// The licence was accepted at home and forwarded; the sign was granted.
    fn new() -> Self {
        let mut scene = Scene::new();
        scene.collect(request()).unwrap();
        scene.accept(true, "变更");
        scene.accept(false, "招牌");
        scene.decide(false, "招牌", true);
        let mut city = Hall::new("511600", "广安市");
        let mut columns = PERMIT;
        columns[3].1 = "511A0015500014-511600000000-000-115113016823646795-1-00";
        columns[4].1 = "511600000000";
        columns[11].1 = "511602";
        let item = city.offer_item(&columns);
        scene.home.act(&city.foreign(&item)).unwrap();
        let case = scene.case("变更");
        let (division, opinion) = (city.division(), "拟准予".to_owned());
        let forward = Command::Forward { case: case.to_string(), division, item, opinion };
        let change = scene.home.act(&forward).unwrap();
        let next = scene.home.case(case).forwarded_to.as_ref().unwrap().case;
        let mut above = Self { scene, city, case, next };
        above.travel(change.notices);
        above
    }

    fn hall(&mut self, node: tongban_codes::ids::NodeId) -> &mut Hall {
        let halls = [&mut self.scene.home, &mut self.scene.branch, &mut self.city];
        halls.into_iter().find(|hall| hall.state.node.node == node).unwrap()
    }

    /// Carries notices of one hall, and what follows of them at others, until nothing is on its way.
    fn travel(&mut self, notices: Vec<Notice>) {
        let from = |notice: &Notice, above: &Self| match &notice.body {
            NoticeBody::Progress(progress) => progress.act.place.node,
            NoticeBody::Offer(offer) => offer.history.last().unwrap().place.node,
            _ => above.scene.branch.state.node.node,
        };
        let mut waiting = notices;
        while !waiting.is_empty() {
            let notice = waiting.remove(0);
            let sender = from(&notice, self);
            let (mut one, mut other) = (self.hall(sender).clone(), self.hall(notice.to).clone());
            waiting.extend(carry(&notice, &mut one, &mut other));
            (*self.hall(sender), *self.hall(notice.to)) = (one, other);
        }
    }

    fn at_city(&mut self, command: &Command) -> Change {
        let change = self.city.act(command).unwrap();
        self.travel(change.notices.clone());
        change
    }

    fn decide_at_city(&mut self, grant: bool) {
        let case = self.next.to_string();
        self.at_city(&Command::Accept(case.clone()));
        let reason = (!grant).then(|| "不符合全市布局".to_owned());
        self.at_city(&Command::Decide { case, grant, reason });
    }

    fn answer(&mut self, forwarded_open: bool) -> Result<Change, Rejection> {
        let application = self.scene.application().number;
        self.scene.give(false, &Command::Application(ApplicationCommand::Answer { application, forwarded_open }))
    }

    fn outcomes(&self, hall: &Hall) -> usize {
        let acts = hall.state.acts.iter().chain(&hall.state.told);
        acts.filter(|act| act.case == self.case && act.kind == ActKind::ForwardOutcome).count()
    }
}

#[test]
fn what_a_superior_grants_is_granted_and_begins_what_waits_for_it() {
    let mut above = Above::new();
    assert_eq!(above.scene.states(), [PartState::Forwarded, PartState::Waiting, PartState::Granted]);
    let now = above.scene.standing();
    assert_eq!((now.state, now.due), (ApplicationState::Running, None), "nobody here knows until when");
    let step = now.next.iter().find(|step| step.part.as_deref() == Some("变更")).unwrap();
    assert!(step.what_zh.contains("上级") && step.what.contains("query code"), "{step:?}");
    assert!(above.answer(false).unwrap_err().zh.contains("变更、备案"));
    above.decide_at_city(true);
    assert_eq!(above.scene.states(), [PartState::Granted, PartState::Running, PartState::Granted]);
    let part = above.scene.standing().parts[0].clone();
    assert_eq!((part.decided_on, part.forwarded_to), (Some(date(2026, 9, 14)), Some(above.city.division())));
    assert_eq!(above.scene.home.case(above.case).status, Status::Forwarded, "its own leg ended as it did");
    // The licence of the superior is that of the part, and is told to the filing that has begun.
    let (case, kind, until) = (above.next.to_string(), "农药经营许可证".to_owned(), date(2031, 9, 13));
    above.at_city(&Command::IssueLicence { case: case.clone(), kind, until });
    let licences = above.city.case(above.next).licences.clone();
    assert_eq!((licences.len(), &above.scene.standing().parts[0].licences), (1, &licences));
    // What becomes of it behind its result is no other result: each hall has one act for the grant, and one for the licence.
    above.at_city(&Command::Deliver { case: case.clone(), note: None });
    above.at_city(&Command::Close(case));
    for hall in [&above.scene.home, &above.scene.branch] {
        assert_eq!(above.outcomes(hall), 2);
    }
    above.scene.accept(false, "备案");
    above.scene.decide(false, "备案", true);
    let change = above.answer(false).unwrap();
    let line = &replied(&change).answer[0];
    assert_eq!((line.result, &line.licences), (PartState::Granted, &licences));
    assert!(line.zh().contains("转报上级办理") && line.en().contains("forwarded to the superior"), "{line:?}");
}

#[test]
fn what_a_superior_denies_has_failed_with_its_reason() {
    let mut above = Above::new();
    // The forwarding county closes its leg first.
    let close = above.scene.home.act(&Command::Close(above.case.to_string())).unwrap();
    above.travel(close.notices);
    assert_eq!(above.scene.states()[0], PartState::Forwarded);
    above.decide_at_city(false);
    assert_eq!(above.scene.states(), [PartState::Failed, PartState::NotBegun, PartState::Granted]);
    let change = above.answer(false).unwrap();
    let lines = &replied(&change).answer;
    assert_eq!((lines[0].came_to.as_deref(), lines[0].reason.as_deref()), (Some("不予"), Some("不符合全市布局")));
    assert!(lines[0].remedies.as_ref().unwrap().contains("行政复议"), "{lines:?}");
}

/// The applicant isn't kept waiting for what can't be known: then that is said.
#[test]
fn an_answer_that_does_not_wait_for_the_superior_says_so() {
    let mut above = Above::new();
    let change = above.answer(true).unwrap();
    let lines = replied(&change).answer.clone();
    assert_eq!((lines[0].result, lines[1].result), (PartState::Forwarded, PartState::NotBegun));
    assert!(lines[0].remedies.as_ref().unwrap().contains("结果未知"), "{lines:?}");
    assert!(lines[0].remedies_en.as_ref().unwrap().contains("isn't known"), "{lines:?}");
    assert_eq!(lines[1].because.as_deref(), Some("变更"));
    // What comes afterwards is shown, and begins nothing that the answer called not begun.
    above.decide_at_city(true);
    assert_eq!(above.scene.states(), [PartState::Granted, PartState::NotBegun, PartState::Granted]);
    assert_eq!(above.scene.standing().state, ApplicationState::Answered);
    assert_eq!(above.scene.application().answer.unwrap().lines, lines);
}

#[test]
fn what_is_open_otherwise_is_waited_for() {
    let mut above = Above::new();
    let application = above.scene.application().number;
    let sign = above.scene.case("招牌");
    above.scene.branch.state.cases.get_mut(&sign).unwrap().status = Status::Accepted;
    assert!(above.answer(true).unwrap_err().zh.contains("招牌"));
    // What a superior goes on with is withdrawn there; the rest goes.
    let withdraw = |parts: Vec<String>| {
        let application = application.clone();
        Command::Application(ApplicationCommand::Withdraw { application, parts, reason: None })
    };
    assert_eq!(above.scene.give(false, &withdraw(vec!["变更".into()])).unwrap_err().code, "application-state");
    above.scene.give(false, &withdraw(Vec::new())).unwrap();
    assert_eq!(above.scene.states(), [PartState::Forwarded, PartState::Dropped, PartState::Failed]);
}

#[test]
fn an_outcome_is_a_result_and_said_by_the_owner_alone() {
    let mut above = Above::new();
    let (case, reason) = (above.next.to_string(), None);
    let accept = above.at_city(&Command::Accept(case.clone()));
    let decided = above.city.act(&Command::Decide { case, grant: true, reason }).unwrap();
    let (mut city, mut home) = (above.city.clone(), above.scene.home.clone());
    let notices = carry(&decided.notices[0], &mut city, &mut home);
    let told = notices.iter().find(|notice| notice.case == above.case).unwrap();
    assert_eq!(told.to, above.scene.branch.state.node.node);
    // The same report again, and one from before, change nothing here.
    for again in [&decided.notices[0], &accept.notices[0]] {
        assert!(carry(again, &mut city, &mut home).is_empty());
    }
    let NoticeBody::Progress(progress) = &told.body else { panic!("{told:?}") };
    let bent = |bend: &dyn Fn(&mut CameTo)| {
        let mut progress = progress.clone();
        bend(progress.forwarded_to.as_mut().unwrap().outcome.as_mut().unwrap());
        let origin = home.origin();
        above.scene.branch.clone().code(&Command::Mirror { origin, progress })
    };
    assert_eq!(bent(&|_| ()), "ok");
    assert_eq!(bent(&|outcome| outcome.status = Status::Accepted), "invalid-field");
    assert_eq!(bent(&|outcome| outcome.status = Status::Forwarded), "invalid-field");
    assert_eq!(bent(&|outcome| outcome.reason = Some("长".repeat(100_000))), "invalid-field");
    assert_eq!(bent(&|outcome| outcome.licences = vec!["1".repeat(300)]), "invalid-field");
    // A case that somebody collected elsewhere says nothing of one that this node forwarded.
    let mut stranger = above.scene.home.clone();
    let other = tongban_codes::ids::NodeId::from_bytes(*Digest::of(b"other").as_bytes().first_chunk().unwrap());
    stranger.state.cases.get_mut(&above.next).unwrap().collecting.node = other;
    carry(&decided.notices[0], &mut above.city.clone(), &mut stranger);
    assert_eq!(stranger.case(above.case).forwarded_to.as_ref().unwrap().outcome, None);
}
