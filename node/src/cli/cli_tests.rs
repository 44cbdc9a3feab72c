#![expect(clippy::unwrap_used, reason = "tests")]

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

/// An argument of the name of one that goes everywhere would take its place: `--as` would be refused, or mean somebody else.
#[test]
fn no_argument_hides_one_that_goes_everywhere() {
    fn own(command: &clap::Command, path: &str, ids: &mut Vec<(String, String)>) {
        for sub in command.get_subcommands() {
            let path = format!("{path} {}", sub.get_name());
            ids.extend(sub.get_arguments().map(|argument| (path.clone(), argument.get_id().to_string())));
            own(sub, &path, ids);
        }
    }
    let root = Cli::command();
    let everywhere: Vec<String> = root.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    assert!(everywhere.iter().any(|id| id == "operator"), "{everywhere:?}");
    let mut ids = Vec::new();
    own(&root, "tongban", &mut ids);
    ids.retain(|(_, id)| everywhere.contains(id));
    assert!(ids.is_empty(), "{ids:?}");
    let words = "tongban case recuse C --operator A --reason R --as B".split(' ');
    assert_eq!(Cli::try_parse_from(words).unwrap().operator.as_deref(), Some("B"));
}

/// Every command of the contract, as a script writes it.
#[test]
fn the_contract_is_understood() {
    let lines = [
        "init --dir D --division 511602 --name 广安区 --listen 127.0.0.1:7511 --demo --advertise a:1 --advertise b:2",
        "config check F",
        "run --dir D --clock 2026-09-14T09:00:00+08:00",
        "status --dir D --output json",
        "doctor --dir D --lang zh",
        "invite --division 511603 --expires 24h",
        "join TOKEN",
        "peer list",
        "peer show 511600",
        "authority add N --code C --maps B",
        "authority list",
        "operator add N --role window --role 审查 --window 3 --uid 1000",
        "operator role N --role decider,issuer",
        "operator mandate N --item C --from 2026-01-01 --until 2026-12-31",
        "operator mandate N --all",
        "operator list",
        "code check A B",
        "code check -",
        "calendar due 2026-09-14 5",
        "calendar due -",
        "item import F",
        "item import -",
        "item publish C",
        "item publish --all",
        "item claim B --department N --department-code C --statutory-days 20 --promised-days 5 --modes window,collect \
         --covered 511603,511602 --effective 2026-09-01 --local-code L",
        "item withdraw C --yes",
        "item list --stage draft",
        "item ceiling set --base B --materials 3 --promised-days 8 --fee-fen 0 --steps 4 --visits 0 --materials-floor a,b \
         --publicity-floor 5 --fees-floor a --deadline 2026-12-31 --effective 2026-12-01 --department N",
        "item ceiling set --line N --visits 1",
        "item ceiling set --file F",
        "item ceiling withdraw B --from 2026-12-01 --yes",
        "item ceiling list",
        "item ceiling show B",
        "item ceiling exceeded --below --day 2026-12-31",
        "item topic set T --name N --persons --above U --order 3",
        "item topic withdraw T",
        "item topic list",
        "item topic show T",
        "item life-event set E --name N --items a,b --after b:a --guidance G",
        "item life-event withdraw E",
        "item life-event list",
        "item life-event show E",
        "item policy set --review --quality-min 80 --rules-required Q01,Q03 --claim-days 30",
        "item policy withdraw catalogue",
        "item policy show",
        "item list-entry import F --list permits --effective 2026-12-01",
        "item list-entry import -",
        "item list-entry withdraw permits/510116013001",
        "item list-entry list --list 收费清单",
        "item list-entry conflicts --below",
        "item quality",
        "item quality C",
        "item quality --department N --score",
        "item quality --rules",
        "item lists 全程网办",
        "item lists no-meeting --csv",
        "item monthly --month 2026-09 --items",
        "item guide C --format html --large",
        "item guide C --format json --of-version 2 --division 511602",
        "item show C",
        "case collect --item C --for 511602 --name N --id I --mode collect --material a=b --material c=sha256:00 --hold",
        "case offer C",
        "case accept C --idempotency-key k",
        "case refuse C --kind not-required --reason T",
        "case refuse C --kind not-competent --reason T --competent 511600/N",
        "case accept C --enough T",
        "case supplement C --item 1 --item 2 --material a=b",
        "case return C --reason T",
        "case check C --officers A,B --finding T",
        "case correct C --what T --material a=b",
        "case forward C --to 511600 --item C --opinion T",
        "case amend C --field applicant-id --value V --reason T",
        "case notify C --item T --item U --within 15 --new-reason R --new-reason S",
        "case decide C --grant",
        "case decide --deny --reason T C",
        "case outcome C --result refused --reason T --number N --decided-on 2026-11-20 --decider D --overrule T",
        "case outcome C --order O",
        "case deliver C --note T",
        "case close C",
        "case withdraw C --reason T",
        "case show C",
        "case list",
        "case whereis Q",
        "case history C",
        "case pledge C --material A --commitment sha256:00",
        "case verify C --outcome put-right --finding F",
        "case queue --pledges",
        "case decide C --deny --no-number",
        "item limit 511A0015500013",
        "case progress Q --proof 071237",
        "licence issue C --type T --until 2031-09-20",
        "licence cancel I --reason T",
        "licence show I --file F",
        "licence verify I",
        "aggregate report --by division,item,month,outcome",
        "supervise rules",
        "supervise set promise --yellow-days 2 --yellow-percent 70 --red-after 0 --severe-after 3 --effective 2026-12-01",
        "supervise set 移交时限 --limit-days 2",
        "supervise cards",
        "supervise cards --open --colour 红牌 --rule promise --department N --since 2026-09-01 --case C --limit 9 --after K",
        "supervise cards --all --output json",
        "supervise show K",
        "supervise order C --text T --answer-within 3",
        "supervise order K --division 511602 --text T --answer-within 3",
        "supervise answer K --text T",
        "supervise close K --text T",
        "supervise orders --all",
        "rate give Q --proof 071237 --grade 2 --channel mobile --comment T --indicator 办事效率=1",
        "rate give C --grade 非常不满意 --channel 大厅平板 --visited-on 2026-09-14",
        "rate list --case C --open --bad --limit 9",
        "rate show R",
        "rate verify R --text T",
        "rate rectify R --text T",
        "rate plan R --text T --until 2026-12-01",
        "rate explain R --text T",
        "rate close R --call T --content",
        "rate close R --call T --unreached",
        "rate appeal R --ground 误评 --text T",
        "rate judge R --uphold --text T",
        "rate assign R --to N --text T",
        "rate indicators",
        "rate rates --month 2026-09 --division 511602",
        "ticket open --kind 投诉 --text T --channel phone --word abc123 --case C --for 511602 --phone P",
        "ticket open --kind enquiry --text T --channel web --name N --id I",
        "ticket list --all --kind unresolved --department N --overdue --limit 9",
        "ticket show G",
        "ticket assign G --department N --to P",
        "ticket hand-on G --department N --reason T",
        "ticket send G --for 511603 --reason T",
        "ticket give-back G --reason T",
        "ticket answer G --text T",
        "ticket close G --outcome resolved",
        "ticket progress Q --proof abc123",
        "ticket reopen Q --proof abc123 --reason T",
        "ticket confirm Q --proof abc123",
        "aggregate report --voice",
        "aggregate report --cards",
        "front list",
        "front close national",
        "front open national",
        "aggregate pull",
        "aggregate status",
        "aggregate audit",
        "journal checkpoint",
        "sync status",
        "sync why",
        "sync why 511600",
        "sync why 511603000000-20261122-00001",
        "sync quarantine list",
        "sync quarantine show 1a2b3c4d",
        "sync quarantine replay 1a2b3c4d",
        "sync quarantine replay --all",
        "completions bash",
        "--as 张三 --dir D case list",
    ];
    for line in lines {
        let words = ["tongban"].into_iter().chain(line.split_whitespace());
        Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn wrong_usage_is_refused() {
    let lines = [
        "",
        "init --division 511602",
        "init --division 511602 --name N --listen here",
        "operator add N",
        "operator add N --role king",
        "operator mandate N",
        "operator mandate N --item C --all",
        "item publish",
        "item publish C --all",
        "item list --stage old",
        "item ceiling set --visits 1",
        "item ceiling set --base B --line N --visits 1",
        "item life-event set E --name N",
        "item list-entry import F --list nothing",
        "item quality C --rules",
        "item lists nothing",
        "item monthly",
        "item guide C --format pdf",
        "case decide C",
        "case decide C --grant --deny",
        "case refuse C --kind maybe --reason T",
        "case notify C",
        "case supplement C",
        "case check C --finding T",
        "case amend C --field reason --value V --reason T",
        "case collect --item C",
        "rate give C --channel pad",
        "rate give C --channel pad --grade 0",
        "rate give C --channel pad --grade 6",
        "rate judge R --text T",
        "rate judge R --uphold --dismiss --text T",
        "rate close R --call T --unreached --content",
        "ticket open --kind complaint --text T --channel phone",
        "ticket open --kind complaint --text T --channel phone --id I",
        "ticket open --kind complaint --text T --channel phone --name N --id I --word abc123",
        "ticket reopen Q --reason T",
        "licence issue C --type T",
        "status --output xml",
        "code check",
        "nonsense",
    ];
    for line in lines {
        let words = ["tongban"].into_iter().chain(line.split_whitespace());
        assert!(Cli::try_parse_from(words).is_err(), "{line}");
    }
}

#[test]
fn every_command_says_in_both_languages_what_it_does() {
    fn check(command: &clap::Command, path: &str) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let path = format!("{path} {}", sub.get_name());
            let about = sub.get_about().unwrap_or_else(|| panic!("{path}: no text")).to_string();
            let (zh, en) = about.split_once(" / ").unwrap_or_else(|| panic!("{path}: {about}"));
            assert!(!zh.is_ascii() && en.is_ascii(), "{path}: {about}");
            check(sub, &path);
        }
    }
    check(&Cli::command(), "tongban");
}

#[test]
fn a_node_must_be_named() {
    let output = Output { form: Form::Json, lang: Lang::En };
    let context = Context { dir: None, operator: None, yes: false, key: None, output };
    let failure = context.directory().unwrap_err();
    assert_eq!((failure.problem.code.as_str(), failure.exit), ("dir-required", 2));
}
