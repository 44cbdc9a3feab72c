//! A division gets another code (撤县设区 and the like): its items move on with it, either code finds them, and nothing counts twice.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CARD, Hall, PERMIT, date, row};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_domain::case::Status;
use tongban_domain::catalogue::{
    ClaimTerms, Crosswalk, DivisionChange, DivisionPlan, DivisionReport, ItemAct, ItemState, Selection, Standard,
    StandardBody, StandardDraft, StandardKind, claim_rates,
};
use tongban_domain::{Command, Event, Facts, Reply};

const NEW: &str = "511642";

fn code(text: &str) -> DivisionCode {
    text.parse().unwrap()
}

fn plan(old: &str, new: &str, from: Date) -> DivisionPlan {
    DivisionPlan { old: code(old), new: code(new), name: None, from, order: "民发〔2026〕1号".into() }
}

fn change(old: &str, new: &str, from: Date) -> Command {
    Command::ChangeDivision { plan: plan(old, new, from), dry_run: false }
}

fn redivide(hall: &mut Hall, old: &str, new: &str, from: Date) -> DivisionReport {
    match hall.act(&change(old, new, from)).unwrap().reply {
        Reply::Redivided(report) => report,
        other => panic!("{other:?}"),
    }
}

/// The code of an item under another division.
fn under(item: &str, division: &str) -> String {
    item.replace("511602", division)
}

#[test]
fn items_drafts_and_mandates_move_on_and_cases_stay() {
    for (from, later) in [(date(2027, 1, 1), true), (date(2026, 9, 14), false), (date(2026, 6, 1), false)] {
        let mut hall = hall::guangan();
        let (permit, card) = (PERMIT[3].1, CARD[3].1);
        let edited: Vec<(&str, &str)> =
            CARD.iter().map(|(name, value)| (*name, if *name == "promised_days" { "2" } else { *value })).collect();
        hall.import(&[row(2, &edited)]);
        let mandate = Command::GrantMandate {
            operator: "决定员".into(),
            item: Some(permit.into()),
            from: Some(date(2026, 1, 1)),
            until: None,
        };
        hall.act(&mandate).unwrap();
        let case = hall.collect(permit, hall.division());
        hall.act(&Command::Accept(case.to_string())).unwrap();
        let before = hall.state.clone();
        let trial = hall.act(&Command::ChangeDivision { plan: plan("511602", NEW, from), dry_run: true }).unwrap();
        assert_eq!((trial.events, &hall.state.items), (vec![], &before.items));
        let report = redivide(&mut hall, "511602", NEW, from);
        assert!(matches!(trial.reply, Reply::Redivided(tried) if tried.moves.moved == report.moves.moved));
        assert_eq!((report.own, report.moves.refused.len(), report.moves.moved.len()), (true, 0, 2));
        assert_eq!(report.moves.drafts, [under(card, NEW)]);
        // Published ahead of the day, a draft would come into force under a code that nobody has yet.
        assert_eq!(hall.state.drafts[&under(card, NEW)].effective, later.then_some(from));
        assert_eq!(report.moves.operators, ["决定员"]);
        let (old, new) = (&hall.state.items[permit], &hall.state.items[&under(permit, NEW)]);
        assert_eq!(old.successor.as_ref().map(|next| (next.code.clone(), next.from)), Some((new.code.clone(), from)));
        assert_eq!((new.state, new.version, new.division), (ItemState::Published, 1, hall.division()));
        let state = if later { ItemState::Published } else { ItemState::Withdrawn };
        assert_eq!((old.state, old.cancel), (state, later.then(|| from.previous_day())));
        // The short code that windows use means the one that goes on.
        let short = old.short_code().to_owned();
        let meant =
            |hall: &Hall| -> Vec<String> { hall.state.items_named(&short).into_iter().map(|item| item.code).collect() };
        assert_eq!(meant(&hall), [if later { permit.to_owned() } else { under(permit, NEW) }]);
        if later {
            hall.now = hall::at(2027, 1, 1, 9);
            while !hall.act(&Command::Tick).unwrap().events.is_empty() {}
            assert_eq!(meant(&hall), [under(permit, NEW)]);
        }
        // What runs stays on its version, and is decided under the mandate that it began with.
        let decide = Command::Decide { case: case.to_string(), grant: true, reason: None };
        hall.act(&decide).unwrap();
        assert_eq!((hall.case(case).status, hall.case(case).item.code.as_str()), (Status::Granted, permit));
        let next = hall.collect(&short, hall.division());
        assert_eq!(hall.case(next).item.code, under(permit, NEW));
    }
}

