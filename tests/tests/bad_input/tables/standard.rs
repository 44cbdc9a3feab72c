//! Ceilings, topics, life events, policy and list entries.

use crate::row::{Row, row};
use crate::scene::{CITY, HOME};

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "item ceiling set" {
            HOME "a ceiling for nothing":
                "item ceiling set --visits 1" => "argument-missing" .usage();
            CITY "a ceiling below what a law asks for":
                "item ceiling set --base {base} --materials 1 --materials-floor 甲,乙" => "ceiling-below-floor";
            CITY "a ceiling that limits nothing":
                "item ceiling set --base {base}" => "invalid-field";
            CITY "a file of another standard":
                "item ceiling set --file {file}" => "json-malformed"
                .file("topic.json", "{\"code\":\"t\",\"topic\":{\"name\":\"甲\",\"for_persons\":true,\"order\":0}}");
            CITY "a base code of letters":
                "item ceiling set --base abc --visits 1" => "invalid-field";
        }
        "item ceiling withdraw" {
            CITY "a ceiling that nobody has set":
                "--yes item ceiling withdraw 330190009999" => "standard-unknown";
        }
        "item ceiling list" {
            CITY "an operand for a list of ceilings":
                "item ceiling list all" => "argument-unknown" .usage();
        }
        "item ceiling show" {
            CITY "the ceiling of an unknown item":
                "item ceiling show 330190009999" => "standard-unknown";
        }
        "item ceiling exceeded" {
            CITY "a day of a month that has none":
                "item ceiling exceeded --day 2026-04-31" => "invalid-field";
        }
        "item topic set" {
            CITY "a topic under itself":
                "item topic set t1 --name 甲 --above t1" => "invalid-field";
            CITY "a topic under one that there is not":
                "item topic set t1 --name 甲 --above nowhere" => "invalid-field";
            CITY "a place beyond 65,535":
                "item topic set t1 --name 甲 --order 70000" => "argument-value" .usage();
        }
        "item topic withdraw" {
            CITY "without a yes, where nobody can be asked about a topic":
                "item topic withdraw t1" => "not-confirmed" .usage();
        }
        "item topic show" {
            CITY "a topic that nobody has set":
                "item topic show nowhere" => "standard-unknown";
        }
        "item topic list" {
            CITY "a topic list of another kind":
                "item topic list --kind x" => "argument-unknown" .usage();
        }
        "item life-event set" {
            CITY "items that wait for each other":
                "item life-event set e1 --name 甲 --items 330A0015500013,330A0015500014 --after 330A0015500013:330A0015500014,330A0015500014:330A0015500013" => "item-unknown";
            CITY "an order that names no second code":
                "item life-event set e1 --name 甲 --items a,b --after a" => "invalid-field";
            CITY "an order of items that are not in it":
                "item life-event set e1 --name 甲 --items a,b --after c:d" => "item-unknown";
            CITY "an item twice":
                "item life-event set e1 --name 甲 --items a,a" => "invalid-field";
        }
        "item life-event withdraw" {
            CITY "from a 29th of February that no year has":
                "--yes item life-event withdraw e1 --from 2027-02-29" => "invalid-field";
        }
        "item life-event show" {
            CITY "a life event that nobody has set":
                "item life-event show nowhere" => "standard-unknown";
        }
        "item life-event list" {
            CITY "life events of a year":
                "item life-event list 2026" => "argument-unknown" .usage();
        }
        "item policy set" {
            CITY "a quality of more than 100":
                "item policy set --quality-min 101" => "invalid-field";
            CITY "a rule that there is not":
                "item policy set --rules-required Q99" => "invalid-field";
            CITY "nought days to claim":
                "item policy set --claim-days 0" => "invalid-field";
        }
        "item policy withdraw" {
            CITY "a policy that was never set":
                "--yes item policy withdraw catalogue" => "standard-unknown";
        }
        "item policy show" {
            CITY "one policy of many, where there is one":
                "item policy show catalogue" => "argument-unknown" .usage();
        }
        "item list-entry import" {
            CITY "entries of no list":
                "item list-entry import {file}" => "column-missing"
                .file("e1.csv", "code,name\n1,甲\n");
            CITY "a list that the law does not know":
                "item list-entry import {file}" => "invalid-field"
                .file("e2.csv", "list,code,name\nblack,1,甲\n");
            CITY "a column that entries have not":
                "item list-entry import {file} --list permits" => "column-unknown"
                .file("e3.csv", "code,name,colour\n1,甲,红\n");
            CITY "an entry without a name":
                "item list-entry import {file} --list permits" => "invalid-field"
                .file("e4.csv", "code,name\n1,\n");
        }
        "item list-entry withdraw" {
            CITY "an entry that is on no list":
                "--yes item list-entry withdraw permits/1" => "standard-unknown";
        }
        "item list-entry list" {
            CITY "a list of a name nobody gave":
                "item list-entry list --list nothing" => "argument-value" .usage();
        }
        "item list-entry conflicts" {
            CITY "conflicts above":
                "item list-entry conflicts --above" => "argument-unknown" .usage();
        }
    }
}
