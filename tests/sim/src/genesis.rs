//! How everything begins: a province whose nodes have joined, know each other's records, and have staff and items in force.

pub(crate) mod alike;
pub(crate) mod limited;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};

use tongban::engine::trust::{AnchorRow, Certificate, RootKey};
use tongban::engine::{Outside, Request, Trust};
use tongban::exchange::{Change, Changing, Kept, MemoryBlobs, record};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::licence_id::{LicenceId, LicenceTypeCode};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{ForeignItem, ImportRow, ListRow};
use tongban_domain::licence::{Licence, Status};
use tongban_domain::{Actor, Command, Desk as _, Event, Operator, Place, Role};
use tongban_federation::{AnchorRecord, Directory, Sealed, ShownRoot};
use tongban_seal::Signer;
use tongban_storage::keyspace::item;
use tongban_storage::{Backend, MemoryBackend};

use crate::machine::{Disk, Log, Machine, facts, key_hash, signer};

/// Divisions of the small province and the superior of each: a province, two cities, six counties, eleven townships.
const DIVISIONS: [(&str, usize); 20] = [
    ("330000", 0),
    ("330100", 0),
    ("330300", 0),
    ("330102", 1),
    ("330106", 1),
    ("330110", 1),
    ("330302", 2),
    ("330303", 2),
    ("330304", 2),
    ("330102001", 3),
    ("330102003", 3),
    ("330102004", 3),
    ("330110005", 5),
    ("330110009", 5),
    ("330110010", 5),
    ("330302006", 6),
    ("330302023", 6),
    ("330302024", 6),
    ("330302025", 6),
    ("330302026", 6),
];

/// The permit that every node of the small province has in force.
pub(crate) const PERMIT: &str = "330A0015500013";
/// The type of licence that they issue.
pub(crate) const LICENCE_TYPE: &str = "许可证";
/// The number of who comes to all windows, and holds a licence of every node.
pub(crate) const APPLICANT: &str = "11010519491231002X";
/// The department of every hall.
pub(crate) const DEPARTMENT: &str = "卫健局";
/// The unified social credit code of that department.
pub(crate) const CREDIT: &str = "11370800MB28559184";
const LEGAL_BASIS: &str = "公共场所卫生管理条例第四条";
/// The service that every node of the small province has in force.
pub(crate) const SERVICE: &str = "330A0015500014";

/// The code of an item in the province of a division.
pub(crate) fn item_of(item: &str, division: DivisionCode) -> String {
    format!("{}{}", &division.to_string()[..3], &item[3..])
}

/// How a world begins: nodes that trust each other, and the place of each one's superior among them.
pub(crate) struct Scene {
    pub(crate) born: Vec<Born>,
    /// A root's own.
    pub(crate) superiors: Vec<usize>,
}

impl Scene {
    /// The numbers of the nodes above one, the nearest first.
    pub(crate) fn above(superiors: &[usize], node: usize) -> Vec<usize> {
        let mut above = Vec::new();
        let mut at = node;
        while superiors[at] != at {
            at = superiors[at];
            above.push(at);
        }
        above
    }
}

/// A node as it is at the beginning of every run.
pub(crate) struct Born {
    pub(crate) place: Place,
    state: Arc<MemoryBackend>,
    known: (Trust, Arc<Directory>),
    /// Its log from the first entry.
    pub(crate) log: Vec<Arc<[u8]>>,
}

/// The staff: one operator a role.
pub(crate) fn actor(role: Role) -> Actor {
    Actor { operator: role.name().to_owned(), roles: vec![role], window: Some("3".to_owned()) }
}

/// A Monday morning.
pub(crate) fn moment() -> i64 {
    Date::ymd(2026, 9, 14).map_or(0, |day| day.start().add_seconds(9 * 3600).as_millis())
}

/// The moment at which every run begins.
pub(crate) fn beginning() -> i64 {
    moment() + 3_600_000
}

