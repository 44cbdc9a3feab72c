//! The five nodes of the stories, and how they come together.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use serde_json::{Value, json};
use tongban_domain::Role;

use super::hall::{Hall, House};
use super::people::{ADMIN, DECIDER, ISSUER, NEWCOMER, REVIEWER, WINDOW};
use super::relay::Relays;
use super::stage::{Broken, NotHeld, Seen, Stage, fields, list, text, wait};
use crate::api::v1::{AddOperator, GrantMandate, Invite, Join};

/// Place of 四川省.
pub(super) const PROVINCE: usize = 0;
/// Place of 广安市.
pub(super) const CITY: usize = 1;
/// Place of 广安区, which decides.
pub(super) const HOME: usize = 2;
/// Place of 前锋区.
pub(super) const NEIGHBOUR: usize = 3;
/// Place of 代市镇, which collects.
pub(super) const TOWN: usize = 4;

/// Division, name and place of the superior, superiors first.
const NODES: [(&str, &str, Option<usize>); 5] = [
    ("510000", "四川省", None),
    ("511600", "广安市", Some(PROVINCE)),
    ("511602", "广安区", Some(CITY)),
    ("511603", "前锋区", Some(CITY)),
    ("511603104000", "代市镇", Some(NEIGHBOUR)),
];

/// How long links and directories may take to be complete.
const LINKED_SECONDS_MAX: u64 = 20;

/// The federation, and what has been done in it.
pub(super) struct Federation {
    pub(super) halls: Vec<Hall>,
    relays: Relays,
    /// Accepted cases by deciding division and outcome, as the demo counts them itself.
    tally: RefCell<BTreeMap<(String, &'static str), u64>>,
}

impl Federation {
    /// Five halls, of which nothing exists yet but their addresses and relays.
    pub(super) fn new(house: &House, relays: Relays) -> io::Result<Self> {
        // All are bound before any is released, so that no two are the same.
        let sockets: Vec<UdpSocket> =
            NODES.iter().map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
        let mut halls = Vec::new();
        for (place, ((code, name, _), socket)) in NODES.iter().zip(&sockets).enumerate() {
            let listen: SocketAddr = socket.local_addr()?;
            let advertise = relays.front(listen)?;
            let division = code.parse().expect("the codes of this file are divisions");
            halls.push(Hall::new(house, place, division, name, listen, advertise));
        }
        Ok(Self { halls, relays, tally: RefCell::default() })
    }

    pub(super) fn hall(&self, place: usize) -> &Hall {
        &self.halls[place]
    }

    /// Cuts every link of a hall.
    pub(super) fn cut(&self, place: usize) {
        self.relays.cut(self.hall(place).listen);
    }

    /// Heals them.
    pub(super) fn heal(&self, place: usize) {
        self.relays.heal(self.hall(place).listen);
    }

    /// Counts a case that was accepted, under its outcome so far.
    pub(super) fn count(&self, place: usize, outcome: &'static str) {
        let division = self.hall(place).division.to_string();
        *self.tally.borrow_mut().entry((division, outcome)).or_default() += 1;
    }

    /// What was counted for some halls.
    pub(super) fn counted(&self, places: &[usize]) -> BTreeMap<(String, &'static str), u64> {
        let divisions: Vec<String> = places.iter().map(|place| self.hall(*place).division.to_string()).collect();
        self.tally
            .borrow()
            .iter()
            .filter(|((division, _), _)| divisions.contains(division))
            .map(|(key, count)| (key.clone(), *count))
            .collect()
    }

