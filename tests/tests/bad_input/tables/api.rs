//! The API: bodies, queries, headers, methods and paths.

use crate::row::{Content, Row, request};
use crate::scene::{CITY, HOME};
use crate::tables::made;

pub(crate) fn rows() -> Vec<Row> {
    requests! {
        "POST /v1/cases" {
            HOME "JSON that breaks off":
                "{\"item\": \"a\"" => "invalid-request";
            HOME "no JSON object":
                "[1]" => "invalid-request";
            HOME "a field that the API has not":
                "{\"item\":\"{open}\",\"division\":\"330106\",\"name\":\"张三\",\"id\":\"110101199003070011\",\"colour\":\"red\"}" => "invalid-request";
            HOME "a field that must be there":
                "{\"item\":\"{open}\"}" => "invalid-request";
            HOME "a number for a text":
                "{\"item\":1,\"division\":\"330106\",\"name\":\"张三\",\"id\":\"110101199003070011\"}" => "invalid-request";
            HOME "a field twice":
                "{\"item\":\"{open}\",\"item\":\"{open}\",\"division\":\"330106\",\"name\":\"张三\",\"id\":\"110101199003070011\"}" => "invalid-request";
            HOME "brackets a thousand deep":
                Content::Made(made::deep) => "invalid-request";
            HOME "bytes that are not UTF-8":
                b"{\"item\":\"\xff\"}" => "invalid-request";
            HOME "half a surrogate pair":
                "{\"item\":\"\\ud800\",\"division\":\"330106\",\"name\":\"张三\",\"id\":\"110101199003070011\"}" => "invalid-request";
            HOME "an empty body":
                "" => "invalid-request";
            HOME "another kind of content":
                "<case/>" => "invalid-request"
                .headers(&[b"content-type: text/xml"]);
            HOME "a form of a web page":
                "item=a&name=b" => "invalid-request"
                .headers(&[b"content-type: application/x-www-form-urlencoded"]);
            HOME "a body of more than 32 MiB":
                Content::Made(made::huge_body) => "invalid-request";
            HOME "a material whose digest is no digest":
                "{\"item\":\"{open}\",\"division\":\"330106\",\"name\":\"张三\",\"id\":\"110101199003070011\",\"materials\":[{\"name\":\"身份证\",\"sha256\":\"xyz\"}]}" => "invalid-field";
            HOME "two hundred and one materials":
                Content::Made(made::materials) => "invalid-field";
        }
        "POST /v1/cases/act" {
            HOME "an act that there is not":
                "{\"case\":\"{fresh}\",\"act\":{\"kind\":\"eat\"}}" => "invalid-request";
            HOME "a field that the act has not":
                "{\"case\":\"{fresh}\",\"act\":{\"kind\":\"accept\",\"grant\":true}}" => "invalid-request";
            HOME "a number below nought":
                "{\"case\":\"{accepted}\",\"act\":{\"kind\":\"suspend\",\"procedure\":\"听证\",\"days\":-1}}" => "invalid-request";
            HOME "a number with a fraction":
                "{\"case\":\"{accepted}\",\"act\":{\"kind\":\"suspend\",\"procedure\":\"听证\",\"days\":1.5}}" => "invalid-request";
            HOME "a notice of 101 lines":
                Content::Made(made::notice) => "invalid-field";
            HOME "an operator in the header whom nobody has added":
                "{\"case\":\"{fresh}\",\"act\":{\"kind\":\"accept\"}}" => "operator-unknown"
                .headers(&[b"content-type: application/json", b"tongban-operator: nobody"]);
            HOME "an operator in bytes that no header may hold":
                "{\"case\":\"{fresh}\",\"act\":{\"kind\":\"accept\"}}" => "invalid-request"
                .headers(&[b"content-type: application/json", b"tongban-operator: \xff\xfe"]);
            HOME "an idempotency key that is empty":
                "{\"case\":\"{fresh}\",\"act\":{\"kind\":\"accept\"}}" => "invalid-request"
                .headers(&[b"content-type: application/json", b"idempotency-key: "]);
            HOME "an idempotency key with another body":
                "{\"case\":\"{fresh}\",\"act\":{\"kind\":\"accept\"}}" => "idempotency-key-reused"
                .headers(&[b"content-type: application/json", b"idempotency-key: api-key"]);
            HOME "two idempotency keys":
                "{\"case\":\"{fresh}\",\"act\":{\"kind\":\"accept\"}}" => "invalid-request"
                .headers(&[b"content-type: application/json", b"idempotency-key: a", b"idempotency-key: b"]);
        }
        "GET /v1/nowhere" {
            HOME "a path that there is not":
                "" => "no-such-path";
        }
        "DELETE /v1/cases" {
            HOME "a method that the path has not":
                "" => "method-not-allowed";
        }
        "GET /v1/cases?limit=-1" {
            HOME "a limit below nought in a query":
                "" => "invalid-request";
        }
        "GET /v1/cases?colour=red" {
            HOME "a parameter that the query has not":
                "" => "invalid-request";
        }
        "GET /v1/cases/show?case=%FF%FE" {
            HOME "a query of bytes that are no text":
                "" => "case-unknown";
        }
        "GET /v1/items?stage=old" {
            HOME "a stage that there is not, in a query":
                "" => "invalid-request";
        }
        "GET /v1/items?limit=18446744073709551616" {
            HOME "a limit that no number holds":
                "" => "invalid-request";
        }
        "GET /v1/items/%2e%2e%2fsecret/guide" {
            HOME "a path that would leave the catalogue":
                "" => "item-unknown";
        }
        "GET /v1/standards?kind=law" {
            HOME "a kind of standard that there is not":
                "" => "invalid-request";
        }
        "POST /v1/items/import" {
            HOME "more rows than one request takes":
                Content::Made(made::rows) => "invalid-request";
        }
        "POST /v1/operators" {
            HOME "an operator with no role at all":
                "{\"name\":\"王五\",\"roles\":[]}" => "invalid-field";
        }
        "POST /v1/invites" {
            CITY "an invitation that lives for nought seconds":
                "{\"division\":\"330106\",\"expires_seconds\":0}" => "invalid-field";
            CITY "an invitation that lives for ever":
                "{\"division\":\"330106\",\"expires_seconds\":18446744073709551615}" => "invalid-field";
        }
        "POST /v1/licences" {
            HOME "a date with a time":
                "{\"case\":\"{granted}\",\"type\":\"许可证\",\"until\":\"2035-01-01T00:00:00Z\"}" => "invalid-request";
        }
        "POST /v1/licences/verify" {
            HOME "neither an identifier nor a file":
                "{}" => "invalid-request";
            HOME "an identifier and a file":
                "{\"id\":\"1.2\",\"file\":\"AA==\"}" => "invalid-request";
            HOME "a file that is not base64":
                "{\"file\":\"***\"}" => "invalid-request";
        }
        "POST /v1/front/record" {
            HOME "a report that was never planned":
                "{\"channel\":\"none\",\"batch\":\"x\",\"at\":\"2026-11-22T00:00:00+08:00\",\"rows\":[]}" => "invalid-field";
        }
        "POST /v1/front/plan" {
            HOME "a channel without a name":
                "{\"channel\":\"\"}" => "invalid-field";
        }
        "POST /v1/front/close" {
            HOME "a front database to close without a name":
                "{}" => "invalid-request";
        }
        "POST /v1/front/open" {
            HOME "a front database to open with a field that there is not":
                "{\"channel\":\"national\",\"again\":true}" => "invalid-request";
        }
        "POST /v1/front/cases/open" {
            HOME "a channel with a space":
                "{\"channel\":\"a b\"}" => "invalid-field";
        }
        "POST /v1/front/cases/plan" {
            HOME "a case to go on after that is none":
                "{\"channel\":\"national\",\"after\":\"x\"}" => "invalid-request";
        }
        "POST /v1/front/cases/record" {
            HOME "a report of cases that was never begun":
                "{\"channel\":\"national\",\"sent\":[\"330106000000-20260914-0001\",\"2026-09-14T00:00:00+08:00\"]}" => "front-unreported";
        }
        "POST /v1/front/cases/answers" {
            HOME "answers about what was never reported":
                "{\"channel\":\"national\",\"said\":[]}" => "front-unreported";
        }
        "POST /v1/front/cases/sent" {
            HOME "a field that there is not":
                "{\"channel\":\"national\",\"batch\":\"1\"}" => "invalid-request";
        }
        "POST /v1/front/cases/known" {
            HOME "rows without a channel":
                "{\"channel\":\"\",\"guids\":[]}" => "invalid-field";
        }
        "GET /v1/front/cases/untaken?channel=" {
            HOME "rows of cases of no channel":
                "" => "invalid-field";
        }
        "GET /v1/front/reported?channel=" {
            HOME "no channel":
                "" => "invalid-field";
        }
        "POST /v1/items/act" {
            HOME "an act on items that there is not":
                "{\"act\":{\"kind\":\"eat\"},\"which\":\"all\"}" => "invalid-request";
        }
        "POST /v1/cases/work" {
            HOME "a deed of work that there is not":
                "{\"case\":\"{stepped}\",\"act\":{\"kind\":\"sleep\"}}" => "invalid-request";
            HOME "nothing that follows, in a list of it":
                "{\"case\":\"{lacking}\",\"act\":{\"kind\":\"follow-up\",\"materials\":[]}}" => "invalid-field";
            HOME "nothing that is lacking, in a list of it":
                "{\"case\":\"{fresh}\",\"act\":{\"kind\":\"accept-lacking\",\"lacking\":[],\"until\":\"{today}\",\"promise\":{\"name\":\"承诺书\",\"sha256\":\"{sha}\"}}}" => "invalid-field";
        }
        "POST /v1/supervise/rules" {
            HOME "thresholds without their rule":
                "{\"setting\":{\"yellow_days\":1}}" => "invalid-request";
        }
        "PUT /v1/materials?sha256={sha}&size=3" {
            HOME "a file under no key":
                "abc" => "invalid-request";
            HOME "a file that is longer than was said":
                "abcd" => "material-digest"
                .headers(&[b"idempotency-key: put-long"]);
            HOME "a file that is shorter than was said":
                "ab" => "material-digest"
                .headers(&[b"idempotency-key: put-short"]);
            HOME "another file than was said":
                "abd" => "material-digest"
                .headers(&[b"idempotency-key: put-other"]);
            HOME "a file from one who takes none":
                "abc" => "role-missing"
                .headers(&[b"idempotency-key: put-issuer", b"tongban-operator: issuer"]);
        }
        "PUT /v1/materials?sha256={sha}&size=0" {
            HOME "a file of nothing":
                "" => "material-empty"
                .headers(&[b"idempotency-key: put-empty"]);
        }
        "PUT /v1/materials?sha256={sha}&size=9999999999999" {
            HOME "a file of ten terabytes":
                "abc" => "material-too-large"
                .headers(&[b"idempotency-key: put-large"]);
        }
        "PUT /v1/materials?sha256=xyz&size=3" {
            HOME "a file with letters for its digest":
                "abc" => "invalid-request"
                .headers(&[b"idempotency-key: put-letters"]);
        }
        "GET /v1/cases/material?case={filed}" {
            HOME "a file of a case, without saying which":
                "" => "invalid-request";
        }
        "GET /v1/cases/queue?role=reviewer&colour=red" {
            HOME "a queue by what no queue is parted by":
                "" => "invalid-request";
        }
        "POST /v1/nowhere" {
            HOME "a deed at a path that there is not":
                "{}" => "no-such-path";
        }
        "POST /v1/sync/quarantine/replay" {
            HOME "a field of another request":
                "{\"envelope\":\"1a2b3c\"}" => "invalid-request";
        }
        "GET /v1/cases/progress?code=0000000000000" {
            HOME "a question of progress without its proof":
                "" => "invalid-request";
        }
        "POST /v1/divisions/change" {
            HOME "a date of three digits for the year":
                "{\"old\":\"330106\",\"new\":\"330198\",\"from\":\"203-01-01\",\"order\":\"x\"}" => "invalid-request";
        }
        "POST /v1/authorities/reorganise" {
            HOME "no authority to go on":
                "{\"from\":\"2030-01-01\",\"old\":[\"教育局\"]}" => "invalid-request";
        }
    }
}
