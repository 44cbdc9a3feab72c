//! The clients: windows that collect, and the staff of the county that takes each case through to its end.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use system_tests::socket::{self, Silence};
use system_tests::{Cluster, HOME, NEIGHBOUR, Node, TOWNSHIP, citizen};

use crate::NODES;
use crate::ledger::{Entry, Heard, Ledger};

/// The windows of the nodes.
const WINDOWS: [&str; 5] = [TOWNSHIP, TOWNSHIP, TOWNSHIP, NEIGHBOUR, HOME];
/// The county's staff.
const CLERKS: usize = 6;
/// Cases that may be collected for each kill that has been, so that there are always some on their way.
const CASES_PER_KILL: usize = 8;
/// How often a client whose outcome is unknown asks again under the same key, in hundredths; the others leave it at that.
const REPEATS_PERCENT: u32 = 60;
/// How often a client tries what must be refused, in hundredths.
const WRONG_PERCENT: u32 = 6;
/// How long a client waits at most for something to move: what happens within the nodes tells nobody here.
const PAUSE: Duration = Duration::from_millis(4);

/// How far things have come, for whoever kills.
pub(crate) struct Paces<'a> {
    ledger: &'a Ledger,
    kills: AtomicUsize,
    over: AtomicBool,
    /// What moves here: kills, acts that were answered, cases that are open, the end.
    moves: (Mutex<()>, Condvar),
}

impl Paces<'_> {
    /// Acts acknowledged up to now.
    pub(crate) fn acts(&self) -> usize {
        self.ledger.acknowledged()
    }

    /// Says that a node was killed.
    pub(crate) fn killed(&self) {
        self.kills.fetch_add(1, Ordering::AcqRel);
        self.moved();
    }

    /// Wakes whoever waits; under the lock, so that nobody who has just looked misses it.
    fn moved(&self) {
        let _held = self.moves.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.moves.1.notify_all();
    }

    /// Waits until something has come, looking whenever something moves, or until a moment.
    pub(crate) fn wait(&self, until: Instant, has_come: impl Fn() -> bool) {
        let (lock, moved) = &self.moves;
        let mut held = lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !has_come() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            held = moved.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Waits until something moves.
    fn pause(&self) {
        let (lock, moved) = &self.moves;
        let held = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let _moved = moved.wait_timeout(held, PAUSE);
    }
}

/// What the clients share.
struct Shop<'a> {
    cluster: &'a Cluster,
    items: &'a [String],
    paces: &'a Paces<'a>,
    /// Cases that are collected and not closed.
    open: Mutex<VecDeque<String>>,
    collected: AtomicUsize,
}

/// Lets all clients work as long as `meanwhile` takes.
pub(crate) fn at_work<T>(
    cluster: &Cluster,
    items: &[String],
    ledger: &Ledger,
    random: &mut StdRng,
    meanwhile: impl FnOnce(&mut StdRng, &Paces<'_>) -> T,
) -> T {
    let paces = Paces { ledger, kills: AtomicUsize::new(0), over: AtomicBool::new(false), moves: Default::default() };
    let shop = Shop { cluster, items, paces: &paces, open: Mutex::default(), collected: AtomicUsize::new(0) };
    std::thread::scope(|scope| {
        for (number, place) in WINDOWS.into_iter().enumerate() {
            let mut client = Client::new(&shop, place, format!("w{number}"), random);
            scope.spawn(move || client.collect());
        }
        for number in 0..CLERKS {
            let mut client = Client::new(&shop, HOME, format!("s{number}"), random);
            scope.spawn(move || client.serve());
        }
        // The clients stop even when the kills end in a panic.
        let _over = Over(&paces);
        meanwhile(random, &paces)
    })
}

struct Over<'a>(&'a Paces<'a>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
        self.0.moved();
    }
}

/// One client with its own chance.
struct Client<'a> {
    shop: &'a Shop<'a>,
    place: &'static str,
    name: String,
    random: StdRng,
    keys: usize,
}

impl<'a> Client<'a> {
    fn new(shop: &'a Shop<'a>, place: &'static str, name: String, random: &mut StdRng) -> Self {
        Self { shop, place, name, random: StdRng::seed_from_u64(random.random()), keys: 0 }
    }

