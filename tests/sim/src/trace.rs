//! What happened in a run, line by line.

use std::collections::VecDeque;
use std::fmt::Arguments;

/// Lines that are kept to be shown with a breach.
const KEPT_LINES: usize = 60;

/// The trace of a run: its last lines, or all of them.
#[derive(Default)]
pub(crate) struct Trace {
    whole: bool,
    lines: VecDeque<String>,
}

impl Trace {
    pub(crate) fn new(whole: bool) -> Self {
        Self { whole, lines: VecDeque::new() }
    }

    pub(crate) fn line(&mut self, at: i64, what: Arguments<'_>) {
        if !self.whole && self.lines.len() == KEPT_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(format!("{}.{:03} {what}", at / 1000, at % 1000));
    }

    pub(crate) fn finish(self) -> Vec<String> {
        self.lines.into()
    }
}
