//! Supervision, and cases whose other side is gone.

use crate::row::{Row, row};
use crate::scene::{CITY, HOME, TOWN};

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "supervise set" {
            HOME "a rule of supervision that there is not":
                "supervise set laziness --yellow-days 1" => "argument-value" .usage();
            HOME "more than all of the time":
                "supervise set promise --yellow-percent 256" => "argument-value" .usage();
            HOME "a warning when all of the time is used":
                "supervise set promise --yellow-percent 100" => "invalid-field";
            HOME "severe red on the day on which red begins":
                "supervise set promise --red-after 3 --severe-after 3" => "invalid-field";
            HOME "a threshold of more than a year of work":
                "supervise set promise --red-after 251" => "invalid-field";
            HOME "a time for a rule that has the case's":
                "supervise set promise --limit-days 3" => "invalid-field";
            HOME "a threshold that is the law's":
                "supervise set deemed --red-after 1" => "invalid-field";
            HOME "a threshold from the 32nd of January":
                "supervise set promise --yellow-days 2 --effective 2027-01-32" => "invalid-field";
            HOME "a threshold set by a window":
                "--as window supervise set promise --yellow-days 2" => "role-missing";
        }
        "supervise cards" {
            HOME "a colour that no card has":
                "supervise cards --colour green" => "argument-value" .usage();
            HOME "cards since a day of June that there is not":
                "supervise cards --since 2026-06-31" => "invalid-field";
            HOME "the cards of a case that nobody knows":
                "supervise cards --case 330106000000-20200101-00009" => "case-unknown";
            HOME "the cards behind one that there is not":
                "supervise cards --after JC330106000000-20200101-00001" => "card-unknown";
            HOME "open cards and all of them":
                "supervise cards --open --all" => "argument-conflict" .usage();
        }
        "supervise show" {
            HOME "a card that nobody was given":
                "supervise show 330106000000-20200101-00001" => "card-unknown";
        }
        "supervise order" {
            HOME "an order that asks for nothing":
                "supervise order {accepted} --answer-within 3" => "argument-missing" .usage();
            HOME "an order with a time that no number holds":
                "supervise order {accepted} --text 说明 --answer-within 70000" => "argument-value" .usage();
            HOME "an order to be answered at once":
                "supervise order {accepted} --text 说明 --answer-within 0" => "invalid-field";
            HOME "an order to be answered in sixty-one days":
                "supervise order {accepted} --text 说明 --answer-within 61" => "invalid-field";
            HOME "an order of blanks":
                "supervise order {accepted} --text ' ' --answer-within 3" => "invalid-field";
            HOME "an order about nothing":
                "supervise order '' --text 说明 --answer-within 3" => "invalid-field";
            HOME "an order about a case that nobody knows":
                "supervise order 330106000000-20200101-00008 --text 说明 --answer-within 3" => "case-unknown";
            HOME "an order to those above":
                "supervise order {accepted} --division 330100 --text 说明 --answer-within 3" => "division-rule";
            CITY "an order to a division below that has no node":
                "supervise order {accepted} --division 330102 --text 说明 --answer-within 3 --as supervisor" => "division-unknown";
            HOME "an order by one who supervises nothing":
                "--as window supervise order {accepted} --text 说明 --answer-within 3" => "role-missing";
            TOWN "an order here about a case that is handled there":
                "supervise order {there} --text 说明 --answer-within 3 --as supervisor" => "not-owner";
        }
        "supervise answer" {
            HOME "an answer to a card that nobody was given":
                "supervise answer 330106000000-20200101-00001 --text 已办" => "card-unknown";
            HOME "an answer to an order that was answered":
                "supervise answer {answered} --text 再次答复" => "order-answered";
            HOME "an answer to an order that says nothing":
                "supervise answer {order} --text ''" => "invalid-field";
        }
        "supervise close" {
            HOME "a card closed without a word":
                "supervise close 330106000000-20200101-00001" => "argument-missing" .usage();
            HOME "a card closed that there is not":
                "supervise close 330106000000-20200101-00001 --text 已核实" => "card-unknown";
        }
        "supervise orders" {
            HOME "orders of one division where all are listed":
                "supervise orders 330110" => "argument-unknown" .usage();
        }
        "supervise rules" {
            HOME "one rule where all are listed":
                "supervise rules overdue" => "argument-unknown" .usage();
        }
        "case reclaim" {
            HOME "reclaimed without saying why":
                "case reclaim {there}" => "argument-missing" .usage();
            HOME "the order and the reason of a reclaim at once":
                "case reclaim {there} --order --reason 失联" => "argument-conflict" .usage();
            HOME "the reclaim of a case that nobody knows":
                "case reclaim 330106000000-20200101-00003 --reason 失联" => "case-unknown";
            HOME "the reclaim of a case that is here":
                "case reclaim {fresh} --reason 失联" => "reclaim-owned";
            TOWN "a reclaim for no reason":
                "case reclaim {there} --reason ' '" => "invalid-field";
            CITY "a reclaim ordered that nobody asks for":
                "case reclaim {there} --order" => "reclaim-unasked";
            CITY "a reclaim ordered from a node that is not revoked":
                "case reclaim {asked} --order" => "reclaim-not-revoked";
            CITY "a reclaim to a node of which nobody has heard":
                "case reclaim {asked} --order --to ffffffffffffffffffffffffffffffff" => "peer-unknown";
            CITY "a reclaim declined without a reason":
                "case reclaim {asked} --decline" => "argument-missing" .usage();
            CITY "a reclaim declined for a blank reason":
                "case reclaim {asked} --decline --reason ' '" => "invalid-field";
            CITY "a reclaim ordered by one who is no administrator":
                "--as window case reclaim {asked} --order" => "role-missing";
            CITY "a successor where nothing is ordered":
                "case reclaim {asked} --reason 失联 --to 330106" => "argument-conflict" .usage();
        }
        "case reclaims" {
            HOME "the reclaims of one case where all are listed":
                "case reclaims {fresh}" => "argument-unknown" .usage();
        }
    }
}