    fn node(&self) -> &'a Node {
        self.shop.cluster.node(self.place)
    }

    fn is_over(&self) -> bool {
        self.shop.paces.is_over()
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    /// Collects for the county until it is over.
    fn collect(&mut self) {
        while !self.is_over() {
            let most = (self.shop.paces.kills.load(Ordering::Acquire) + 2) * CASES_PER_KILL;
            let number = self.shop.collected.fetch_add(1, Ordering::AcqRel);
            if number >= most {
                self.shop.collected.fetch_sub(1, Ordering::AcqRel);
                self.shop.paces.pause();
                continue;
            }
            let item = &self.shop.items[number % self.shop.items.len()];
            let serial = u32::try_from(number).unwrap_or(0);
            // The key travels with the case as a material, so that the case of an unknown collecting can be told.
            let body = json!({
                "item": item, "division": NODES[1].1, "name": format!("测试{number}"), "id": citizen(serial),
                "materials": [{ "name": format!("{}-{}", self.name, self.keys), "sha256": "ab".repeat(32) }],
            });
            let Some(answer) = self.act("collect", None, "/v1/cases", body) else { continue };
            let case = answer["case"].as_str().expect("it names the case").to_owned();
            if self.place != HOME && self.chance(WRONG_PERCENT) {
                // Where it was collected nobody may accept it.
                let _refused = self.on_case(&case, "accept", &json!({ "kind": "accept" }));
            }
            self.shop.open().push_back(case);
            self.shop.paces.moved();
        }
    }

    /// Takes cases through to their end until it is over.
    fn serve(&mut self) {
        while !self.is_over() {
            let Some(case) = self.shop.open().pop_front() else {
                self.shop.paces.pause();
                continue;
            };
            if !self.step(&case) {
                self.shop.open().push_back(case);
            }
        }
    }

    /// Does the next act on a case; true when there is none left.
    fn step(&mut self, case: &str) -> bool {
        let shown = match socket::get(&self.node().socket(), &format!("/v1/cases/show?case={case}")) {
            Ok(answer) if answer.is_done() && answer.body["custody"] == "owner" => answer.body,
            _ => {
                self.shop.paces.pause();
                return false;
            }
        };
        let state = shown["state"].as_str().unwrap_or_default();
        if state != "delivered" && state != "closed" && self.chance(WRONG_PERCENT) {
            let _refused = self.on_case(case, "close", &json!({ "kind": "close" }));
            return false;
        }
        match state {
            "collected" => self.on_case(case, "accept", &json!({ "kind": "accept" })),
            "accepted" => self.on_case(case, "decide", &json!({ "kind": "decide", "grant": true })),
            "granted" if shown["licences"].as_array().is_none_or(Vec::is_empty) => {
                let body = json!({ "case": case, "type": "许可证", "until": "2035-01-01" });
                self.act("issue-licence", Some(case), "/v1/licences", body)
            }
            "granted" => self.on_case(case, "deliver", &json!({ "kind": "deliver" })),
            "delivered" => self.on_case(case, "close", &json!({ "kind": "close" })),
            "closed" => return true,
            other => panic!("{case} is {other}"),
        };
        false
    }

    fn on_case(&mut self, case: &str, kind: &'static str, act: &Value) -> Option<Value> {
        self.act(kind, Some(case), "/v1/cases/act", json!({ "case": case, "act": act }))
    }

    /// Has something done under a new key; gives the answer when it was done.
    fn act(&mut self, kind: &'static str, case: Option<&str>, path: &'static str, body: Value) -> Option<Value> {
        let key = format!("{}-{}", self.name, self.keys);
        self.keys += 1;
        let mut entry = Entry {
            place: self.place,
            kind,
            case: case.map(str::to_owned),
            path,
            body,
            attempts: 0,
            heard: Heard::Unknown,
        };
        loop {
            let heard = match self.node().post(path, &key, &entry.body) {
                // Nobody listened, so nothing was done, this time.
                Err(Silence::Absent(_)) => {
                    if self.is_over() {
                        return None;
                    }
                    self.shop.paces.pause();
                    continue;
                }
                Err(Silence::Broken(_)) => Heard::Unknown,
                Ok(answer) if answer.is_done() => Heard::Acknowledged(answer.body),
                Ok(answer) if answer.status == 503 => Heard::Unknown,
                Ok(answer) if (400..500).contains(&answer.status) => Heard::Refused(answer.code().to_owned()),
                Ok(answer) => panic!("{key} {kind}: {answer:?}"),
            };
            entry.attempts += 1;
            entry.heard = heard.clone();
            if let (None, Heard::Acknowledged(answer)) = (&entry.case, &heard) {
                entry.case = answer["case"].as_str().map(str::to_owned);
            }
            self.shop.paces.ledger.write(&key, entry.clone());
            self.shop.paces.moved();
            match heard {
                Heard::Acknowledged(answer) => return Some(answer),
                Heard::Unknown if self.chance(REPEATS_PERCENT) => {}
                Heard::Refused(_) | Heard::Unknown => return None,
            }
        }
    }
}

impl Shop<'_> {
    fn open(&self) -> std::sync::MutexGuard<'_, VecDeque<String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
