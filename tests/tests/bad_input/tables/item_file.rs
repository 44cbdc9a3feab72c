//! Files of items, and reports to front databases.

use crate::row::{Row, row};
use crate::scene::HOME;
use crate::tables::made;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "item import" {
            HOME "an empty item file":
                "item import {file}" => "sheet-empty"
                .file("empty.csv", "");
            HOME "a head without rows":
                "item import {file}" => "sheet-empty"
                .file("head.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n");
            HOME "an item file that is not there":
                "item import {root}/nowhere.csv" => "file-unreadable";
            HOME "a quote that is never closed":
                "item import {file}" => "csv-malformed"
                .file("quote.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n\"卫健局,甲,乙,c,,01,d\n");
            HOME "columns that must be there are missing":
                "item import {file}" => "column-missing"
                .file("column.csv", "department,name\n卫健局,甲\n");
            HOME "a column twice, in two languages":
                "item import {file}" => "column-repeated"
                .file("twice.csv", "department,main_item,name,local_item_code,division,item_type,department_code,事项名称\n卫健局,甲,乙,c,,01,d,红\n");
            HOME "another table":
                "item import {file}" => "head-unknown"
                .file("other.csv", "colour,size\nred,1\n");
            HOME "a web page named .xls":
                "item import {file}" => "file-kind"
                .file("page.xls", "<html><table></table></html>");
            HOME "a picture":
                "item import {file}" => "csv-malformed"
                .file("photo.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR");
            HOME "a document of a word processor":
                "item import {file}" => "file-kind"
                .file("letter.docx", b"PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\\+\x84&\x12\x04\x00\x00\x00\x04\x00\x00\x00\x11\x00\x00\x00word/document.xml<x/>PK\x01\x02\x14\x03\x14\x00\x00\x00\x00\x00\x00\x00!\\+\x84&\x12\x04\x00\x00\x00\x04\x00\x00\x00\x11\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00word/document.xmlPK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00?\x00\x00\x003\x00\x00\x00\x00\x00");
            HOME "bytes that are neither UTF-8 nor GB18030":
                "item import {file}" => "csv-encoding"
                .file("damaged.csv", b"department,main_item,name,local_item_code,division,item_type,department_code\n\xff\xff\xff,b,c,d,,01,g\n");
            HOME "a workbook that is cut short":
                "item import {file}" => "file-kind"
                .file("short.xlsx", b"PK\x03\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00");
            HOME "a workbook with a password":
                "item import {file}" => "workbook-encrypted"
                .made("locked.xlsx", made::locked);
            HOME "item JSON that breaks off":
                "item import {file}" => "json-malformed"
                .file("half.json", "[{\"name\": \"甲\"");
            HOME "a list of JSON where items belong":
                "item import {file}" => "json-malformed"
                .file("numbers.json", "[1, 2]");
            HOME "a sheet that the workbook has not":
                "item import {file} --sheet 事项" => "sheet-unknown"
                .file("plain.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184\n");
            HOME "a mapping that there is not":
                "item import {file} --map nowhere" => "file-unreadable"
                .file("plain.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184\n");
            HOME "a mapping whose name leaves the directory":
                "item import {file} --map ../../secret" => "file-unreadable"
                .file("plain.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184\n");
            HOME "numbers of a code list that there is not":
                "item import {file} --codes mars" => "argument-value" .usage()
                .file("plain.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184\n");
            HOME "by an operator who may not edit the catalogue":
                "--as window item import {file}" => "role-missing"
                .file("plain.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184\n");
            HOME "the workbook of errors would overwrite a file":
                "item import {file} --errors {file}" => "file-exists"
                .file("plain.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184\n");
            HOME "a name that is empty":
                "item import {file} --dry-run" => "empty" .answered()
                .file("r1.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,,330A0015509999,,01,11370800MB28559184\n");
            HOME "a name of more than 1,000 characters":
                "item import {file} --dry-run" => "too-long" .answered()
                .file("r2.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,{long}长,330A0015509999,,01,11370800MB28559184\n");
            HOME "a control character in a name":
                "item import {file} --dry-run" => "control-character" .answered()
                .file("r3.csv", b"department,main_item,name,local_item_code,division,item_type,department_code\n\xe5\x8d\xab\xe5\x81\xa5\xe5\xb1\x80,\xe7\x94\xb2,\xe4\xb9\x99\x07,330A0015509999,,01,11370800MB28559184\n");
            HOME "a type that is not of two digits":
                "item import {file} --dry-run" => "item-type" .answered()
                .file("r4.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,,1x,11370800MB28559184\n");
            HOME "another node's division":
                "item import {file} --dry-run" => "division-foreign" .answered()
                .file("r5.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,330110,01,11370800MB28559184\n");
            HOME "neither a local nor a base code":
                "item import {file} --dry-run" => "code-missing" .answered()
                .file("r6.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,,,01,11370800MB28559184\n");
            HOME "a code of Chinese characters":
                "item import {file} --dry-run" => "item-code" .answered()
                .file("r7.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,编码,,01,11370800MB28559184\n");
            HOME "a base code of eleven digits":
                "item import {file} --dry-run" => "base-code" .answered()
                .file("r8.csv", "department,main_item,name,local_item_code,division,item_type,department_code,base_code\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184,33019000100\n");
            HOME "a term of nought days":
                "item import {file} --dry-run" => "days" .answered()
                .file("r9.csv", "department,main_item,name,local_item_code,division,item_type,department_code,promised_days\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184,0\n");
            HOME "a day that is no date":
                "item import {file} --dry-run" => "date" .answered()
                .file("r10.csv", "department,main_item,name,local_item_code,division,item_type,department_code,effective\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184,2026-02-30\n");
            HOME "a mode that there is not":
                "item import {file} --dry-run" => "mode" .answered()
                .file("r11.csv", "department,main_item,name,local_item_code,division,item_type,department_code,modes\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184,post\n");
            HOME "digits that a spreadsheet has lost":
                "item import {file} --dry-run" => "digits-lost" .answered()
                .file("r12.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,3.3E+13,,01,11370800MB28559184\n");
            HOME "a row with a field too many":
                "item import {file} --dry-run" => "fields-differ" .answered()
                .file("r14.csv", "department,main_item,name,local_item_code,division,item_type,department_code\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184,more\n");
            HOME "a covered division that no table has":
                "item import {file} --dry-run" => "division-unknown" .answered()
                .file("r15.csv", "department,main_item,name,local_item_code,division,item_type,department_code,covered\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184,999999\n");
            HOME "a JSON value of another shape":
                "item import {file} --dry-run" => "value-shape" .answered()
                .file("r16.json", "[{\"department\":\"卫健局\",\"main_item\":\"甲\",\"name\":{\"zh\":\"乙\"},\"local_item_code\":\"X1\",\"item_type\":\"01\",\"department_code\":\"11370800MB28559184\"}]");
            HOME "a shortest time longer than the statutory":
                "item import {file} --dry-run" => "ceiling-exceeded" .answered()
                .file("r17.csv", "department,main_item,name,local_item_code,division,item_type,department_code,statutory_days,promised_days\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184,5,9\n");
            HOME "a mark that is neither yes nor no":
                "item import {file} --dry-run" => "yes-no" .answered()
                .file("r18.csv", "department,main_item,name,local_item_code,division,item_type,department_code,is_online\n卫健局,甲,乙,330A0015509999,,01,11370800MB28559184,maybe\n");
            HOME "a workbook of which nothing can be unpacked":
                "item import {file}" => "workbook-damaged"
                .file("torn.xlsx", b"PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\\+\x84&\x12\x04\x00\x00\x00\x04\x00\x00\x00\x0f\x00\x00\x00xl/workbook.xml<x/>PK\x01\x02\x14\x03\x14\x00\x00\x00\x00\x00\x00\x00!\\+\x84&\x12\x04\x00\x00\x00\x04\x00\x00\x00\x0f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00xl/workbook.xmlPK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00=\x00\x00\x001\x00\x00\x00\x00\x00");
        }
        "item export" {
            HOME "a file without a kind":
                "item export --output-file {root}/items" => "export-kind" .usage();
            HOME "a file below another file":
                "item export --output-file {file}/items.csv" => "file-unwritable"
                .file("plain.txt", "x");
        }
        "item columns" {
            HOME "a template over a file that is there":
                "item columns --template {file}" => "file-exists"
                .file("t.xlsx", "x");
        }
        "item report" {
            HOME "nowhere to report to":
                "item report" => "argument-missing" .usage();
            HOME "an address of another kind of database":
                "item report --to mysql://u@127.0.0.1/db" => "front-address";
            HOME "a password in the address":
                "item report --to postgres://u:secret@127.0.0.1/db" => "front-address";
            HOME "a mapping of tables that is no TOML":
                "item report --dry-run --mapping {file}" => "front-mapping"
                .file("m.toml", "= =");
            HOME "a batch that was never sent":
                "item report --to-files {root}/out --since 1" => "invalid-field";
            HOME "a password file that is not there":
                "item report --to postgres://u@127.0.0.1:1/db --password-file {root}/nowhere" => "file-unreadable";
        }
        "item from-tables" {
            HOME "a folder without tables":
                "item from-tables {root}/bare" => "front-tables";
        }
        "item reconcile" {
            HOME "answers in a file that is not there":
                "item reconcile --from {root}/nowhere.csv" => "front-file";
            HOME "a file of answers that is another table":
                "item reconcile --from {file}" => "front-answers"
                .file("answers.csv", "colour\nred\n");
        }
    }
}
