//! Reports that come late, repeated, out of order or forged: whatever comes, the authority in charge keeps what was said last, counts it once, and
//! believes nobody who has nothing to say.

use proptest::prelude::*;
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_domain::catalogue::{AgreementCommand, ItemAct, ItemState, Mode, Selection};
use tongban_domain::uniform::{HandledStep, LicenceWord, UniformCommand, UniformEnding, UniformWord};
use tongban_domain::{Command, Origin, Place, licence};

use crate::hall::{at, credit, date};
use crate::scene::{Scene, THEIR_CODE, THEIRS, agreement};

fn steps(scene: &Scene) -> (usize, usize) {
    let count = |wanted| scene.charge.state.steps.iter().filter(|(_, step)| *step == wanted).count();
    (count(HandledStep::Accepted), count(HandledStep::Ended))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In whatever order words come and however often, the row is that of the latest word that came, and acceptance and end count once each.
    #[test]
    fn the_last_word_stands(order in prop::collection::vec(0usize..5, 1..12)) {
        let mut scene = Scene::new();
        let (id, words) = scene.whole_life();
        let mut latest = 0;
        for place in &order {
            scene.hear(&words[*place]).unwrap();
            latest = latest.max(*place);
            prop_assert_eq!(&scene.kept(id), &words[latest].1);
            let ended = usize::from(latest >= 2);
            prop_assert_eq!(steps(&scene), (1, ended));
        }
    }
}

#[test]
fn what_no_such_authority_says_is_refused_and_nothing_is_kept() {
    type Forge = Box<dyn Fn(&mut Scene, &mut Origin, &mut CaseId, &mut UniformWord)>;
    let word = |change: fn(&mut UniformWord)| -> Forge { Box::new(move |_, _, _, word| change(word)) };
    let stranger = Place { node: NodeId::from_bytes([9; 16]), division: "511603".parse().unwrap() };
    let table: Vec<(&str, Forge)> = vec![
        // Who says it.
        ("not-owner", Box::new(move |_, origin, _, _| origin.place = stranger)),
        ("not-owner", Box::new(|_, _, case, _| *case = CaseId::draw(&NodeId::from_bytes([9; 16]), [1; 10]))),
        ("not-owner", Box::new(|scene, origin, _, _| origin.place = scene.charge.place())),
        ("agreement-missing", Box::new(|_, origin, _, _| origin.place.division = "511622".parse().unwrap())),
        // Of what, and by what right.
        ("item-unknown", word(|word| word.item = "511A0015500099".into())),
        ("agreement-missing", word(|word| word.agreement = "三号".into())),
        (
            "agreement-missing",
            Box::new(|scene, _, _, word| {
                let mut other = agreement("代收号");
                other.modes = vec![Mode::Collect];
                scene.agree(other);
                word.agreement = "代收号".into();
            }),
        ),
        ("agreement-lapsed", word(|word| word.collected_on = date(2026, 8, 31))),
        ("scope-missing", word(|word| word.version = 9)),
        // Who decides: the node may be that of the division, and the authority another that signed nothing.
        ("uniform-not-party", word(|word| word.department_code = credit("11511602MB0000001"))),
        ("uniform-not-party", word(|word| word.department_code = String::new())),
        ("uniform-not-party", word(|word| word.department_code = THEIR_CODE.into())),
        ("uniform-core-differs", word(|word| word.core = Digest::of(b"other"))),
        // What contradicts itself.
        ("invalid-field", word(|word| word.act = 0)),
        ("invalid-field", word(|word| word.case_no = None)),
        ("invalid-field", word(|word| word.accepted_on = None)),
        ("invalid-field", word(|word| word.accepted_on = Some(date(2026, 9, 13)))),
        ("invalid-field", word(|word| word.accepted_on = Some(date(2026, 9, 20)))),
        ("invalid-field", word(|word| word.ending = Some(UniformEnding::Granted))),
        ("invalid-field", word(|word| word.ended_on = Some(date(2026, 9, 14)))),
        (
            "invalid-field",
            word(|word| {
                (word.ending, word.ended_on) = (Some(UniformEnding::NotRequired), Some(date(2026, 9, 14)));
            }),
        ),
        (
            "invalid-field",
            word(|word| {
                word.licences.push(LicenceWord { licence: "L".into(), stands: licence::Status::Valid });
            }),
        ),
        ("invalid-field", word(|word| word.department = "长".repeat(201))),
        ("invalid-field", word(|word| word.department = "区\u{202e}局".into())),
        ("invalid-field", word(|word| word.at = date(2026, 9, 13).start())),
        ("invalid-field", word(|word| word.at = date(2026, 9, 16).start())),
        (
            "invalid-field",
            word(|word| {
                (word.ending, word.ended_on) = (Some(UniformEnding::Granted), Some(date(2026, 9, 14)));
                word.licences = vec![LicenceWord { licence: "L".into(), stands: licence::Status::Valid }];
            }),
        ),
    ];
    for (row, (code, forge)) in table.into_iter().enumerate() {
        let mut scene = Scene::new();
        let id = scene.taken();
        let (case, word) = scene.reported(&Command::Accept(id.to_string())).unwrap();
        let (mut origin, mut case, mut word) = (scene.stand.origin(), case, word);
        forge(&mut scene, &mut origin, &mut case, &mut word);
        let take = Command::Uniform(UniformCommand::Take { origin, case, word: Box::new(word) });
        let refused = scene.charge.act(&take).unwrap_err();
        assert_eq!(refused.code, code, "row {row}: {refused}");
        assert!(scene.charge.state.elsewhere.is_empty() && scene.charge.state.steps.is_empty(), "row {row}");
    }
}

