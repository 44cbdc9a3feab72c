//! What a window may collect, and in which words the rest is refused.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CARD, CITIZEN, Hall, PERMIT, collect, daishi, guangan, row};
use tongban_codes::division::DivisionCode;
use tongban_domain::case::Material;
use tongban_domain::catalogue::Mode;
use tongban_domain::{Applicant, Command, Desk, Rejection, Reply};

const PERMIT_CODE: &str = "511A0015500013";

fn with(command: Command, change: impl Fn(&mut Applicant, &mut Vec<Material>, &mut Option<Mode>)) -> Command {
    match command {
        Command::Collect { item, division, mut mode, mut applicant, mut materials, hold, renews, agent, by } => {
            change(&mut applicant, &mut materials, &mut mode);
            Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by }
        }
        other => other,
    }
}

fn refused(hall: &Hall, command: &Command) -> Rejection {
    let mut hall = hall.clone();
    let rejection = hall.act(command).unwrap_err();
    assert!(hall.state.cases.is_empty() && hall.state.serials.is_empty());
    assert!(!rejection.remedy_en.is_empty() && !rejection.remedy_zh.is_empty(), "{rejection:?}");
    rejection
}

#[test]
fn items_that_may_not_be_collected() {
    let mut home = guangan();
    let here = home.division();
    assert_eq!(refused(&home, &collect("511A0000000000", here)).code, "item-unknown");
    let mut columns = PERMIT;
    columns[3].1 = "511A0015500014-511602000000-000-115113016823646795-1-00";
    columns[2].1 = "公共场所卫生许可变更";
    home.act(&Command::ImportItems(vec![row(2, &columns)].into())).unwrap();
    assert_eq!(refused(&home, &collect("511A0015500014", here)).code, "item-not-published");
    let mut future = CARD.to_vec();
    future[3].1 = "511F82001004-511602000000-000-11511301452259996U-1-00";
    future.push(("effective", "2026-09-15"));
    home.offer_item(&future);
    assert_eq!(refused(&home, &collect("511F82001004", here)).code, "item-not-yet-effective");
    home.act(&Command::WithdrawItem(PERMIT_CODE.into())).unwrap();
    assert_eq!(refused(&home, &collect(PERMIT_CODE, here)).code, "item-withdrawn");
    // Two items of one base code are told apart by the whole code.
    let mut twin = CARD;
    twin[3].1 = "511F82001003-511602000000-000-11511301452259996U-2-00";
    home.offer_item(&twin);
    assert_eq!(refused(&home, &collect("511F82001003", here)).code, "item-ambiguous");
    home.act(&collect(CARD[3].1, here)).unwrap();
}

#[test]
fn places_and_modes_without_published_scope() {
    let home = guangan();
    let town = daishi(&home);
    let there = home.division();
    for (division, code) in [("999999", "division-unknown"), ("500112", "outside-catalogue")] {
        let division: DivisionCode = division.parse().unwrap();
        assert_eq!(refused(&town, &collect(PERMIT_CODE, division)).code, code);
    }
    assert_eq!(refused(&town, &collect("511A0000000000", there)).code, "outside-catalogue");
    // 渝北区 isn't covered.
    let mut yubei = Hall::new("500112", "渝北区");
    yubei.act(&home.foreign(PERMIT[3].1)).unwrap();
    assert_eq!(refused(&yubei, &collect(PERMIT_CODE, there)).code, "scope-missing");
    // Covered, but not in this mode; a window of another region is no local window.
    for mode in [Mode::Joint, Mode::Window] {
        let command = with(collect(PERMIT_CODE, there), |_, _, chosen| *chosen = Some(mode));
        assert_eq!(refused(&town, &command).code, "scope-missing");
    }
    // At home the hall itself needs no scope, an agreement between regions does.
    let joint = with(collect(PERMIT_CODE, there), |_, _, mode| *mode = Some(Mode::Joint));
    assert_eq!(refused(&home, &joint).code, "scope-missing");
    let mut nowhere = CARD;
    nowhere[3].1 = "511F82001005-511602000000-000-11511301452259996U-1-00";
    nowhere[8].1 = "window";
    let (mut home, mut town) = (home, town);
    let code = home.offer_item(&nowhere);
    town.act(&home.foreign(&code)).unwrap();
    assert_eq!(refused(&town, &collect(&code, there)).code, "scope-missing");
    // Collecting elsewhere is chosen where it is published.
    town.act(&collect(PERMIT_CODE, there)).unwrap();
    assert_eq!(town.state.cases.values().next().unwrap().mode, Mode::Collect);
}

