//! Whatever two halls are asked in whatever order: one owner, no lost case, no number twice, the same decision from the same facts.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::{BTreeMap, BTreeSet};

use hall::{CARD, Hall, PERMIT, collect, daishi, date, guangan, row};
use proptest::prelude::*;
use tongban_codes::ids::CaseId;
use tongban_domain::case::{
    Amended, AmendedField, Bringing, Case, Competent, Custody, RefusalKind, Status, masked_name, number_end,
};
use tongban_domain::{Command, Notice, NoticeBody, Reply};

/// What may happen next; `case` and `hall` choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Step {
    Collect {
        permit: bool,
        here: bool,
        hold: bool,
    },
    Act {
        act: u8,
        case: usize,
        home: bool,
    },
    /// The oldest message of the chosen line arrives; lines are per case and direction.
    Arrive {
        line: usize,
    },
    /// The town was restored and offers again what was taken from it.
    Repeat {
        offer: usize,
    },
    Wait {
        hours: i64,
    },
    Tick {
        home: bool,
    },
    Withdraw {
        permit: bool,
    },
    Publish {
        permit: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(permit, here, hold)| Step::Collect { permit, here, hold }),
        12 => (0u8..20, 0usize..8, any::<bool>()).prop_map(|(act, case, home)| Step::Act { act, case, home }),
        8 => (0usize..8).prop_map(|line| Step::Arrive { line }),
        1 => (0usize..8).prop_map(|offer| Step::Repeat { offer }),
        2 => (1i64..100).prop_map(|hours| Step::Wait { hours }),
        2 => any::<bool>().prop_map(|home| Step::Tick { home }),
        1 => any::<bool>().prop_map(|permit| Step::Withdraw { permit }),
        2 => any::<bool>().prop_map(|permit| Step::Publish { permit }),
    ]
}

#[derive(Clone)]
enum Message {
    Notice(Notice),
    Answer(Box<Command>),
}

struct World {
    home: Hall,
    town: Hall,
    /// Messages on their way, by case and whether they go to the home.
    lines: BTreeMap<(CaseId, bool), Vec<Message>>,
    offers: Vec<Notice>,
    tenures: BTreeMap<(CaseId, bool), u32>,
}

impl World {
    fn new() -> Self {
        let home = guangan();
        let town = daishi(&home);
        Self { home, town, lines: BTreeMap::new(), offers: Vec::new(), tenures: BTreeMap::new() }
    }

    fn hall(&mut self, home: bool) -> &mut Hall {
        if home { &mut self.home } else { &mut self.town }
    }

    /// Gives a command twice, to a hall and to its copy: both decide the same. A rejection changes nothing.
    fn give(&mut self, home: bool, command: &Command) -> Result<Reply, (&'static str, String)> {
        let hall = self.hall(home);
        let mut copy = hall.clone();
        let before = format!("{:?}", hall.state);
        let decided = hall.act(command);
        assert_eq!(decided, copy.act(command), "{command:?}");
        match decided {
            Ok(change) => {
                assert_eq!(hall.state.cases, copy.state.cases);
                for notice in change.notices {
                    if matches!(notice.body, NoticeBody::Offer(_)) {
                        self.offers.push(notice.clone());
                    }
                    let line = self.lines.entry((notice.case, !home)).or_default();
                    line.push(Message::Notice(notice));
                }
                Ok(change.reply)
            }
            Err(rejection) => {
                assert_eq!(before, format!("{:?}", hall.state), "{command:?}");
                Err((rejection.code, rejection.en.to_string()))
            }
        }
    }

