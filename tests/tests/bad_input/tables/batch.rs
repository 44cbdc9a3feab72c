//! Acts from a file.

use crate::row::{Row, row};
use crate::scene::HOME;
use crate::tables::made;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "case batch" {
            HOME "neither a file nor a template":
                "case batch" => "argument-missing" .usage();
            HOME "an act file that is not there":
                "--yes case batch {root}/nowhere.xlsx" => "file-unreadable";
            HOME "acts without a head":
                "--yes case batch {file}" => "head-unknown"
                .file("headless.csv", "{fresh},受理\n");
            HOME "acts of which nobody says on which case":
                "--yes case batch {file}" => "column-missing"
                .file("caseless.csv", "操作,理由\n不予,不符合条件\n");
            HOME "the case in two columns":
                "--yes case batch {file}" => "column-repeated"
                .file("two.csv", "办件编号,收件编号,操作\n{fresh},{fresh},受理\n");
            HOME "an act file without an act":
                "--yes case batch {file}" => "sheet-empty"
                .file("none.csv", "办件,操作\n");
            HOME "acts as JSON":
                "--yes case batch {file}" => "file-kind"
                .file("acts.json", "[{\"case\":\"x\",\"act\":\"accept\"}]");
            HOME "an act workbook with a password":
                "--yes case batch {file}" => "workbook-encrypted"
                .made("locked-acts.xlsx", made::locked);
            HOME "a sheet of acts that there is not":
                "--yes case batch {file} --sheet 批量" => "sheet-unknown"
                .file("plain.csv", "办件,操作\n{fresh},受理\n");
            HOME "an act that goes by no file":
                "--yes case batch {file}" => "act-unknown"
                .file("unknown.csv", "办件,操作\n{fresh},撤件\n");
            HOME "a denial without a reason in its row":
                "--yes case batch {file}" => "cell-missing"
                .file("reasonless.csv", "办件,操作,理由\n{accepted},不予,\n");
            HOME "a reason for closing, which takes none":
                "--yes case batch {file}" => "cell-unused"
                .file("unused.csv", "办件,操作,理由\n{granted},办结,已办\n");
            HOME "a number of days in words":
                "--yes case batch {file}" => "invalid-field"
                .file("words.csv", "办件,操作,程序,天数\n{accepted},中止计时,检验,十日\n");
            HOME "a competent authority without its division, in a row":
                "--yes case batch {file}" => "competent-invalid"
                .file("competent.csv", "办件,操作,理由,有权机关\n{fresh},不予受理,无权,公安局\n");
            HOME "one act twice on one case":
                "--yes case batch {file}" => "act-repeated"
                .file("repeated.csv", "办件,操作\n{fresh},受理\n{fresh},受理\n");
            HOME "a case number that a spreadsheet has shortened":
                "--yes case batch {file}" => "digits-lost"
                .file("shortened.csv", "办件,操作\n3.30106E+19,受理\n");
            HOME "an act that the state of the case does not allow, in a row":
                "--yes case batch {file}" => "case-state"
                .file("state.csv", "办件,操作\n{accepted},受理\n");
            HOME "a decision in a row, by one who decides nothing":
                "--yes --as window case batch {file}" => "role-missing"
                .file("role.csv", "办件,操作\n{accepted},准予\n");
            HOME "many acts without anybody to confirm them":
                "case batch {file}" => "not-confirmed" .usage()
                .file("unconfirmed.csv", "办件,操作\n{fresh},受理\n");
            HOME "the template over a file that stands":
                "case batch --template {file}" => "file-exists"
                .file("stands.xlsx", "mine");
        }
    }
}
