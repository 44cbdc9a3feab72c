//! The step at which a case stands is what its acts say: folded from their words alone, by other code than what decided them.

use proptest::prelude::*;
use tongban_domain::Command;
use tongban_domain::case::{Act, ActKind};

use crate::hall::Hall;
use crate::scene::{CODE, Entry, PEOPLE, THREE, accepted, back, by, claim, grant, hand_on, pass, recuse, with_steps};

/// Step from 1, holder, who signed at it.
type Stand = (usize, Option<String>, Vec<String>);

fn number(text: &str) -> usize {
    let digits: String = text.trim_start_matches("第 ").chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

fn folded(acts: &[Act], steps: usize) -> Stand {
    let mut stand: Stand = (1, None, Vec::new());
    for act in acts {
        let note = act.note.as_deref().unwrap_or_default();
        let target = || note.split_once(" → ").unwrap().1;
        match act.kind {
            ActKind::Claim => stand.1 = Some(act.operator.clone()),
            ActKind::HandOn => stand.1 = Some(target().split('：').next().unwrap().to_owned()),
            ActKind::SignStep => stand.2.push(act.operator.clone()),
            ActKind::PassStep | ActKind::ReturnStep => stand = (number(target()), None, Vec::new()),
            ActKind::Recuse => {
                let who = note.split('：').next().unwrap();
                stand.1 = stand.1.filter(|holder| holder != who);
                stand.2.retain(|signer| signer != who);
            }
            ActKind::Decide => stand = (steps + 1, None, Vec::new()),
            _ => {}
        }
    }
    stand
}

fn played(hall: &mut Hall, moves: &[(u8, usize, usize)]) {
    let id = accepted(hall, CODE);
    let steps = hall.case(id).work.as_ref().unwrap().steps.len();
    let mut decided = None;
    for (kind, who, whom) in moves {
        let (who, whom) = (PEOPLE[who % PEOPLE.len()], PEOPLE[whom % PEOPLE.len()]);
        let command = match kind {
            0 => claim(id),
            1..=4 => pass(id),
            5 => back(id),
            6 => hand_on(id, whom),
            7 => Command::ReturnCase { case: id.to_string(), to_step: 1, reason: "重审".into() },
            8 => recuse(id, Some(whom)),
            _ => grant(id),
        };
        let before = hall.case(id).clone();
        match by(hall, who, &command) {
            Ok(_) if matches!(command, Command::Decide { .. }) => decided = Some(who),
            Ok(_) => {}
            Err(_) => assert_eq!(*hall.case(id), before, "a refusal changes nothing"),
        }
        let case = hall.case(id);
        let work = case.work.clone().unwrap();
        let acts: Vec<Act> = hall.state.acts.iter().filter(|act| act.case == id).cloned().collect();
        let signers = work.signatures.iter().map(|signature| signature.operator.clone()).collect();
        assert_eq!((usize::from(work.at) + 1, work.holder, signers), folded(&acts, steps));
        // What each step needs was there: nobody recused acts, nobody who passed or signed a step of a reviewer decides.
        for (place, act) in acts.iter().enumerate() {
            let recused = acts[..place].iter().any(|earlier| {
                earlier.kind == ActKind::Recuse
                    && earlier.note.as_deref().unwrap_or_default().split('：').next() == Some(&act.operator)
            });
            assert!(!recused, "{} acts after he was recused", act.operator);
        }
        if let Some(decider) = decided {
            assert!(work.instant || !work.reviewers.iter().any(|reviewer| reviewer == decider));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_state_is_the_fold_of_the_acts(
        moves in proptest::collection::vec((0u8..11, 0usize..4, 0usize..4), 1..40),
        voted: bool,
    ) {
        let vote: [Entry<'_>; 2] =
            [&[("name", "初审"), ("role", "reviewer")], &[("name", "表决"), ("role", "decider"), ("rule", "表决")]];
        let mut hall = with_steps(if voted { &vote } else { &THREE }, &[]);
        played(&mut hall, &moves);
    }
}
