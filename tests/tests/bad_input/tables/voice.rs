//! Ratings and their follow-up, and tickets.

use crate::row::{Row, row};
use crate::scene::HOME;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "rate give" {
            HOME "a rating without a grade":
                "rate give {fresh} --channel pad" => "argument-missing" .usage();
            HOME "a sixth grade":
                "rate give {fresh} --channel pad --grade 6" => "argument-value" .usage();
            HOME "a rating of a case that nobody knows":
                "rate give 330106000000-20200101-00009 --channel pad --grade 5" => "case-unknown";
            HOME "a website that the window speaks for":
                "rate give {fresh} --channel web --grade 1" => "rating-channel";
            HOME "an indicator of online service at a window":
                "rate give {fresh} --channel pad --grade 1 --indicator 平台操作性=1" => "invalid-field";
            HOME "a visit of long ago":
                "rate give {fresh} --channel pad --grade 1 --visited-on 2020-01-01" => "rating-early";
        }
        "rate list" {
            HOME "the ratings of a case that nobody knows":
                "rate list --case 330106000000-20200101-00009" => "case-unknown";
        }
        "rate show" {
            HOME "a rating that there is not":
                "rate show PJ330106000000-20200101-00001" => "rating-unknown";
        }
        "rate verify" {
            HOME "a rating to verify that there is not":
                "rate verify PJ330106000000-20200101-00001 --text 核实" => "rating-unknown";
            HOME "a rating verified by a supervisor":
                "--as supervisor rate verify PJ330106000000-20200101-00001 --text 核实" => "role-missing";
        }
        "rate rectify" {
            HOME "a rating to put right that there is not":
                "rate rectify PJ330106000000-20200101-00001 --text 整改" => "rating-unknown";
        }
        "rate plan" {
            HOME "a plan until the 31st of June":
                "rate plan PJ330106000000-20200101-00001 --text 整改 --until 2027-06-31" => "invalid-field";
        }
        "rate explain" {
            HOME "a rating to explain that there is not":
                "rate explain PJ330106000000-20200101-00001 --text 说明" => "rating-unknown";
        }
        "rate close" {
            HOME "a call that reached nobody and contented him":
                "rate close PJ330106000000-20200101-00001 --call 回访 --unreached --content" => "argument-conflict" .usage();
        }
        "rate appeal" {
            HOME "a ground of appeal that there is not":
                "rate appeal PJ330106000000-20200101-00001 --ground 不服 --text 申诉" => "argument-value" .usage();
        }
        "rate judge" {
            HOME "an appeal decided neither way":
                "rate judge PJ330106000000-20200101-00001 --text 复核" => "argument-missing" .usage();
        }
        "rate assign" {
            HOME "a follow-up given away by a window":
                "--as window rate assign PJ330106000000-20200101-00001 --to window --text 改派" => "role-missing";
        }
        "rate indicators" {
            HOME "an indicator of one's own":
                "rate indicators 微笑" => "argument-unknown" .usage();
        }
        "rate rates" {
            HOME "the rates of half a division":
                "rate rates --division 51160" => "invalid-request";
        }
        "ticket open" {
            HOME "a ticket that nobody could ask about":
                "ticket open --kind complaint --text 投诉 --channel phone" => "argument-missing" .usage();
            HOME "a word of five letters":
                "ticket open --kind complaint --text 投诉 --channel phone --word abcde" => "invalid-field";
            HOME "a ticket about a case that nobody knows":
                "ticket open --kind complaint --text 投诉 --channel phone --word abc123 --case 330106000000-20200101-00009"
                => "case-unknown";
        }
        "ticket list" {
            HOME "tickets of a kind that there is not":
                "ticket list --kind praise" => "argument-value" .usage();
        }
        "ticket show" {
            HOME "a ticket that there is not":
                "ticket show GD330106000000-20200101-00001" => "ticket-unknown";
        }
        "ticket assign" {
            HOME "a ticket to assign that there is not":
                "ticket assign GD330106000000-20200101-00001 --department 区残联" => "ticket-unknown";
        }
        "ticket hand-on" {
            HOME "a ticket handed on without a reason":
                "ticket hand-on GD330106000000-20200101-00001 --department 区残联" => "argument-missing" .usage();
        }
        "ticket send" {
            HOME "a ticket sent to half a division":
                "ticket send GD330106000000-20200101-00001 --for 51160 --reason 转送" => "invalid-field";
        }
        "ticket give-back" {
            HOME "a ticket to give back that there is not":
                "ticket give-back GD330106000000-20200101-00001 --reason 退回" => "ticket-unknown";
        }
        "ticket answer" {
            HOME "an answer to a ticket that there is not":
                "ticket answer GD330106000000-20200101-00001 --text 答复" => "ticket-unknown";
        }
        "ticket close" {
            HOME "a ticket that ended as none ends":
                "ticket close GD330106000000-20200101-00001 --outcome ignored" => "argument-value" .usage();
        }
        "ticket progress" {
            HOME "a ticket by no query code":
                "ticket progress 12345 --proof abc123" => "query-code";
        }
        "ticket reopen" {
            HOME "a ticket opened again by a stranger":
                "ticket reopen F7WWD00-JZPKX-4 --proof abc123 --reason 未解决" => "ticket-unproven";
        }
        "ticket confirm" {
            HOME "a ticket confirmed without a proof":
                "ticket confirm F7WWD00-JZPKX-4" => "argument-missing" .usage();
        }
    }
}