/// A row of an item file whose item windows of these divisions may collect for.
pub(crate) fn row(number: u32, code: &str, kind: &str, covered: &str) -> ImportRow {
    let columns = [
        ("department", DEPARTMENT),
        ("main_item", "许可"),
        ("name", code),
        ("local_item_code", code),
        ("item_type", kind),
        ("department_code", CREDIT),
        ("legal_basis", LEGAL_BASIS),
        ("statutory_days", "20"),
        ("promised_days", "5"),
        ("modes", "online^collect"),
        ("covered", covered),
    ];
    ImportRow::new(number, columns.map(|(column, value)| (column.to_owned(), value.to_owned())).into())
}

/// The node of a division.
pub(crate) fn place(division: &str) -> Place {
    let digest = Digest::of(division.as_bytes());
    let bytes = digest.as_bytes().first_chunk().copied().unwrap_or_default();
    Place { node: NodeId::from_bytes(bytes), division: division.parse().expect("the divisions are real") }
}

/// A machine while everything is set up: what is asked for is committed and applied at once.
pub(crate) struct Nascent {
    pub(crate) machine: Machine,
    log: Vec<Arc<[u8]>>,
    /// Its superior's place among all; its own of the root.
    superior: usize,
}

impl Nascent {
    /// An empty node that runs.
    pub(crate) fn new(place: Place, superior: usize, clock: &Arc<AtomicI64>) -> Self {
        let disk = Disk { state: Arc::default(), blobs: Arc::new(MemoryBlobs::default()), log: Log::default() };
        Self::on(disk, None, place, superior, clock)
    }

    /// An empty node that runs on this disk and knows this.
    pub(crate) fn on(
        disk: Disk,
        known: Option<(Trust, Arc<Directory>)>,
        place: Place,
        superior: usize,
        clock: &Arc<AtomicI64>,
    ) -> Self {
        let (clock, offset) = (Arc::clone(clock), Arc::default());
        let mut machine = Machine { place, direct: false, old: false, disk, known, run: None, runs: 0, clock, offset };
        machine.start(1).expect("an empty node starts");
        Self { machine, log: Vec::new(), superior }
    }

    /// The machine with what its log holds, not running, and what its node trusts.
    pub(crate) fn into_machine(self) -> (Machine, Trust) {
        let Self { mut machine, log, .. } = self;
        let trust = machine.run.as_ref().expect("the node runs").knowledge.trust();
        machine.disk.state.flush().expect("memory can be flushed");
        for entry in log {
            machine.disk.log.append(entry);
        }
        machine.disk.log.synced = machine.disk.log.last();
        machine.disk.log.purge(machine.disk.log.last());
        machine.run = None;
        (machine, trust)
    }

    pub(crate) fn settle(&mut self, request: Request) {
        let run = self.machine.run.as_mut().expect("the node runs");
        let mut answer = run.writer.push(request);
        while let Some(proposal) = run.writer.form() {
            let (number, bytes) = (proposal.number(), proposal.bytes());
            self.log.push(Arc::clone(&bytes));
            let index = self.log.len() as u64;
            run.applied.apply(index, &bytes).expect("memory takes it");
            proposal.committed(index);
            run.writer.settled(number, Some(index));
        }
        let _done = answer.try_recv().expect("it is committed").expect("it is lawful");
    }

    fn change(&mut self, change: Change) {
        let mut changing = Changing::new(change);
        loop {
            let run = self.machine.run.as_mut().expect("the node runs");
            let knowledge = Arc::clone(&run.knowledge);
            let Some(request) = changing.next(&knowledge).expect("records can be made") else { return };
            let mut answer = run.writer.push(request);
            while let Some(proposal) = run.writer.form() {
                let (number, bytes) = (proposal.number(), proposal.bytes());
                self.log.push(Arc::clone(&bytes));
                let index = self.log.len() as u64;
                run.applied.apply(index, &bytes).expect("memory takes it");
                proposal.committed(index);
                run.writer.settled(number, Some(index));
            }
            let committed = answer.try_recv().expect("it is committed").expect("it is lawful");
            if changing.committed(&knowledge, committed) == Kept::Records {
                run.writer.set_places(knowledge.places());
            }
        }
    }