/// Rows and windows may name the division by any of its codes.
#[test]
fn either_code_is_the_division() {
    let mut hall = hall::guangan();
    redivide(&mut hall, "511602", NEW, date(2026, 9, 14));
    let item = under(PERMIT[3].1, NEW);
    let columns: Vec<(&str, &str)> = PERMIT
        .iter()
        .map(|(name, value)| match *name {
            "local_item_code" => (*name, item.as_str()),
            "division" => (*name, "511642000000"),
            _ => (*name, *value),
        })
        .collect();
    let report = hall.import(&[row(2, &columns)]);
    assert_eq!((report.rejected, report.flagged), (0, 0), "{report:?}");
    // A code that names the division as it was called before is flagged.
    let report = hall.import(&[row(2, &PERMIT)]);
    let found: Vec<_> = report.rows.iter().map(|finding| &*finding.code).collect();
    assert_eq!((report.rejected, found), (0, vec!["division-differs"]));
    // A town whose county is named by its new code may collect, and so may one that has got a code of its own.
    let mut neighbour = Hall::new("511603", "前锋区");
    redivide(&mut neighbour, "511603", "511643", date(2026, 9, 14));
    let line = |hall: &Hall| hall.state.standards.values().next().unwrap().clone();
    let walk = Crosswalk::of([line(&hall), line(&neighbour)]);
    let permit = &mut hall.state.items.get(&item).unwrap().clone();
    for (covered, collects) in [("511603", true), ("511643", true), ("511604", false)] {
        permit.covered = vec![code(covered)];
        for place in ["511603", "511643", "511603104", "511643104"] {
            assert_eq!(walk.covers(permit, code(place)), collects, "{covered} {place}");
        }
        assert!(walk.covers(permit, code(NEW)) && walk.covers(permit, code("511602")));
    }
}

