//! The network as a transport shows it: links that keep order until they break, and then lose what is on its way.

use std::collections::{BTreeMap, BTreeSet};

/// One end of a link.
pub(crate) struct End {
    /// Who holds it.
    pub(crate) node: usize,
    /// In which of its runs.
    pub(crate) run: u64,
    /// The other end.
    pub(crate) far: u64,
    /// When the last thing sent to this end arrives: nothing later arrives before.
    pub(crate) arrives: i64,
    /// What arrives here is lost.
    pub(crate) deaf: bool,
}

/// What a question is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Which journals there are.
    List,
    /// A pull, by its number.
    Pull(u64),
    /// What a hostile node has no right to hear.
    Prying,
}

/// A question over a link that waits for its answer.
pub(crate) struct Question {
    pub(crate) from: usize,
    pub(crate) run: u64,
    pub(crate) to: usize,
    /// The asking end.
    pub(crate) end: u64,
    pub(crate) purpose: Purpose,
    pub(crate) bytes: Vec<u8>,
}

/// All links.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) ends: BTreeMap<u64, End>,
    pub(crate) questions: BTreeMap<u64, Question>,
    cut: BTreeSet<(usize, usize)>,
    islands: BTreeSet<usize>,
    numbers: u64,
}

impl Network {
    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// A new link between two runs: the end of the first, the end of the second.
    pub(crate) fn link(&mut self, one: (usize, u64), other: (usize, u64)) -> (u64, u64) {
        let (near, far) = (self.number(), self.number());
        let end = |(node, run), far| End { node, run, far, arrives: 0, deaf: false };
        self.ends.insert(near, end(one, far));
        self.ends.insert(far, end(other, near));
        (near, far)
    }

    /// Whether anything goes between two nodes.
    pub(crate) fn goes(&self, one: usize, other: usize) -> bool {
        !self.cut.contains(&(one.min(other), one.max(other)))
            && !self.islands.contains(&one)
            && !self.islands.contains(&other)
    }

    pub(crate) fn cut(&mut self, one: usize, other: usize, cut: bool) {
        let pair = (one.min(other), one.max(other));
        if cut {
            self.cut.insert(pair);
        } else {
            self.cut.remove(&pair);
        }
    }

    pub(crate) fn island(&mut self, node: usize, island: bool) {
        if island {
            self.islands.insert(node);
        } else {
            self.islands.remove(&node);
        }
    }

    /// Everything goes everywhere.
    pub(crate) fn heal(&mut self) {
        self.cut.clear();
        self.islands.clear();
        for end in self.ends.values_mut() {
            end.deaf = false;
        }
    }

    /// The ends of links over which nothing goes any more, one of each.
    pub(crate) fn severed(&self) -> Vec<u64> {
        let node = |end: &u64| self.ends.get(end).map(|end| end.node);
        let ends = self.ends.iter().filter(|(number, end)| **number < end.far);
        ends.filter(|(_, end)| node(&end.far).is_some_and(|far| !self.goes(end.node, far)))
            .map(|(number, _)| *number)
            .collect()
    }
}
