//! Checks with the help of the running node.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::path::Path;

use serde_json::Value;
use tongban_codes::time::Timestamp;

use super::{Finding, Level, databases};
use crate::api::v1::Problem;
use crate::cli::Context;
use crate::cli::text::doctor::{
    CLOCK_BEHIND, CONNECTOR_GONE, LISTEN_OK, LISTEN_TAKEN, NODE_OK, NODE_STOPPED, NODE_UNREADY, PEER_DOWN,
};
use crate::config::{Config, Identity};

/// How far this machine's clock may be behind the node's effective time before it is a finding.
const CLOCK_SECONDS_TOLERATED: i64 = 60;

/// Orders that are looked at.
const ORDERS_MAX: &str = "1000";

/// Asks the node; when it isn't running, checks what it will need to start.
pub(super) fn examine(
    context: &Context,
    directory: &Path,
    config: &Config,
    identity: &Identity,
    now: Timestamp,
) -> Vec<Finding> {
    let answer = context.client().and_then(|client| client.get("/v1/status", &[])).and_then(|answer| answer.value());
    match answer {
        Ok(status) => {
            let mut found = judge(&status, identity.demo, now);
            let open = [("open", Some("true")), ("limit", Some(ORDERS_MAX))];
            let orders = context.client().and_then(|client| client.get("/v1/orders", &open));
            if let Ok(orders) = orders.and_then(|answer| answer.value()) {
                found.extend(orphans(&orders, config));
            }
            found
        }
        Err(failure) if failure.problem.code == NODE_STOPPED.code => {
            let shown = directory.display().to_string();
            let mut found = databases::examine(directory);
            found.extend([listen(config), Finding::warn("node", &NODE_STOPPED, &[&shown])]);
            found
        }
        Err(failure) => vec![Finding::failed("node", *failure.problem)],
    }
}

/// Orders that aren't over of connectors which the configuration doesn't name any more, the newest of them.
fn orphans(orders: &Value, config: &Config) -> Vec<Finding> {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for order in orders.get("orders").and_then(Value::as_array).into_iter().flatten() {
        let name = order.get("connector").and_then(Value::as_str).unwrap_or_default();
        if !config.connector.iter().any(|connector| connector.name == name) {
            *found.entry(name).or_default() += 1;
        }
    }
    let one =
        |(name, orders): (&str, usize)| Finding::warn("connectors", &CONNECTOR_GONE, &[name, &orders.to_string()]);
    found.into_iter().map(one).collect()
}

fn listen(config: &Config) -> Finding {
    let shown = config.listen.to_string();
    match UdpSocket::bind(config.listen) {
        Ok(_) => Finding::ok("listen", &LISTEN_OK, &[&shown]),
        Err(error) => Finding::fail("listen", &LISTEN_TAKEN, &[&shown, &error.to_string()]),
    }
}

fn judge(status: &Value, demo: bool, now: Timestamp) -> Vec<Finding> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |key: &str| status.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    let ready = status.get("ready").and_then(Value::as_bool) == Some(true);
    found.push(if ready {
        Finding::ok("node", &NODE_OK, &[&text(status, "release")])
    } else {
        Finding::fail("node", &NODE_UNREADY, &[])
    });
    // A demo node may run on another clock on purpose.
    if !demo && let Ok(at) = text(status, "at").parse::<Timestamp>() {
        let behind = at.millis_since(now) / 1000;
        if behind > CLOCK_SECONDS_TOLERATED {
            found.push(Finding::warn("clock", &CLOCK_BEHIND, &[&behind.to_string()]));
        }
    }
    for finding in list("findings") {
        if let Ok(problem) = serde_json::from_value::<Problem>(finding) {
            found.push(Finding { check: "node", level: Level::Warn, problem });
        }
    }
    for peer in list("peers").iter().filter(|peer| text(peer, "state") == "down") {
        let (name, division) = (text(peer, "name"), text(peer, "division"));
        let (en, zh, command) = (text(peer, "cause_en"), text(peer, "cause_zh"), text(peer, "command"));
        found.push(Finding::warn("peer", &PEER_DOWN, &[&name, &division, &en, &zh, &command]));
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_node_says_becomes_findings() {
        let now = "2026-09-14T09:00:00+08:00".parse().unwrap();
        let status = json!({
            "ready": true, "release": "0.1.0", "at": "2026-09-14T09:10:00.000+08:00",
            "findings": [{"code": "disk-low", "en": "low", "zh": "低"}],
            "peers": [
                {"state": "up", "name": "a"},
                {"state": "down", "name": "广安市", "division": "511600000000", "cause_en": "no route", "cause_zh": "不通", "command": "ping"},
            ],
        });
        let codes = |demo| {
            judge(&status, demo, now)
                .iter()
                .map(|finding| (finding.problem.code.clone(), finding.level))
                .collect::<Vec<_>>()
        };
        let expect = |pairs: &[(&str, Level)]| {
            pairs.iter().map(|(code, level)| ((*code).to_owned(), *level)).collect::<Vec<_>>()
        };
        let node =
            [("node", Level::Ok), ("clock-behind", Level::Warn), ("disk-low", Level::Warn), ("peer-down", Level::Warn)];
        assert_eq!(codes(false), expect(&node));
        assert_eq!(codes(true), expect(&[node[0], node[2], node[3]]));
        assert_eq!(judge(&json!({"ready": false}), false, now)[0].level, Level::Fail);
    }

    #[test]
    fn orders_of_a_connector_that_is_gone_are_a_finding() {
        let config = "listen = \"127.0.0.1:7511\"\n[[connector]]\nname = \"pay\"\nkind = \"payment\"\n\
                      url = \"http://127.0.0.1:9/\"\nsecret_file = \"pay.secret\"\n";
        let config = Config::parse(config).unwrap();
        let orders = json!({ "orders": [{ "connector": "pay" }, { "connector": "bank" }, { "connector": "bank" }] });
        let found = orphans(&orders, &config);
        assert_eq!(found.len(), 1);
        let Finding { check, level, problem } = &found[0];
        assert_eq!((*check, *level, problem.code.as_str()), ("connectors", Level::Warn, "connector-gone"));
        assert!(problem.en.contains("2 orders wait for the connector bank"), "{}", problem.en);
        assert!(problem.zh.contains("bank") && problem.zh.contains('2'), "{}", problem.zh);
        assert!(orphans(&json!({ "orders": [] }), &config).is_empty());
    }
}
