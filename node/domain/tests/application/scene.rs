//! Story 3: a shop of 广安区 opens a branch; change of its licence at home and filing with the branch's county, by one application in 前锋区.

use std::collections::BTreeMap;

use tongban_codes::ids::CaseId;
use tongban_domain::application::{
    Application, ApplicationCommand, ApplicationStanding, CollectApplication, PartState, Plan, PlannedPart, standing,
};
use tongban_domain::case::Material;
use tongban_domain::{Applicant, Change, Command, Notice, Rejection, Reply};

use super::hall::{CITIZEN, Hall, PERMIT, carry};

pub(crate) const LICENCE: &str = "511A0093000028";
pub(crate) const FILING: &str = "511A0093000029";
pub(crate) const SIGN: &str = "511A0093000030";

pub(crate) fn columns(
    code: &'static str,
    division: &'static str,
    name: &'static str,
) -> Vec<(&'static str, &'static str)> {
    let mut columns = PERMIT.to_vec();
    let set = |columns: &mut Vec<(&str, &'static str)>, key: &str, value: &'static str| {
        columns.iter_mut().find(|(name, _)| *name == key).unwrap().1 = value;
    };
    set(&mut columns, "local_item_code", code);
    set(&mut columns, "division", division);
    set(&mut columns, "name", name);
    set(&mut columns, "modes", "online^collect^joint");
    set(&mut columns, "covered", "511600");
    columns
}

/// The home county, the county of the branch where it is collected, and a third that decides a part of its own.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) home: Hall,
    pub(crate) branch: Hall,
    /// What is on its way.
    pub(crate) notices: Vec<(bool, Notice)>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut home = Hall::new("511602", "广安区");
        home.offer_item(&columns(
            "511A0093000028-511602000000-000-115113016823646795-1-00",
            "511602000000",
            "农药经营许可证变更（其他农药）",
        ));
        let mut branch = Hall::new("511603", "前锋区");
        let mut filing = columns(
            "511A0093000029-511603000000-000-115113016823646795-1-00",
            "511603000000",
            "农药经营分支机构备案（演示）",
        );
        filing.iter_mut().find(|(name, _)| *name == "item_type").unwrap().1 = "20";
        branch.offer_item(&filing);
        branch.offer_item(&columns(
            "511A0093000030-511603000000-000-115113016823646795-1-00",
            "511603000000",
            "户外招牌设置（演示）",
        ));
        let code = home.state.items.keys().next().unwrap().clone();
        branch.act(&home.foreign(&code)).unwrap();
        Self { home, branch, notices: Vec::new() }
    }

    /// Carries what is on its way, and what follows of it, until nothing is.
    pub(crate) fn settle(&mut self) {
        while !self.notices.is_empty() {
            let (to_home, notice) = self.notices.remove(0);
            let (from, to) =
                if to_home { (&mut self.branch, &mut self.home) } else { (&mut self.home, &mut self.branch) };
            let more = carry(&notice, from, to);
            self.notices.extend(more.into_iter().map(|notice| (!to_home, notice)));
        }
    }

    /// Gives a command at the home county, or at the branch's, and carries what follows.
    pub(crate) fn give(&mut self, at_home: bool, command: &Command) -> Result<Change, Rejection> {
        let hall = if at_home { &mut self.home } else { &mut self.branch };
        let change = hall.act(command)?;
        self.notices.extend(change.notices.iter().map(|notice| (!at_home, notice.clone())));
        self.settle();
        Ok(change)
    }

    pub(crate) fn collect(&mut self, request: CollectApplication) -> Result<Change, Rejection> {
        self.give(false, &Command::Application(ApplicationCommand::Collect(Box::new(request))))
    }

    /// The only application.
    pub(crate) fn application(&self) -> Application {
        self.branch.state.applications.values().next().unwrap().clone()
    }

    pub(crate) fn standing(&self) -> ApplicationStanding {
        standing(&self.branch.state, &self.application())
    }

    pub(crate) fn states(&self) -> Vec<PartState> {
        self.standing().parts.iter().map(|part| part.state).collect()
    }

    pub(crate) fn case(&self, part: &str) -> CaseId {
        self.application().part(part).unwrap().case.unwrap()
    }

    pub(crate) fn accept(&mut self, at_home: bool, part: &str) {
        let case = self.case(part).to_string();
        self.give(at_home, &Command::Accept(case)).unwrap();
    }

    pub(crate) fn decide(&mut self, at_home: bool, part: &str, grant: bool) {
        let case = self.case(part).to_string();
        let reason = (!grant).then(|| "经营场所不符合要求".to_owned());
        self.give(at_home, &Command::Decide { case, grant, reason }).unwrap();
    }
}

pub(crate) fn part(name: &str, item: &str, division: &str) -> PlannedPart {
    PlannedPart {
        part: name.to_owned(),
        item: item.to_owned(),
        division: division.parse().unwrap(),
        after: Vec::new(),
        fields: Vec::new(),
        materials: Some(Vec::new()),
        results: BTreeMap::new(),
        joint: None,
    }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

/// Change of the licence, then the filing, which takes the licence that came of it; and a sign, which waits for nothing.
pub(crate) fn plan() -> Plan {
    let mut licence = part("变更", LICENCE, "511602");
    licence.fields = texts(&["经营者名称", "分店地址"]);
    licence.materials = Some(texts(&["申请表", "营业执照"]));
    licence.joint = Some("现场踏勘".into());
    let mut filing = part("备案", FILING, "511603");
    filing.fields = texts(&["经营者名称", "分店地址", "负责人"]);
    filing.materials = Some(texts(&["营业执照", "农药经营许可证"]));
    filing.results = BTreeMap::from([("农药经营许可证".to_owned(), "变更".to_owned())]);
    let mut sign = part("招牌", SIGN, "511603");
    sign.fields = texts(&["分店地址"]);
    sign.joint = Some("现场踏勘".into());
    Plan { event: None, name: Some("开办农药分店".into()), parts: vec![filing, licence, sign], jointly: false }
}

pub(crate) fn material(name: &str) -> Material {
    Material { name: name.to_owned(), sha256: "ab".repeat(32), size: None }
}

pub(crate) fn request() -> CollectApplication {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    CollectApplication {
        plan: plan(),
        applicant: Applicant { name: "张三".into(), identity: CITIZEN.into() },
        fields: vec![
            field("经营者名称", "广安农资店（演示）"),
            field("分店地址", "代市镇正街 1 号"),
            field("负责人", "李四"),
        ],
        materials: vec![material("申请表")],
        licences: vec![field("营业执照", BUSINESS_LICENCE)],
    }
}

pub(crate) const BUSINESS_LICENCE: &str = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";

pub(crate) fn replied(change: &Change) -> &tongban_domain::application::ApplicationReply {
    match &change.reply {
        Reply::Application(reply) => reply,
        other => panic!("{other:?}"),
    }
}
