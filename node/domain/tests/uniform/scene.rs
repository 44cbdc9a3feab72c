//! Two counties of one province: 广安区, in charge of its people's matters, and 前锋区, which decides them in its place.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::case::ActKind;
use tongban_domain::catalogue::{Agreement, AgreementCommand, Mode};
use tongban_domain::uniform::{UniformCommand, UniformWord};
use tongban_domain::{Change, Command, Event, Notice, NoticeBody, Rejection, Reply};

use crate::hall::given::{self, party};
use crate::hall::{Hall, collect, credit, date, row};

pub(crate) const BASE: &str = "510116013001";
pub(crate) const NUMBER: &str = "跨域〔2026〕1号";
/// 广安区's item, and 前锋区's.
pub(crate) const THEIRS: &str = "511A0015500013-511602000000-000-115113016823646795-1-00";
pub(crate) const OURS: &str = "511A0015500013-511603000000-000-11511301452259996U-1-00";

const NAME: &str = "公共场所卫生许可";
const BASIS: &str = "公共场所卫生管理条例 第四条";
pub(crate) const THEIR_CODE: &str = "115113016823646795";
pub(crate) const OUR_CODE: &str = "11511301452259996U";

/// A published item of a hall; `change` alters its columns.
pub(crate) fn offer(hall: &mut Hall, columns: &[(&'static str, &str)]) {
    let usual = [
        ("main_item", NAME),
        ("name", NAME),
        ("item_type", "01"),
        ("base_code", BASE),
        ("legal_basis", BASIS),
        ("statutory_days", "20"),
        ("promised_days", "5"),
    ];
    let others = usual.into_iter().filter(|(name, _)| !columns.iter().any(|(other, _)| other == name));
    let all: Vec<(&str, &str)> = others.chain(columns.iter().copied()).collect();
    let report = hall.import(&[row(2, &all)]);
    assert_eq!(report.rejected, 0, "{report:?}");
    hall.act(&Command::PublishItems(Some(columns[0].1.to_owned()))).unwrap();
}

/// The two halls, each with its item of the province's base item; 前锋区 knows that of 广安区.
pub(crate) struct Scene {
    pub(crate) charge: Hall,
    pub(crate) stand: Hall,
}

impl Scene {
    /// With the agreement.
    pub(crate) fn new() -> Self {
        let mut scene = Self::without();
        scene.agree(agreement(NUMBER));
        scene
    }

    /// Without an agreement.
    pub(crate) fn without() -> Self {
        let mut province = Hall::new("510000", "四川省");
        let base = [
            ("department", "省卫生健康委"),
            ("name", NAME),
            ("item_type", "01"),
            ("base_code", BASE),
            ("legal_basis", BASIS),
            ("statutory_days", "20"),
            ("promised_days", "10"),
        ];
        province.import(&[row(2, &base)]);
        province.publish_all();
        let (mut charge, mut stand) = (Hall::new("511602", "广安区"), Hall::new("511603", "前锋区"));
        for hall in [&mut charge, &mut stand] {
            for base in province.state.bases.values() {
                hall.state.fold(&Event::BaseItem(base.clone()));
            }
        }
        let (modes, covered) = ("online^collect^uniform", "511603^511622");
        offer(
            &mut charge,
            &[
                ("local_item_code", THEIRS),
                ("division", "511602000000"),
                ("department", "区行政审批局"),
                ("department_code", THEIR_CODE),
                ("modes", modes),
                ("covered", covered),
            ],
        );
        offer(
            &mut stand,
            &[
                ("local_item_code", OURS),
                ("division", "511603000000"),
                ("department", "区卫健局"),
                ("department_code", OUR_CODE),
            ],
        );
        let mut scene = Self { charge, stand };
        scene.fetch();
        scene
    }

    /// 前锋区 hears how the item of 广安区 stands.
    pub(crate) fn fetch(&mut self) {
        self.stand.act(&self.charge.foreign(THEIRS)).unwrap();
    }

    pub(crate) fn agree(&mut self, agreement: Agreement) {
        let add = AgreementCommand::Add { agreement: Box::new(agreement), items: vec![THEIRS.to_owned()] };
        self.charge.act(&Command::Agreement(add)).unwrap();
        self.fetch();
    }

    /// A version of 广安区's item that came after the others, on this day; it has the same scope.
    pub(crate) fn later_version(&mut self, version: u32, from: Date) {
        let item = self.charge.state.items.get_mut(THEIRS).unwrap();
        (item.version, item.effective, item.editing.at) = (version, Some(from), Some(from.start()));
        let item = item.clone();
        self.charge.state.versions.insert((THEIRS.to_owned(), version), item);
    }

    pub(crate) fn withdraw_agreement(&mut self) {
        let (number, reason) = (NUMBER.to_owned(), "不再续签".to_owned());
        self.charge.act(&Command::Agreement(AgreementCommand::Withdraw { number, from: None, reason })).unwrap();
        self.fetch();
    }

    /// What 前锋区 is asked: to take the matter of somebody of 广安区 in this mode.
    pub(crate) fn asked(&self, mode: Option<Mode>, by: Option<&str>) -> Command {
        match collect(THEIRS, self.charge.division()) {
            Command::Collect { item, division, applicant, materials, hold, renews, agent, .. } => {
                let by = by.map(str::to_owned);
                Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by }
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn refused(&mut self) -> Rejection {
        let asked = self.asked(Some(Mode::Uniform), None);
        self.stand.act(&asked).unwrap_err()
    }

    /// 前锋区 takes a case in the place of 广安区.
    pub(crate) fn taken(&mut self) -> CaseId {
        let asked = self.asked(Some(Mode::Uniform), None);
        let change = self.stand.act(&asked).unwrap();
        assert!(change.notices.is_empty(), "nothing is reported before it is accepted");
        match change.reply {
            Reply::Collected(collected) => collected.case,
            other => panic!("{other:?}"),
        }
    }

    /// Does an act at 前锋区; the report that goes out with it.
    pub(crate) fn reported(&mut self, command: &Command) -> Option<(CaseId, UniformWord)> {
        let change = self.stand.act(command).unwrap();
        word(&change)
    }

    /// 广安区 hears a report.
    pub(crate) fn hear(&mut self, (case, word): &(CaseId, UniformWord)) -> Result<Change, Rejection> {
        let (origin, word) = (self.stand.origin(), Box::new(word.clone()));
        self.charge.act(&Command::Uniform(UniformCommand::Take { origin, case: *case, word }))
    }

    /// What 广安区 keeps of a case, whole.
    pub(crate) fn kept(&self, id: CaseId) -> UniformWord {
        self.charge.state.elsewhere[&id].said(&self.charge.desk)
    }

    /// Every report of a case that is accepted, put right, granted, licensed, and whose licence is cancelled, in order.
    pub(crate) fn whole_life(&mut self) -> (CaseId, Vec<(CaseId, UniformWord)>) {
        let id = self.taken();
        let case = id.to_string();
        let mut words = Vec::new();
        words.extend(self.reported(&Command::Accept(case.clone())));
        let (field, value, reason) =
            (tongban_domain::case::AmendedField::ApplicantName, "李四".to_owned(), "录入有误".to_owned());
        let amended = tongban_domain::case::Amended { field, value, reason };
        words.extend(self.reported(&Command::Amend { case: case.clone(), amended }));
        words.extend(self.reported(&Command::Decide { case: case.clone(), grant: true, reason: None }));
        let (kind, until) = ("公共场所卫生许可证".to_owned(), date(2030, 9, 13));
        words.extend(self.reported(&Command::IssueLicence { case: case.clone(), kind, until }));
        assert!(
            self.reported(&Command::Deliver { case, note: None }).is_none(),
            "of a delivery nothing is to be known"
        );
        let licence = self.stand.case(id).licences[0].clone();
        words.extend(self.reported(&Command::CancelLicence { licence, reason: "歇业".into() }));
        assert_eq!(words.len(), 5);
        (id, words)
    }

    /// Kinds of the acts of a case at 前锋区.
    pub(crate) fn acts(&self, id: CaseId) -> Vec<ActKind> {
        self.stand.state.acts.iter().filter(|act| act.case == id).map(|act| act.kind).collect()
    }
}

/// The report of a change.
pub(crate) fn word(change: &Change) -> Option<(CaseId, UniformWord)> {
    let of = |notice: &Notice| match &notice.body {
        NoticeBody::Uniform(word) => {
            assert_eq!(notice.act, word.act);
            Some((notice.case, (**word).clone()))
        }
        _ => None,
    };
    assert!(change.notices.len() <= 1, "{:?}", change.notices);
    change.notices.first().map(|notice| of(notice).unwrap())
}

pub(crate) fn agreement(number: &str) -> Agreement {
    let parties = [party("511602", THEIR_CODE), party("511603", OUR_CODE)];
    given::agreement(number, Mode::Uniform, parties)
}

/// The agreement with the authority of [`second`] as a party too.
pub(crate) fn wider(number: &str) -> Agreement {
    let mut wider = agreement(number);
    wider.parties.push(party("511603", &credit("11511602MB0000001")));
    wider
}

/// A second item of 前锋区 of the same base code, of another authority.
pub(crate) fn second(hall: &mut Hall) -> String {
    let code = format!("511A0015500013-511603000000-000-{}-2-00", credit("11511602MB0000001"));
    offer(
        hall,
        &[
            ("local_item_code", code.as_str()),
            ("division", "511603000000"),
            ("department", "区市场监管局"),
            ("department_code", &credit("11511602MB0000001")),
        ],
    );
    code
}
