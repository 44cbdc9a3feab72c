//! The command line as a whole, the making of a node and its running.

use crate::row::{Row, row};
use crate::scene::{HOME, SPARE};

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "tongban" {
            HOME "no node is named":
                "--dir= status" => "argument-value" .usage();
            HOME "the directory of the node is not there":
                "--dir {root}/nowhere status" => "directory-not-a-node";
            HOME "the directory holds no node":
                "--dir {root}/bare status" => "directory-not-a-node";
            SPARE "the node does not run":
                "status" => "node-not-running";
            HOME "a language that there is not":
                "--lang fr status" => "argument-value" .usage();
            HOME "a command that there is not":
                "sttaus" => "command-unknown" .usage();
            HOME "no command at all":
                "" => "command-missing" .usage();
            HOME "an option that there is not":
                "status --verbose" => "argument-unknown" .usage();
            HOME "an operator without a name":
                "--as '' case list" => "invalid-field";
            HOME "the name of an operator longer than a page":
                "--as {long} case list" => "invalid-field";
            HOME "an operator whom nobody has added":
                "--as 李四 case accept {fresh}" => "operator-unknown";
            HOME "an idempotency key with a blank":
                "--idempotency-key 'a b' case accept {fresh}" => "invalid-field";
            HOME "an idempotency key of more than 100 characters":
                "--idempotency-key {long} case accept {fresh}" => "invalid-field";
            HOME "an idempotency key that stands for something else":
                "--idempotency-key used-key case accept {fresh}" => "idempotency-key-reused";
            HOME "an argument given twice that goes once":
                "--as window --as reviewer case list" => "argument-repeated" .usage();
        }
        "init" {
            HOME "a division that no table has, for a node":
                "--dir {root}/new init --division 999999 --name 新 --listen 127.0.0.1:7511" => "division-unknown";
            HOME "a village, which runs no node":
                "--dir {root}/new init --division 330106001001 --name 新 --listen 127.0.0.1:7511" => "division-unknown";
            HOME "an address without a port":
                "--dir {root}/new init --division 330106 --name 新 --listen 127.0.0.1" => "argument-value" .usage();
            HOME "an address that peers can not dial":
                "--dir {root}/new init --division 330106 --name 新 --listen 127.0.0.1:7511 --advertise here" => "invalid-field";
            HOME "a hall without a name":
                "--dir {root}/new init --division 330106 --name '' --listen 127.0.0.1:7511" => "invalid-field";
            HOME "a name of a hall with a control character":
                "--dir {root}/new init --division 330106 --name '新\u{7}' --listen 127.0.0.1:7511" => "invalid-field";
            SPARE "a directory that holds a node already":
                "init --division 330106 --name 新 --listen 127.0.0.1:7511" => "directory-not-empty";
            HOME "a directory that is a file":
                "--dir {file} init --division 330106 --name 新 --listen 127.0.0.1:7511" => "directory-not-empty"
                .file("plain.txt", "x");
            HOME "a division of fullwidth digits":
                "--dir {root}/new init --division ３３０１０６ --name 新 --listen 127.0.0.1:7511" => "invalid-field";
        }
        "config check" {
            HOME "a configuration that is not there":
                "config check {root}/nowhere.toml" => "config-unreadable";
            HOME "a directory for a file":
                "config check {root}/bare" => "config-unreadable";
            HOME "not TOML":
                "config check {file}" => "config-syntax"
                .file("syntax.toml", "listen = ");
            HOME "a key that no release knows":
                "config check {file}" => "config-unknown-key"
                .file("unknown.toml", "lisen = \"127.0.0.1:1\"\n{config}\n");
            HOME "a key that is missing":
                "config check {file}" => "config-key-missing"
                .file("missing.toml", "");
            HOME "a number where a text belongs":
                "config check {file}" => "config-type"
                .file("type.toml", "listen = 7511\n");
            HOME "a key twice":
                "config check {file}" => "config-syntax"
                .file("twice.toml", "listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"\n");
            HOME "bytes that are no text":
                "config check {file}" => "config-unreadable"
                .file("bytes.toml", b"\xff\xfe\x00listen");
        }
        "run" {
            HOME "a clock that is no time":
                "--dir {root}/spare run --clock gestern" => "invalid-field";
            HOME "another clock at a node that is no demonstration":
                "--dir {root}/spare run --clock 2026-09-14T09:00:00+08:00" => "clock-not-demo";
            HOME "a node that runs already":
                "run" => "directory-in-use";
            SPARE "a directory of a newer release":
                "--dir {root}/newer run" => "directory-newer";
            SPARE "a key file that is cut short":
                "--dir {root}/keyless run" => "key-file-unrecognised";
            SPARE "an identity file that is no TOML":
                "--dir {root}/scrambled run" => "directory-damaged";
        }
        "status" {
            HOME "an argument where none goes":
                "status now" => "argument-unknown" .usage();
        }
        "doctor" {
            SPARE "a directory without its keys":
                "--dir {root}/keyless doctor" => "key-file-unrecognised";
        }
        "completions" {
            HOME "a shell that there is not":
                "completions cmd" => "argument-value" .usage();
        }
        "demo" {
            HOME "an argument of the demonstration that there is not":
                "demo --nodes 900" => "argument-unknown" .usage();
        }
    }
}