    fn deliver(&mut self, to_home: bool, message: &Message) {
        let origin = if to_home { self.town.origin() } else { self.home.origin() };
        match message {
            Message::Answer(command) => drop(self.give(to_home, command)),
            Message::Notice(notice) => match &notice.body {
                NoticeBody::Progress(progress) => {
                    let progress = progress.clone();
                    self.give(to_home, &Command::Mirror { origin, progress }).unwrap();
                }
                NoticeBody::ReclaimRequest(_)
                | NoticeBody::ReclaimOrder(_)
                | NoticeBody::ReclaimDeclined(_)
                | NoticeBody::ReclaimReturn(_) => unreachable!("nobody asks for a reclaim here"),
                NoticeBody::Supplement(supplement) => {
                    let supplement = supplement.clone();
                    let refusal = self.give(to_home, &Command::TakeSupplement { origin, supplement }).err();
                    if let Some((code, text)) = refusal {
                        let (case, act, refusal) = (notice.case, notice.act, (code.to_owned(), text));
                        let answer = Command::SupplementRefused { case, act, refusal };
                        let line = self.lines.entry((case, !to_home)).or_default();
                        line.push(Message::Answer(Box::new(answer)));
                    }
                }
                NoticeBody::Withdrawal(withdrawal) => {
                    let withdrawal = withdrawal.clone();
                    let refusal = self.give(to_home, &Command::TakeWithdrawal { origin, withdrawal }).err();
                    if let Some((code, text)) = refusal {
                        let (case, act, refusal) = (notice.case, notice.act, (code.to_owned(), text));
                        let answer = Command::WithdrawalRefused { case, act, refusal };
                        let line = self.lines.entry((case, !to_home)).or_default();
                        line.push(Message::Answer(Box::new(answer)));
                    }
                }
                NoticeBody::Offer(offer) => {
                    let take = Command::TakeCustody { origin, offer: offer.clone() };
                    let refusal = self.give(to_home, &take).err();
                    let refusal = refusal.map(|(code, text)| (code.to_owned(), text));
                    let origin = self.hall(to_home).origin();
                    let (case, tenure) = (offer.case, offer.tenure);
                    let answer = Command::SettleOffer { origin, case, tenure, act: notice.act, refusal };
                    let line = self.lines.entry((case, !to_home)).or_default();
                    line.push(Message::Answer(Box::new(answer)));
                }
                NoticeBody::Order(_)
                | NoticeBody::OrderAnswer(_)
                | NoticeBody::Voice(_)
                | NoticeBody::Joint(_)
                | NoticeBody::Results(_)
                | NoticeBody::Uniform(_)
                | NoticeBody::Amended(_) => {
                    unreachable!("nobody orders or says anything here")
                }
            },
        }
    }

    fn run(&mut self, step: Step) {
        let code = |permit: bool| if permit { PERMIT[3].1 } else { CARD[3].1 };
        match step {
            Step::Collect { permit, here, hold } => {
                let division = self.home.division();
                let mut command = collect(code(permit), division);
                if let Command::Collect { hold: held, .. } = &mut command {
                    *held = hold;
                }
                drop(self.give(here, &command));
            }
            Step::Act { act, case, home } => {
                let cases: Vec<Case> = self.hall(home).state.cases.values().cloned().collect();
                let Some(case) = cases.get(case % cases.len().max(1)) else {
                    return;
                };
                drop(self.give(home, &act_of(act, case)));
            }
            Step::Arrive { line } => {
                self.lines.retain(|_, messages| !messages.is_empty());
                let count = self.lines.len().max(1);
                let Some((&(_, to_home), messages)) = self.lines.iter_mut().nth(line % count) else {
                    return;
                };
                let message = messages.remove(0);
                self.deliver(to_home, &message);
            }
            Step::Repeat { offer } => {
                let Some(notice) = self.offers.get(offer % self.offers.len().max(1)).cloned() else {
                    return;
                };
                let NoticeBody::Offer(offer) = notice.body else {
                    return;
                };
                // Only what was taken: of what was refused the town is the owner again, and offers it by an act.
                let taken = self.home.state.cases.contains_key(&offer.case);
                if taken {
                    let origin = self.town.origin();
                    let again = self.give(true, &Command::TakeCustody { origin, offer });
                    assert!(matches!(again, Ok(Reply::Case { .. })), "{again:?}");
                }
            }
            Step::Wait { hours } => {
                for home in [true, false] {
                    let hall = self.hall(home);
                    hall.now = hall.now.add_seconds(hours * 3600);
                }
            }
            Step::Tick { home } => drop(self.give(home, &Command::Tick)),
            Step::Withdraw { permit } => drop(self.give(true, &Command::WithdrawItem(code(permit).into()))),
            Step::Publish { permit } => {
                let row = if permit { row(2, &PERMIT) } else { row(2, &CARD) };
                drop(self.give(true, &Command::ImportItems(vec![row].into())));
                drop(self.give(true, &Command::PublishItems(Some(code(permit).into()))));
            }
        }
        self.check();
    }

