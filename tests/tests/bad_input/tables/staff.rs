//! Authorities, operators, codes and the calendar.

use crate::row::{Row, row};
use crate::scene::HOME;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "authority add" {
            HOME "a code whose check character is wrong":
                "authority add 新局 --code 11330106002498812X" => "invalid-identity";
            HOME "an authority without a name":
                "authority add '' --code 11370800MB28559184" => "invalid-field";
            HOME "a mapping without the valid code":
                "authority add 卫健局 --maps 123" => "invalid-field";
            HOME "a change of code without the code":
                "authority add 卫健局 --from 2027-01-01" => "argument-missing" .usage();
            HOME "an order without its day":
                "authority add 卫健局 --code 11370800MB28559184 --order 文号" => "argument-missing" .usage();
            HOME "a name with a line break":
                "authority add '新\n局' --code 11450000007565194H" => "invalid-field";
        }
        "authority merge" {
            HOME "an authority that there is not":
                "authority merge 无此局 --into 卫健局 --from 2027-01-01" => "authority-unknown";
            HOME "an authority into itself":
                "authority merge 卫健局 --into 卫健局 --from 2027-01-01" => "invalid-field";
            HOME "a month thirteen":
                "authority merge 教育局 --into 卫健局 --from 2027-13-01" => "invalid-field";
            HOME "nobody to merge":
                "authority merge --into 卫健局 --from 2027-01-01" => "argument-missing" .usage();
        }
        "authority list" {
            HOME "a page that there is not":
                "authority list --page 2" => "argument-unknown" .usage();
        }
        "operator add" {
            HOME "a role that there is not":
                "operator add 王五 --role king" => "argument-value" .usage();
            HOME "a name of blanks":
                "operator add '  ' --role window" => "invalid-field";
            HOME "a name with a character that turns writing round":
                "operator add '王\u{202e}五' --role window" => "invalid-field";
            HOME "a user number beyond 32 bits":
                "operator add 王五 --role window --uid 4294967296" => "argument-value" .usage();
            HOME "no role":
                "operator add 王五" => "argument-missing" .usage();
            HOME "by one who is no administrator":
                "--as window operator add 王五 --role window" => "role-missing";
        }
        "operator role" {
            HOME "somebody who is no operator":
                "operator role 无此人 --role window" => "operator-unknown";
        }
        "operator mandate" {
            HOME "a mandate for nobody":
                "operator mandate 无此人 --all" => "operator-unknown";
            HOME "a mandate for an item that there is not":
                "operator mandate decider --item 330A0099999999" => "item-unknown";
            HOME "neither an item nor all":
                "operator mandate decider" => "argument-missing" .usage();
            HOME "an item and all":
                "operator mandate decider --item {open} --all" => "argument-conflict" .usage();
            HOME "an end before the beginning":
                "operator mandate decider --all --from 2027-01-02 --until 2027-01-01" => "invalid-field";
            HOME "a mandate from the 31st of April":
                "operator mandate decider --all --from 2027-04-31" => "invalid-field";
        }
        "operator line" {
            HOME "a line for nobody":
                "operator line 无此人 --department 卫健委" => "operator-unknown";
        }
        "operator list" {
            HOME "a user number for a name":
                "operator list 1000" => "argument-unknown" .usage();
        }
        "code check" {
            HOME "no value":
                "code check" => "argument-missing" .usage();
            HOME "a citizen id with a wrong check character":
                "code check 110101199003070012" => "wrong-check-character" .answered();
            HOME "a citizen id of fullwidth digits":
                "code check １１０１０１１９９００３０７００１１" => "not-ascii" .answered();
            HOME "a citizen id of the first generation":
                "code check 110101900307001" => "first-generation-citizen-id" .answered();
            HOME "digits of a division that no table has":
                "code check 999999" => "unknown-division" .answered();
            HOME "blanks within":
                "code check '1101 0119'" => "space" .answered();
            HOME "a letter that credit codes leave out":
                "code check 1137080OMB28559184" => "wrong-character" .answered();
            HOME "an empty value":
                "code check ''" => "empty" .answered();
            HOME "a value with a control character":
                "code check '33\u{1}0106'" => "control-character" .answered();
            HOME "a value of a thousand characters":
                "code check {long}" => "too-long" .answered();
        }
        "calendar due" {
            HOME "a day that there is not":
                "calendar due 2026-02-29 5" => "invalid-field";
            HOME "a date in another order":
                "calendar due 14.09.2026 5" => "invalid-field";
            HOME "days below nought":
                "calendar due 2026-09-14 -5" => "argument-unknown" .usage();
            HOME "half a day":
                "calendar due 2026-09-14 0.5" => "invalid-field";
            HOME "more days than a century and a half":
                "calendar due 2026-09-14 36501" => "invalid-field";
            HOME "a date without days":
                "calendar due 2026-09-14" => "invalid-line" .usage();
            HOME "a line of three words, on standard input":
                "calendar due -" => "invalid-line" .answered() .piped("2026-09-14 5 6\n");
            HOME "words where the days go":
                "calendar due 2026-09-14 五" => "invalid-field";
        }
    }
}
