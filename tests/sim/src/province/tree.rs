//! The nodes of a province by its real divisions, joined and known to each other.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tongban::engine::Trust;
use tongban::exchange::MemoryBlobs;
use tongban_codes::division::{DivisionCode, table};
use tongban_codes::time::Timestamp;
use tongban_federation::Directory;
use tongban_federation::directory::Opened;
use tongban_storage::{MemoryBackend, SharedValues};

use crate::genesis::{self, Nascent, certify, moment, operators, place};
use crate::machine::{Disk, Log, Machine};

/// How many nodes of each level, beside the province.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Cities.
    pub cities: usize,
    /// Counties, over all cities.
    pub counties: usize,
    /// Townships, over all counties.
    pub townships: usize,
}

impl Size {
    /// 浙江: 1,489 nodes with the province's.
    pub const ZHEJIANG: Self = Self { cities: 11, counties: 90, townships: 1_387 };
}

/// Children of some divisions, those of each in turn, so that all have some.
fn children(of: &[(DivisionCode, usize)], count: usize) -> Vec<(DivisionCode, usize)> {
    let mut rows: Vec<(usize, DivisionCode, usize)> = Vec::new();
    for (code, number) in of {
        let below = table().children(*code).into_iter().enumerate();
        rows.extend(below.map(|(turn, division)| (turn, division.code, *number)));
    }
    rows.sort_by_key(|(turn, code, _)| (*turn, *code));
    rows.truncate(count);
    rows.into_iter().map(|(_, code, superior)| (code, superior)).collect()
}

/// Divisions of a province with the place of their superior, the province first.
pub(crate) fn divisions(province: &str, size: &Size) -> Vec<(DivisionCode, usize)> {
    let province: DivisionCode = province.parse().expect("it is a province");
    let mut all = vec![(province, 0)];
    let mut above = vec![(province, 0)];
    for count in [size.cities, size.counties, size.townships] {
        let level = children(&above, count);
        above = level.iter().enumerate().map(|(turn, (code, _))| (*code, all.len() + turn)).collect();
        all.extend(level);
    }
    all
}

/// What grows: the machines, the place of each one's superior, and what each node knows at its start.
pub(super) type Grown = (Vec<Machine>, Vec<usize>, Vec<(Trust, Arc<Directory>)>);

/// Machines that don't run yet, of nodes that have joined. All share one directory, as they would have it after gossip.
pub(super) fn grown(size: &Size, clock: &Arc<AtomicI64>) -> Grown {
    let divisions = divisions("330000", size);
    // What is the same at many nodes is in memory once: rows and slices by their bytes, records by what they were opened from.
    let (values, opened) = (Arc::new(SharedValues::default()), Arc::new(Opened::default()));
    let mut empty = Directory::new();
    empty.share(opened);
    let nascent = |(code, superior): &(DivisionCode, usize)| {
        let disk = Disk {
            state: Arc::new(MemoryBackend::sharing(Arc::clone(&values))),
            blobs: Arc::new(MemoryBlobs::sharing(Arc::clone(&values))),
            log: Log::default(),
        };
        let known = (Trust::default(), Arc::new(empty.clone()));
        Nascent::on(disk, Some(known), place(&code.to_string()), *superior, clock)
    };
    let mut nodes: Vec<Nascent> = divisions.iter().map(nascent).collect();
    let (root, anchor) = genesis::anchor(&nodes[0]);
    let mut records = Vec::new();
    for number in 0..nodes.len() {
        certify(&mut nodes, number, &root, &anchor);
        operators(&mut nodes[number]);
        let own = nodes[number].machine.place.node;
        let run = nodes[number].machine.run.as_ref().expect("the node runs");
        records.extend(run.knowledge.directory().node(&own).map(|entry| entry.sealed.clone()));
    }
    let mut directory = empty;
    directory.add_anchor(root.node, root.key);
    for (_, merged) in directory.merge_all(records, Timestamp::from_millis(moment())) {
        let _kept = merged.expect("every record is of the tree");
    }
    let directory = Arc::new(directory);
    let superiors = divisions.iter().map(|(_, superior)| *superior).collect();
    let (mut machines, mut known) = (Vec::new(), Vec::new());
    for node in nodes {
        let (machine, trust) = node.into_machine();
        machines.push(machine);
        known.push((trust, Arc::clone(&directory)));
    }
    (machines, superiors, known)
}
