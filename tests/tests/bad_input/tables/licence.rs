//! Licences.

use crate::row::{Row, row};
use crate::scene::HOME;
use crate::tables::made;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "licence issue" {
            HOME "before the decision of a licence":
                "licence issue {accepted} --type 许可证 --until 2035-01-01" => "case-state";
            HOME "a licence that ended before it began":
                "licence issue {granted} --type 许可证 --until 2020-01-01" => "invalid-field";
            HOME "a type without a name":
                "licence issue {granted} --type '' --until 2035-01-01" => "invalid-field";
            HOME "until a day that there is not":
                "licence issue {granted} --type 许可证 --until 2035-06-31" => "invalid-field";
            HOME "by an operator who decides and does not issue":
                "--as newcomer licence issue {granted} --type 许可证 --until 2035-01-01" => "role-missing";
        }
        "licence cancel" {
            HOME "a licence that nobody issued here":
                "--yes licence cancel 1.2.156.3005.2.no-such-licence --reason 停" => "licence-unknown";
            HOME "twice over":
                "--yes licence cancel {cancelled} --reason 停" => "licence-state";
            HOME "without saying why":
                "--yes licence cancel {licence} --reason ' '" => "invalid-field";
        }
        "licence show" {
            HOME "an identifier with a wrong check character":
                "licence show {unchecked}" => "licence-unknown";
            HOME "the sealed file over another file":
                "licence show {licence} --file {file}" => "file-exists"
                .file("l.cose", "x");
        }
        "licence verify" {
            HOME "a byte of the sealed file changed":
                "licence verify {file}" => "tampered"
                .made("forged.cose", made::forged);
            HOME "the sealed file cut short":
                "licence verify {file}" => "tampered"
                .made("cut.cose", made::cut);
            HOME "an empty licence file":
                "licence verify {file}" => "tampered"
                .file("empty.cose", "");
            HOME "a file of more than a mebibyte":
                "licence verify {file}" => "file-too-large"
                .made("big.cose", made::mebibyte);
            HOME "a licence that was cancelled":
                "licence verify {cancelled}" => "cancelled";
            HOME "an identifier that is none":
                "licence verify abc" => "licence-id";
            HOME "a folder":
                "licence verify {root}/bare" => "file-unreadable";
        }
    }
}