    /// Step: makes and starts the nodes.
    pub(super) fn start(&self, stage: &mut Stage) -> Result<(), NotHeld> {
        stage.step("Five nodes start, each a process with a directory of its own", "启动五个节点，各有独立进程和目录", |stage| {
            for hall in &self.halls {
                hall.init()?;
                hall.start()?;
            }
            let mut rows = Vec::new();
            for hall in &self.halls {
                let status = hall.ready(stage)?;
                fields(&status, &[("division", json!(hall.division)), ("demo", json!(true)), ("superior", Value::Null)])?;
                rows.push(json!({ "division": hall.division, "name": hall.name, "node": status["node"], "listen": hall.listen.to_string() }));
            }
            stage.rows(&rows, &["division", "name", "node", "listen"]);
            Ok(((), json!({ "nodes": rows })))
        })
    }

    /// Step: joins them.
    pub(super) fn join(&self, stage: &mut Stage) -> Result<(), NotHeld> {
        stage.step("They join under each other by invitation", "凭邀请码逐级加入", |stage| {
            let mut rows = Vec::new();
            for (hall, (_, _, superior)) in self.halls.iter().zip(NODES) {
                let Some(superior) = superior else { continue };
                let above = self.hall(superior);
                let invite = Invite { division: hall.division, expires_seconds: Some(600) };
                let token = text(&above.post(ADMIN, "/v1/invites", &invite)?, "token");
                let joined = hall.post(ADMIN, "/v1/join", &Join { token })?;
                fields(&joined, &[("division", json!(above.division)), ("root", json!(self.hall(PROVINCE).division))])?;
                rows.push(json!({ "division": hall.division, "name": hall.name, "superior": above.name, "label": joined["label"] }));
            }
            self.linked(stage)?;
            stage.rows(&rows, &["division", "name", "superior", "label"]);
            stage.tell("Every link is up: QUIC with certificates on both sides.", "各级链路均已连通：QUIC，双向证书认证。");
            Ok(((), json!({ "joined": rows })))
        })
    }

    /// Waits until every node is linked with its superior.
    pub(super) fn linked(&self, stage: &Stage) -> Result<(), Broken> {
        for (hall, (_, _, superior)) in self.halls.iter().zip(NODES) {
            let Some(superior) = superior else { continue };
            let above = self.hall(superior);
            wait(LINKED_SECONDS_MAX, stage.of("link with the superior: up", "与上级的链路：正常"), || {
                for (here, there, relation) in [(hall, above, "superior"), (above, hall, "subordinate")] {
                    let peer = here.peer(there)?;
                    if peer["state"] != "up" || peer["relation"] != relation {
                        return Err(Seen(format!("{} → {}: {peer}", here.name, there.name)));
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Step: operators, their roles and mandates.
    pub(super) fn staff(&self, stage: &mut Stage) -> Result<(), NotHeld> {
        stage.step(
            "Operators get roles; deciding needs a mandate besides",
            "设置经办人和角色；决定另需授权",
            |stage| {
                for hall in &self.halls {
                    for (name, role) in [
                        (WINDOW, Role::Window),
                        (REVIEWER, Role::Reviewer),
                        (DECIDER, Role::Decider),
                        (ISSUER, Role::Issuer),
                    ] {
                        operator(hall, name, role)?;
                    }
                    let mandate = GrantMandate { operator: DECIDER.to_owned(), item: None, from: None, until: None };
                    hall.post(ADMIN, "/v1/operators/mandate", &mandate)?;
                }
                operator(self.hall(HOME), NEWCOMER, Role::Decider)?;
                let operators = self.hall(HOME).get("/v1/operators", &[])?;
                let rows = list(&operators, "operators");
                stage.rows(rows, &["name", "roles", "window", "mandates"]);
                Ok(((), json!({ "division": self.hall(HOME).division, "operators": rows })))
            },
        )
    }
}

fn operator(hall: &Hall, name: &str, role: Role) -> Result<(), Broken> {
    let window = (role == Role::Window).then(|| "1号窗口".to_owned());
    hall.post(
        ADMIN,
        "/v1/operators",
        &AddOperator { name: name.to_owned(), roles: vec![role], window, uid: None, known: false },
    )?;
    Ok(())
}