/// Judged by is what was in force on the day of collection, or the one before it, which a hall has while a link is down.
#[test]
fn a_version_counts_that_stood_on_the_day() {
    type Alter = fn(&mut Scene, &mut UniformWord);
    let table: [(&str, Alter); 12] = [
        ("ok", |scene, _| scene.later_version(2, date(2026, 9, 1))),
        ("ok", |scene, word| {
            scene.later_version(2, date(2026, 9, 1));
            word.version = 2;
        }),
        ("scope-missing", |scene, _| {
            scene.later_version(2, date(2026, 9, 1));
            scene.later_version(3, date(2026, 9, 14));
        }),
        ("ok", |scene, _| {
            scene.later_version(2, date(2026, 9, 1));
            scene.later_version(3, date(2026, 9, 15));
        }),
        // One that was still to begin on the day, begun since or not.
        ("scope-missing", |scene, word| {
            scene.later_version(2, date(2026, 9, 15));
            word.version = 2;
        }),
        ("scope-missing", |scene, word| {
            let known = scene.charge.state.items[THEIRS].clone();
            scene.later_version(2, date(2026, 9, 20));
            scene.charge.state.items.insert(THEIRS.into(), known);
            word.version = 2;
        }),
        // An item that had ended, or was suspended.
        ("scope-missing", |scene, _| standing(scene, ItemState::Withdrawn, 13)),
        ("ok", |scene, _| standing(scene, ItemState::Withdrawn, 14)),
        ("scope-missing", |scene, _| standing(scene, ItemState::Suspended, 13)),
        ("ok", |scene, _| standing(scene, ItemState::Suspended, 15)),
        ("scope-missing", |scene, _| ended(scene, 13)),
        ("ok", |scene, _| ended(scene, 14)),
    ];
    for (row, (code, alter)) in table.into_iter().enumerate() {
        let mut scene = Scene::new();
        let id = scene.taken();
        let (case, mut word) = scene.reported(&Command::Accept(id.to_string())).unwrap();
        scene.charge.now = at(2026, 9, 16, 9);
        alter(&mut scene, &mut word);
        let heard = scene.hear(&(case, word)).map_or_else(|refused| refused.code, |_| "ok");
        assert_eq!(heard, code, "row {row}");
        assert_eq!(scene.charge.state.elsewhere.len(), usize::from(code == "ok"), "row {row}");
    }
}

fn standing(scene: &mut Scene, state: ItemState, since: u8) {
    let item = scene.charge.state.items.get_mut(THEIRS).unwrap();
    (item.state, item.editing.at) = (state, Some(at(2026, 9, since, 9)));
}

