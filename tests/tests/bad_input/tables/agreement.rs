//! Agreements between authorities.

use crate::row::{Row, row};
use crate::scene::HOME;

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "agreement add" {
            HOME "an agreement without a party":
                "agreement add 一 --item 330A0015500013 --mode collect --from 2026-01-01 --published 2026-01-01 --text sha256:00" => "argument-missing" .usage();
            HOME "an agreement for the own window":
                "agreement add 一 --party 330106/11370800MB28559184/甲 --party 330110/11511301452259996U/乙 --item 330A0015500013 --mode window --from 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "invalid-field";
            HOME "a party without its code":
                "agreement add 一 --party 330106 --item 330A0015500013 --mode collect --from 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "party-invalid";
            HOME "a party whose code does not hold":
                "agreement add 一 --party 330106/11370800MB28559185/甲 --party 330110/11511301452259996U/乙 --item 330A0015500013 --mode collect --from 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "invalid-identity";
            HOME "an agreement with oneself":
                "agreement add 一 --party 330106/11370800MB28559184/甲 --item 330A0015500013 --mode collect --from 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "invalid-field";
            HOME "an agreement among others":
                "agreement add 一 --party 330108/11370800MB28559184/甲 --party 330110/11511301452259996U/乙 --item 330A0015500013 --mode collect --from 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "agreement-party";
            HOME "an agreement on an item that there is not":
                "agreement add 一 --party 330106/11370800MB28559184/甲 --party 330110/11511301452259996U/乙 --item 999 --mode collect --from 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "item-unknown";
            HOME "an agreement on a mode that the item does not publish":
                "agreement add 一 --party 330106/11370800MB28559184/甲 --party 330110/11511301452259996U/乙 --item 330A0015500013 --mode joint --from 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "scope-missing";
            HOME "an agreement that ends before it begins":
                "agreement add 一 --party 330106/11370800MB28559184/甲 --party 330110/11511301452259996U/乙 --item 330A0015500013 --mode collect --from 2026-01-02 --until 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "invalid-field";
            HOME "an agreement entered by a window":
                "--as window agreement add 一 --party 330106/11370800MB28559184/甲 --party 330110/11511301452259996U/乙 --item 330A0015500013 --mode collect --from 2026-01-01 --published 2026-01-01 --text sha256:abababababababababababababababababababababababababababababababab" => "role-missing";
        }
        "agreement list" {
            HOME "agreements in a list that takes no number":
                "agreement list 一" => "argument-unknown" .usage();
        }
        "agreement show" {
            HOME "an agreement that there is not":
                "agreement show 跨域九号" => "agreement-unknown";
        }
        "agreement cases" {
            HOME "cases handled elsewhere from a day that there is not":
                "agreement cases --from 2026-02-30" => "invalid-field";
            HOME "cases handled elsewhere to a day in other words":
                "agreement cases --to 明天" => "invalid-field";
            HOME "cases handled elsewhere after one that is not among them":
                "agreement cases --after {fresh}" => "case-unknown";
            HOME "cases handled elsewhere, many of them":
                "agreement cases --limit many" => "argument-value" .usage();
        }
        "agreement refused" {
            HOME "refused reports of one agreement alone":
                "agreement refused 一" => "argument-unknown" .usage();
        }
        "agreement withdraw" {
            HOME "an agreement withdrawn that there is not":
                "--yes agreement withdraw 跨域九号 --reason 不再续签" => "agreement-unknown";
            HOME "an agreement withdrawn without a reason":
                "--yes agreement withdraw 跨域九号" => "argument-missing" .usage();
            HOME "an agreement withdrawn that nobody confirms":
                "agreement withdraw 跨域九号 --reason 不再续签" => "not-confirmed" .usage();
        }
        "case report-again" {
            HOME "a report of a case before its acceptance":
                "case report-again {fresh} --as window" => "case-state";
            HOME "a report of a case that is decided in nobody's place":
                "case report-again {accepted} --as decider" => "report-not-refused";
            HOME "a report by a reviewer":
                "case report-again {accepted} --as reviewer" => "role-missing";
        }
        "case receive-paper" {
            HOME "a paper file that no agreement waits for":
                "case receive-paper {fresh}" => "paper-not-awaited";
            HOME "a paper file of a case that is accepted":
                "case receive-paper {accepted}" => "case-state";
        }
    }
}