    fn check(&mut self) {
        let mut numbers = BTreeSet::new();
        let ids: BTreeSet<CaseId> = self.home.state.cases.keys().chain(self.town.state.cases.keys()).copied().collect();
        for id in ids {
            let legs = [(true, self.home.state.cases.get(&id)), (false, self.town.state.cases.get(&id))];
            let owners = legs.iter().filter(|(_, leg)| leg.is_some_and(|case| case.custody == Custody::Owner));
            assert!(owners.count() <= 1, "two owners: {legs:?}");
            let holders = legs
                .iter()
                .filter(|(_, leg)| leg.is_some_and(|case| !matches!(case.custody, Custody::Elsewhere { .. })));
            assert!(holders.count() >= 1, "nobody has it: {legs:?}");
            let mut number = None;
            for (home, leg) in legs {
                let Some(case) = leg else { continue };
                let known = self.tenures.insert((id, home), case.tenure);
                assert!(known.is_none_or(|known| known <= case.tenure), "tenure went back: {case:?}");
                check_case(case);
                number = case.case_no.clone().or(number);
            }
            if let Some(number) = number {
                assert!(numbers.insert(number.clone()), "{number} twice");
            }
        }
        for hall in [&self.home, &self.town] {
            let mut legs: BTreeMap<CaseId, u32> = BTreeMap::new();
            for act in hall.state.acts.iter().filter(|act| act.place == hall.place()) {
                let last = legs.entry(act.case).or_default();
                *last += 1;
                assert_eq!(*last, act.number, "acts of a leg are numbered without gap");
            }
        }
    }
}

fn check_case(case: &Case) {
    let accepted = matches!(
        case.status,
        Status::Accepted
            | Status::SpecialProcedure
            | Status::Granted
            | Status::Denied
            | Status::Delivered
            | Status::Closed
    ) && !refused(case);
    let stands_still = case.stops.iter().any(|stop| stop.until.is_none());
    assert_eq!(stands_still, case.status == Status::SpecialProcedure, "{case:?}");
    if accepted {
        assert!(case.case_no.is_some() && case.deadlines.is_some() && case.accepted_on.is_some(), "{case:?}");
    } else if case.accepted_on.is_none() {
        assert!(case.case_no.is_none() && case.deadlines.is_none(), "{case:?}");
    }
    let unanswered = matches!(case.status, Status::Collected | Status::Supplemented);
    assert!(case.deemed_at.is_none() || unanswered, "{case:?}");
    if let Some(correction) = &case.correction {
        assert_eq!(correction.complete_on.is_some(), correction.missing().is_empty(), "{case:?}");
        assert!(case.status != Status::Supplemented || correction.missing().is_empty(), "{case:?}");
        assert!(case.status != Status::Notified || !correction.missing().is_empty(), "{case:?}");
    }
    if let (Some(accepted), Some(due)) = (case.accepted_on, &case.deadlines) {
        assert!(due.promised.is_none_or(|due| due.date > accepted));
        let both = due.promised.zip(due.statutory);
        assert!(both.is_none_or(|(promised, statutory)| promised.date <= statutory.date));
    }
    let complete = case.correction.as_ref().and_then(|correction| correction.complete_on);
    assert!(!case.deemed || case.accepted_on == complete.or(case.received_on));
}

/// A case that was refused may be closed and never was accepted.
fn refused(case: &Case) -> bool {
    case.status == Status::Closed && case.accepted_on.is_none() && case.decided_on.is_some()
}

