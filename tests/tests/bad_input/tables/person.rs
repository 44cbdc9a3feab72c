//! Agents, renewals and materials of cases, and their papers.

use crate::row::{Row, row};
use crate::scene::{HOME, TOWN};

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "case collect" {
            HOME "an agent who is the applicant himself":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 张三 --agent-id 110101199003070011 --power-of-attorney sha256:{sha}" => "agent-unlawful";
            HOME "an agent without his number":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 李四 --power-of-attorney sha256:{sha}" => "argument-missing" .usage();
            HOME "an agent without a power of attorney":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 李四 --agent-id 11370800MB28559184" => "argument-missing" .usage();
            HOME "an agent's number with a wrong last character":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 李四 --agent-id 110101199003070012 --power-of-attorney sha256:{sha}" => "invalid-identity";
            HOME "an agent without a name":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name '' --agent-id 11370800MB28559184 --power-of-attorney sha256:{sha}" => "invalid-field";
            HOME "a power of attorney that is over":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 李四 --agent-id 11370800MB28559184 --power-of-attorney sha256:{sha} --agent-until 2020-01-01" => "agent-unlawful";
            HOME "a power of attorney whose file is not there":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 李四 --agent-id 11370800MB28559184 --power-of-attorney {root}/nowhere.pdf" => "file-unreadable";
            HOME "a power of attorney with half a digest":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 李四 --agent-id 11370800MB28559184 --power-of-attorney sha256:abcd" => "invalid-field";
            HOME "a power of attorney for a thousand things":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 李四 --agent-id 11370800MB28559184 --power-of-attorney sha256:{sha} --agent-scope {long}" => "agent-unlawful";
            HOME "a power of attorney until a 30th of February":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --agent-name 李四 --agent-id 11370800MB28559184 --power-of-attorney sha256:{sha} --agent-until 2027-02-30" => "invalid-field";
            HOME "the renewal of what is no licence":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --renews abc" => "invalid-field";
            HOME "the renewal of a licence mistyped by a digit":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --renews {unchecked}" => "invalid-field";
            HOME "the renewal of a licence that was cancelled":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --renews {cancelled}" => "licence-state";
            HOME "the renewal of another's licence":
                "case collect --item {open} --for 330106 --name 某单位 --id 11370800MB28559184 --renews {licence}" => "renewal-mismatch";
            HOME "a second renewal of one licence":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --renews {renewing}" => "renewal-pending";
            HOME "a material that is an empty file":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --material 身份证={file}" => "material-empty"
                .file("card.jpg", "");
            HOME "a material that is a folder":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --material 身份证={root}/bare" => "file-unreadable";
            HOME "a material without a name":
                "case collect --item {open} --for 330106 --name 张三 --id 110101199003070011 --material =sha256:{sha}" => "invalid-field";
        }
        "licence cancel" {
            HOME "a licence whose renewal is under way":
                "--yes licence cancel {renewing} --reason 停" => "renewal-pending";
        }
        "case supplement" {
            HOME "two lines and one material between them":
                "case supplement {notified} --item 1 --item 2 --material 照片=sha256:{sha}" => "invalid-field";
        }
        "case notify" {
            HOME "a line of a notice longer than a page":
                "case notify {fresh} --item {long}" => "invalid-field";
            HOME "a reason for a further notice where it is the first":
                "case notify {fresh} --item 照片 --new-reason 当时不知" => "invalid-field";
        }
        "case refuse" {
            HOME "who is competent, where nobody needs to be":
                "case refuse {fresh} --kind not-required --reason 不需要 --competent 330100/卫健委" => "competent-missing";
            HOME "an authority that is competent, without its division":
                "case refuse {fresh} --kind not-competent --reason 不属本机关 --competent 卫健委" => "invalid-field";
        }
        "case check" {
            HOME "an on-site check by an officer whom nobody has added":
                "case check {accepted} --officers reviewer,无此人 --finding 与申请一致" => "check-officers";
        }
        "case extend" {
            HOME "an extension by nought days":
                "case extend {accepted} --days 0 --approver 局长 --reason 复杂" => "invalid-field";
        }
        "case amend" {
            HOME "a name amended under a licence":
                "case amend {granted} --field applicant-name --value 张三丰 --reason 错字" => "amend-late";
            HOME "a name amended to nothing":
                "case amend {fresh} --field applicant-name --value '' --reason 错字" => "invalid-field";
        }
        "case material" {
            HOME "a material saved nowhere":
                "case material {fresh} 身份证" => "argument-missing" .usage();
            HOME "a material that the case has not":
                "case material {filed} 户口簿 --file {root}/out.jpg" => "material-unknown";
            HOME "a material of which only the digest was given":
                "case material {filed} 承诺书 --file {root}/out.jpg" => "material-unknown";
            HOME "one of two materials of a name":
                "case material {filed} 照片 --file {root}/out.jpg" => "material-ambiguous";
            HOME "a material over a file that is there":
                "case material {filed} 身份证 --file {file}" => "file-exists"
                .file("out.jpg", "x");
            HOME "a material below a file":
                "case material {filed} 身份证 --file {file}/out.jpg" => "file-unwritable"
                .file("plain.jpg", "x");
            HOME "a material to one who supervises and reads none":
                "--as supervisor case material {filed} 身份证 --file {root}/out.jpg" => "role-missing";
            TOWN "a material of a case that was handed over":
                "case material {handed} 身份证 --file {root}/out.jpg" => "material-handed-over";
            TOWN "a material of a case of which this node never heard":
                "case material {filed} 身份证 --file {root}/out.jpg" => "case-unknown";
        }
        "case print" {
            HOME "a document that was never made":
                "case print {fresh} --document licence --file {root}/out.pdf" => "document-unknown";
            HOME "a document of an act that there was not":
                "case print {fresh} --act 99 --file {root}/out.pdf" => "document-unknown";
            HOME "a print moved off the paper":
                "case print {fresh} --file {root}/out.pdf --offset-x 51" => "invalid-field";
            HOME "a print moved by what is no number":
                "case print {fresh} --file {root}/out.pdf --offset-y NaN" => "invalid-field";
            HOME "a print over a file that is there":
                "case print {fresh} --file {file}" => "file-exists"
                .file("out.pdf", "x");
            HOME "paper that no printer has":
                "case print {fresh} --file {root}/out.pdf --form a3" => "argument-value" .usage();
            HOME "a reprint for a reason of forty thousand characters":
                "case print {fresh} --file {root}/out.pdf --reason {longer}" => "invalid-field";
        }
        "case prints" {
            HOME "the prints of a case that nobody knows":
                "case prints 330106000000-20200101-00002" => "case-unknown";
        }
    }
}
