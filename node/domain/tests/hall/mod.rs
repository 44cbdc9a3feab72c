//! A hall for tests: facts in memory that fold events, a desk with seeded chance, operators, a clock that the test sets.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![allow(dead_code, reason = "each test file uses a part of the hall")]

mod desk;
pub(crate) mod given;
mod state;

use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, Digest, Label, NodeId};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::application::{ApplicationCommand, ToldKind};
use tongban_domain::case::Case;
use tongban_domain::catalogue::{ForeignItem, ImportReport, ImportRow, PublishReport};
use tongban_domain::uniform::UniformCommand;
use tongban_domain::voice::VoiceCommand;
use tongban_domain::{
    Actor, Applicant, Change, Command, Event, NodeFacts, Notice, NoticeBody, Origin, Place, Places, Rejection, Reply,
    Role, decide,
};

pub(crate) use desk::SeededDesk;
pub(crate) use state::State;

/// Ticks after which a clock that still finds something due would never rest.
const TICKS_MAX: usize = 10_000;

/// A valid citizen id, the example of GB 11643.
pub(crate) const CITIZEN: &str = "11010519491231002X";

/// A node with its state, desk and clock.
#[derive(Clone, Debug)]
pub(crate) struct Hall {
    pub(crate) state: State,
    pub(crate) desk: SeededDesk,
    pub(crate) now: Timestamp,
}

/// Operators of every hall: name and role. 决定员 holds a mandate for everything.
pub(crate) const STAFF: [(&str, Role); 9] = [
    ("窗口员", Role::Window),
    ("审查员", Role::Reviewer),
    ("决定员", Role::Decider),
    ("制证员", Role::Issuer),
    ("目录员", Role::Catalogue),
    ("管理员", Role::Admin),
    ("审计员", Role::Audit),
    ("目录审核员", Role::CatalogueReview),
    ("监察员", Role::Supervisor),
];

impl Hall {
    /// A hall with its staff, at nine on Monday 2026-09-14.
    pub(crate) fn new(division: &str, name: &str) -> Self {
        let division: DivisionCode = division.parse().unwrap();
        let digest = Digest::of(division.to_string().as_bytes());
        let node = NodeId::from_bytes(digest.as_bytes()[..16].try_into().unwrap());
        let label = Label::new(division, 0).unwrap();
        let facts = NodeFacts { node, division, name: name.to_owned(), label, demo: true };
        let now = at(2026, 9, 14, 9);
        let mut hall = Self { state: State::new(facts), desk: SeededDesk::new(division.number()), now };
        let root = Actor { operator: "root".into(), roles: vec![Role::Admin], window: None };
        for (name, role) in STAFF {
            let (name, roles) = (name.to_owned(), vec![role]);
            hall.give(&root, &Command::AddOperator { name, roles, window: None, uid: None }).unwrap();
        }
        let operator = "决定员".to_owned();
        let mandate = Command::GrantMandate { operator, item: None, from: None, until: None };
        hall.give(&root, &mandate).unwrap();
        hall
    }

    /// The hall's node under another id, as a second node of the same division.
    pub(crate) fn second(mut self) -> Self {
        self.state.node.node = NodeId::from_bytes([7; 16]);
        self.state.node.label = Label::new(self.division(), 1).unwrap();
        self
    }

    pub(crate) fn division(&self) -> DivisionCode {
        self.state.node.division
    }

    pub(crate) fn place(&self) -> Place {
        Place { node: self.state.node.node, division: self.division() }
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin { place: self.place() }
    }

    /// Gives a command; what is decided is folded, and a rejection leaves the state as it was.
    pub(crate) fn give(&mut self, actor: &Actor, command: &Command) -> Result<Change, Rejection> {
        let change = decide(&self.state, &mut self.desk, actor, command, self.now)?;
        change.events.iter().for_each(|event| self.state.fold(event));
        let sealed = change.documents.iter();
        self.state.documents.extend(sealed.map(|one| (one.case, one.act, one.content_type.to_owned())));
        Ok(change)
    }