#[test]
fn applicants() {
    let hall = guangan();
    let command = collect(PERMIT_CODE, hall.division());
    let long = "张".repeat(101);
    for name in ["", "   ", "张\n三", "张\u{7f}", &long] {
        let rejection = refused(&hall, &with(command.clone(), |who, _, _| who.name = name.to_owned()));
        assert_eq!((rejection.code, rejection.field, &*rejection.value), ("invalid-field", "name", ""));
    }
    for identity in [
        "110105194912310021", // wrong check digit
        "11010519491331001X", // no such month
        "110105203001010021", // not yet born, or a wrong check digit
        "115113016823646796", // a credit code with a wrong check digit
        "110105491231002",    // fifteen digits of old
        "",
        "１１010519491231002X", // full-width digits
    ] {
        let rejection = refused(&hall, &with(command.clone(), |who, _, _| who.identity = identity.to_owned()));
        assert_eq!((rejection.code, rejection.field), ("invalid-identity", "id"), "{identity}");
        let text = format!("{rejection:?}{rejection}");
        assert!(identity.is_empty() || !text.contains(identity), "the number is repeated: {text}");
        assert!(!text.contains("194912"), "{text}");
    }
    assert!(!format!("{command:?}").contains(CITIZEN), "a command is printed without the applicant");
}

/// The number is kept as its standard writes it: one person has one index value.
#[test]
fn one_person_has_one_index_value() {
    let mut hall = guangan();
    let here = hall.division();
    for identity in [CITIZEN, " 11010519491231002x "] {
        let command = with(collect(PERMIT_CODE, here), |who, _, _| {
            who.name = " 张三 ".to_owned();
            who.identity = identity.to_owned();
        });
        hall.act(&command).unwrap();
    }
    let index = hall.desk.index(CITIZEN);
    for case in hall.state.cases.values() {
        assert_eq!(case.holder, index);
        assert_eq!(case.personal.name, "张三".as_bytes());
        assert_eq!(case.personal.identity, CITIZEN.as_bytes());
    }
}

#[test]
fn materials() {
    let mut hall = guangan();
    let command = collect(PERMIT_CODE, hall.division());
    let material = |name: &str, sha256: &str| Material { name: name.into(), sha256: sha256.into(), size: None };
    let digest = "AB".repeat(32);
    for wrong in [
        vec![material("检测报告", "")],
        vec![material("检测报告", &"g".repeat(64))],
        vec![material("检测报告", &"ab".repeat(33))],
        vec![material("", &digest)],
        vec![material("检测\u{0}报告", &digest)],
        vec![material(&"材".repeat(101), &digest)],
        vec![material("检测报告", &digest); 201],
    ] {
        let command = with(command.clone(), |_, materials, _| materials.clone_from(&wrong));
        let rejection = refused(&hall, &command);
        assert_eq!((rejection.code, rejection.field), ("invalid-field", "materials"));
        assert!(rejection.value.chars().count() <= 120);
    }
    let command = with(command, |_, materials, _| materials.push(material(" 检测报告 ", &digest)));
    hall.act(&command).unwrap();
    let kept = &hall.state.cases.values().next().unwrap().materials;
    assert_eq!(kept, &[material("检测报告", &"ab".repeat(32))]);
}

/// A node that has given out its query codes says so instead of searching for ever.
#[test]
fn query_codes_used_up() {
    let mut hall = guangan();
    let here = hall.division();
    let before = hall.desk.clone();
    let id = hall.collect(PERMIT_CODE, here);
    let taken = hall.case(id).query_code;
    // The same chance again: the case id is drawn twice, the query code isn't.
    hall.desk = before;
    let Reply::Collected(again) = hall.act(&collect(PERMIT_CODE, here)).unwrap().reply else { panic!("no collection") };
    assert_ne!(again.query_code, taken);

    struct Stuck(hall::SeededDesk);
    impl Desk for Stuck {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
        fn authority_key(&mut self, authority: &tongban_codes::ids::AuthorityId) -> Vec<u8> {
            self.0.authority_key(authority)
        }
        fn seal(&mut self, authority: &tongban_codes::ids::AuthorityId, kind: &str, payload: &[u8]) -> Vec<u8> {
            self.0.seal(authority, kind, payload)
        }
        fn encrypt(
            &mut self,
            case: &tongban_codes::ids::CaseId,
            name: &str,
            identity: &str,
        ) -> tongban_domain::case::Personal {
            self.0.encrypt(case, name, identity)
        }
        fn encrypt_under(
            &mut self,
            case: &tongban_codes::ids::CaseId,
            known: &tongban_domain::case::Personal,
            name: &str,
            identity: &str,
        ) -> Option<tongban_domain::case::Personal> {
            self.0.encrypt_under(case, known, name, identity)
        }
        fn decrypt(
            &self,
            case: &tongban_codes::ids::CaseId,
            personal: &tongban_domain::case::Personal,
        ) -> Option<(String, String)> {
            self.0.decrypt(case, personal)
        }
        fn index(&self, identity: &str) -> [u8; 32] {
            self.0.index(identity)
        }
    }
    let mut desk = Stuck(hall.desk.clone());
    let actor =
        tongban_domain::Actor { operator: "窗口员".into(), roles: vec![tongban_domain::Role::Window], window: None };
    let command = collect(PERMIT_CODE, here);
    let first = tongban_domain::decide(&hall.state, &mut desk, &actor, &command, hall.now).unwrap();
    first.events.iter().for_each(|event| hall.state.fold(event));
    let second = tongban_domain::decide(&hall.state, &mut desk, &actor, &command, hall.now);
    assert_eq!(second.unwrap_err().code, "query-codes-used-up");
}
