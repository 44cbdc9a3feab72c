//! Cases.

use crate::row::{Row, row};
use crate::scene::{CITY, HOME, TOWN};

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "case collect" {
            HOME "a citizen id with a wrong last character":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070012" => "invalid-identity";
            HOME "a citizen id of a day that there is not":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199002300018" => "invalid-identity";
            HOME "an applicant without a name":
                "case collect --item {open} --for 330106 --name '' --id 110101199003070011" => "invalid-field";
            HOME "an applicant of a thousand characters":
                "case collect --item {open} --for 330106 --name {long} --id 110101199003070011" => "invalid-field";
            HOME "a name with a line break in it":
                "case collect --item {open} --for 330106 --name '张\n三' --id 110101199003070011" => "invalid-field";
            HOME "an item that no catalogue has":
                "case collect --item 330A0099999999 --for 330106 --name 张三 --id 110101199003070011" => "item-unknown";
            HOME "an item that begins later":
                "case collect --item {future} --for 330106 --name 张三 --id 110101199003070011" => "item-not-yet-effective";
            HOME "an item that has ended":
                "case collect --item {withdrawn} --for 330106 --name 张三 --id 110101199003070011" => "item-withdrawn";
            HOME "an item that was suspended":
                "case collect --item {suspended} --for 330106 --name 张三 --id 110101199003070011" => "item-suspended";
            HOME "an item that is a draft":
                "case collect --item {draft} --for 330106 --name 张三 --id 110101199003070011" => "item-not-published";
            TOWN "an item for which nobody may collect there":
                "case collect --item {unscoped} --for 330106 --name 张三 --id 110101199003070011" => "scope-missing";
            TOWN "a division to decide that no table has":
                "case collect --item {open} --for 330199 --name 张三 --id 110101199003070011" => "division-unknown";
            HOME "a mode that the law does not know":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --mode fly" => "argument-value" .usage();
            TOWN "a mode that the item does not offer":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --mode joint" => "scope-missing";
            TOWN "the place of another taken that publishes nothing of the kind":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --mode uniform" => "scope-missing";
            HOME "the own place taken in one's own place":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --mode uniform" => "uniform-own";
            HOME "an own item named where nobody's place is taken":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --by {open}" => "invalid-field";
            HOME "a material without a file":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --material 身份证" => "invalid-field";
            HOME "a material whose file is not there":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --material 身份证={root}/nowhere.jpg" => "file-unreadable";
            HOME "a material whose digest is too short":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --material 身份证=sha256:abc" => "invalid-field";
            HOME "by one who is no window":
                "--as decider case collect --item {open} --for 330106 --name 张三 --id 110101199003070011" => "role-missing";
            HOME "a name with a character that has no width":
                "case collect --item {open} --for 330106 --name '张\u{200b}三' --id 110101199003070011" => "invalid-field";
            HOME "a credit code with a wrong check character":
                "case collect --item {open} --for 330106 --name 张三 --id 91310115MA1H8R7C6D" => "invalid-identity";
            HOME "a number that is neither a citizen nor a body":
                "case collect --item {open} --for 330106 --name 张三 --id 12345" => "invalid-identity";
            HOME "the division of a province for a county item":
                "case collect --item {open} --for 33 --name 张三 --id 110101199003070011" => "outside-catalogue";
        }
        "case offer" {
            HOME "a case that was never held":
                "case offer {fresh}" => "case-state";
            TOWN "a case that is gone":
                "case offer {there}" => "not-owner";
        }
        "case accept" {
            HOME "twice":
                "case accept {accepted}" => "case-state";
            TOWN "where it was collected for another":
                "case accept {held}" => "not-competent";
            TOWN "where it is not any more":
                "case accept {there}" => "not-owner";
            CITY "a case of which this node never heard":
                "case accept {fresh}" => "case-unknown";
            HOME "a query code with a wrong check character":
                "case accept 0000000000000" => "case-unknown";
            HOME "while something that was asked for is still missing":
                "case accept {notified}" => "supplement-missing";
            HOME "enough, and no reason why":
                "case accept {notified} --enough ' '" => "invalid-field";
            HOME "no case at all":
                "case accept" => "argument-missing" .usage();
        }
        "case refuse" {
            HOME "a kind of refusal that the law does not know":
                "case refuse {fresh} --kind maybe --reason 不" => "argument-value" .usage();
            HOME "a refusal without a reason":
                "case refuse {fresh} --kind not-required --reason ''" => "invalid-field";
            HOME "not competent, and nobody is named who is":
                "case refuse {fresh} --kind not-competent --reason 不属本机关" => "competent-missing";
            HOME "competent in a division that no table has":
                "case refuse {fresh} --kind not-competent --reason 不属本机关 --competent 330199/某局" => "competent-missing";
            HOME "what was accepted":
                "case refuse {accepted} --kind not-required --reason 不需要" => "case-state";
        }
        "case notify" {
            HOME "nothing that is missing":
                "case notify {fresh}" => "argument-missing" .usage();
            HOME "an empty line of what is missing":
                "case notify {fresh} --item ''" => "invalid-field";
            HOME "a notice that gives no day":
                "case notify {fresh} --item 照片 --within 0" => "invalid-field";
            HOME "a second notice":
                "case notify {notified} --item 照片" => "notice-repeated";
            HOME "after it was accepted":
                "case notify {accepted} --item 照片" => "case-state";
        }
        "case supplement" {
            HOME "brought what nobody has asked for":
                "case supplement {notified} --item 2" => "invalid-field";
            HOME "brought before anything was asked for":
                "case supplement {fresh} --item 1" => "case-state";
            HOME "brought without saying what":
                "case supplement {notified}" => "argument-missing" .usage();
        }
        "case return" {
            HOME "returned before the time to bring it is over":
                "case return {notified} --reason 逾期未补正" => "return-early";
            HOME "returned without a reason":
                "case return {notified} --reason ''" => "invalid-field";
        }
        "case check" {
            HOME "an on-site check by one officer alone":
                "case check {accepted} --officers reviewer --finding 与申请一致" => "check-officers";
            HOME "an on-site check by one officer named twice":
                "case check {accepted} --officers reviewer,reviewer --finding 与申请一致" => "check-officers";
            HOME "an on-site check that found nothing to write down":
                "case check {accepted} --officers reviewer,decider --finding ' '" => "invalid-field";
        }
        "case correct" {
            HOME "a mistake put right on the spot when it was accepted already":
                "case correct {accepted} --what 电话号码" => "case-state";
            HOME "a mistake that is not said":
                "case correct {fresh} --what ''" => "invalid-field";
        }
        "case forward" {
            HOME "forwarded to a neighbour instead of above":
                "case forward {accepted} --to 330110 --item {open} --opinion 拟准予 --as decider" => "forward-unlawful";
            HOME "forwarded to a division of letters":
                "case forward {accepted} --to west --item {open} --opinion 拟准予 --as decider" => "invalid-field";
        }
        "case amend" {
            HOME "amended to what it is already":
                "case amend {fresh} --field applicant-name --value 张三 --reason 错字" => "invalid-field";
            HOME "amended to a number with a wrong check character":
                "case amend {fresh} --field applicant-id --value 110101199003070012 --reason 错字" => "invalid-identity";
            HOME "an entry of a case that may not be amended":
                "case amend {fresh} --field decided-on --value 2026-01-01 --reason 错字" => "argument-value" .usage();
        }
        "case decide" {
            HOME "before it was accepted":
                "case decide --grant {fresh} --as decider" => "case-state";
            HOME "neither a grant nor a denial":
                "case decide {accepted}" => "argument-missing" .usage();
            HOME "a grant and a denial":
                "case decide {accepted} --grant --deny" => "argument-conflict" .usage();
            HOME "a denial without a reason":
                "case decide --deny {accepted} --as decider" => "invalid-field";
            HOME "for want of a number, where there is no limit":
                "case decide --deny --no-number {accepted} --as decider" => "item-unlimited";
            HOME "for want of a number, and for another reason":
                "case decide --deny --no-number --reason 不符 {accepted}" => "argument-conflict" .usage();
            HOME "by one who has no mandate":
                "case decide --grant {accepted} --as newcomer" => "mandate-missing";
            HOME "by a window":
                "case decide --grant {accepted} --as window" => "role-missing";
            HOME "once more after the decision":
                "case decide --grant {granted} --as decider" => "case-state";
            HOME "while the clock stands still":
                "case decide --grant {still} --as decider" => "case-state";
        }
        "case outcome" {
            HOME "an outcome of an item that runs here":
                "case outcome {accepted} --result granted --number N1 --decided-on {today} --decider 王局长 --as decider" => "not-decided-outside";
            HOME "an outcome that is neither":
                "case outcome {accepted} --result perhaps --number N1 --decided-on {today} --decider 王局长" => "argument-value" .usage();
            HOME "an outcome without its number":
                "case outcome {accepted} --result granted --decided-on {today} --decider 王局长" => "argument-missing" .usage();
            HOME "an outcome of nothing":
                "case outcome {accepted}" => "argument-missing" .usage();
            HOME "an outcome by hand and by an order":
                "case outcome {accepted} --order YW1 --result granted --number N1 --decided-on {today} --decider 王局长" => "argument-conflict" .usage();
            HOME "an outcome of a day that there is not":
                "case outcome {accepted} --result granted --number N1 --decided-on 2026-13-01 --decider 王局长" => "invalid-field";
            HOME "an outcome with a document that there is not":
                "case outcome {accepted} --result granted --number N1 --decided-on {today} --decider 王局长 --document sha256:abc" => "invalid-field";
            HOME "an outcome of an order with a number of another hand":
                "case outcome {accepted} --order YW1 --number N1" => "argument-conflict" .usage();
            HOME "an outcome of an order that overrules what it was told":
                "case outcome {accepted} --order YW1 --overrule 误告知" => "argument-conflict" .usage();
            HOME "an outcome entered by a window":
                "case outcome {accepted} --order YW1 --as window" => "role-missing";
            HOME "an outcome before the acceptance":
                "case outcome {fresh} --order YW1 --as decider" => "case-state";
        }
        "case waive-fee" {
            HOME "a fee waived without a reason":
                "case waive-fee {accepted} --fee 工本费" => "argument-missing" .usage();
            HOME "a fee waived that the item doesn't want before its result":
                "case waive-fee {accepted} --fee 茶水费 --reason 低保 --as decider" => "invalid-field";
            HOME "a fee waived by a window":
                "case waive-fee {accepted} --fee 工本费 --reason 低保 --as window" => "role-missing";
        }
        "case suspend" {
            HOME "a procedure that no law lets stop the clock":
                "case suspend {accepted} --procedure 午休 --days 3" => "stop-unlawful";
            HOME "nought days":
                "case suspend {accepted} --procedure 听证 --days 0" => "invalid-field";
            HOME "a clock that stands still already":
                "case suspend {still} --procedure 听证 --days 3" => "case-state";
            HOME "days that no number holds":
                "case suspend {accepted} --procedure 听证 --days 65536" => "argument-value" .usage();
        }
        "case resume" {
            HOME "a clock that runs":
                "case resume {accepted}" => "case-state";
        }
        "case extend" {
            HOME "more days than the law gives":
                "case extend {accepted} --days 99 --approver 局长 --reason 复杂" => "invalid-field";
            HOME "without who approved it":
                "case extend {accepted} --days 5 --approver '' --reason 复杂" => "invalid-field";
            HOME "a second time":
                "case extend {extended} --days 5 --approver 局长 --reason 复杂" => "extension-repeated";
        }
        "case deliver" {
            HOME "before the decision":
                "case deliver {accepted}" => "case-state";
            HOME "how, in ten thousand characters":
                "case deliver {granted} --note {longer}" => "invalid-field";
        }
        "case close" {
            HOME "what was only collected":
                "case close {fresh}" => "case-state";
        }
        "case withdraw" {
            HOME "what was decided":
                "case withdraw {granted}" => "case-state";
        }
        "case show" {
            HOME "a case number that there is not":
                "case show 330106000000-20200101-00001" => "case-unknown";
        }
        "case list" {
            HOME "a number of cases that is none":
                "case list --limit many" => "argument-value" .usage();
            HOME "a batch of earlier cases in the list of cases":
                "case list --batch LS330106-20260101-00001" => "imported-missing" .usage();
        }
        "case whereis" {
            HOME "an id of zeros":
                "case whereis 00000000000000000000000000000000" => "case-unknown";
        }
        "case history" {
            HOME "the history of an empty name":
                "case history ''" => "case-unknown";
        }
        "case progress" {
            HOME "a query code that breaks its check":
                "case progress 0000000000000 --proof 070011" => "query-code";
            HOME "a proof of five characters":
                "case progress {query} --proof 70011" => "invalid-field";
            HOME "the end of another one's number":
                "case progress {query} --proof 999999" => "progress-unproven";
            HOME "a query code of ten characters":
                "case progress 0000000000 --proof 070011" => "query-code";
        }
        "case report" {
            HOME "nowhere to report cases to":
                "case report" => "argument-missing" .usage();
            HOME "a password in the address to which cases go":
                "case report --to postgres://u:secret@127.0.0.1/db" => "front-address";
            HOME "answers in a column of cases themselves":
                "case report --dry-run --mapping {file}" => "front-mapping"
                .file("m.toml", "[answers]\nstate = \"result\"\n");
            HOME "a batch of items where one of cases is meant":
                "case report --to-files {root}/out --since 330106000000-20260914-0001" => "invalid-field";
        }
        "case reconcile" {
            HOME "a front database to which nothing was reported":
                "case reconcile --from {root}/nowhere.csv" => "front-unreported";
        }
        "front list" {
            HOME "one front database where all are listed":
                "front list national" => "argument-unknown" .usage();
        }
        "front close" {
            HOME "a front database that there never was":
                "front close national" => "front-unreported";
            HOME "a front database to close with a blank in its name":
                "front close 'a b'" => "invalid-field";
        }
        "front open" {
            HOME "a front database to open that there never was":
                "front open national" => "front-unreported";
            HOME "a front database opened by one who is no administrator":
                "--as decider front open national" => "role-missing";
        }
    }
}
