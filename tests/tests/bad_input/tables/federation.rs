//! Invitations, peers, divisions, figures, journals and what waits.

use crate::row::{Row, row};
use crate::scene::{CITY, HOME, LONE};

pub(crate) fn rows() -> Vec<Row> {
    rows! {
        "invite" {
            HOME "the own division":
                "invite --division 330106" => "division-rule";
            HOME "a division above":
                "invite --division 330100" => "division-rule";
            HOME "the division of a neighbour":
                "invite --division 330110" => "division-rule";
            CITY "a division that no table has, for a guest":
                "invite --division 330199" => "division-unknown";
            CITY "five digits, which no division has":
                "invite --division 33010" => "invalid-field";
            CITY "a life of nought":
                "invite --division 330106 --expires 0h" => "invalid-field";
            CITY "a life without a unit":
                "invite --division 330106 --expires 24" => "invalid-field";
            CITY "by an operator who is no administrator":
                "--as window invite --division 330106" => "role-missing";
        }
        "join" {
            LONE "text that is no invitation":
                "join abc" => "invitation-prefix";
            LONE "an invitation with a letter changed":
                "join {mistyped}" => "invitation-mistyped";
            LONE "an invitation that lacks its end":
                "join {cut}" => "invitation-mistyped";
            LONE "an invitation of a later version":
                "join {later}" => "invitation-version";
            LONE "an invitation with a fullwidth letter":
                "join {wide}" => "invitation-character";
            LONE "an invitation of another division":
                "join {others}" => "invitation-division";
            LONE "an invitation that another node has used":
                "join {used}" => "invite-used";
            LONE "an invitation that has expired":
                "join {expired}" => "invitation-expired";
            LONE "an empty standard input":
                "join -" => "invitation-prefix" .piped("");
            LONE "bytes that are no text, on standard input":
                "join -" => "file-unreadable" .piped(b"\xff\xfe");
        }
        "peer show" {
            HOME "a division where no node is known":
                "peer show 440000" => "peer-unknown";
            HOME "a node id of 31 digits":
                "peer show 0123456789abcdef0123456789abcde" => "peer-unknown";
        }
        "peer revoke" {
            HOME "a node that it did not certify":
                "--yes peer revoke 330100 --from {today} --reason 停用" => "not-an-ancestor";
            CITY "itself":
                "--yes peer revoke 330100 --from {today} --reason 停用" => "not-an-ancestor";
            CITY "from a day to come":
                "--yes peer revoke 330106 --from 2099-01-01 --reason 停用" => "invalid-field";
            CITY "a node put out without a reason":
                "--yes peer revoke 330106 --from {today} --reason ' '" => "invalid-field";
            CITY "without a yes where nobody can be asked":
                "peer revoke 330106 --from {today} --reason 停用" => "not-confirmed" .usage();
            CITY "the 30th of February":
                "--yes peer revoke 330106 --from 2026-02-30 --reason 停用" => "invalid-field";
        }
        "peer readmit" {
            CITY "a node that was never revoked":
                "peer readmit 330106" => "node-not-revoked";
            CITY "a node of which nobody has heard":
                "peer readmit ffffffffffffffffffffffffffffffff" => "peer-unknown";
        }
        "anchor export" {
            HOME "at a node that has a superior":
                "anchor export --to {root}/own.anchor" => "anchor-not-root";
            LONE "into a folder":
                "--yes anchor export --to {root}" => "file-unwritable";
        }
        "anchor import" {
            HOME "by a node that has a superior":
                "anchor import {file}" => "anchor-not-root" .file("anchor.txt", "任意");
            LONE "text that is no anchor":
                "anchor import {file}" => "anchor-malformed" .file("anchor.txt", "任意");
            LONE "an anchor without a content":
                "anchor import {file}" => "anchor-malformed"
                .file("anchor.txt", "-----BEGIN TONGBAN ANCHOR-----\n-----END TONGBAN ANCHOR-----\n");
            LONE "an anchor whose letters are no base64":
                "anchor import {file}" => "anchor-malformed"
                .file("anchor.txt", "-----BEGIN TONGBAN ANCHOR-----\n通办\n-----END TONGBAN ANCHOR-----\n");
            LONE "a file that isn't there":
                "anchor import {root}/none.anchor" => "file-unreadable";
        }
        "anchor withdraw" {
            LONE "a province that was never trusted":
                "--yes anchor withdraw 500000 --reason 到期" => "anchor-unknown";
            LONE "a tree trusted no more, without a reason":
                "--yes anchor withdraw 500000 --reason ' '" => "invalid-field";
            LONE "a tree trusted no more, without a yes":
                "anchor withdraw 500000 --reason 到期" => "not-confirmed" .usage();
            HOME "by a node below":
                "--yes anchor withdraw 500000 --reason 到期" => "anchor-not-root";
        }
        "anchor list" {
            LONE "one anchor where all are listed":
                "anchor list 500000" => "argument-unknown" .usage();
        }
        "peer list" {
            CITY "one peer where all are listed":
                "peer list 330106" => "argument-unknown" .usage();
        }
        "division change" {
            HOME "the code of another division":
                "division change 330106 --to 330110 --from 2027-01-01 --order 文号" => "division-taken";
            HOME "a code to itself":
                "division change 330106 --to 330106 --from 2027-01-01 --order 文号" => "invalid-field";
            HOME "a division that is not its own nor below":
                "division change 330110 --to 330198 --from 2027-01-01 --order 文号" => "division-rule";
            HOME "without the order":
                "division change 330106 --to 330198 --from 2027-01-01 --order ''" => "invalid-field";
            HOME "letters for a code":
                "division change westlake --to 330198 --from 2027-01-01 --order 文号" => "invalid-field";
        }
        "division withdraw" {
            CITY "what it never said":
                "division withdraw 330106" => "standard-unknown";
        }
        "division list" {
            CITY "an option of another command":
                "division list --stage draft" => "argument-unknown" .usage();
        }
        "aggregate report" {
            HOME "a dimension that there is not":
                "aggregate report --by colour" => "invalid-request";
            HOME "an item that never was":
                "aggregate report --item 330A0099999999" => "item-unknown";
        }
        "aggregate pull" {
            HOME "from where":
                "aggregate pull 330100" => "argument-unknown" .usage();
        }
        "aggregate status" {
            HOME "an unknown option":
                "aggregate status --all" => "argument-unknown" .usage();
        }
        "aggregate audit" {
            HOME "an audit of a month":
                "aggregate audit 2026-09" => "argument-unknown" .usage();
        }
        "journal checkpoint" {
            HOME "an epoch":
                "journal checkpoint 3" => "argument-unknown" .usage();
        }
        "sync status" {
            HOME "a division where there is no view of one":
                "sync status 330100" => "argument-unknown" .usage();
        }
        "sync why" {
            HOME "a peer that nobody knows":
                "sync why 440000" => "peer-unknown";
        }
        "sync quarantine list" {
            HOME "an id where the list takes none":
                "sync quarantine list 1a2b3c" => "argument-unknown" .usage();
        }
        "sync quarantine show" {
            HOME "five digits of an envelope":
                "sync quarantine show 1a2b3" => "envelope-unknown";
            HOME "digits that are not hexadecimal":
                "sync quarantine show zzzzzzzz" => "envelope-unknown";
        }
        "sync quarantine replay" {
            HOME "an envelope and all of them":
                "sync quarantine replay 1a2b3c4d --all" => "argument-conflict" .usage();
            HOME "an envelope that is not in quarantine":
                "sync quarantine replay 1a2b3c4d" => "envelope-unknown";
        }
    }
}