    /// Gives a command as the operator of the role that it needs, or as the node itself.
    pub(crate) fn act(&mut self, command: &Command) -> Result<Change, Rejection> {
        let staff = |role: &Role| STAFF.iter().find(|(_, staff)| staff == role);
        let actor = match command.roles().iter().rev().find_map(staff) {
            Some((name, role)) => Actor { operator: (*name).to_owned(), roles: vec![*role], window: Some("3".into()) },
            None => Actor::system(),
        };
        self.give(&actor, command)
    }

    /// Ticks until nothing more is due.
    pub(crate) fn ticks(&mut self) {
        let more = (0..TICKS_MAX).find(|_| !matches!(self.act(&Command::Tick).unwrap().reply, Reply::Tick { .. }));
        assert!(more.is_some(), "the clock never rests");
    }

    /// Lets the clock run to a moment as a node does: it ticks at each midnight and at the end, until nothing more is due.
    pub(crate) fn run_to(&mut self, end: Timestamp) {
        loop {
            self.now = self.now.date().next_day().start().min(end);
            self.ticks();
            if self.now >= end {
                return;
            }
        }
    }

    /// Ticks; what the clock did beside supervision.
    pub(crate) fn tick(&mut self) -> Vec<Event> {
        let mut events = self.act(&Command::Tick).unwrap().events;
        let watches = |event: &Event| match event {
            Event::Card(_) | Event::Looked(_) => true,
            Event::Serial(scope, _) => scope.starts_with("JC"),
            _ => false,
        };
        events.retain(|event| !watches(event));
        events
    }

