//! The follow-up of a bad grade, to the end (国办发〔2019〕51号): verify with the applicant, put right at once or by a plan, or explain, tell the
//! outcome in a call; or appeal, of which another decides.

use serde::{Deserialize, Serialize};
use tongban_codes::time::{Date, Timestamp};

use super::list::{FollowUpKind, FollowUpOutcome, FollowUpState, Ground, RatingDeed, Standing};
use super::rate::reply;
use super::rating::{Appeal, Call, Rating};
use super::{Voice, fit, stored};
use crate::catalogue::CodeList as _;
use crate::change::{Change, Reply};
use crate::supervision::text;
use crate::work::Door;
use crate::{Actor, Facts, Rejection, codes};

/// The longest time of a plan, in working days.
const PLAN_DAYS_MAX: u32 = 60;

/// Something done in a follow-up; the API takes it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FollowUpAct {
    /// 回访核实.
    Verify {
        /// What was found.
        finding: String,
    },
    /// 整改.
    Rectify {
        /// What was put right.
        text: String,
    },
    /// 列入台账，限期整改.
    Plan {
        /// What will be put right.
        text: String,
        /// The last day for it.
        until: Date,
    },
    /// 解释说明.
    Explain {
        /// Why what is asked for has no basis in law.
        text: String,
    },
    /// 反馈办结.
    Close {
        /// Whether the applicant was reached.
        reached: bool,
        /// Whether he is content now.
        #[serde(default)]
        content: Option<bool>,
        /// What was said.
        said: String,
    },
    /// 申诉.
    Appeal {
        /// Why.
        ground: Ground,
        /// In words.
        text: String,
    },
    /// 申诉复核.
    Judge {
        /// Upholds it, so that the grade doesn't count; or dismisses it.
        uphold: bool,
        /// Why.
        text: String,
    },
    /// 改派.
    Assign {
        /// To whom.
        to: String,
        /// Why.
        text: String,
    },
}

impl FollowUpAct {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> FollowUpKind {
        match self {
            Self::Verify { .. } => FollowUpKind::Verify,
            Self::Rectify { .. } => FollowUpKind::Rectify,
            Self::Plan { .. } => FollowUpKind::Plan,
            Self::Explain { .. } => FollowUpKind::Explain,
            Self::Close { .. } => FollowUpKind::Close,
            Self::Appeal { .. } => FollowUpKind::Appeal,
            Self::Judge { .. } => FollowUpKind::Judge,
            Self::Assign { .. } => FollowUpKind::Assign,
        }
    }

    fn deed(&self) -> RatingDeed {
        match self {
            Self::Verify { .. } => RatingDeed::Verified,
            Self::Rectify { .. } => RatingDeed::Rectified,
            Self::Plan { .. } => RatingDeed::Planned,
            Self::Explain { .. } => RatingDeed::Explained,
            Self::Close { .. } => RatingDeed::Closed,
            Self::Appeal { .. } => RatingDeed::Appealed,
            Self::Judge { uphold: true, .. } => RatingDeed::Upheld,
            Self::Judge { uphold: false, .. } => RatingDeed::Dismissed,
            Self::Assign { .. } => RatingDeed::Assigned,
        }
    }

    /// What is said, in which field of the request, and by which option of the command line.
    fn said(&self) -> (&'static str, &'static str, &str) {
        match self {
            Self::Close { said, .. } => ("said", "call", said),
            Self::Verify { finding } => ("finding", "text", finding),
            Self::Rectify { text }
            | Self::Plan { text, .. }
            | Self::Explain { text }
            | Self::Appeal { text, .. }
            | Self::Judge { text, .. }
            | Self::Assign { text, .. } => ("text", "text", text),
        }
    }
}

fn named(facts: &dyn Facts, number: &str) -> Result<Rating, Rejection> {
    match facts.voice_named(number.trim()) {
        Some(Voice::Rating(rating)) => Ok(rating),
        _ => Err(Rejection::new(codes::RATING_UNKNOWN, "no rating of this number is here", "本节点没有该评价编号")
            .field("rating", number)
            .remedy("list them: tongban rate list", "查看：tongban rate list")),
    }
}

/// Refuses who isn't the one to do it: somebody of the unit who wasn't rated follows up, who was rated may appeal, and another decides about that.
fn may(facts: &dyn Facts, actor: &Actor, rating: &Rating, kind: FollowUpKind) -> Result<(), Rejection> {
    match kind {
        FollowUpKind::Assign => return Ok(()),
        FollowUpKind::Judge => return fit::judges(actor, rating),
        FollowUpKind::Appeal if rating.operators.contains(&actor.operator) => return Ok(()),
        _ => fit::not_rated(rating, &actor.operator)?,
    }
    match fit::appointed(facts, rating) {
        Some(holder) if holder != actor.operator => Err(Rejection::new(
            codes::FOLLOW_UP_HELD,
            format!("{holder} follows it up"),
            format!("该差评由 {holder} 回访整改"),
        )
        .field("operator", &actor.operator)
        .remedy(
            "act --as him; a supervisor gives it to another: tongban rate assign",
            "由其办理（--as）；或由监察人员改派：tongban rate assign",
        )),
        _ => Ok(()),
    }
}