/// What is said of an item while it is suspended moves the day of its suspension to no later one.
#[test]
fn a_suspension_counts_from_its_own_day() {
    type Alter = fn(&mut Scene);
    fn bring(scene: &mut Scene, act: ItemAct) {
        let which = Selection::One(THEIRS.into());
        scene.charge.act(&Command::BringItems { act, which, dry_run: false }).unwrap();
    }
    let table: [(&str, Alter); 4] = [
        ("nothing", |_| ()),
        ("an agreement", |scene| scene.agree(agreement("二号"))),
        ("a withdrawal of one", |scene| {
            scene.agree(agreement("二号"));
            let (number, reason) = ("二号".to_owned(), "不再续签".to_owned());
            scene.charge.act(&Command::Agreement(AgreementCommand::Withdraw { number, from: None, reason })).unwrap();
        }),
        ("a last day", |scene| {
            bring(scene, ItemAct::Withdraw { reason: None, from: Some(date(2027, 1, 1)) });
        }),
    ];
    for (since, code) in [(13, "scope-missing"), (14, "ok")] {
        for (said, alter) in table {
            let mut scene = Scene::new();
            let id = scene.taken();
            let reported = scene.reported(&Command::Accept(id.to_string())).unwrap();
            scene.charge.now = at(2026, 9, since, 10);
            bring(&mut scene, ItemAct::Suspend { reason: "法律修改中".into() });
            scene.charge.now = at(2026, 9, 16, 9);
            alter(&mut scene);
            let item = &scene.charge.state.items[THEIRS];
            assert_eq!((item.state, item.editing.at), (ItemState::Suspended, Some(at(2026, 9, since, 10))), "{said}");
            let heard = scene.hear(&reported).map_or_else(|refused| refused.code, |_| "ok");
            assert_eq!(heard, code, "{since}: {said}");
        }
    }
}

fn ended(scene: &mut Scene, last: u8) {
    scene.charge.state.items.get_mut(THEIRS).unwrap().cancel = Some(date(2026, 9, last));
}

/// A node's new cases of a day are counted, each once; beyond so many nothing is kept, and on another day it goes on.
#[test]
fn a_node_reports_so_many_new_cases_a_day() {
    let mut scene = Scene::new();
    let scope = format!("elsewhere:{}:20260914", scene.stand.place().node);
    let (_, words) = scene.whole_life();
    for word in [&words[0], &words[0], &words[1], &words[0]] {
        scene.hear(word).unwrap();
    }
    assert_eq!(scene.charge.state.serials.get(&scope), Some(&1));
    let id = scene.taken();
    let reported = scene.reported(&Command::Accept(id.to_string())).unwrap();
    scene.charge.state.serials.insert(scope.clone(), 2_000);
    let refused = scene.hear(&reported).unwrap_err();
    assert_eq!(refused.code, "uniform-too-many");
    assert!(!refused.remedy_zh.is_empty() && !scene.charge.state.elsewhere.contains_key(&id));
    scene.hear(&words[2]).unwrap();
    scene.charge.now = at(2026, 9, 15, 9);
    scene.hear(&reported).unwrap();
    assert_eq!(scene.charge.state.serials[&scope], 2_000);
}

/// More licences than a report names are no report; so many are one.
#[test]
fn a_report_names_few_licences() {
    for (count, code) in [(8, "ok"), (9, "invalid-field")] {
        let mut scene = Scene::new();
        let (id, words) = scene.whole_life();
        let mut word = words[3].1.clone();
        word.licences = vec![word.licences[0].clone(); count];
        let heard = scene.hear(&(id, word)).map_or_else(|refused| refused.code, |_| "ok");
        assert_eq!(heard, code, "{count}");
    }
}

/// After the applicant's fields were erased there, he is found here by what was said before.
#[test]
fn what_is_known_of_the_applicant_stays() {
    let mut scene = Scene::new();
    let (id, words) = scene.whole_life();
    scene.hear(&words[0]).unwrap();
    let mut later = words[2].1.clone();
    (later.applicant, later.number_end) = (String::new(), String::new());
    for _ in 0..2 {
        scene.hear(&(id, later.clone())).unwrap();
        let kept = scene.kept(id);
        assert_eq!((kept.applicant.as_str(), kept.number_end.as_str()), ("张*", "31002X"));
        assert_eq!(kept.ending, Some(UniformEnding::Granted));
    }
}

