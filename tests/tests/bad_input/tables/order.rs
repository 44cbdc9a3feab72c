//! Orders to outside systems.

use crate::row::{Row, row};
use crate::scene::HOME;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "order place" {
            HOME "an order of a kind that there is not":
                "order place {fresh} --kind parcel" => "argument-value" .usage();
            HOME "a payment where no platform is connected":
                "order place {fresh} --kind payment --amount 10 --basis 某法" => "connector-unknown";
            HOME "a platform of another name":
                "order place {fresh} --kind payment --connector bank --amount 10 --basis 某法" => "connector-unknown";
            HOME "a thousandth of a yuan":
                "order place {fresh} --kind payment --amount 10.005 --basis 某法" => "invalid-field";
            HOME "a courier who isn't told where to go":
                "order place {fresh} --kind courier --recipient 张三" => "invalid-field";
            HOME "a payment that goes by courier":
                "order place {fresh} --kind payment --amount 10 --direction to-applicant" => "invalid-field";
            HOME "a case sent to a system that isn't connected":
                "order place {fresh} --kind handling" => "connector-unknown";
            HOME "a case sent to a system for a fee":
                "order place {fresh} --kind handling --amount 10" => "invalid-field";
            HOME "a courier who is to collect a fee":
                "order place {fresh} --kind courier --direction to-applicant --amount 10" => "invalid-field";
        }
        "order list" {
            HOME "the orders of a case that nobody knows":
                "order list --case 330106000000-20200101-00009" => "case-unknown";
            HOME "a list of orders of no kind":
                "order list --kind parcel" => "argument-value" .usage();
            HOME "a list of orders in no state":
                "order list --state sold" => "argument-value" .usage();
        }
        "order show" {
            HOME "an order to show that there is not":
                "order show JF330106000000-20200101-00001" => "connector-order-unknown";
        }
        "order enter" {
            HOME "an outcome that there is not":
                "order enter JF330106000000-20200101-00001 --outcome eaten --reference 1 --reason 凭条" => "argument-value" .usage();
            HOME "an outcome of an order that there is not":
                "order enter JF330106000000-20200101-00001 --outcome paid --reference 1 --reason 凭条" => "connector-order-unknown";
            HOME "an outcome entered by a reviewer":
                "--as reviewer order enter JF330106000000-20200101-00001 --outcome paid --reference 1 --reason 凭条" => "role-missing";
        }
        "order cancel" {
            HOME "an order given up without a reason":
                "order cancel JF330106000000-20200101-00001" => "argument-missing" .usage();
            HOME "an order to give up that there is not":
                "order cancel JF330106000000-20200101-00001 --reason 不办了" => "connector-order-unknown";
        }
        "order refund" {
            HOME "money asked back without a reason":
                "order refund JF330106000000-20200101-00001" => "argument-missing" .usage();
            HOME "money asked back of an order that there is not":
                "order refund JF330106000000-20200101-00001 --reason 多收" => "connector-order-unknown";
            HOME "money asked back by a reviewer":
                "--as reviewer order refund JF330106000000-20200101-00001 --reason 多收" => "role-missing";
        }
        "order retry" {
            HOME "an order to send again that there is not":
                "order retry KD330106000000-20200101-00001" => "connector-order-unknown";
        }
    }
}
