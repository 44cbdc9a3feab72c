//! Every act in every state, as the manual's tables have it: what isn't allowed is refused, and changes nothing.

use tongban_domain::catalogue::CodeList as _;
use tongban_domain::voice::{
    Channel, FollowUpAct, FollowUpKind, FollowUpState, Ground, TicketAct, TicketDeed, TicketOutcome, TicketState,
};
use tongban_domain::{Actor, Role};

use crate::hall::{Hall, date, guangan};
use crate::scene::{
    BAD, actor, answer, assign, code, complaint, decided, follow, on, opened, rated, rating, staffed, supervisor,
    ticket,
};

const FOLLOW_UP: [(FollowUpState, &str); 7] = [
    // verify rectify plan explain close appeal judge assign
    (FollowUpState::Open, "x....x.x"),
    (FollowUpState::Verified, ".xxx.x.x"),
    (FollowUpState::Planned, ".x.....x"),
    (FollowUpState::Rectified, "....x..x"),
    (FollowUpState::Explained, "....x..x"),
    (FollowUpState::Closed, "........"),
    (FollowUpState::Appealed, "......xx"),
];

fn text() -> String {
    "说明".to_owned()
}

fn follow_up_act(kind: FollowUpKind) -> (FollowUpAct, Actor) {
    let act = match kind {
        FollowUpKind::Verify => FollowUpAct::Verify { finding: text() },
        FollowUpKind::Rectify => FollowUpAct::Rectify { text: text() },
        FollowUpKind::Plan => FollowUpAct::Plan { text: text(), until: date(2026, 10, 15) },
        FollowUpKind::Explain => FollowUpAct::Explain { text: text() },
        FollowUpKind::Close => FollowUpAct::Close { reached: false, content: None, said: text() },
        FollowUpKind::Appeal => FollowUpAct::Appeal { ground: Ground::Malicious, text: text() },
        FollowUpKind::Judge => FollowUpAct::Judge { uphold: true, text: text() },
        FollowUpKind::Assign => FollowUpAct::Assign { to: "李审查".to_owned(), text: text() },
    };
    let is_supervisors = matches!(kind, FollowUpKind::Judge | FollowUpKind::Assign);
    (act, if is_supervisors { supervisor() } else { actor("李审查", &[Role::Reviewer]) })
}

/// A hall with a bad rating whose follow-up stands so.
fn followed(state: FollowUpState) -> (Hall, String) {
    use FollowUpKind as K;
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let number = rated(&mut hall, case, BAD, Channel::Web);
    let way: &[K] = match state {
        FollowUpState::Open => &[],
        FollowUpState::Verified => &[K::Verify],
        FollowUpState::Planned => &[K::Verify, K::Plan],
        FollowUpState::Rectified => &[K::Verify, K::Rectify],
        FollowUpState::Explained => &[K::Verify, K::Explain],
        FollowUpState::Closed => &[K::Verify, K::Explain, K::Close],
        FollowUpState::Appealed => &[K::Appeal],
    };
    for kind in way {
        let (act, who) = follow_up_act(*kind);
        follow(&mut hall, &who, &number, act).unwrap();
    }
    assert_eq!(rating(&hall, &number).follow_up.unwrap().state, state);
    (hall, number)
}

#[test]
fn every_act_in_every_state_of_a_follow_up() {
    for (state, row) in FOLLOW_UP {
        for (kind, cell) in FollowUpKind::ALL.iter().zip(row.chars()) {
            let (mut hall, number) = followed(state);
            let before = rating(&hall, &number);
            let (act, who) = follow_up_act(*kind);
            let code = code(follow(&mut hall, &who, &number, act));
            let expected = if cell == 'x' { "ok" } else { "follow-up-state" };
            assert_eq!(code, expected, "{state:?} {kind:?}");
            assert_eq!(state.allows(*kind), cell == 'x', "{state:?} {kind:?}");
            assert_eq!(rating(&hall, &number) == before, cell != 'x', "{state:?} {kind:?}");
        }
    }
}

const DEEDS: [TicketDeed; 8] = [
    TicketDeed::Assign,
    TicketDeed::HandOn,
    TicketDeed::Send,
    TicketDeed::GiveBack,
    TicketDeed::Answer,
    TicketDeed::Close,
    TicketDeed::Reopen,
    TicketDeed::Confirm,
];

const TICKETS: [(TicketState, &str); 4] = [
    // assign hand-on send give-back answer close reopen confirm; give-back is of the node that it was sent to
    (TicketState::Open, "x.xx...."),
    (TicketState::Assigned, ".xxxx..."),
    (TicketState::Answered, ".....xxx"),
    (TicketState::Closed, "......x."),
];

fn ticket_act(deed: TicketDeed) -> TicketAct {
    match deed {
        TicketDeed::Assign => assign("区残联"),
        TicketDeed::HandOn => {
            TicketAct::HandOn { department: "区行政审批局".to_owned(), to: None, reason: text() }
        }
        TicketDeed::Send => TicketAct::Send { division: "511603".parse().unwrap(), reason: text() },
        TicketDeed::GiveBack => TicketAct::GiveBack { reason: text() },
        TicketDeed::Answer => answer(),
        TicketDeed::Close => TicketAct::Close { outcome: TicketOutcome::Resolved },
        TicketDeed::Reopen => TicketAct::Reopen { reason: text() },
        _ => TicketAct::Confirm {},
    }
}

#[test]
fn every_act_in_every_state_of_a_ticket() {
    let (all, applicant) = (actor("李窗口", &[Role::Window, Role::Supervisor]), actor("", &[]));
    for (state, row) in TICKETS {
        for (deed, cell) in DEEDS.into_iter().zip(row.chars()) {
            let mut hall = staffed(guangan());
            let mut other = Hall::new("511603", "前锋区");
            crate::hall::under(&mut Hall::new("5116", "广安市"), &mut [&mut hall, &mut other]);
            let (number, _) = opened(&mut hall, complaint());
            let way: &[TicketDeed] = match state {
                TicketState::Open => &[],
                TicketState::Assigned => &DEEDS[..1],
                TicketState::Answered => &[TicketDeed::Assign, TicketDeed::Answer],
                _ => &[TicketDeed::Assign, TicketDeed::Answer, TicketDeed::Close],
            };
            for deed in way {
                on(&mut hall, &all, &number, ticket_act(*deed)).unwrap();
            }
            let before = ticket(&hall, &number);
            assert_eq!(before.state, state);
            assert_eq!(state.allows(deed), cell == 'x', "{state:?} {deed:?}");
            // What the applicant says isn't given in by who answered.
            let who = if ticket_act(deed).is_applicants() { &applicant } else { &all };
            let code = code(on(&mut hall, who, &number, ticket_act(deed)));
            // Here it was opened: nothing is to be given back.
            let expected = match (deed, cell) {
                (TicketDeed::GiveBack, _) => "ticket-elsewhere",
                (_, 'x') => "ok",
                _ => "ticket-state",
            };
            assert_eq!(code, expected, "{state:?} {deed:?}");
            assert_eq!(ticket(&hall, &number) == before, expected != "ok", "{state:?} {deed:?}");
        }
    }
}