    fn act(&mut self, role: Role, command: Command) {
        self.settle(Request::Act { actor: actor(role), command: Box::new(command), key: None });
    }

    /// Imports a row of an item file, and publishes what it is of.
    fn publish(&mut self, row: ImportRow) {
        self.act(Role::Catalogue, Command::ImportItems(vec![row].into()));
        self.act(Role::Catalogue, Command::PublishItems(None));
    }

    pub(crate) fn records(&self) -> Vec<Sealed> {
        let run = self.machine.run.as_ref().expect("the node runs");
        let directory = run.knowledge.directory();
        let own = directory.node(&self.machine.place.node).map(|entry| entry.sealed.clone());
        own.into_iter().chain(directory.authorities().map(|entry| entry.sealed.clone())).collect()
    }
}

pub(crate) fn operators(node: &mut Nascent) {
    let operators = Role::ALL.map(|role| {
        let name = role.name().to_owned();
        Event::Operator(Operator::new(name, vec![role]))
    });
    node.settle(Request::Custom(Box::new(move |_, _, _| {
        Ok(Outside { events: operators.into(), ..Outside::default() })
    })));
}

/// Gives it operators, two items in force that windows of these divisions may collect for, and a licence that ends after so many days.
fn staff(node: &mut Nascent, covered: &str, licence_days: i32) {
    operators(node);
    let operator = Role::Decider.name().to_owned();
    node.act(Role::Admin, Command::GrantMandate { operator, item: None, from: None, until: None });
    // A renewal may be asked for until the day before the licence ends.
    let division = node.machine.place.division;
    let mut permit = row(2, &item_of(PERMIT, division), "01", covered);
    let link = [("name", "延续"), ("term", "1自然日"), ("basis", LEGAL_BASIS)];
    let values = link.map(|(column, value)| (column.to_owned(), value.to_owned())).into();
    permit.lists.insert("special_links".to_owned(), vec![ListRow { row: 2, values }]);
    node.act(
        Role::Catalogue,
        Command::ImportItems(vec![permit, row(3, &item_of(SERVICE, division), "20", covered)].into()),
    );
    node.act(Role::Catalogue, Command::PublishItems(None));
    licence(node, licence_days);
}

/// The licence that every node has issued to who comes to the windows.
pub(crate) fn licence_of(division: DivisionCode) -> String {
    let credit: CreditCode = CREDIT.parse().expect("its check digit holds");
    let kind = LicenceTypeCode::new(credit, 1).expect("three digits");
    LicenceId::new(kind, credit, &division.to_string(), 1).expect("it is well formed").to_string()
}

/// Issues it.
fn licence(node: &mut Nascent, days: i32) {
    let place = node.machine.place;
    let permit_code = item_of(PERMIT, place.division);
    node.settle(Request::Custom(Box::new(move |read, at, desk| {
        let items = item::ITEM.list(read, &[], None, usize::MAX)?;
        let (_, permit) = items.into_iter().find(|(code, _)| *code == permit_code).expect("it is in force");
        let licence = Licence {
            id: licence_of(place.division),
            type_name: LICENCE_TYPE.to_owned(),
            authority: permit.authority,
            case: CaseId::draw(&place.node, [0; 10]),
            holder: desk.index(APPLICANT),
            issued_on: at.date().add_days(-30),
            valid_until: at.date().add_days(days),
            status: Status::Valid,
            since: at,
            reason: None,
            sealed: Vec::new(),
            valid_from: None,
            renews: None,
            renewed_by: None,
            renewal: None,
        };
        Ok(Outside { events: vec![Event::Licence(licence)], ..Outside::default() })
    })));
}