#[test]
fn what_is_refused() {
    type Before<'a> = &'a dyn Fn(&mut Hall);
    let (day, later) = (date(2026, 10, 1), date(2026, 12, 1));
    let cases: [(&str, Before<'_>, Command, &str, &str); 18] = [
        ("its own", &|_| (), change("511602", NEW, day), "ok", ""),
        ("one beside it", &|_| (), change("511602101", "511602105", day), "division-taken", "new"),
        ("below it", &|_| (), change("511602101", "511602008", day), "ok", ""),
        ("a neighbour's", &|_| (), change("511603", "511643", day), "division-rule", "old"),
        ("its superior's", &|_| (), change("511600", "511700", day), "division-rule", "old"),
        ("nothing", &|_| (), change("511699", NEW, day), "division-unknown", "old"),
        ("nowhere", &|_| (), change("511602", "519942", day), "division-unknown", "new"),
        ("another's", &|_| (), change("511602", "511603", day), "division-taken", "new"),
        ("itself", &|_| (), change("511602", "511602", day), "invalid-field", "new"),
        ("another level", &|_| (), change("511602", "5117", day), "invalid-field", "new"),
        ("another province", &|_| (), change("511602", "500142", day), "invalid-field", "new"),
        ("again", &|hall| drop(redivide(hall, "511602", NEW, day)), change("511602", NEW, day), "ok", ""),
        (
            "again, on another day",
            &|hall| drop(redivide(hall, "511602", NEW, day)),
            change("511602", NEW, later),
            "division-changed",
            "old",
        ),
        ("a township ahead of it", &|_| (), change("511602101", "511642101", day), "division-unknown", "new"),
        (
            "a township after it",
            &|hall| drop(redivide(hall, "511602", NEW, day)),
            change("511602101", "511642101", day),
            "ok",
            "",
        ),
        ("the next one", &|hall| drop(redivide(hall, "511602", NEW, day)), change(NEW, "511652", later), "ok", ""),
        (
            "the next one before",
            &|hall| drop(redivide(hall, "511602", NEW, later)),
            change(NEW, "511652", day),
            "invalid-field",
            "from",
        ),
        (
            "back",
            &|hall| drop(redivide(hall, "511602", NEW, day)),
            change(NEW, "511602", later),
            "invalid-field",
            "new",
        ),
    ];
    for (name, before, command, expected, field) in cases {
        let mut hall = hall::guangan();
        before(&mut hall);
        match hall.act(&command) {
            Ok(_) => assert_eq!(expected, "ok", "{name}"),
            Err(refused) => assert_eq!((refused.code, refused.field), (expected, field), "{name}"),
        }
    }
    let mut hall = hall::guangan();
    let nameless = DivisionPlan { order: " ".into(), ..plan("511602", NEW, day) };
    assert_eq!(hall.code(&Command::ChangeDivision { plan: nameless, dry_run: false }), "invalid-field");
    redivide(&mut hall, "511602", NEW, day);
    let kind = StandardKind::Division;
    let withdraw = Command::WithdrawStandard { kind, code: code("511602").to_string(), from: None };
    assert_eq!(hall.code(&withdraw), "invalid-field");
    let body = hall.state.standards.values().next().unwrap().body.clone();
    let draft = StandardDraft { code: None, body, effective: Some(day), department: None };
    assert_eq!(hall.code(&Command::SetStandards(vec![draft])), "invalid-field");
}

/// A chain of changes: items follow whichever of the codes they name.
#[test]
fn a_second_change_moves_on_what_the_first_moved() {
    let mut hall = hall::guangan();
    redivide(&mut hall, "511602", NEW, date(2026, 9, 14));
    let report = redivide(&mut hall, NEW, "511652", date(2026, 9, 14));
    assert_eq!(report.moves.moved.len(), 2);
    let short = hall.state.items[PERMIT[3].1].short_code().to_owned();
    let named: Vec<String> = hall.state.items_named(&short).into_iter().map(|item| item.code).collect();
    assert_eq!(named, [under(PERMIT[3].1, "511652")]);
    let walk = Crosswalk::gather(&hall.state);
    let codes = ["511602", NEW, "511652"].map(code);
    for one in codes {
        assert_eq!(walk.codes(one), codes);
        assert_eq!((walk.first(one), walk.current(one, date(2026, 9, 14))), (codes[0], codes[2]));
    }
}

/// What a superior has said, the division repeats with its items, and can't contradict.
#[test]
fn a_superior_says_it_to_everyone_and_the_division_moves() {
    let from = date(2027, 1, 1);
    let mut city = Hall::new("511600", "广安市");
    let report = redivide(&mut city, "511602", NEW, from);
    assert_eq!((report.own, report.moves.moved.len()), (false, 0));
    assert_eq!(city.code(&change("511602", NEW, from)), "ok");
    let said = city.state.standards.values().next().unwrap().clone();
    let mut hall = hall::guangan();
    hall.state.fold(&Event::Standard(Box::new(said)));
    assert_eq!(hall.code(&change("511602", "511643", from)), "division-changed");
    assert_eq!(hall.code(&change("511602", NEW, date(2027, 2, 1))), "division-changed");
    assert_eq!(hall.state.items.len(), 2);
    assert_eq!(redivide(&mut hall, "511602", NEW, from).moves.moved.len(), 2);
    // Whoever missed it hears it again; nothing moves twice.
    assert_eq!(redivide(&mut hall, "511602", NEW, from).moves.moved.len(), 0);
    assert_eq!((hall.state.items.len(), hall.state.standards.values().map(|line| line.version).max()), (4, Some(2)));
}

/// What a superior got wrong it takes back and says anew; what items have moved with stays.
#[test]
fn a_line_about_a_division_below_can_be_taken_back() {
    let from = date(2027, 1, 1);
    let mut city = Hall::new("511600", "广安市");
    let withdraw = Command::WithdrawDivision(code("511602"));
    assert_eq!(city.code(&withdraw), "standard-unknown");
    redivide(&mut city, "511602", "511643", from);
    city.act(&withdraw).unwrap();
    assert_eq!(city.code(&withdraw), "standard-unknown");
    assert_eq!(Crosswalk::gather(&city.state).codes(code("511602")).len(), 1);
    redivide(&mut city, "511602", NEW, from);
    let said = city.state.standards.values().next().unwrap();
    assert_eq!((said.version, Crosswalk::gather(&city.state).current(code("511602"), from)), (3, code(NEW)));
    let mut hall = hall::guangan();
    redivide(&mut hall, "511602", NEW, from);
    assert_eq!(hall.code(&withdraw), "invalid-field");
}

fn line(keeper: &str, old: &str, new: &str, from: Date) -> Standard {
    let hall = Hall::new(keeper, "某地");
    let body = DivisionChange { old: code(old), new: code(new), name: None, order: "文".into() };
    Standard {
        code: code(old).to_string(),
        body: StandardBody::Division(body),
        division: hall.division(),
        node: hall.place().node,
        version: 1,
        state: ItemState::Published,
        effective: Some(from),
        department: None,
        in_force: None,
    }
}

/// In whichever order the lines are heard, all nodes read the same cross-walk; what nobody may say is in none.
#[test]
fn the_cross_walk_is_the_same_in_any_order() {
    let (day, later) = (date(2026, 9, 14), date(2027, 1, 1));
    let lines = [
        line("511602", "511602", NEW, day),
        line("511602", NEW, "511652", later),
        // It leads back, joins another, contradicts the city, or speaks for a neighbour.
        line("511602", "511652", "511602", later),
        line("511603", "511603", NEW, day),
        line("511603", "511603", "511643", day),
        line("511600", "511603", "511653", later),
        line("511602", "511604", "511644", day),
    ];
    let expected = Crosswalk::of(lines.clone());
    let codes = |walk: &Crosswalk, of: &str| walk.codes(code(of)).iter().map(|code| code.short()).collect::<Vec<_>>();
    assert_eq!(codes(&expected, "511652"), ["511602", NEW, "511652"]);
    assert_eq!(codes(&expected, "511603"), ["511603", "511653"]);
    assert_eq!(codes(&expected, "511604"), ["511604"]);
    assert_eq!(expected.current(code("511602"), date(2026, 12, 31)), code(NEW));
    let mut turned = lines.to_vec();
    for seed in 0..64 {
        turned.rotate_left(seed % 7);
        turned.swap(seed % 3, 6 - seed % 2);
        assert_eq!(Crosswalk::of(turned.clone()), expected, "{turned:?}");
    }
}

/// A division that is known by two of its codes claims once.
#[test]
fn claim_rates_count_the_division_once() {
    let mut city = Hall::new("511600", "广安市");
    let base = [
        ("department", "市卫健委"),
        ("name", "公共场所卫生许可"),
        ("item_type", "01"),
        ("base_code", "510116013001"),
        ("legal_basis", "公共场所卫生管理条例 第四条"),
        ("statutory_days", "20"),
    ];
    city.import(&[row(2, &base)]);
    city.publish_all();
    let mut county = Hall::new("511602", "广安区");
    county.state.bases = city.state.bases.clone();
    let terms = ClaimTerms {
        department: Some("区卫健局".into()),
        department_code: Some(hall::credit("11511602MB0000001")),
        promised_days: Some(5),
        local_code: Some("511A0015500013-511602000000-000-11511301008778183N-1-00".into()),
        ..ClaimTerms::default()
    };
    county.act(&Command::ClaimItems { which: Selection::All, terms, dry_run: false }).unwrap();
    county.publish_all();
    let day = date(2026, 9, 14);
    redivide(&mut county, "511602", NEW, day);
    for standard in county.state.standards.values() {
        city.state.fold(&Event::Standard(Box::new(standard.clone())));
    }
    for code in county.state.items.keys() {
        city.act(&county.foreign(code)).unwrap();
    }
    let rates = claim_rates(&city.state, &[code("511602"), code(NEW)], day);
    let [rate] = &rates[..] else { panic!("{rates:?}") };
    assert_eq!((rate.division, rate.should, rate.claimed, rate.rate), (code(NEW), 1, 1, 10_000));
    assert_eq!(rate.codes, [code("511602"), code(NEW)]);
    let before = claim_rates(&city.state, &[code("511602")], date(2026, 9, 13));
    assert_eq!(before[0].division, code("511602"));
}

/// A suspension isn't lifted by another code, whenever that was ordered.
#[test]
fn an_item_that_is_suspended_before_its_division_changes_is_suspended_after_it() {
    let mut hall = hall::guangan();
    let card = CARD[3].1;
    redivide(&mut hall, "511602", NEW, date(2027, 1, 1));
    let act = ItemAct::Suspend { reason: "法律修改中".into() };
    hall.act(&Command::BringItems { act, which: Selection::One(card.into()), dry_run: false }).unwrap();
    let states = [card.to_owned(), under(card, NEW), under(PERMIT[3].1, NEW)].map(|code| hall.state.items[&code].state);
    assert_eq!(states, [ItemState::Suspended, ItemState::Suspended, ItemState::Published]);
}

/// The walk that these lines say: keeper, old, new, day in September 2026.
fn walk(lines: &[(&str, &str, &str, u8)]) -> Crosswalk {
    let lines = lines.iter().map(|(keeper, old, new, day)| line(keeper, old, new, date(2026, 9, *day)));
    Crosswalk::of(lines)
}

/// Whatever a division says of itself, it comes to nothing that is a neighbour's: not its code, not its next one, not its word.
#[test]
fn nobody_takes_what_is_a_neighbours() {
    type Lines<'a> = &'a [(&'a str, &'a str, &'a str, u8)];
    let own = ("511602", "511602", NEW, 14);
    // 511604 is in no table: a division that a later release knows.
    let cases: [(&str, Lines<'_>, &str, &[&str]); 13] = [
        ("its own", &[own], "511602", &["511602", NEW]),
        ("joins a neighbour", &[("511604", "511604", "511602", 1), own], "511604", &["511604"]),
        ("joins a neighbour that is listed", &[("511603", "511603", "511602", 1)], "511603", &["511603"]),
        (
            "speaks for it",
            &[("511604", "511604", "511602", 1), ("511604", "511602", "511688", 2)],
            "511688",
            &["511688"],
        ),
        ("joins its next one", &[own, ("511603", "511603", NEW, 20)], "511602", &["511602"]),
        ("squats on its next one", &[own, ("511603", "511603", NEW, 1)], NEW, &[NEW]),
        (
            "squats by a detour",
            &[own, ("511603", "511603", "511653", 1), ("511603", "511653", NEW, 2)],
            "511603",
            &["511603", "511653"],
        ),
        (
            "until one above both says whose it is",
            &[own, ("511603", "511603", NEW, 1), ("511600", "511602", NEW, 14)],
            "511602",
            &["511602", NEW],
        ),
        ("what the city said stands", &[("511600", NEW, "511652", 1), own], "511602", &["511602"]),
        (
            "the city says both, in one day",
            &[("511600", "511602", "511605", 1), ("511600", "511605", "511601", 1), own],
            "511602",
            &["511602", "511605", "511601"],
        ),
        ("another city's", &[("511602", "511602", "511742", 1)], "511602", &["511602"]),
        ("of another city", &[own, ("511502", "511502", NEW, 1)], "511602", &["511602", NEW]),
        ("another province's", &[("510000", "511602", "500142", 1)], "511602", &["511602"]),
    ];
    for (name, lines, of, expected) in cases {
        let found = walk(lines).codes(code(of));
        assert_eq!(found.iter().map(|code| code.short()).collect::<Vec<_>>(), expected, "{name}");
        let mut turned = lines.to_vec();
        turned.reverse();
        assert_eq!(walk(&turned), walk(lines), "{name}");
    }
}

/// A line of a higher division that another makes known comes before one of a lower division.
#[test]
fn the_higher_word_stands_where_it_is_understood_later() {
    let lines = [("510000", "511502", "511642", 1), ("511600", NEW, "511652", 9), ("511502", NEW, "511662", 2)];
    assert_eq!(walk(&lines).codes(code("511502")), ["511502", NEW, "511652"].map(code));
}

/// Townships follow the new code of their county, once that is known.
#[test]
fn townships_go_under_the_new_code_of_their_county() {
    let town = ("511602", "511602101", "511642101", 14);
    assert_eq!(walk(&[town]).codes(code("511602101")).len(), 1);
    let county = ("511602", "511602", NEW, 14);
    for lines in [[town, county], [county, ("511602101", "511602101", "511642101", 14)]] {
        assert_eq!(walk(&lines).codes(code("511642101")), ["511602101", "511642101"].map(code));
    }
}

/// However many lines somebody makes up, they cost no more than in proportion.
#[test]
fn made_up_lines_are_read_in_proportion() {
    let number = |at: u64| DivisionCode::from_number(510_000_000_000 + at * 1_000_000).unwrap();
    let step = |from: u64, to: u64, keeper: &str| {
        line(keeper, &number(from).to_string(), &number(to).to_string(), date(2026, 9, 14))
    };
    // One chain through everything, its last link first; and everything into one code.
    let chain = (201..9_000)
        .rev()
        .filter(|at| at % 100 > 0)
        .map(|at| step(at, if at % 100 == 99 { at + 2 } else { at + 1 }, "510000"));
    let one =
        (201..9_000).filter(|at| at % 100 > 0).map(|at| step(at, 9_101, if at % 2 == 0 { "510000" } else { "511600" }));
    let walk = Crosswalk::of(chain.chain(one));
    assert!((201..9_000).filter(|at| at % 100 > 0).all(|at| walk.codes(number(at)).len() <= 8));
}

fn said(hall: &Hall) -> Vec<Event> {
    hall.state.standards.values().map(|line| Event::Standard(Box::new(line.clone()))).collect()
}

fn short(hall: &Hall, item: &str) -> Vec<String> {
    let short = hall.state.items[item].short_code().to_owned();
    hall.state.items_named(&short).into_iter().map(|item| item.code).collect()
}

/// A mistyped code is said anew, and the items follow from where they went.
#[test]
fn what_was_said_wrongly_is_corrected() {
    let day = date(2026, 9, 14);
    let mut hall = hall::guangan();
    redivide(&mut hall, "511602", "511643", day);
    let wrong = said(&hall);
    assert_eq!(redivide(&mut hall, "511602", NEW, day).moves.moved.len(), 2);
    assert_eq!(short(&hall, PERMIT[3].1), [under(PERMIT[3].1, NEW)]);
    assert_eq!(Crosswalk::gather(&hall.state).codes(code(NEW)), ["511602", NEW].map(code));
    // The city, which heard the wrong one first, overrules it; the division follows.
    let mut city = Hall::new("511600", "广安市");
    wrong.iter().for_each(|line| city.state.fold(line));
    assert_eq!(Crosswalk::gather(&city.state).codes(code("511602")), ["511602", "511643"].map(code));
    redivide(&mut city, "511602", NEW, day);
    assert_eq!(Crosswalk::gather(&city.state).codes(code("511602")), ["511602", NEW].map(code));
    let mut hall = hall::guangan();
    redivide(&mut hall, "511602", "511643", day);
    let told: Vec<Event> = said(&city).into_iter().filter(|line| !wrong.contains(line)).collect();
    told.iter().for_each(|line| hall.state.fold(line));
    assert_eq!(hall.code(&change("511602", "511653", day)), "division-changed");
    assert_eq!(redivide(&mut hall, "511602", NEW, day).moves.moved.len(), 2);
    assert_eq!(short(&hall, PERMIT[3].1), [under(PERMIT[3].1, NEW)]);
}

/// The city says whose a code is that a neighbour has squatted on.
#[test]
fn the_city_overrules_a_squatter() {
    let day = date(2026, 9, 14);
    let mut city = Hall::new("511600", "广安市");
    city.state.fold(&Event::Standard(Box::new(line("511603", "511603", NEW, day))));
    redivide(&mut city, "511602", NEW, day);
    assert_eq!(Crosswalk::gather(&city.state).codes(code(NEW)), ["511602", NEW].map(code));
    // A step on what a lower division alone has said would hang in the air.
    city.state.fold(&Event::Standard(Box::new(line("511603", "511603", "511653", day))));
    assert_eq!(city.code(&change("511653", "511663", day)), "division-changed");
}

/// What can't follow stays whole under the code that it has, and follows when the order is repeated.
#[test]
fn what_is_refused_follows_later() {
    let day = date(2026, 9, 14);
    let mut hall = hall::guangan();
    let card = CARD[3].1;
    let edited: Vec<(&str, &str)> =
        CARD.iter().map(|(name, value)| (*name, if *name == "promised_days" { "2" } else { *value })).collect();
    hall.import(&[row(2, &edited)]);
    assert!(hall.state.drafts.contains_key(card));
    let authority = hall.state.items[card].authority;
    hall.state.items.get_mut(card).unwrap().authority = tongban_codes::ids::AuthorityId::from_bytes([9; 16]);
    let moves = redivide(&mut hall, "511602", NEW, day).moves;
    assert_eq!((moves.moved.len(), moves.refused.len(), moves.drafts.len()), (1, 1, 0));
    assert_eq!(hall.state.drafts.keys().collect::<Vec<_>>(), [card]);
    assert_eq!(short(&hall, card), [card]);
    hall.state.items.get_mut(card).unwrap().authority = authority;
    let moves = redivide(&mut hall, "511602", NEW, day).moves;
    assert_eq!((moves.moved.len(), moves.refused.len()), (1, 0));
    assert_eq!((short(&hall, card), moves.drafts), (vec![under(card, NEW)], vec![under(card, NEW)]));
}

/// Two steps that a superior has said are made here in their order, and the first leads nothing back.
#[test]
fn steps_are_made_in_their_order() {
    let day = date(2026, 9, 14);
    let mut hall = hall::guangan();
    for (old, new) in [("511602", NEW), (NEW, "511652")] {
        hall.state.fold(&Event::Standard(Box::new(line("511600", old, new, day))));
    }
    assert_eq!(hall.code(&change(NEW, "511652", day)), "division-changed");
    assert_eq!(redivide(&mut hall, "511602", NEW, day).moves.moved.len(), 2);
    assert_eq!(redivide(&mut hall, NEW, "511652", day).moves.moved.len(), 2);
    assert_eq!(redivide(&mut hall, "511602", NEW, day).moves.moved.len(), 0);
    assert_eq!(short(&hall, PERMIT[3].1), [under(PERMIT[3].1, "511652")]);
}

/// A division that the table lacks is one that a window may ask for, once its code is in the cross-walk.
#[test]
fn a_window_asks_for_a_division_that_no_table_lists() {
    let mut window = Hall::new("511603", "前锋区");
    let ask = hall::collect(PERMIT[3].1, code(NEW));
    assert_eq!(window.code(&ask), "division-unknown");
    window.state.fold(&Event::Standard(Box::new(line("511600", "511602", NEW, date(2026, 9, 14)))));
    assert_eq!(window.code(&ask), "outside-catalogue");
}
