//! Masking after hand-over: shown where the case is, sealed where it was collected, forgotten there when it has come to its end.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CITIZEN, Hall, PERMIT, carry, collect, daishi, guangan};
use tongban_codes::ids::{CaseId, Digest};
use tongban_domain::case::{Amended, AmendedField, HeldFile, Material, Personal, Status, masked_name, number_end};
use tongban_domain::{Agent, Change, Command, Desk as _, Event, Reply};

const CARD_CODE: &str = "511F82001003";
const NAME: &str = "张三";

/// A case that 代市镇 collected with a file and through an agent, and handed over to 广安区.
fn handed_over() -> (Hall, Hall, CaseId) {
    let mut home = guangan();
    let mut town = daishi(&home);
    let Command::Collect { item, division, mode, applicant, hold, renews, .. } = collect(CARD_CODE, home.division())
    else {
        unreachable!("it collects")
    };
    let agent = Agent {
        name: "李四".into(),
        identity: "110101199003070011".into(),
        power: "ab".repeat(32),
        scope: None,
        until: None,
    };
    let file = Digest::of(b"a diagnosis");
    let materials = vec![Material { name: "诊断书".into(), sha256: file.to_string(), size: Some(11) }];
    let agent = Some(Box::new(agent));
    let change =
        town.act(&Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None });
    let change = change.unwrap();
    let Reply::Collected(collected) = &change.reply else { panic!("{:?}", change.reply) };
    let id = collected.case;
    let held = HeldFile { digest: file, file: [7; 16], size: 11, key: vec![1], since: town.now };
    // It is here, and comes to the authority as it does on the wire.
    town.state.fold(&Event::File(id, Box::new(held.clone())));
    home.state.fold(&Event::File(id, Box::new(held)));
    assert!(town.case(id).is_disclosed(), "while it is offered it may come back");
    for notice in carry(&change.notices[0], &mut town, &mut home) {
        carry(&notice, &mut home, &mut town);
    }
    (home, town, id)
}

/// Does an act at the owner, and brings its word to the hall that collected.
fn told(home: &mut Hall, town: &mut Hall, command: &Command) -> Change {
    let change = home.act(command).unwrap();
    for notice in &change.notices {
        carry(notice, home, town);
    }
    change
}

fn opened(hall: &Hall, id: CaseId) -> Option<(String, String)> {
    hall.case(id).personal.open(&hall.desk, &id)
}

fn whole() -> Option<(String, String)> {
    Some((NAME.to_owned(), CITIZEN.to_owned()))
}

fn grant(id: CaseId) -> Command {
    Command::Decide { case: id.to_string(), grant: true, reason: None }
}

fn forgotten(change: &Change) -> bool {
    change.events.iter().any(|event| matches!(event, Event::Forgotten(_)))
}

/// Everything that a row says, as bytes.
fn bytes(personal: &Personal) -> Vec<u8> {
    tongban_codes::cbor::to_vec(personal)
}