/// Makes a node a part of the tree: certified by its superior, with the records of all above it.
pub(crate) fn certify(nodes: &mut [Nascent], number: usize, root: &RootKey, anchor: &AnchorRow) {
    let superior = nodes[number].superior;
    let place = nodes[number].machine.place;
    let (root, anchor) = (root.clone(), anchor.clone());
    let above = nodes[superior].machine.place.node;
    let label = facts(place).expect("the division has a label").label;
    let key = signer(place.node).public_key();
    let run = nodes[superior].machine.run.as_ref().expect("the node runs");
    let certified = record::certify(&run.knowledge, place.node, place.division, label, key, vec![7; 32]);
    let certification = Certificate(certified.expect("the key can be used").into_bytes());
    let change = move |trust: &mut Trust| {
        trust.anchors = vec![anchor];
        trust.roots = vec![root];
        if superior != number {
            trust.certification = Some(certification);
            trust.superior = Some(above);
        }
        true
    };
    nodes[number].change(Change::Trust { change: Box::new(change), also: Vec::new() });
    // The directory reads its anchors when it is loaded.
    let known = nodes[number].machine.run.as_ref().expect("the node runs").knowledge.trust();
    let run = nodes[number].machine.run.as_ref().expect("the node runs");
    if let Some(root) = known.roots.first().cloned() {
        run.knowledge.adopt_own_root(root, known);
    }
    let mut above = number;
    let mut records = Vec::new();
    while nodes[above].superior != above {
        above = nodes[above].superior;
        records.splice(0..0, nodes[above].records());
    }
    if !records.is_empty() {
        nodes[number].change(Change::Records(records));
    }
    nodes[number].change(Change::Publish);
}

/// What everybody trusts: the first of all nodes.
pub(crate) fn anchor(first: &Nascent) -> (RootKey, AnchorRow) {
    let place = first.machine.place;
    let root = RootKey { node: place.node, key: signer(place.node).public_key() };
    let anchor = AnchorRow { key_hash: key_hash(root.node), division: place.division };
    (root, anchor)
}

/// Has each root trust the others, as its administrator does who has compared the fingerprints.
fn exchange_anchors(nodes: &mut [Nascent], roots: &[usize]) {
    let shown: Vec<Sealed> = roots.iter().flat_map(|root| nodes[*root].records().into_iter().take(1)).collect();
    for root in roots {
        let me = nodes[*root].machine.place.node;
        let now = nodes[*root].machine.run.as_ref().expect("the node runs").knowledge.now();
        let mut words = Vec::new();
        for (other, sealed) in roots.iter().zip(&shown).filter(|(other, _)| *other != root) {
            let place = nodes[*other].machine.place;
            let read = ShownRoot::read(sealed).expect("a root's record shows it");
            let word = AnchorRecord {
                root: place.node,
                division: place.division,
                name: read.record.name.clone(),
                transport_key: read.record.transport_key,
                seal_keys: read.seal_keys(),
                from: now,
                withdrawn: None,
                reason: None,
                operator: Role::Admin.name().to_owned(),
                version: 1,
                issued_at: now,
            };
            words.extend([word.sign(me, &signer(me)).expect("the key can be used"), sealed.clone()]);
        }
        if !words.is_empty() {
            nodes[*root].change(Change::Records(words));
        }
    }
}

/// What a root says of other roots.
fn anchors(node: &Nascent) -> Vec<Sealed> {
    let run = node.machine.run.as_ref().expect("the node runs");
    run.knowledge.directory().foreign_roots().map(|entry| entry.sealed.clone()).collect()
}