fn act_of(act: u8, case: &Case) -> Command {
    let text = case.id.to_string();
    let reason = Some("演示".to_owned());
    match act {
        0 => Command::Offer(text),
        1 | 2 => Command::Accept(text),
        3 => {
            let (kind, reason) = (RefusalKind::NotCompetent, "演示".to_owned());
            let (division, authority) = ("511600".parse().unwrap(), "市残联".to_owned());
            Command::Refuse { case: text, kind, reason, competent: Some(Competent { division, authority }) }
        }
        4 => {
            let new_reasons = if case.correction.is_some() { vec!["演示".to_owned()] } else { Vec::new() };
            Command::Notify { case: text, items: vec!["演示".to_owned()], new_reasons, within: Some(2) }
        }
        5 => Command::Decide { case: text, grant: true, reason: None },
        6 => Command::Decide { case: text, grant: false, reason },
        7 => Command::Deliver { case: text, note: None },
        8 => Command::Close(text),
        9 => Command::Withdraw { case: text, reason },
        10 => Command::SuspendCase { case: text, procedure: "检测".to_owned(), days: 5 },
        11 => Command::ResumeCase { case: text, note: reason },
        12 => {
            let (approver, reason) = ("演示".to_owned(), "演示".to_owned());
            Command::ExtendCase { case: text, days: 10, approver, reason }
        }
        13 | 14 => {
            let missing = case.correction.as_ref().and_then(|correction| correction.missing().first().copied());
            let brings = vec![Bringing { item: missing.unwrap_or(1).to_string(), materials: Vec::new() }];
            Command::Supplement { case: text, brings }
        }
        15 => Command::Return { case: text, reason: "演示".to_owned() },
        16 => {
            let officers = vec!["审查员".to_owned(), "决定员".to_owned()];
            Command::Check { case: text, officers, finding: "演示".to_owned() }
        }
        17 => {
            let (field, value, reason) = (AmendedField::ApplicantName, format!("张{}", case.acts), "演示".to_owned());
            Command::Amend { case: text, amended: Amended { field, value, reason } }
        }
        18 => Command::AcceptEnough { case: text, reason: "演示".to_owned() },
        _ => match case.licences.first() {
            Some(licence) => Command::CancelLicence { licence: licence.clone(), reason: "演示".to_owned() },
            None => {
                let (kind, until) = ("演示证".to_owned(), date(2100, 1, 1));
                Command::IssueLicence { case: text, kind, until }
            }
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_halls_in_any_order(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.run(step);
        }
        // When everything has arrived, both halls say the same of every case.
        while world.lines.values().any(|messages| !messages.is_empty()) {
            world.run(Step::Arrive { line: 0 });
        }
        for (id, there) in &world.home.state.cases {
            let Some(here) = world.town.state.cases.get(id) else { continue };
            prop_assert_eq!((here.status, here.tenure), (there.status, there.tenure));
            prop_assert_eq!((&here.case_no, &here.deadlines), (&there.case_no, &there.deadlines));
            prop_assert_eq!((&here.reason, &here.licences), (&there.reason, &there.licences));
            prop_assert_eq!((here.received_on, here.accepted_on), (there.received_on, there.accepted_on));
            prop_assert_eq!((here.decided_on, here.deemed), (there.decided_on, there.deemed));
            prop_assert_eq!((&here.stops, &here.extension), (&there.stops, &there.extension));
            prop_assert_eq!((&here.correction, &here.competent), (&there.correction, &there.competent));
            prop_assert_eq!(here.holder, there.holder);
            // The hall that isn't the owner of what has ended keeps no more than what proves who asks.
            let (fields, kept) = if here.personal.forgotten_at.is_none() && there.personal.forgotten_at.is_none() {
                let fields = |case: &Case| (case.personal.name.clone(), case.personal.identity.clone());
                (fields(here), fields(there))
            } else {
                let masked = |case: &Case| {
                    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                    let (name, number) = (text(&case.personal.name), text(&case.personal.identity));
                    (masked_name(&name).into_bytes(), number_end(&number).into_bytes())
                };
                (masked(here), masked(there))
            };
            prop_assert_eq!(fields, kept);
        }
        let open = |case: &Case| matches!(case.custody, Custody::Offered { .. });
        prop_assert!(!world.town.state.cases.values().any(open));
    }

    /// No text makes the domain panic, and what is refused says what to do about it.
    #[test]
    fn texts_do_not_panic(texts in prop::collection::vec("\\PC{0,40}", 9), days in any::<u16>()) {
        let mut hall = guangan();
        let names = ["department", "name", "local_item_code", "division", "item_type", "department_code", "base_code", "modes", "covered"];
        let columns: Vec<(&str, &str)> = names.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        let report = hall.import(&[row(2, &columns)]);
        prop_assert_eq!(report.imported + report.rejected, 1);
        let [a, b, c, ..] = texts.as_slice() else { unreachable!() };
        let division = hall.division();
        let mut collected = collect(a, division);
        if let Command::Collect { applicant, .. } = &mut collected {
            (applicant.name, applicant.identity) = (b.clone(), c.clone());
        }
        let terms = tongban_domain::catalogue::ClaimTerms {
            department: Some(b.clone()),
            department_code: Some(c.clone()),
            promised_days: Some(days),
            local_code: Some(a.clone()),
            ..Default::default()
        };
        for command in [
            collected,
            Command::Accept(a.clone()),
            Command::PublishItems(Some(a.clone())),
            Command::WithdrawItem(a.clone()),
            Command::ClaimItem { base_code: a.clone(), terms },
            Command::AddAuthority { name: a.clone(), code: Some(b.clone()), maps: Some(c.clone()) },
            Command::CancelLicence { licence: a.clone(), reason: b.clone() },
            Command::GrantMandate { operator: a.clone(), item: Some(b.clone()), from: None, until: None },
        ] {
            if let Err(rejection) = hall.act(&command) {
                prop_assert!(!rejection.en.is_empty() && !rejection.zh.is_empty());
                prop_assert!(!rejection.remedy_en.is_empty(), "{:?}", rejection);
            }
        }
    }
}