fn says(personal: &Personal, text: &str) -> bool {
    bytes(personal).windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn sealed_until_the_end_and_forgotten_with_it() {
    let (mut home, mut town, id) = handed_over();
    let case = id.to_string();
    let before = town.case(id).clone();
    for command in [Command::Accept(case.clone()), grant(id), Command::Deliver { case: case.clone(), note: None }] {
        assert!(!town.case(id).is_disclosed());
        assert_eq!(opened(&town, id), whole(), "it may be reclaimed as long as it isn't at its end");
        assert!(!town.state.files.is_empty());
        told(&mut home, &mut town, &command);
    }
    let closed = home.act(&Command::Close(case)).unwrap();
    assert!(!forgotten(&closed), "the owner keeps its case");
    let word = closed.notices[0].clone();
    let tongban_domain::NoticeBody::Progress(progress) = word.body.clone() else { panic!("{word:?}") };
    let mirrored = town.act(&Command::Mirror { origin: home.origin(), progress: progress.clone() }).unwrap();
    assert!(forgotten(&mirrored));
    let after = town.case(id).clone();
    assert_eq!((after.status, opened(&town, id)), (Status::Closed, None));
    assert_eq!(opened(&home, id), whole());
    // What is left: the masked name, the end of the number, what finds the case, and the names and digests of what was brought.
    let left = town.desk.decrypt(&id, &after.personal);
    assert_eq!(left, Some((masked_name(NAME), number_end(CITIZEN))));
    assert_eq!((after.holder, &after.materials), (before.holder, &before.materials));
    assert_eq!(after.personal.forgotten_at, Some(town.now));
    assert_ne!(after.personal.wrapped_key, before.personal.wrapped_key, "what lay under the key is nobody's");
    let agent = &after.agent.as_ref().unwrap().personal;
    for personal in [&after.personal, agent] {
        for gone in [NAME, CITIZEN, "李四", "110101199003070011"] {
            assert!(!says(personal, gone), "{gone}");
        }
    }
    assert!(town.state.files.is_empty());
    // The same word again changes nothing of it.
    town.act(&Command::Mirror { origin: home.origin(), progress }).unwrap();
    assert_eq!(town.case(id), &after);
}

#[test]
fn a_withdrawn_case_is_forgotten_and_an_own_one_is_not() {
    let (mut home, mut town, id) = handed_over();
    told(&mut home, &mut town, &Command::Withdraw { case: id.to_string(), reason: Some("不办了".into()) });
    assert_eq!((town.case(id).status, opened(&town, id)), (Status::Withdrawn, None));
    let own = home.collect(CARD_CODE, home.division());
    let change = home.act(&Command::Withdraw { case: own.to_string(), reason: Some("不办了".into()) }).unwrap();
    assert!(!forgotten(&change));
    assert_eq!(opened(&home, own), whole());
}

#[test]
fn what_comes_back_is_shown_again() {
    let home = guangan();
    let mut town = daishi(&home);
    let change = town.act(&collect(CARD_CODE, home.division())).unwrap();
    let id = change.notices[0].case;
    let refusal = Some(("item-withdrawn".to_owned(), "withdrawn".to_owned()));
    town.act(&Command::SettleOffer { origin: home.origin(), case: id, tenure: 1, act: 2, refusal }).unwrap();
    assert!(town.case(id).is_disclosed());
    assert_eq!(opened(&town, id), whole());
}

#[test]
fn an_entry_that_is_put_right_after_the_end_is_masked_as_it_is_right() {
    let (mut home, mut town, id) = handed_over();
    let case = id.to_string();
    for command in [
        Command::Accept(case.clone()),
        Command::Decide { case: case.clone(), grant: false, reason: Some("不符合条件".into()) },
        Command::Close(case.clone()),
    ] {
        told(&mut home, &mut town, &command);
    }
    assert_eq!(opened(&town, id), None);
    let holder = town.case(id).holder;
    for (field, value) in [(AmendedField::ApplicantName, "章三丰"), (AmendedField::ApplicantId, "110101199003071997")]
    {
        let amended = Amended { field, value: value.to_owned(), reason: "录入有误".to_owned() };
        told(&mut home, &mut town, &Command::Amend { case: case.clone(), amended });
    }
    let after = town.case(id);
    assert_eq!(opened(&town, id), None);
    assert_eq!(town.desk.decrypt(&id, &after.personal), Some(("章**".to_owned(), "071997".to_owned())));
    assert_ne!(after.holder, holder);
    assert_eq!(after.holder, home.case(id).holder);
}

/// Whoever goes on with a forwarded case may still fetch its files from here, through the hall that forwarded it.
#[test]
fn a_forwarded_case_is_sealed_and_not_forgotten() {
    let mut home = guangan();
    let mut city = Hall::new("511600", "广安市");
    let mut columns = PERMIT;
    columns[3].1 = "511A0015500014-511600000000-000-115113016823646795-1-00";
    columns[4].1 = "511600000000";
    columns[11].1 = "511602";
    let code = city.offer_item(&columns);
    home.act(&city.foreign(&code)).unwrap();
    let mut town = daishi(&home);
    let change = town.act(&collect("511A0015500013", home.division())).unwrap();
    let id = change.notices[0].case;
    for notice in carry(&change.notices[0], &mut town, &mut home) {
        carry(&notice, &mut home, &mut town);
    }
    told(&mut home, &mut town, &Command::Accept(id.to_string()));
    let forward =
        Command::Forward { case: id.to_string(), division: city.division(), item: code, opinion: "拟准予".into() };
    let forwarded = home.act(&forward).unwrap();
    let collecting = town.place().node;
    for notice in forwarded.notices.iter().filter(|notice| notice.to == collecting) {
        carry(notice, &mut home, &mut town);
    }
    told(&mut home, &mut town, &Command::Close(id.to_string()));
    assert_eq!(town.case(id).status, Status::Closed);
    assert!(!town.case(id).is_disclosed());
    assert_eq!(opened(&town, id), whole());
}

#[test]
fn what_is_forgotten_keeps_its_bytes() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let event = Event::Forgotten(CaseId::from_bytes([7; 16]));
    let written = tongban_codes::cbor::to_vec(&event);
    assert_eq!(hex(&written), include_str!("golden/event-forgotten.hex").trim());
    assert_eq!(minicbor::decode::<Event>(&written).unwrap(), event);
    let forgotten_at = Some(tongban_codes::time::Timestamp::from_millis(1_789_353_000_000));
    let personal = Personal { wrapped_key: vec![1], name: vec![2], identity: vec![3], forgotten_at };
    assert_eq!(hex(&bytes(&personal)), include_str!("golden/personal-forgotten.hex").trim());
    assert_eq!(minicbor::decode::<Personal>(&bytes(&personal)).unwrap(), personal);
    // A row of an earlier release is one that is not forgotten, and is written as it was.
    let earlier = [0xa3, 0, 0x41, 1, 1, 0x41, 2, 2, 0x41, 3];
    let kept = Personal { forgotten_at: None, ..personal };
    assert_eq!(minicbor::decode::<Personal>(&earlier).unwrap(), kept);
    assert_eq!(bytes(&kept), earlier);
}