    pub(crate) fn code(&mut self, command: &Command) -> &'static str {
        self.act(command).map_or_else(|rejection| rejection.code, |_| "ok")
    }

    pub(crate) fn import(&mut self, rows: &[ImportRow]) -> ImportReport {
        match self.act(&Command::ImportItems(rows.to_vec().into())).unwrap().reply {
            Reply::Imported(report) => report,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn publish_all(&mut self) -> PublishReport {
        match self.act(&Command::PublishItems(None)).unwrap().reply {
            Reply::Published(report) => report,
            other => panic!("{other:?}"),
        }
    }

    /// Imports one row and publishes its item.
    pub(crate) fn offer_item(&mut self, columns: &[(&str, &str)]) -> String {
        let row = row(2, columns);
        let report = self.import(std::slice::from_ref(&row));
        assert_eq!(report.rejected, 0, "{report:?}");
        let code = row.values["local_item_code"].clone();
        self.act(&Command::PublishItems(Some(code.clone()))).unwrap();
        code
    }

    /// The item as another hall would fetch and keep it.
    pub(crate) fn foreign(&self, code: &str) -> Command {
        let item = self.state.items[code].clone();
        Command::KeepForeignItem(Box::new(ForeignItem { item, node: self.state.node.node, as_of: self.now }))
    }

    pub(crate) fn collect(&mut self, item: &str, division: DivisionCode) -> CaseId {
        let change = self.act(&collect(item, division)).unwrap();
        match change.reply {
            Reply::Collected(collected) => collected.case,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn case(&self, id: CaseId) -> &Case {
        &self.state.cases[&id]
    }

    /// The kinds of the acts of a case that this hall knows, with the division where each was done.
    pub(crate) fn history(&self, id: CaseId) -> Vec<(&'static str, String)> {
        let acts = self.state.acts.iter().filter(|act| act.case == id);
        acts.map(|act| (act.kind.name(), act.place.division.short())).collect()
    }
}

/// Puts halls under one superior, as the directory of each has it.
pub(crate) fn under(superior: &mut Hall, halls: &mut [&mut Hall]) {
    let nodes: Vec<Place> = halls.iter().map(|hall| hall.place()).collect();
    let above = superior.place().node;
    let by_division = nodes.iter().map(|place| (place.division, *place)).collect();
    let places = Places::new(by_division, nodes.iter().map(|place| (place.node, above)).collect());
    for hall in halls {
        hall.state.places = places.clone();
    }
    superior.state.places = places;
}

/// Brings a notice to its hall, and answers an offer to the hall it came from.
pub(crate) fn carry(notice: &Notice, from: &mut Hall, to: &mut Hall) -> Vec<Notice> {
    assert_eq!(notice.to, to.state.node.node);
    let origin = from.origin();
    match &notice.body {
        NoticeBody::Progress(progress) => {
            let progress = progress.clone();
            to.act(&Command::Mirror { origin, progress }).unwrap().notices
        }
        NoticeBody::ReclaimRequest(request) => {
            let request = request.clone();
            to.act(&Command::KeepReclaimRequest { origin, request }).unwrap().notices
        }
        NoticeBody::ReclaimOrder(order) => {
            let order = order.clone();
            to.act(&Command::TakeReclaimOrder { origin, order }).unwrap().notices
        }
        NoticeBody::ReclaimDeclined(reason) => {
            let (case, reason) = (notice.case, reason.clone());
            to.act(&Command::ReclaimDeclined { origin, case, reason }).unwrap().notices
        }
        NoticeBody::ReclaimReturn(acts) => {
            let (case, acts) = (notice.case, acts.clone());
            to.act(&Command::KeepReclaimReturn { origin, case, acts }).unwrap().notices
        }
        NoticeBody::Supplement(supplement) => {
            let supplement = supplement.clone();
            match to.act(&Command::TakeSupplement { origin, supplement }) {
                Ok(change) => change.notices,
                Err(refused) => {
                    let refusal = (refused.code.to_owned(), refused.en.to_string());
                    from.act(&Command::SupplementRefused { case: notice.case, act: notice.act, refusal }).unwrap();
                    Vec::new()
                }
            }
        }
        NoticeBody::Withdrawal(withdrawal) => {
            let withdrawal = withdrawal.clone();
            match to.act(&Command::TakeWithdrawal { origin, withdrawal }) {
                Ok(change) => change.notices,
                Err(refused) => {
                    let refusal = (refused.code.to_owned(), refused.en.to_string());
                    from.act(&Command::WithdrawalRefused { case: notice.case, act: notice.act, refusal }).unwrap();
                    Vec::new()
                }
            }
        }
        NoticeBody::Uniform(word) => {
            let (case, act, word) = (notice.case, notice.act, word.clone());
            let taken = to.act(&Command::Uniform(UniformCommand::Take { origin, case, word }));
            let refused = taken.err().map(|refused| (refused.code.to_owned(), refused.en.to_string()));
            if let Some(refusal) = refused {
                from.act(&Command::Uniform(UniformCommand::Refused { case, act, refusal })).unwrap();
            }
            Vec::new()
        }
        NoticeBody::Offer(offer) => {
            let taken = to.act(&Command::TakeCustody { origin, offer: offer.clone() });
            let (notices, refusal) = match taken {
                Ok(change) => (change.notices, None),
                Err(refused) => (Vec::new(), Some((refused.code.to_owned(), refused.en.to_string()))),
            };
            let (origin, case, tenure) = (to.origin(), offer.case, offer.tenure);
            from.act(&Command::SettleOffer { origin, case, tenure, act: notice.act, refusal }).unwrap();
            notices
        }
        NoticeBody::Order(order) => {
            let id = order.id;
            match to.act(&Command::TakeOrder { origin, order: order.clone() }) {
                Ok(change) => change.notices,
                Err(refused) => {
                    let refusal = (refused.code.to_owned(), refused.en.to_string());
                    let origin = to.origin();
                    from.act(&Command::SettleOrder { origin, order: id, refusal }).unwrap();
                    Vec::new()
                }
            }
        }
        NoticeBody::Voice(word) => {
            let (id, word) = (notice.case, word.clone());
            match to.act(&Command::Voice(VoiceCommand::Take { origin, id, word })) {
                Ok(change) => change.notices,
                Err(refused) => {
                    let (origin, act) = (to.origin(), notice.act);
                    let refusal = (refused.code.to_owned(), refused.en.to_string());
                    from.act(&Command::Voice(VoiceCommand::Refused { origin, id, act, refusal })).unwrap();
                    Vec::new()
                }
            }
        }
        NoticeBody::Joint(word) => {
            let (case, word) = (notice.case, word.clone());
            let taken = to.act(&Command::Application(ApplicationCommand::TakeJoint { origin, case, word }));
            taken.map(|change| change.notices).unwrap_or_default()
        }
        NoticeBody::Results(word) => {
            let (case, word) = (notice.case, word.clone());
            let taken = to.act(&Command::Application(ApplicationCommand::TakeResults { origin, case, word }));
            told(taken, (case, notice.act, ToldKind::Results), from)
        }
        NoticeBody::Amended(word) => {
            let (case, word) = (notice.case, word.clone());
            let taken = to.act(&Command::Application(ApplicationCommand::TakeAmended { origin, case, word }));
            told(taken, (case, notice.act, ToldKind::Amended), from)
        }
        NoticeBody::OrderAnswer(answer) => {
            let answer = answer.clone();
            to.act(&Command::TakeOrderAnswer { origin, answer }).unwrap().notices
        }
    }
}

/// What follows of a word to another case of an application; its refusal goes back to the hall that told it.
fn told(taken: Result<Change, Rejection>, (case, act, what): (CaseId, u32, ToldKind), from: &mut Hall) -> Vec<Notice> {
    match taken {
        Ok(change) => change.notices,
        Err(refused) => {
            let refusal = (refused.code.to_owned(), refused.zh.to_string());
            from.act(&Command::Application(ApplicationCommand::WordRefused { case, act, what, refusal })).unwrap();
            Vec::new()
        }
    }
}

pub(crate) fn at(year: i16, month: u8, day: u8, hour: i64) -> Timestamp {
    date(year, month, day).start().add_seconds(hour * 3600)
}

pub(crate) fn date(year: i16, month: u8, day: u8) -> Date {
    Date::ymd(year, month, day).unwrap()
}

/// A fictional authority's credit code, valid.
pub(crate) fn credit(body: &str) -> String {
    CreditCode::from_body(body).unwrap().to_string()
}

/// A row of an import file.
pub(crate) fn row(number: u32, columns: &[(&str, &str)]) -> ImportRow {
    let values = columns.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ImportRow::new(number, values.collect())
}

pub(crate) fn applicant() -> Applicant {
    Applicant { name: "张三".into(), identity: CITIZEN.into() }
}

pub(crate) fn collect(item: &str, division: DivisionCode) -> Command {
    Command::Collect {
        item: item.to_owned(),
        division,
        mode: None,
        applicant: applicant(),
        materials: Vec::new(),
        hold: false,
        renews: None,
        agent: None,
        by: None,
    }
}

/// 公共场所卫生许可延续 of 区行政审批局 in the real list, with invented times.
pub(crate) const PERMIT: [(&str, &str); 12] = [
    ("department", "区行政审批局"),
    ("main_item", "公共场所卫生许可"),
    ("name", "公共场所卫生许可延续（县级）"),
    ("local_item_code", "511A0015500013-511602000000-000-115113016823646795-1-00"),
    ("division", "511602000000"),
    ("item_type", "01"),
    ("department_code", "115113016823646795"),
    ("legal_basis", "公共场所卫生管理条例 第四条、第八条"),
    ("statutory_days", "20"),
    ("promised_days", "5"),
    ("modes", "online^collect"),
    ("covered", "511603"),
];

/// 残疾人证换领 of 区残联 in the real list, with an invented promise of five days.
pub(crate) const CARD: [(&str, &str); 10] = [
    ("department", "区残联"),
    ("main_item", "残疾人证办理"),
    ("name", "残疾人证换领"),
    ("local_item_code", "511F82001003-511602000000-000-11511301452259996U-1-00"),
    ("division", "511602000000"),
    ("item_type", "07"),
    ("department_code", "11511301452259996U"),
    ("promised_days", "5"),
    ("modes", "异地代收代办"),
    ("covered", "511603"),
];

/// 广安区 with both items published.
pub(crate) fn guangan() -> Hall {
    let mut hall = Hall::new("511602", "广安区");
    hall.offer_item(&PERMIT);
    hall.offer_item(&CARD);
    hall
}

/// 代市镇, which knows the items of 广安区.
pub(crate) fn daishi(guangan: &Hall) -> Hall {
    let mut hall = Hall::new("511603104", "代市镇");
    for code in guangan.state.items.keys() {
        hall.act(&guangan.foreign(code)).unwrap();
    }
    hall
}
