//! The life of items, claims, search and what is made from items.

use crate::row::{Row, row};
use crate::scene::HOME;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "item publish" {
            HOME "the publication of what is not there":
                "item publish 330A0099999999" => "item-unknown";
            HOME "an item in force, once more":
                "item publish {open}" => "item-state";
            HOME "neither a code nor all":
                "item publish" => "argument-missing" .usage();
            HOME "a lawful difference in a field that there is not":
                "item publish {draft} --differs colour --reason pilot --document 文" => "invalid-field" .usage();
            HOME "a lawful reason that no law knows":
                "item publish {draft} --differs name --reason whim --document 文" => "invalid-field" .usage();
            HOME "a difference without its document":
                "item publish {draft} --differs name --reason pilot" => "argument-missing" .usage();
            HOME "an item whose authority has no valid code":
                "item publish {unmapped}" => "authority-unmapped";
        }
        "item submit" {
            HOME "an item in force that has no draft":
                "item submit {open}" => "item-state";
        }
        "item review" {
            HOME "a return without a reason":
                "item review {draft} --return" => "argument-missing" .usage();
            HOME "a draft that nobody has submitted":
                "item review {draft}" => "item-state";
        }
        "item suspend" {
            HOME "an item that is not in force":
                "item suspend {draft} --reason 停" => "item-state";
            HOME "an item suspended without a reason":
                "item suspend {open} --reason ''" => "invalid-field";
        }
        "item resume" {
            HOME "an item that was never suspended":
                "item resume {open}" => "item-state";
        }
        "item withdraw" {
            HOME "an item that was withdrawn":
                "--yes item withdraw {withdrawn}" => "item-state";
            HOME "a version that does not wait":
                "--yes item withdraw {open} --version 99" => "item-unknown";
        }
        "item replace" {
            HOME "an item by itself":
                "item replace {open} --by {open} --from 2027-01-01" => "invalid-field";
            HOME "by an item that there is not":
                "item replace {open} --by 330A0099999999 --from 2027-01-01" => "item-unknown";
        }
        "item claim" {
            HOME "a base item that nobody has published":
                "item claim 330190009999 --department 卫健局" => "item-unknown";
            HOME "longer than the superior allows":
                "item claim {base} --department 卫健局 --promised-days 11" => "ceiling-exceeded";
            HOME "for an authority that there is not":
                "item claim {base} --department 无此局" => "authority-unknown";
            HOME "a handled item number nought":
                "item claim {base} --department 卫健局 --handled 0" => "invalid-field";
            HOME "days beyond 65,535":
                "item claim {base} --department 卫健局 --promised-days 70000" => "argument-value" .usage();
        }
        "item decline" {
            HOME "a reason that is not on the list":
                "item decline {base} --reason tired --note 说明" => "invalid-field" .usage();
            HOME "an empty note":
                "item decline {base} --reason no-object --note ''" => "invalid-field";
        }
        "item claims" {
            HOME "a division without the view that has it":
                "item claims --division 330106" => "argument-missing" .usage();
        }
        "item differences" {
            HOME "one item where all differences are listed":
                "item differences {open}" => "argument-unknown" .usage();
        }
        "item list" {
            HOME "a stage that there is not":
                "item list --stage old" => "argument-value" .usage();
            HOME "a limit below nought":
                "item list --limit=-1" => "argument-value" .usage();
        }
        "item show" {
            HOME "an item nobody has":
                "item show 330A0099999999" => "item-unknown";
            HOME "a version that is no number":
                "item show {open} --version first" => "invalid-request";
        }
        "item versions" {
            HOME "versions of nothing":
                "item versions ''" => "item-unknown";
        }
        "item diff" {
            HOME "a version that there never was":
                "item diff {open} --from 98 --to 99" => "item-unknown";
        }
        "item search" {
            HOME "an empty question":
                "item search ''" => "invalid-request";
            HOME "a question of a million characters":
                "item search {longer}" => "invalid-field";
            HOME "more hits than anybody reads":
                "item search 卫生 --limit 99999999999" => "invalid-request";
            HOME "words in a division of 13 digits":
                "item search 卫生 --division 3301060000000" => "invalid-field";
        }
        "item guide" {
            HOME "the guide of an item that there is not":
                "item guide 330A0099999999" => "item-unknown";
            HOME "a form that there is not":
                "item guide {open} --format pdf" => "argument-value" .usage();
            HOME "a version nought of a guide":
                "item guide {open} --of-version 0" => "item-unknown";
            HOME "a guide at a division that is no number":
                "item guide {open} --division westlake" => "invalid-field";
        }
        "item limit" {
            HOME "the line of an item that there is not":
                "item limit 330A0099999999" => "item-unknown";
            HOME "the line of an item without a limit":
                "item limit {open}" => "item-unlimited";
            HOME "the lines of two items at once":
                "item limit {open} {open}" => "argument-unknown" .usage();
        }
        "item drift" {
            HOME "a division that is neither above nor below nor beside":
                "item drift --division 440000" => "division-unserved";
            HOME "two views at once":
                "item drift --division 330106 --subtree 330106" => "argument-conflict" .usage();
        }
        "item quality" {
            HOME "the rules of one item":
                "item quality {open} --rules" => "argument-conflict" .usage();
            HOME "the quality of an item that there is not":
                "item quality 330A0099999999" => "item-unknown";
        }
        "item lists" {
            HOME "a list that nobody makes":
                "item lists 黑名单" => "argument-value" .usage();
        }
        "item monthly" {
            HOME "a month thirteen of a report":
                "item monthly --month 2026-13" => "invalid-request";
            HOME "a month that has not begun":
                "item monthly --month 2099-01" => "invalid-request";
        }
    }
}
