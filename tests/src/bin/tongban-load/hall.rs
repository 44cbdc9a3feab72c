//! What a hall does before anything can be measured: items, operators, applicants, and collecting.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tongban_codes::iso7064;

use crate::api::Connection;
use crate::latency::{Acts, Latency, gather, micros_since};
use crate::node::Node;

/// Items that cases are collected for, round and round.
const ITEMS: usize = 20;

/// Who collects and accepts.
pub(crate) const OPERATOR: &str = "clerk";

/// Imports and publishes permits of a hall, collected as well by the division `covered`; gives their codes.
pub(crate) fn furnish(node: &Node, division: &str, covered: &str) -> anyhow::Result<Vec<String>> {
    let (file, codes) = system_tests::permits(ITEMS, division, covered);
    let path = node.directory().with_extension("csv");
    std::fs::write(&path, file)?;
    let report = node.command(&["item", "import", path_text(&path)?])?;
    ensure!(report["imported"] == codes.len(), "not every item came in: {report}");
    node.command(&["item", "publish", "--all"])?;
    node.command(&["operator", "add", OPERATOR, "--role", "window", "--role", "reviewer"])?;
    Ok(codes)
}

fn path_text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("the directory's name is not UTF-8")
}

/// A valid citizen id; no two numbers below 18 million have the same.
fn citizen_id(number: usize) -> anyhow::Result<String> {
    let (day, month, year) = (number % 28 + 1, number / 28 % 12 + 1, number / 336 % 55 + 1950);
    let sequence = number / 18_480;
    ensure!(sequence < 1000, "no more citizen ids");
    let body = format!("511602{year}{month:02}{day:02}{sequence:03}");
    let check = iso7064::mod_11_2(body.as_bytes()).context("a citizen id has digits")?;
    Ok(format!("{body}{check}"))
}

const SURNAMES: [&str; 10] = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周"];
const GIVEN: [&str; 12] = ["伟", "芳", "秀英", "敏", "静", "建国", "丽华", "强", "志明", "晓燕", "文博", "桂兰"];

/// What is collected next, and for whom.
pub(crate) struct Counter {
    applicants: usize,
}

/// What to collect.
#[derive(Clone)]
pub(crate) struct Collecting {
    /// Items of the authority in charge.
    pub(crate) items: Arc<Vec<String>>,
    /// Its division.
    pub(crate) division: &'static str,
    /// Whether the window keeps the case for now.
    pub(crate) hold: bool,
}

impl Collecting {
    /// The request of one case, by the number of its applicant.
    fn body(&self, number: usize) -> anyhow::Result<Value> {
        Ok(json!({
            "item": self.items[number % self.items.len()],
            "division": self.division,
            "name": format!("{}{}", SURNAMES[number % SURNAMES.len()], GIVEN[number / 10 % GIVEN.len()]),
            "id": citizen_id(number)?,
            "hold": self.hold,
        }))
    }
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self { applicants: 0 }
    }

    /// The requests of so many cases, each for another applicant.
    pub(crate) fn bodies(&mut self, what: &Collecting, count: usize) -> anyhow::Result<Vec<Value>> {
        let first = self.applicants;
        self.applicants += count;
        (first..self.applicants).map(|number| what.body(number)).collect()
    }

    /// Collects so many cases, each for another applicant, and gives their ids.
    pub(crate) async fn collect(
        &mut self,
        node: &Node,
        what: &Collecting,
        count: usize,
        clients: usize,
    ) -> anyhow::Result<(Vec<String>, Latency)> {
        let first = self.applicants;
        self.applicants += count;
        let cases = Arc::new(Mutex::new(Vec::with_capacity(count)));
        let acts = Acts::new(count);
        let connections = Connection::several(&node.socket(), OPERATOR, clients).await?;
        let began = Instant::now();
        let clients = connections.into_iter().map(|mut connection| {
            let (acts, what, cases) = (acts.clone(), what.clone(), Arc::clone(&cases));
            tokio::spawn(async move {
                let mut micros = Vec::new();
                while let Some(number) = acts.take() {
                    let number = first + number;
                    let body = what.body(number)?;
                    let sent = Instant::now();
                    let answer =
                        connection.post("/v1/cases", &format!("collect-{number}"), body.to_string().into()).await?;
                    micros.push(micros_since(sent));
                    let answer: Value = serde_json::from_slice(&answer)?;
                    let case = answer["case"].as_str().context("the answer names no case")?.to_owned();
                    cases.lock().unwrap_or_else(PoisonError::into_inner).push(case);
                }
                Ok(micros)
            })
        });
        let latency = gather(began, clients.collect()).await?;
        let cases = std::mem::take(&mut *cases.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((cases, latency))
    }
}
