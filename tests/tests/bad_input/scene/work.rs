//! What the rows about work need: an item in steps with a case at each, people who may not, a reclaim, an order, files of materials.

use serde_json::{Value, json};
use system_tests::{APPLICANT, seen, within};
use tongban_codes::time::Date;

use super::{CITY, HOME, HOME_DIVISION, OPEN, Scene, TOWN};

/// An item that is done in steps, and lets a material follow.
const STEPS: &str = "330A0015500020";

/// What a case of it is called, and how far it is brought.
const CASES: [(&str, &[&[&str]]); 5] = [
    ("stepped", &[&["accept"]]),
    ("claimed", &[&["accept"], &["claim", "--as", "reviewer"]]),
    ("signed", &[&["accept"], &["step", "--pass", "--opinion", "同意", "--as", "reviewer"], SIGNED]),
    (
        "final",
        &[
            &["accept"],
            &["step", "--pass", "--opinion", "同意", "--as", "both"],
            SIGNED,
            &["step", "--pass", "--opinion", "同意", "--as", "reviewer"],
        ],
    ),
    ("recused", &[&["accept"], &["recuse", "--reason", "系近亲属", "--as", "second"]]),
];

const SIGNED: &[&str] = &["step", "--pass", "--opinion", "同意", "--as", "second"];

impl Scene {
    pub(super) fn in_steps(&mut self) {
        let item = json!([{
            "department": "卫健局", "main_item": "分步事项", "name": "分步事项", "division": HOME_DIVISION, "item_type": "01",
            "local_item_code": STEPS, "department_code": "11370800MB28559184", "legal_basis": "公共场所卫生管理条例第四条",
            "statutory_days": "20", "promised_days": "5",
            "materials": [{ "name": "申请表", "necessity": "必要" }, { "name": "检测报告", "necessity": "容缺后补" }],
            "steps": [
                { "name": "审查", "role": "审查" },
                { "name": "会签", "role": "审查", "rule": "会签", "signers": "2" },
                { "name": "决定", "role": "决定" },
            ],
        }]);
        let file = self.cluster.file("steps.json", item.to_string().as_bytes());
        let home = self.node(HOME);
        assert_eq!(home.ok(&["item", "import", &file.to_string_lossy()])["rejected"], 0);
        home.ok(&["item", "publish", STEPS]);
        for (name, roles) in [
            ("second", "reviewer"),
            ("self", "reviewer"),
            ("away", "reviewer"),
            ("both", "reviewer,decider"),
            ("supervisor", "supervisor"),
        ] {
            home.ok(&["operator", "add", name, "--role", roles]);
        }
        home.ok(&["operator", "mandate", "both", "--item", STEPS]);
        home.ok(&["operator", "identity", "self", "--id", APPLICANT.1]);
        home.ok(&["operator", "disable", "away"]);
        self.fixed.insert("steps", STEPS.to_owned());
        let operators = self.node(HOME).get("/v1/operators");
        let is_admin =
            |operator: &&Value| operator["roles"].as_array().is_some_and(|roles| roles.contains(&json!("admin")));
        let admin = operators["operators"].as_array().into_iter().flatten().find(is_admin).cloned().unwrap_or_default();
        let admin = admin["name"].as_str().unwrap_or_else(|| panic!("an administrator in {operators}"));
        self.fixed.insert("admin", admin.to_owned());
        for (name, acts) in CASES {
            let case = self.brought(&[HOME], STEPS, &[]);
            for act in acts {
                self.node(HOME).ok(&[&["case", act[0], &case][..], &act[1..]].concat());
            }
            self.draw(name, case);
        }
        let lacking = self.brought(&[HOME], STEPS, &[]);
        let promise = self.cluster.file("promise.txt", "承诺".as_bytes());
        let until = self.day(5);
        let accept = ["case", "accept", &lacking, "--lacking", "检测报告", "--until", &until];
        self.node(HOME).ok(&[&accept[..], &["--promise", &promise.to_string_lossy()]].concat());
        self.draw("lacking", lacking);
        self.days.push(until);
        let shown = |case: &str| self.node(HOME).ok(&["case", "show", self.value(case)]);
        let days = [&shown("notified")["correction"]["until"], &shown("accepted")["statutory_due"]]
            .map(|day| day.as_str().unwrap_or_else(|| panic!("no day: {day}")).to_owned());
        self.days.extend(days);
        let node = self.node(HOME).get("/v1/status")["node"].as_str().unwrap_or_default().to_owned();
        self.draw("home", node);
    }

    /// So many days from today on, as the node has it.
    fn day(&self, days: i32) -> String {
        let today = self.node(HOME).get("/v1/status")["at"].as_str().unwrap_or_default()[..10].to_owned();
        today.parse::<Date>().expect("a node knows the day").add_days(days).to_string()
    }

    fn brought(&self, at: &[&str; 1], item: &str, more: &[&str]) -> String {
        let (ended, answer) = self.collect(at[0], item, more);
        assert_eq!(ended, 0, "{answer}");
        answer["case"].as_str().unwrap_or_default().to_owned()
    }

    /// A case with a file, and with two materials of one name.
    pub(super) fn filed(&mut self) {
        let file = self.cluster.file("card.jpg", b"card");
        let sha = |digit: &str| format!("照片=sha256:{}", digit.repeat(64));
        let card = format!("身份证={}", file.display());
        let (one, other) = (sha("1"), sha("2"));
        let single = format!("承诺书=sha256:{}", "3".repeat(64));
        let materials = ["--material", &card, "--material", &one, "--material", &other, "--material", &single];
        let case = self.brought(&[HOME], OPEN, &materials);
        self.draw("filed", case);
        let handed = self.brought(&[TOWN], OPEN, &materials);
        within(15, "the window knows that the case is elsewhere", || {
            let shown = self.node(TOWN).ok(&["case", "show", &handed]);
            seen(shown["custody"] == "elsewhere", shown)
        });
        self.draw("handed", handed);
    }

    /// A reclaim that nobody has answered, and an order that somebody has.
    pub(super) fn asked(&mut self) {
        let asked = self.node(TOWN).collect(OPEN, HOME_DIVISION).case;
        self.node(HOME).owns(15, &asked);
        // The window knows where it is when the receipt has come.
        self.node(TOWN).eventually(15, &["case", "reclaim", &asked, "--reason", "机房失火"]);
        within(20, "the city has heard of the reclaim", || {
            let reclaims = self.node(CITY).ok(&["case", "reclaims"]);
            seen(reclaims["reclaims"].as_array().is_some_and(|rows| rows.len() == 1), reclaims)
        });
        self.draw("asked", asked);
        let accepted = self.value("accepted").to_owned();
        let order = |more: &[&str]| {
            let order =
                ["supervise", "order", &accepted, "--text", "说明", "--answer-within", "3", "--as", "supervisor"];
            let answer = self.node(HOME).ok(&[&order[..], more].concat());
            answer["number"].as_str().unwrap_or_default().to_owned()
        };
        let (open, answered) = (order(&[]), order(&[]));
        self.node(HOME).ok(&["supervise", "answer", &answered, "--text", "已办"]);
        self.draw("order", open);
        self.draw("answered", answered);
    }
}
