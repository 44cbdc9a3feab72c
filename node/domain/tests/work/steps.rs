//! Steps: who may do which, in which order, and what several have to agree on.

use tongban_domain::Command;
use tongban_domain::case::{ActKind, Status};
use tongban_domain::catalogue::StepRole;
use tongban_domain::work::position;

use crate::hall::{at, date, guangan};
use crate::scene::{
    CODE, OTHER, THREE, accepted, back, by, claim, grant, hand_on, pass, publish, said, staff, stands, with_steps,
};

#[test]
fn without_published_steps_a_case_is_decided_at_once() {
    let mut hall = guangan();
    staff(&mut hall);
    let id = accepted(&mut hall, CODE);
    assert_eq!(hall.case(id).work, None);
    let case = hall.case(id);
    let place = position(case.status, &case.custody, case.deadlines.as_ref(), None).unwrap();
    assert_eq!((place.role, place.holder), (StepRole::Reviewer, None));
    // Accepted on Monday, promised for Sunday, a worked one.
    assert_eq!(place.due, at(2026, 9, 21, 0));
    assert_eq!(said(&mut hall, "甲", &grant(id)), "ok");

    // Who claims it works by the two plain steps; they bind nobody.
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "甲", &claim(id)).unwrap();
    assert_eq!(stands(&hall, id), (1, Some("甲".into())));
    by(&mut hall, "甲", &pass(id)).unwrap();
    assert_eq!(said(&mut hall, "甲", &grant(id)), "ok");
    assert_eq!(hall.case(id).status, Status::Granted);
    let case = hall.case(id);
    assert_eq!(position(case.status, &case.custody, case.deadlines.as_ref(), case.work.as_ref()), None);
}

#[test]
fn three_steps_in_their_order() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    let work = hall.case(id).work.clone().unwrap();
    assert_eq!(work.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), ["审查", "会签", "决定"]);
    // Two working days after Monday, day 0 not counted.
    assert_eq!(work.due, Some(date(2026, 9, 16)));

    // Nothing is decided before the steps are passed, and of two claims one wins.
    assert_eq!(said(&mut hall, "甲", &grant(id)), "steps-open");
    assert_eq!(said(&mut hall, "甲", &claim(id)), "ok");
    assert_eq!(said(&mut hall, "乙", &claim(id)), "step-held");
    assert_eq!(said(&mut hall, "乙", &pass(id)), "step-held");
    assert!(by(&mut hall, "甲", &claim(id)).unwrap().events.is_empty());
    assert_eq!(said(&mut hall, "甲", &back(id)), "invalid-field", "nothing lies before the first step");
    assert_eq!(said(&mut hall, "窗口员", &claim(id)), "role-missing");
    assert_eq!(said(&mut hall, "决定员", &pass(id)), "step-held");
    assert_eq!(said(&mut hall, "甲", &hand_on(id, "窗口员")), "role-missing");
    assert_eq!(said(&mut hall, "乙", &hand_on(id, "乙")), "step-held");
    assert_eq!(said(&mut hall, "甲", &hand_on(id, "没有此人")), "operator-unknown");
    assert_eq!(said(&mut hall, "甲", &hand_on(id, "乙")), "ok");
    assert_eq!(stands(&hall, id), (1, Some("乙".into())));
    assert_eq!(said(&mut hall, "甲", &pass(id)), "step-held");
    assert_eq!(said(&mut hall, "乙", &pass(id)), "ok");

    // 会签: nobody holds it, nobody signs twice, two are needed.
    assert_eq!(stands(&hall, id), (2, None));
    assert_eq!(said(&mut hall, "甲", &claim(id)), "step-shared");
    assert_eq!(said(&mut hall, "甲", &hand_on(id, "丙")), "step-shared");
    assert_eq!(said(&mut hall, "决定员", &pass(id)), "role-missing");
    assert_eq!(said(&mut hall, "甲", &pass(id)), "ok");
    assert_eq!(hall.state.acts.last().unwrap().kind, ActKind::SignStep);
    assert_eq!(said(&mut hall, "甲", &pass(id)), "step-signed");
    assert_eq!(stands(&hall, id), (2, None));
    assert_eq!(said(&mut hall, "丙", &pass(id)), "ok");
    assert_eq!(hall.state.acts.last().unwrap().kind, ActKind::PassStep);

    // The decision: by one who hasn't reviewed, and by nobody while another holds it.
    assert_eq!(stands(&hall, id), (3, None));
    for reviewer in ["甲", "乙", "丙"] {
        assert_eq!(said(&mut hall, reviewer, &grant(id)), "reviewer-decides");
        assert_eq!(said(&mut hall, reviewer, &claim(id)), "reviewer-decides");
    }
    assert_eq!(said(&mut hall, "丁", &pass(id)), "step-decision");
    assert_eq!(said(&mut hall, "丁", &claim(id)), "ok");
    assert_eq!(said(&mut hall, "决定员", &grant(id)), "step-held");
    assert_eq!(said(&mut hall, "丁", &grant(id)), "ok");
    let case = hall.case(id);
    assert_eq!((case.status, stands(&hall, id)), (Status::Granted, (4, None)));
    assert_eq!(said(&mut hall, "丁", &pass(id)), "case-state");
}

