//! Ratings (好差评): of the visit at the hall, of the matter at its authority, and what follows of a bad one, to the end.

use tongban_domain::case::Case;
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::voice::{
    Channel, FollowUpAct, FollowUpState, Grade, Ground, RateRequest, Rater, Rating, Voice, VoiceCommand,
};
use tongban_domain::{Command, Role};
use tongban_storage::keyspace::voice;

use super::Due;
use super::hours::{HOUR, after, day};
use super::people::Awaited;
use crate::queue::Event;
use crate::world::World;

/// How often a bad grade is followed up at most.
pub(super) const FOLLOW_UPS_MAX: u8 = 10;

/// Who serves, and may follow a bad grade up.
const SERVES: [Role; 3] = [Role::Window, Role::Reviewer, Role::Decider];

impl World {
    /// A grade on the pad of a window, or of the matter by telephone, which the hall that collected may take for another authority.
    pub(super) fn rates(&mut self, node: usize, case: &Case) {
        let of_matter = self.chance.one_in(2);
        let hall = self.machines.iter().position(|machine| machine.place.node == case.collecting.node);
        let hall = hall.filter(|hall| of_matter && self.machines[*hall].run.is_some());
        let node = hall.filter(|_| !self.chance.one_in(3)).unwrap_or(node);
        let grade = self.chance.pick(Grade::ALL).copied().expect("there are grades");
        let request = RateRequest {
            case: case.id.to_string(),
            by: Rater::Window,
            grade,
            channel: if of_matter { Channel::Phone } else { Channel::Pad },
            comment: None,
            scores: Vec::new(),
            visited_on: None,
        };
        self.awaits(Awaited::Rating);
        self.month_acts(node, Role::Window, Command::Voice(VoiceCommand::Rate(Box::new(request))));
    }

    /// A rating will be followed up.
    pub(super) fn expects_follow_up(&mut self, rating: usize, left: u8) {
        let at = after(self.queue.now(), self.chance.millis(HOUR, 12 * HOUR));
        self.queue.put_at(at, Event::Month(Due::FollowUp(rating, left)));
    }

    /// A rating as a node that runs has it.
    fn rating_at(&self, node: usize, number: &str) -> Option<Rating> {
        let machine = &self.machines[node];
        machine.run.as_ref()?;
        match voice::named(&*machine.disk.state, number) {
            Ok(Some(Voice::Rating(rating))) => Some(rating),
            _ => None,
        }
    }

    /// Somebody goes on with what follows of a bad grade, where it counts.
    pub(super) fn follows_up(&mut self, rating: usize, left: u8) {
        let known = self.month.as_ref().and_then(|month| month.people.ratings.get(rating).cloned());
        let Some((entered, number)) = known else { return };
        let rated = self.rating_at(entered, &number).map(|rating| rating.rated.node);
        let node = rated.and_then(|rated| self.machines.iter().position(|machine| machine.place.node == rated));
        let Some(row) = node.and_then(|node| self.rating_at(node, &number)) else {
            // Off, or it hasn't arrived; what never does, is refused.
            if left > 0 {
                self.expects_follow_up(rating, left - 1);
            }
            return;
        };
        let Some((role, act)) = self.next_of_rating(&row) else { return };
        let command = Command::Voice(VoiceCommand::FollowUp { rating: number, act });
        self.month_acts(node.unwrap_or(entered), role, command);
        if left > 0 {
            self.expects_follow_up(rating, left - 1);
        }
    }

    fn next_of_rating(&mut self, rating: &Rating) -> Option<(Role, FollowUpAct)> {
        let follow_up = rating.follow_up.as_ref()?;
        let text = || "已核实".to_owned();
        let rated = |role: &Role| rating.operators.iter().any(|operator| operator == role.name());
        let holder = SERVES.into_iter().find(|role| follow_up.holder.as_deref() == Some(role.name()));
        // Whoever was rated follows nothing up; where all were, a supervisor can only appoint one of them.
        let serves = holder.or_else(|| SERVES.into_iter().find(|role| !rated(role)))?;
        let appeals = SERVES.into_iter().find(rated).filter(|_| self.chance.one_in(6));
        Some(match follow_up.state {
            FollowUpState::Open | FollowUpState::Verified if appeals.is_some() => {
                (appeals?, FollowUpAct::Appeal { ground: Ground::Mistaken, text: text() })
            }
            FollowUpState::Open => (serves, FollowUpAct::Verify { finding: text() }),
            FollowUpState::Verified => match self.chance.below(3) {
                0 => (serves, FollowUpAct::Plan { text: text(), until: day(self.queue.now()).add_days(14) }),
                1 => (serves, FollowUpAct::Explain { text: text() }),
                _ => (serves, FollowUpAct::Rectify { text: text() }),
            },
            FollowUpState::Planned => (serves, FollowUpAct::Rectify { text: text() }),
            FollowUpState::Rectified | FollowUpState::Explained => {
                (serves, FollowUpAct::Close { reached: true, content: Some(true), said: text() })
            }
            FollowUpState::Appealed => {
                (Role::Supervisor, FollowUpAct::Judge { uphold: self.chance.one_in(2), text: text() })
            }
            FollowUpState::Closed => return None,
        })
    }
}