/// Makes a scene of divisions with the place of each one's superior; the licence of each node ends after so many days. Of a `month`, all have a
/// permit that is the same, agreements to decide by it in each other's place, and a permit of limited number.
pub(crate) fn scene(divisions: &[(String, usize)], licence_days: impl Fn(usize) -> i32, month: bool) -> Scene {
    let clock = Arc::new(AtomicI64::new(moment()));
    let mut nodes: Vec<Nascent> =
        divisions.iter().map(|(division, superior)| Nascent::new(place(division), *superior, &clock)).collect();
    let roots: Vec<usize> = (0..nodes.len()).filter(|number| nodes[*number].superior == *number).collect();
    let covered: Vec<&str> = roots.iter().map(|root| divisions[*root].0.as_str()).collect();
    let covered = covered.join("^");
    let mut root = 0;
    for number in 0..nodes.len() {
        // A tree follows its root.
        if nodes[number].superior == number {
            root = number;
        }
        let (key, anchor) = anchor(&nodes[root]);
        certify(&mut nodes, number, &key, &anchor);
        staff(&mut nodes[number], &covered, licence_days(number));
        if month {
            alike::publish(&mut nodes, number, root, &covered);
            limited::publish(&mut nodes[number], &covered);
        }
        nodes[number].change(Change::OwnAuthorities);
    }
    if month {
        alike::agree(&mut nodes);
    }
    exchange_anchors(&mut nodes, &roots);
    let words: Vec<Vec<Sealed>> = nodes.iter().map(anchors).collect();
    let records: Vec<Sealed> = nodes.iter().flat_map(Nascent::records).collect();
    let unique: BTreeMap<Vec<u8>, Sealed> =
        records.into_iter().map(|sealed| (sealed.as_bytes().to_vec(), sealed)).collect();
    let records: Vec<Sealed> = unique.into_values().collect();
    let items: Vec<ForeignItem> = nodes
        .iter()
        .flat_map(|node| {
            let run = node.machine.run.as_ref().expect("the node runs");
            let as_of = run.knowledge.now();
            let rows = item::ITEM.list(&*node.machine.disk.state, &[], None, usize::MAX).expect("memory can be read");
            let from = node.machine.place.node;
            rows.into_iter().map(move |(_, item)| ForeignItem { node: from, as_of, item })
        })
        .collect();
    let mut root = 0;
    for (number, node) in nodes.iter_mut().enumerate() {
        if node.superior == number {
            root = number;
        }
        // The word of its own root on the others first: their trees' records stand on it.
        if !words[root].is_empty() {
            node.change(Change::Records(words[root].clone()));
        }
        node.change(Change::Records(records.clone()));
        let here = node.machine.place.node;
        for item in items.iter().filter(|item| item.node != here) {
            let command = Command::KeepForeignItem(Box::new(item.clone()));
            node.settle(Request::Act { actor: Actor::system(), command: Box::new(command), key: None });
        }
        node.machine.disk.state.flush().expect("memory can be flushed");
    }
    let born = |node: Nascent| {
        let knowledge = &node.machine.run.as_ref().expect("the node runs").knowledge;
        let known = (knowledge.trust(), knowledge.directory());
        Born { place: node.machine.place, known, state: node.machine.disk.state, log: node.log }
    };
    Scene {
        born: nodes.into_iter().map(born).collect(),
        superiors: divisions.iter().map(|(_, above)| *above).collect(),
    }
}

/// The small province, the same at the beginning of every run of a process. Its licences end tomorrow, so that a clock that jumps some days
/// finds renewals on which nobody has decided.
pub(crate) fn small() -> &'static Scene {
    static SMALL: OnceLock<Scene> = OnceLock::new();
    SMALL.get_or_init(|| {
        let divisions = DIVISIONS.map(|(division, superior)| (division.to_owned(), superior));
        scene(&divisions, |_| 1, false)
    })
}

impl Born {
    /// A machine of a run, at the beginning.
    pub(crate) fn machine(&self, clock: &Arc<AtomicI64>, direct: bool) -> Machine {
        let mut log = Log::default();
        for entry in &self.log {
            log.append(Arc::clone(entry));
        }
        log.synced = log.last();
        log.purge(log.last());
        let known = Some(self.known.clone());
        let disk = Disk { state: Arc::new(self.state.copy()), blobs: Arc::new(MemoryBlobs::default()), log };
        let (clock, offset) = (Arc::clone(clock), Arc::default());
        Machine { place: self.place, direct, old: false, disk, known, run: None, runs: 0, clock, offset }
    }

    /// A copy of its state at the beginning.
    pub(crate) fn state(&self) -> MemoryBackend {
        self.state.copy()
    }
}