#[test]
fn what_is_sent_back_is_done_again() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "甲", &pass(id)).unwrap();
    by(&mut hall, "乙", &pass(id)).unwrap();
    // One who refuses is enough: it goes back to 审查, and the signature there was doesn't count again.
    hall.now = at(2026, 9, 17, 9);
    by(&mut hall, "丙", &back(id)).unwrap();
    assert_eq!(hall.state.acts.last().unwrap().kind, ActKind::ReturnStep);
    let work = hall.case(id).work.clone().unwrap();
    assert_eq!((work.at, work.due, work.signatures.len()), (0, Some(date(2026, 9, 20)), 0));
    for name in ["甲", "乙", "丙"] {
        by(&mut hall, name, &pass(id)).unwrap();
    }
    // The decision sends it back to a step of its choice, not to itself or beyond.
    let to = |to_step| Command::ReturnCase { case: id.to_string(), to_step, reason: "补充勘验".into() };
    for wrong in [0, 3, 4] {
        assert_eq!(said(&mut hall, "丁", &to(wrong)), "invalid-field");
    }
    assert_eq!(said(&mut hall, "丁", &to(1)), "ok");
    assert_eq!(stands(&hall, id), (1, None));
    // Who reviewed it before reviewed it.
    for name in ["丁", "甲", "乙"] {
        by(&mut hall, name, &pass(id)).unwrap();
    }
    assert_eq!(said(&mut hall, "丙", &grant(id)), "reviewer-decides");
    assert_eq!(said(&mut hall, "决定员", &grant(id)), "ok");
}

#[test]
fn a_vote_ends_as_soon_as_it_is_settled() {
    let vote = [("name", "集体讨论"), ("role", "decider"), ("rule", "vote"), ("signers", "4")];
    let review = [("name", "审查"), ("role", "reviewer")];
    let steps: [&[(&str, &str)]; 2] = [&review, &vote];
    let mut hall = with_steps(&steps, &[]);
    let id = accepted(&mut hall, CODE);
    // A step of several at the end isn't the decision: that follows.
    assert_eq!(hall.case(id).work.as_ref().unwrap().steps.last().unwrap().name, "决定");
    by(&mut hall, "决定员", &pass(id)).unwrap_err();
    by(&mut hall, "审查员", &pass(id)).unwrap();
    by(&mut hall, "甲", &pass(id)).unwrap();
    by(&mut hall, "乙", &back(id)).unwrap();
    assert_eq!(stands(&hall, id).0, 2);
    // Two of four against: more than half can't be reached any more.
    by(&mut hall, "丙", &back(id)).unwrap();
    assert_eq!(stands(&hall, id).0, 1);
    by(&mut hall, "审查员", &pass(id)).unwrap();
    for (name, step) in [("甲", 2), ("乙", 2), ("丙", 3)] {
        by(&mut hall, name, &pass(id)).unwrap();
        assert_eq!(stands(&hall, id).0, step, "{name}");
    }
    // Whoever voted on it as a decider may decide it.
    assert_eq!(said(&mut hall, "甲", &grant(id)), "ok");
}

/// Several decide together, so that one alone doesn't undo it.
#[test]
fn what_several_sign_goes_back_by_their_signatures_alone() {
    let vote = [("name", "集体讨论"), ("role", "decider"), ("rule", "vote"), ("signers", "3")];
    let review = [("name", "审查"), ("role", "reviewer")];
    let steps: [&[(&str, &str)]; 2] = [&review, &vote];
    let mut hall = with_steps(&steps, &[]);
    let id = accepted(&mut hall, CODE);
    for name in ["审查员", "甲"] {
        by(&mut hall, name, &pass(id)).unwrap();
    }
    let to_first = Command::ReturnCase { case: id.to_string(), to_step: 1, reason: "补充勘验".into() };
    assert_eq!(said(&mut hall, "丁", &to_first), "step-shared");
    assert_eq!(hall.case(id).work.as_ref().unwrap().signatures.len(), 1);
    by(&mut hall, "乙", &pass(id)).unwrap();
    assert_eq!(stands(&hall, id).0, 3);
    assert_eq!(said(&mut hall, "丁", &to_first), "ok", "the decision sends back");
}