/// The last day of a plan: a working day after today, within the time that a plan may take.
fn planned(facts: &dyn Facts, until: Date, at: Timestamp) -> Result<Date, Rejection> {
    let calendar = facts.calendar();
    let last = calendar.add_working_days(at.date(), PLAN_DAYS_MAX).date;
    if until <= at.date() || until > last {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            format!("a plan ends on a day after today, and by {last}"),
            format!("限期应晚于今日，且不晚于 {last}"),
        )
        .field("until", until)
        .remedy(format!("give --until, at the latest {last}"), format!("填写 --until，最晚 {last}")));
    }
    let next = calendar.add_working_days(until.previous_day(), 1).date;
    if next != until {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            format!("{until} is no working day; the next is {next}"),
            format!("{until} 不是工作日，其后第一个工作日为 {next}"),
        )
        .field("until", until)
        .remedy(format!("give --until {next}"), format!("填写 --until {next}")));
    }
    Ok(until)
}

/// Does something in a follow-up. Who does it is appointed with that, when nobody fit was.
pub(super) fn act(
    facts: &dyn Facts,
    door: &Door,
    number: &str,
    act: &FollowUpAct,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let actor = &door.actor;
    let mut rating = named(facts, number)?;
    // Who is recused from the case, or is its applicant, has no part in this.
    door.case(facts, &rating.case().to_string())?;
    let before = Voice::Rating(rating.clone()).clock();
    let state = rating.follow_up.as_ref().map(|follow_up| follow_up.state);
    let Some(state) = state.filter(|state| state.allows(act.kind())) else {
        let (en, zh) = state.map_or(("not to be followed up", "无须整改"), |state| (state.name(), state.zh()));
        return Err(Rejection::new(
            codes::FOLLOW_UP_STATE,
            format!("the rating is {en}, which allows no {}", act.kind().name()),
            format!("该评价“{zh}”，不能{}", act.kind().zh()),
        )
        .field("rating", number)
        .remedy("see it: tongban rate show", "查看：tongban rate show"));
    };
    may(facts, actor, &rating, act.kind())?;
    let (field, option, said) = act.said();
    let said = text(field, said)
        .map_err(|refused| refused.remedy(format!("give --{option}"), format!("请填写 --{option}")))?;
    let appointed = match act {
        FollowUpAct::Assign { to, .. } => {
            let operator = crate::staff::operator_named(facts, to)?;
            fit::follows_up(facts, &rating, &operator)?;
            Some(operator.name)
        }
        FollowUpAct::Appeal { .. } | FollowUpAct::Judge { .. } => None,
        _ => Some(actor.operator.clone()),
    };
    let appealed_before = rating.appeal.is_some();
    let (mut standing, mut appeal) = (rating.standing, rating.appeal.clone());
    let Some(follow_up) = rating.follow_up.as_mut() else { return Ok(Change::of(Vec::new(), Reply::Known {})) };
    match act {
        FollowUpAct::Verify { .. } => follow_up.state = FollowUpState::Verified,
        FollowUpAct::Rectify { .. } => {
            let planned = state == FollowUpState::Planned;
            let outcome = if planned { FollowUpOutcome::RectifiedByPlan } else { FollowUpOutcome::Rectified };
            (follow_up.state, follow_up.outcome) = (FollowUpState::Rectified, Some(outcome));
        }
        FollowUpAct::Plan { until, .. } => {
            (follow_up.state, follow_up.due) = (FollowUpState::Planned, planned(facts, *until, at)?);
        }
        FollowUpAct::Explain { .. } => {
            (follow_up.state, follow_up.outcome) = (FollowUpState::Explained, Some(FollowUpOutcome::Explained));
        }
        FollowUpAct::Close { reached, content, .. } => {
            let content = content.filter(|_| *reached);
            let operator = actor.operator.clone();
            follow_up.call = Some(Call { reached: *reached, content, text: said.clone(), at, operator });
            follow_up.state = FollowUpState::Closed;
            follow_up.in_time = Some(at.date() <= follow_up.due);
        }
        FollowUpAct::Appeal { ground, .. } => {
            if appealed_before {
                return Err(Rejection::new(
                    codes::APPEAL_REPEATED,
                    "an appeal against this grade was dismissed",
                    "对该评价的申诉已被驳回，不得再次申诉",
                )
                .field("rating", number)
                .remedy("go on with the follow-up: tongban rate verify", "继续整改：tongban rate verify"));
            }
            let by = actor.operator.clone();
            appeal = Some(Appeal { ground: *ground, by, before: state, judge: None, upheld: None });
            follow_up.state = FollowUpState::Appealed;
        }
        FollowUpAct::Judge { uphold, .. } => {
            if let Some(appeal) = &mut appeal {
                (appeal.judge, appeal.upheld) = (Some(actor.operator.clone()), Some(*uphold));
                follow_up.state = appeal.before;
            }
            if *uphold {
                (follow_up.state, follow_up.outcome) = (FollowUpState::Closed, Some(FollowUpOutcome::SetAside));
                standing = Standing::SetAside;
            }
        }
        FollowUpAct::Assign { .. } => {}
    }
    if appointed.is_some() {
        follow_up.holder = appointed;
    }
    (rating.standing, rating.appeal) = (standing, appeal);
    rating.done(act.deed(), at, &actor.operator, Some(said));
    let mut change = Change::of(Vec::new(), reply(&rating));
    stored(facts, &mut change, before, Voice::Rating(rating), at);
    Ok(change)
}
