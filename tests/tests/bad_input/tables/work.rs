//! Work on cases: queues, steps, recusal, what follows, and who stands in for whom.

use crate::row::{Row, row};
use crate::scene::{CITY, HOME, TOWN};

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "case accept" {
            HOME "a material that the item does not let follow":
                "case accept {fresh} --lacking 申请表 --until {today} --promise sha256:{sha}" => "lacking-unlawful";
            HOME "a material to follow after the lawful time":
                "case accept {fresh} --lacking 检测报告 --until 2090-01-01 --promise sha256:{sha}" => "invalid-field";
            HOME "a material to follow by a day that has passed":
                "case accept {fresh} --lacking 检测报告 --until 2020-01-01 --promise sha256:{sha}" => "invalid-field";
            HOME "a material to follow without a promise":
                "case accept {fresh} --lacking 检测报告 --until {today}" => "argument-missing" .usage();
            HOME "a promise on an empty sheet":
                "case accept {fresh} --lacking 检测报告 --until {today} --promise {file}" => "material-empty"
                .file("promise.txt", "");
            HOME "a promise that is not there":
                "case accept {fresh} --lacking 检测报告 --until {today} --promise {root}/nowhere.txt" => "file-unreadable";
        }
        "case decide" {
            HOME "while steps that the item publishes are open":
                "case decide --grant {stepped} --as decider" => "steps-open";
            HOME "by one who has reviewed the case":
                "case decide --grant {final} --as both" => "reviewer-decides";
            HOME "a grant while a material is to follow":
                "case decide --grant {lacking} --as decider" => "material-lacking";
        }
        "case pledge" {
            HOME "a pledge for a material of which the item takes none":
                "case pledge {fresh} --material 检测报告 --commitment sha256:{sha}" => "pledge-unlawful";
            HOME "a pledge for nothing":
                "case pledge {fresh} --commitment sha256:{sha}" => "argument-missing" .usage();
            HOME "a pledge that nobody signed":
                "case pledge {fresh} --material 检测报告" => "argument-missing" .usage();
            HOME "a pledge on an empty sheet":
                "case pledge {fresh} --material 检测报告 --commitment {file}" => "material-empty"
                .file("pledge.txt", "");
            HOME "a pledge after the decision":
                "case pledge {granted} --material 检测报告 --commitment sha256:{sha}" => "case-state";
        }
        "case verify" {
            HOME "the check of a case without a pledge":
                "case verify {granted} --outcome true --finding 一致 --as reviewer" => "pledge-state";
            HOME "the check of a case that was not decided":
                "case verify {accepted} --outcome true --finding 一致 --as reviewer" => "case-state";
            HOME "a check that found something else":
                "case verify {granted} --outcome perhaps --finding 一致" => "argument-value" .usage();
            HOME "a check by a window":
                "case verify {granted} --outcome true --finding 一致 --as window" => "role-missing";
        }
        "case queue" {
            HOME "the queue of a role that has no step":
                "case queue --role window" => "invalid-field";
            HOME "what is lacking and mine at once":
                "case queue --lacking --mine" => "argument-conflict" .usage();
            HOME "what is pledged and lacking at once":
                "case queue --pledges --lacking" => "argument-conflict" .usage();
            HOME "a queue of half a case":
                "case queue --limit 0.5" => "argument-value" .usage();
        }
        "case claim" {
            HOME "a case that another holds":
                "case claim {claimed} --as second" => "step-held";
            HOME "a case that was not accepted yet, to work on":
                "case claim {fresh} --as reviewer" => "case-state";
            HOME "a case from which one is recused":
                "case claim {recused} --as second" => "recused";
            HOME "the own case":
                "case claim {stepped} --as self" => "own-case";
            HOME "a step that several sign":
                "case claim {signed} --as reviewer" => "step-shared";
            HOME "the decision, by a reviewer":
                "case claim {final} --as second" => "role-missing";
            HOME "by an operator who is out of service":
                "case claim {stepped} --as away" => "operator-disabled";
            TOWN "work on a case that is elsewhere":
                "case claim {there}" => "not-owner";
        }
        "case hand-on" {
            HOME "a case to a colleague whom nobody has added":
                "case hand-on {claimed} --to 无此人 --as reviewer" => "operator-unknown";
            HOME "a case to one who is out of service":
                "case hand-on {claimed} --to away --as reviewer" => "operator-disabled";
            HOME "a case to one who lacks the role of the step":
                "case hand-on {claimed} --to issuer --as reviewer" => "role-missing";
            HOME "a case to its own applicant":
                "case hand-on {claimed} --to self --as reviewer" => "own-case";
            HOME "a case to one who is recused from it":
                "case hand-on {recused} --to second --as reviewer" => "recused";
            HOME "a case out of the hands of another":
                "case hand-on {claimed} --to reviewer --as second" => "step-held";
            HOME "a case with a remark of forty thousand characters":
                "case hand-on {claimed} --to second --note {longer} --as reviewer" => "invalid-field";
        }
        "case send-back" {
            HOME "back to a step nought":
                "case send-back {final} --to-step 0 --reason 补查 --as decider" => "invalid-field";
            HOME "back to a step that comes later":
                "case send-back {stepped} --to-step 2 --reason 补查 --as reviewer" => "invalid-field";
            HOME "back without saying why":
                "case send-back {final} --to-step 1 --reason ' ' --as decider" => "invalid-field";
            HOME "back to a step of letters":
                "case send-back {final} --to-step 一 --reason 补查 --as decider" => "argument-value" .usage();
        }
        "case step" {
            HOME "a decision that is passed instead of made":
                "case step {final} --pass --opinion 同意 --as decider" => "step-decision";
            HOME "an opinion that is neither yes nor no":
                "case step {stepped} --opinion 同意 --as reviewer" => "argument-missing" .usage();
            HOME "an opinion both ways":
                "case step {stepped} --pass --return --opinion 同意 --as reviewer" => "argument-conflict" .usage();
            HOME "a second signature of the same hand":
                "case step {signed} --pass --opinion 同意 --as second" => "step-signed";
            HOME "a first step sent back":
                "case step {stepped} --return --opinion 不同意 --as reviewer" => "invalid-field";
            HOME "a step passed without an opinion":
                "case step {stepped} --pass --opinion ' ' --as reviewer" => "invalid-field";
            HOME "a step that another holds":
                "case step {claimed} --pass --opinion 同意 --as second" => "step-held";
        }
        "case recuse" {
            HOME "another taken off a case by a colleague":
                "case recuse {stepped} --operator second --reason 系近亲属 --as reviewer" => "role-missing";
            HOME "one recused who was recused before":
                "case recuse {recused} --operator second --reason 系近亲属 --as decider" => "recused";
            HOME "a recusal of nobody that is known":
                "case recuse {stepped} --operator 无此人 --reason 系近亲属 --as decider" => "operator-unknown";
            HOME "a recusal without a cause":
                "case recuse {stepped} --reason '' --as reviewer" => "invalid-field";
        }
        "case follow-up" {
            HOME "a material that was not to follow":
                "case follow-up {lacking} --material 照片=sha256:{sha}" => "material-not-lacking";
            HOME "what follows written without its file":
                "case follow-up {lacking} --material 检测报告" => "invalid-field";
            HOME "nothing that follows":
                "case follow-up {lacking}" => "argument-missing" .usage();
        }
        "case ledger" {
            CITY "the ledger of a case of which this node never heard":
                "case ledger {fresh}" => "case-unknown";
        }
        "operator delegate" {
            HOME "one who stands in for himself":
                "operator delegate --from decider --to decider --until {today} --approver 局长" => "invalid-field";
            HOME "a deputy who approves it himself":
                "operator delegate --from decider --to second --until {today} --approver second" => "invalid-field";
            HOME "a delegation that ended before today":
                "operator delegate --from decider --to second --until 2020-01-01 --approver 局长" => "invalid-field";
            HOME "a delegation for more than a year":
                "operator delegate --from decider --to second --until 2090-01-01 --approver 局长" => "invalid-field";
            HOME "a delegation to one who is out of service":
                "operator delegate --from decider --to away --until {today} --approver 局长" => "invalid-field";
            HOME "a delegation of nobody":
                "operator delegate --from 无此人 --to second --until {today} --approver 局长" => "operator-unknown";
            HOME "a delegation for an item that there is not":
                "operator delegate --from decider --to second --item 330A0099999999 --until {today} --approver 局长" => "item-unknown";
            HOME "a delegation that nobody approved":
                "operator delegate --from decider --to second --until {today}" => "argument-missing" .usage();
            HOME "a delegation until the 31st of November":
                "operator delegate --from decider --to second --until 2027-11-31 --approver 局长" => "invalid-field";
        }
        "operator end-delegation" {
            HOME "the end of a delegation that nobody gave":
                "operator end-delegation --from decider --to second" => "delegation-unknown";
            HOME "the end of a delegation of nobody":
                "operator end-delegation --from 无此人 --to second" => "operator-unknown";
            HOME "the end of a delegation, by an operator who is no administrator":
                "--as window operator end-delegation --from decider --to second" => "role-missing";
        }
        "operator hand-over" {
            HOME "work handed over to oneself":
                "--yes operator hand-over decider --to decider" => "invalid-field";
            HOME "work handed over to one who is out of service":
                "--yes operator hand-over reviewer --to away" => "invalid-field";
            HOME "mandates handed over to one who is no decider":
                "--yes operator hand-over decider --to window" => "role-missing";
            HOME "nothing to hand over of an item":
                "operator hand-over issuer --to second --item {open}" => "nothing-to-hand-over";
            HOME "a hand-over without a yes where nobody can be asked":
                "operator hand-over reviewer --to second" => "not-confirmed" .usage();
            HOME "the last administrator who leaves":
                "--yes operator hand-over {admin} --to second" => "invalid-field";
            HOME "a hand-over by one who is no administrator":
                "--yes --as window operator hand-over reviewer --to second" => "role-missing";
        }
        "operator handed-over" {
            HOME "a list of what was handed over that nobody made":
                "operator handed-over 00000000000000000000000000000000" => "list-unknown";
            HOME "the sealed file of no list":
                "operator handed-over --file {root}/list.cose" => "argument-missing" .usage();
            HOME "a sealed list over a file that is there":
                "operator handed-over 00000000000000000000000000000000 --file {file}" => "file-exists"
                .file("list.cose", "x");
        }
        "operator disable" {
            HOME "the last administrator put out of service":
                "operator disable {admin}" => "invalid-field";
            HOME "one put out of service who never was in it":
                "operator disable 无此人" => "operator-unknown";
        }
        "operator enable" {
            HOME "one let in again by himself":
                "--as away operator enable away" => "operator-disabled";
            HOME "one let in again of whom nobody has heard":
                "operator enable 无此人" => "operator-unknown";
        }
        "operator identity" {
            HOME "the identity of an operator with a wrong last character":
                "operator identity second --id 110101199003070012" => "invalid-identity";
            HOME "the identity of a body for a person":
                "operator identity second --id 11370800MB28559184" => "invalid-identity";
            HOME "the identity of nobody":
                "operator identity 无此人 --id 110101199003070011" => "operator-unknown";
        }
    }
}
