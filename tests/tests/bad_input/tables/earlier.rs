//! Earlier cases of another system.

use crate::row::{Row, row};
use crate::scene::HOME;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "case import" {
            HOME "neither a file nor anything else to do":
                "case import" => "argument-missing" .usage();
            HOME "a file and the list of batches at once":
                "case import {file} --list" => "argument-conflict" .usage()
                .file("both.csv", "办件编号,事项,申请人\nA1,许可,张三\n");
            HOME "a dry run of nothing":
                "case import --dry-run" => "argument-missing" .usage();
            HOME "an undo without a reason":
                "case import --undo LS330106-20260101-00001" => "argument-missing" .usage();
            HOME "an undo that nobody confirms":
                "case import --undo LS330106-20260101-00001 --reason 误导入" => "not-confirmed" .usage();
            HOME "a batch that there is not":
                "--yes case import --undo LS330106-20260101-00001 --reason 误导入" => "earlier-batch-unknown";
            HOME "earlier cases that are not there":
                "case import {root}/nowhere.csv" => "file-unreadable";
            HOME "earlier cases without a head":
                "case import {file}" => "head-unknown"
                .file("bare.csv", "甲,乙\n1,2\n");
            HOME "earlier cases without their numbers":
                "case import {file}" => "column-missing"
                .file("numberless.csv", "事项,申请人\n许可,张三\n");
            HOME "two columns of numbers":
                "case import {file}" => "column-repeated"
                .file("numbers.csv", "办件编号,原办件编号,事项,申请人\n1,2,许可,张三\n");
            HOME "no earlier case below the head":
                "case import {file}" => "sheet-empty"
                .file("headonly.csv", "办件编号,事项,申请人\n");
            HOME "earlier cases in a broken quote":
                "case import {file}" => "csv-malformed"
                .file("torn-old.csv", "\"办件编号");
            HOME "earlier cases as a page of the web":
                "case import {file}" => "file-kind"
                .file("old.html", "<table><tr><td>办件编号</td></tr></table>");
            HOME "a mapping of earlier cases that is not there":
                "case import {file} --map {root}/no-such.toml" => "file-unreadable"
                .file("mapped.csv", "办件编号,事项,申请人\nA1,许可,张三\n");
            HOME "a row whose citizen id does not hold":
                "case import {file} --system 旧系统" => "invalid-identity"
                .file("wrong-id.csv", "办件编号,事项,申请人,证件号码\nA1,许可,张三,110101199003070012\n");
            HOME "a row without its applicant":
                "case import {file} --system 旧系统" => "cell-missing"
                .file("nobody.csv", "办件编号,事项,申请人,证件号码\nA1,许可,,110101199003070011\n");
            HOME "a day that no calendar has":
                "case import {file} --system 旧系统" => "invalid-field"
                .file("day.csv", "办件编号,事项,申请人,证件号码,收件日期\nA1,许可,张三,110101199003070011,2019-02-30\n");
            HOME "a decision before the receipt":
                "case import {file} --system 旧系统" => "date-order"
                .file("order.csv", "办件编号,事项,申请人,证件号码,收件日期,办结日期,办结结果\nA1,许可,张三,110101199003070011,2019-03-02,2019-03-01,0\n");
            HOME "one number in two rows":
                "case import {file} --system 旧系统" => "earlier-repeated"
                .file("twice.csv", "办件编号,事项,申请人,证件号码\nA1,许可,张三,110101199003070011\nA1,许可,李四,110101199003070011\n");
            HOME "a number that a spreadsheet has shortened, of an earlier case":
                "case import {file} --system 旧系统" => "digits-lost"
                .file("short-old.csv", "办件编号,事项,申请人,证件号码\n5.11602E+15,许可,张三,110101199003070011\n");
            HOME "a line of an earlier case that lacks a field":
                "case import {file} --system 旧系统" => "fields-differ"
                .file("fields-old.csv", "办件编号,事项,申请人,证件号码\nA1,许可,张三\n");
            HOME "earlier cases brought by a window":
                "--as window case import {file} --system 旧系统" => "role-missing"
                .file("by-window.csv", "办件编号,事项,申请人,证件号码\nA1,许可,张三,110101199003070011\n");
            HOME "the empty file of earlier cases over one that stands":
                "case import --template {file}" => "file-exists"
                .file("old-template.xlsx", "mine");
        }
        "case take-up" {
            HOME "an earlier case that was never imported":
                "case take-up GA-2019-000001" => "earlier-unknown";
            HOME "an earlier case of no number":
                "case take-up" => "argument-missing" .usage();
            HOME "an earlier case, taken up by a reviewer":
                "--as reviewer case take-up GA-2019-000001" => "role-missing";
        }
    }
}