#[test]
fn nobody_takes_back_what_was_reported() {
    let mut scene = Scene::new();
    let (id, words) = scene.whole_life();
    scene.hear(&words[0]).unwrap();
    scene.hear(&words[2]).unwrap();
    let kept = scene.charge.state.elsewhere[&id].clone();
    let changes: [fn(&mut UniformWord); 10] = [
        |word| word.department_code = THEIR_CODE.into(),
        |word| word.ending = Some(UniformEnding::Denied),
        |word| (word.ending, word.ended_on) = (None, None),
        |word| word.ended_on = Some(date(2026, 9, 15)),
        |word| word.case_no = Some("11511301452259996U202609140009".into()),
        |word| word.agreement = "二号".into(),
        |word| word.collected_on = date(2026, 9, 13),
        |word| word.core = Digest::of(b"other"),
        |word| word.version = 2,
        |word| word.item = "511A0015500099".into(),
    ];
    for (row, change) in changes.into_iter().enumerate() {
        for act in [kept.word.act + 1, kept.word.act, kept.word.act - 1] {
            let mut word = kept.word.clone();
            word.act = act;
            change(&mut word);
            // What was said before the end may not have known of it.
            let early = act < kept.word.act && row == 2;
            let heard = scene.hear(&(id, word)).map(|_| ()).map_err(|refused| refused.code);
            assert_eq!(heard, if early { Ok(()) } else { Err("invalid-field") }, "row {row}, act {act}");
            assert_eq!(scene.charge.state.elsewhere[&id], kept, "row {row}, act {act}");
        }
    }
    // Another node, though it be certified for the same division, has nothing to say of it.
    let (mut origin, word) = (scene.stand.origin(), Box::new(words[3].1.clone()));
    let mut bytes = *origin.place.node.as_bytes();
    *bytes.last_mut().unwrap() ^= 1;
    origin.place.node = NodeId::from_bytes(bytes);
    assert_eq!(scene.charge.code(&Command::Uniform(UniformCommand::Take { origin, case: id, word })), "not-owner");
}

#[test]
fn no_more_is_kept_of_people_than_is_to_be_said() {
    let mut scene = Scene::new();
    let id = scene.taken();
    let (case, mut word) = scene.reported(&Command::Accept(id.to_string())).unwrap();
    (word.applicant, word.number_end) = ("张三丰".into(), "11010519491231002X".into());
    scene.hear(&(case, word.clone())).unwrap();
    let kept = scene.kept(id);
    assert_eq!((kept.applicant.as_str(), kept.number_end.as_str()), ("张**", "31002X"));
    // It lies as what a collecting hall keeps of a case that has ended, under a key of its own, and with the next report under another.
    let row = scene.charge.state.elsewhere[&id].clone();
    let first = row.personal.clone().unwrap();
    assert_eq!((row.word.applicant.as_str(), row.word.number_end.as_str()), ("", ""));
    assert!(first.forgotten_at.is_some() && first.open(&scene.charge.desk, &id).is_none());
    word.act += 1;
    scene.hear(&(id, word)).unwrap();
    assert_ne!(scene.charge.state.elsewhere[&id].personal.as_ref().unwrap().wrapped_key, first.wrapped_key);
}

/// A row of an earlier release has them in the clear, until the next report.
#[test]
fn what_an_earlier_release_kept_in_the_clear_is_sealed_with_the_next_report() {
    let mut scene = Scene::new();
    let (id, words) = scene.whole_life();
    scene.hear(&words[0]).unwrap();
    let row = scene.charge.state.elsewhere.get_mut(&id).unwrap();
    (row.word, row.personal) = (words[0].1.clone(), None);
    assert_eq!(scene.kept(id), words[0].1);
    assert!(scene.hear(&words[0]).unwrap().events.is_empty(), "said again it changes nothing");
    let mut later = words[2].1.clone();
    (later.applicant, later.number_end) = (String::new(), String::new());
    scene.hear(&(id, later)).unwrap();
    assert_eq!(scene.charge.state.elsewhere[&id].word.applicant, "");
    assert_eq!((scene.kept(id).applicant, scene.kept(id).ending), ("张*".to_owned(), Some(UniformEnding::Granted)));
}