#[test]
fn a_case_is_forwarded_where_it_could_be_decided() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    let division = "511600".parse().unwrap();
    let forward = Command::Forward { case: id.to_string(), division, item: "X".into(), opinion: "拟准予".into() };
    assert_eq!(said(&mut hall, "丁", &forward), "steps-open");
    for name in ["甲", "乙", "丙"] {
        by(&mut hall, name, &pass(id)).unwrap();
    }
    assert_eq!(said(&mut hall, "甲", &forward), "reviewer-decides");
    by(&mut hall, "丁", &claim(id)).unwrap();
    assert_eq!(said(&mut hall, "决定员", &forward), "step-held");
    assert_eq!(said(&mut hall, "丁", &forward), "outside-catalogue", "nothing but the superior's item is missing");
}

#[test]
fn any_one_of_the_role_signs() {
    let any = [("name", "复核"), ("role", "reviewer"), ("rule", "或签")];
    let steps: [&[(&str, &str)]; 1] = [&any];
    let mut hall = with_steps(&steps, &[]);
    let id = accepted(&mut hall, CODE);
    assert_eq!(said(&mut hall, "甲", &claim(id)), "step-shared");
    assert_eq!(said(&mut hall, "甲", &pass(id)), "ok");
    assert_eq!(stands(&hall, id), (2, None));
    assert_eq!(said(&mut hall, "乙", &grant(id)), "ok");
}

#[test]
fn who_reviewed_an_instant_item_may_decide_it() {
    let steps: [&[(&str, &str)]; 1] = [&[("name", "审查"), ("role", "reviewer")]];
    for (kind, said_of_decision) in [("承诺件", "reviewer-decides"), ("即办件", "ok")] {
        let mut hall = with_steps(&steps, &[("case_kind", kind)]);
        let id = accepted(&mut hall, CODE);
        by(&mut hall, "甲", &pass(id)).unwrap();
        assert_eq!(said(&mut hall, "甲", &grant(id)), said_of_decision, "{kind}");
    }
}

#[test]
fn a_case_keeps_the_steps_of_its_version() {
    let mut hall = with_steps(&THREE, &[]);
    let before = accepted(&mut hall, CODE);
    let fewer: [&[(&str, &str)]; 1] = [&[("name", "决定"), ("role", "decider")]];
    publish(&mut hall, &[], &[("steps", &fewer)]);
    let after = accepted(&mut hall, CODE);
    let steps = |id| hall.case(id).work.as_ref().unwrap().steps.len();
    assert_eq!((steps(before), steps(after)), (3, 1));
    assert_eq!(said(&mut hall, "甲", &grant(after)), "ok");
    assert_eq!(said(&mut hall, "甲", &grant(before)), "steps-open");
    // Another item goes on without any.
    let other = accepted(&mut hall, OTHER);
    assert_eq!(said(&mut hall, "甲", &grant(other)), "ok");
}

#[test]
fn a_case_whose_clock_stands_still_waits_for_nobody() {
    let mut hall = with_steps(&THREE, &[]);
    let (id, loose) = (accepted(&mut hall, CODE), accepted(&mut hall, CODE));
    by(&mut hall, "甲", &claim(id)).unwrap();
    hall.now = at(2026, 9, 15, 9);
    for id in [id, loose] {
        hall.act(&Command::SuspendCase { case: id.to_string(), procedure: "检测".into(), days: 3 }).unwrap();
    }
    assert_eq!(said(&mut hall, "甲", &pass(id)), "case-state");
    assert_eq!(said(&mut hall, "甲", &claim(loose)), "case-state");
    // Whom it waits for isn't told; whose it is stays known.
    let place = |id| {
        let case = hall.case(id);
        position(case.status, &case.custody, case.deadlines.as_ref(), case.work.as_ref())
    };
    assert_eq!(place(id).unwrap().holder.as_deref(), Some("甲"));
    assert_eq!(place(loose), None);
    hall.now = at(2026, 9, 18, 9);
    hall.act(&Command::ResumeCase { case: id.to_string(), note: None }).unwrap();
    // One of the two days was used; Sunday the 20th is worked.
    assert_eq!(hall.case(id).work.as_ref().unwrap().due, Some(date(2026, 9, 20)));
    assert_eq!(stands(&hall, id), (1, Some("甲".into())));
    assert_eq!(said(&mut hall, "甲", &pass(id)), "ok");
}

#[test]
fn the_work_is_told_to_nobody_else() {
    let mut hall = with_steps(&THREE, &[]);
    let daishi = crate::hall::daishi(&hall);
    let id = accepted(&mut hall, CODE);
    hall.state.cases.get_mut(&id).unwrap().collecting = daishi.place();
    assert!(by(&mut hall, "甲", &pass(id)).unwrap().notices.is_empty());
    // Two-sided: what the law knows is told.
    for name in ["乙", "丙"] {
        by(&mut hall, name, &pass(id)).unwrap();
    }
    assert_eq!(by(&mut hall, "丁", &grant(id)).unwrap().notices.len(), 1);
}
