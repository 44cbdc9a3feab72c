#![expect(clippy::unwrap_used, reason = "tests")]

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
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
        "item show C",
        "case collect --item C --for 511602 --name N --id I --mode collect --material a=b --material c=sha256:00 --hold",
        "case offer C",
        "case accept C --idempotency-key k",
        "case refuse C --kind not-required --reason T",
        "case refuse C --kind not-competent --reason T",
        "case notify C --item T --item U",
        "case decide C --grant",
        "case decide --deny --reason T C",
        "case deliver C --note T",
        "case close C",
        "case withdraw C --reason T",
        "case show C",
        "case list",
        "case whereis Q",
        "case history C",
        "case progress Q",
        "licence issue C --type T --until 2031-09-20",
        "licence cancel I --reason T",
        "licence show I --file F",
        "licence verify I",
        "aggregate report --by division,item,month,outcome",
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
        "case decide C",
        "case decide C --grant --deny",
        "case refuse C --kind maybe --reason T",
        "case notify C",
        "case collect --item C",
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
