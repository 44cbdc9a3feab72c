//! Reports that come late, repeated, out of order or forged: whatever comes, the authority in charge keeps what was said last, counts it once, and
//! believes nobody who has nothing to say.

use proptest::prelude::*;
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_domain::catalogue::Mode;
use tongban_domain::uniform::{HandledStep, LicenceWord, UniformCommand, UniformEnding, UniformWord};
use tongban_domain::{Command, Origin, Place, licence};

use crate::hall::date;
use crate::scene::{Scene, agreement};

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
            prop_assert_eq!(&scene.charge.state.elsewhere[&id].word, &words[latest].1);
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

#[test]
fn nobody_takes_back_what_was_reported() {
    let mut scene = Scene::new();
    let (id, words) = scene.whole_life();
    scene.hear(&words[0]).unwrap();
    scene.hear(&words[2]).unwrap();
    let kept = scene.charge.state.elsewhere[&id].clone();
    let changes: [fn(&mut UniformWord); 9] = [
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
            let early = act < kept.word.act && row == 1;
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
    scene.hear(&(case, word)).unwrap();
    let kept = &scene.charge.state.elsewhere[&id].word;
    assert_eq!((kept.applicant.as_str(), kept.number_end.as_str()), ("张**", "31002X"));
}
