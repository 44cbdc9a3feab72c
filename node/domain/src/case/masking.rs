//! Masking (脱敏): what the hall that collected a case still shows and keeps of people once the case is another node's.
//!
//! ```text
//!   Owner, Offered ── discharge ──▶ Elsewhere ── the owner closes it, or it is withdrawn ──▶ Elsewhere, forgotten
//!     shown                          sealed: shown by nothing, opened when             name masked, last six characters of the
//!                                    the case comes back                               number, no file; the key is drawn anew
//! ```
//!
//! Between discharge and the end a case may come back to the collecting hall, refused, reclaimed from a node that is lost: so what it takes to
//! go on is kept, encrypted, and whether it is shown follows from custody alone. When the case has come to its end nobody reclaims it, and
//! the hall lets go of the key that opened the applicant's fields and the files of his materials.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::{Amended, AmendedField, Case, Custody, Personal, Status};
use crate::Desk;
use crate::change::{Change, Event};

/// How many characters of a number are kept of a case that is forgotten, from its end: with the query code they prove who asks.
pub const NUMBER_CHARS_KEPT: usize = 6;

/// The surname and a star for each further character; a firm's first two characters.
#[must_use]
pub fn masked_name(name: &str) -> String {
    let count = name.chars().count();
    let shown = if count > 4 { 2 } else { 1 };
    name.chars().take(shown).chain("*".repeat(count.saturating_sub(shown).min(6)).chars()).collect()
}

/// All but the last four characters of a number as stars.
#[must_use]
pub fn masked_number(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(4);
    "*".repeat(hidden).chars().chain(number.chars().skip(hidden)).collect()
}

/// The end of a number: what is kept of it when a case is forgotten, and what its holder proves himself with.
#[must_use]
pub fn number_end(number: &str) -> String {
    number.chars().skip(number.chars().count().saturating_sub(NUMBER_CHARS_KEPT)).collect()
}

impl Personal {
    /// Name and number, where the key exists and they were not forgotten.
    #[must_use]
    pub fn open(&self, desk: &dyn Desk, case: &CaseId) -> Option<(String, String)> {
        if self.forgotten_at.is_some() { None } else { desk.decrypt(case, self) }
    }

    /// What is left of name and number, under a key of its own; the one that opened them is nowhere any more.
    pub(crate) fn forgotten(&self, desk: &mut dyn Desk, case: &CaseId, at: Timestamp) -> Self {
        if self.forgotten_at.is_some() {
            return self.clone();
        }
        let (name, number) = desk.decrypt(case, self).unwrap_or_default();
        let left = desk.encrypt(case, &masked_name(&name), &number_end(&number));
        Self { forgotten_at: Some(at), ..left }
    }
}

impl Case {
    /// Whether this node shows what the case holds of people to those who may read it: it has the case, or waits for the answer to an offer.
    /// Elsewhere is masked, at the collecting hall and at a node that had to give the case up alike.
    #[must_use]
    pub fn is_disclosed(&self) -> bool {
        !matches!(self.custody, Custody::Elsewhere { .. })
    }

    /// Whether nothing of what this node keeps of people is needed again: the case is another's and at its end. One that was forwarded goes
    /// on at the superior, which fetches its files from here through the forwarding node, however long that takes.
    fn is_to_be_forgotten(&self) -> bool {
        let over = matches!(self.status, Status::Closed | Status::Withdrawn) && self.forwarded_to.is_none();
        !self.is_disclosed() && over && self.personal.forgotten_at.is_none()
    }

    /// Lets go of what the case holds of people, when it is at its end elsewhere; the files of its materials with it.
    pub(super) fn forget(&mut self, desk: &mut dyn Desk, at: Timestamp, change: &mut Change) {
        if !self.is_to_be_forgotten() {
            return;
        }
        let id = self.id;
        self.personal = self.personal.forgotten(desk, &id, at);
        for amendment in &mut self.amendments {
            amendment.before = amendment.before.forgotten(desk, &id, at);
        }
        if let Some(agent) = &mut self.agent {
            agent.personal = agent.personal.forgotten(desk, &id, at);
        }
        if let Some(part) = &mut self.part_of {
            part.form = None;
        }
        change.events.push(Event::Forgotten(id));
    }

    /// Follows the owner who puts an entry right that is forgotten here: what is left of it is of the right one from now on.
    pub(super) fn remask(&mut self, desk: &mut dyn Desk, amended: &Amended) {
        let (mut name, mut number) = desk.decrypt(&self.id, &self.personal).unwrap_or_default();
        match amended.field {
            AmendedField::ApplicantName => name = masked_name(&amended.value),
            AmendedField::ApplicantId => {
                number = number_end(&amended.value);
                self.holder = desk.index(&amended.value);
            }
        }
        let forgotten_at = self.personal.forgotten_at;
        self.personal = Personal { forgotten_at, ..desk.encrypt(&self.id, &name, &number) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_name_or_number_masked_again_is_the_same() {
        for (name, masked) in
            [("", ""), ("张", "张"), ("张三", "张*"), ("欧阳娜娜", "欧***"), ("广安某某餐饮有限公司", "广安******")]
        {
            assert_eq!(masked_name(name), masked);
            assert_eq!(masked_name(masked), masked);
        }
        assert_eq!(masked_number("110101199003070011"), "**************0011");
        assert_eq!(number_end("110101199003070011"), "070011");
        assert_eq!(number_end("0011"), "0011");
    }
}
