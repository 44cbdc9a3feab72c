//! Applications for life events.

use crate::row::{Row, request, row};
use crate::scene::HOME;

/// A plan of two items of the county.
const PLAN: &str = "{\"name\":\"开店\",\"parts\":[{\"part\":\"甲\",\"item\":\"{open}\",\"division\":\"330106\",\"fields\":[\"地址\"]},\
                    {\"part\":\"乙\",\"item\":\"{unscoped}\",\"division\":\"330106\",\"materials\":[\"申请表\"]}]}";
/// The same, in which each waits for the other.
const CIRCLE: &str = "{\"name\":\"开店\",\"parts\":[{\"part\":\"甲\",\"item\":\"{open}\",\"division\":\"330106\",\"after\":[\"乙\"]},\
                      {\"part\":\"乙\",\"item\":\"{unscoped}\",\"division\":\"330106\",\"after\":[\"甲\"]}]}";

pub(crate) fn rows() -> Vec<Row> {
    let commands = rows! {
        "application collect" {
            HOME "a plan in no file":
                "application collect {root}/none.json --name 张三 --id 110101199003070011" => "file-unreadable";
            HOME "half a plan":
                "application collect {file} --name 张三 --id 110101199003070011" => "json-malformed"
                .file("plan.json", "{\"parts\":[");
            HOME "a plan of one item":
                "application collect {file} --name 张三 --id 110101199003070011" => "invalid-field"
                .file("one.json", "{\"name\":\"开店\",\"parts\":[{\"part\":\"甲\",\"item\":\"{open}\",\"division\":\"330106\"}]}");
            HOME "items of a plan that wait for each other":
                "application collect {file} --name 张三 --id 110101199003070011" => "invalid-field"
                .file("circle.json", CIRCLE);
            HOME "a plan whose items ask for more than was given":
                "application collect {file} --name 张三 --id 110101199003070011" => "form-incomplete"
                .file("plan.json", PLAN);
            HOME "a field that no item of the plan asks for":
                "application collect {file} --name 张三 --id 110101199003070011 --field 婚姻=已婚" => "invalid-field"
                .file("plan.json", PLAN);
            HOME "a field of the form without a value":
                "application collect {file} --name 张三 --id 110101199003070011 --field 地址" => "invalid-field"
                .file("plan.json", PLAN);
            HOME "a licence of the form without its identifier":
                "application collect {file} --name 张三 --id 110101199003070011 --from-licence 申请表" => "invalid-field"
                .file("plan.json", PLAN);
        }
        "application begin" {
            HOME "a part put together at the window without its division":
                "application begin --for 开店 --part 甲={open} --part 乙={unscoped}@330106 --name 张三 --id 110101199003070011"
                => "invalid-field";
            HOME "a part put together at the window in a division that there is not":
                "application begin --for 开店 --part 甲={open}@33010 --part 乙={unscoped}@330106 --name 张三 --id 110101199003070011"
                => "invalid-field";
            HOME "a part put together at the window that waits for nobody's":
                "application begin --for 开店 --part 甲={open}@330106 --part 乙={unscoped}@330106 --after 丙:甲 --name 张三 --id 110101199003070011"
                => "invalid-field";
            HOME "a field of a part that was not put together":
                "application begin --for 开店 --part 甲={open}@330106 --part 乙={unscoped}@330106 --asks 丙=地址 --name 张三 --id 110101199003070011"
                => "invalid-field";
            HOME "items put together at the window that aren't published for the joint mode":
                "application begin --for 开店 --part 甲={open}@330106 --part 乙={unscoped}@330106 --name 张三 --id 110101199003070011"
                => "scope-missing";
        }
        "application again" {
            HOME "a part applied for anew of an application that there is not":
                "application again YJS330106000000-20200101-00001 --part 甲" => "application-unknown";
            HOME "a part applied for anew by a reviewer":
                "--as reviewer application again YJS330106000000-20200101-00001 --part 甲" => "role-missing";
        }
        "application list" {
            HOME "applications of a year":
                "application list 2026" => "argument-unknown" .usage();
        }
        "application show" {
            HOME "an application that there is not":
                "application show YJS330106000000-20200101-00001" => "application-unknown";
        }
        "application progress" {
            HOME "an application by no query code":
                "application progress 12345 --proof 070011" => "query-code";
            HOME "an application asked about by a stranger":
                "application progress F7WWD00-JZPKX-4 --proof 070011" => "progress-unproven";
        }
        "application advance" {
            HOME "an application to go on with that there is not":
                "application advance YJS330106000000-20200101-00001" => "application-unknown";
        }
        "application withdraw" {
            HOME "an application to withdraw that there is not":
                "application withdraw YJS330106000000-20200101-00001 --reason 不办了" => "application-unknown";
            HOME "an application withdrawn by a reviewer":
                "--as reviewer application withdraw YJS330106000000-20200101-00001" => "role-missing";
        }
        "application inspect" {
            HOME "a joint check of an application that there is not":
                "application inspect YJS330106000000-20200101-00001 --joint 踏勘 --officers reviewer,decider --finding 可"
                => "joint-unknown";
            HOME "a joint check by a window":
                "--as window application inspect YJS330106000000-20200101-00001 --joint 踏勘 --officers 甲,乙 --finding 可"
                => "role-missing";
        }
        "application publicise" {
            HOME "a publicity from the 30th of February":
                "application publicise YJS330106000000-20200101-00001 --joint 公示 --published 网站 --days 5 --from 2026-02-30"
                => "invalid-field";
        }
        "application print" {
            HOME "the answer on paper of an application that there is not":
                "application print YJS330106000000-20200101-00001 --file {root}/answer.pdf" => "application-unknown";
            HOME "an answer on paper that is no number":
                "application print YJS330106000000-20200101-00001 --answer last --file {root}/answer.pdf" => "argument-value" .usage();
        }
        "application answer" {
            HOME "the answer to an application that there is not":
                "application answer YJS330106000000-20200101-00001" => "application-unknown";
        }
    };
    let requests = requests! {
        "POST /v1/applications" {
            HOME "a plan with a field that there is not":
                "{\"plan\":{\"parts\":[],\"colour\":1},\"name\":\"张三\",\"id\":\"110101199003070011\"}" => "invalid-request";
        }
        "POST /v1/applications/act" {
            HOME "a deed with an application that there is not":
                "{\"application\":\"YJS1\",\"act\":{\"eat\":{}}}" => "invalid-request";
        }
    };
    [commands, requests].concat()
}
