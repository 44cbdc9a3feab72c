//! Rating (评价): by the applicant, or entered at the window from a device or a call; once for each occasion, and never by default.

use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::list::{Channel, FollowUpState, Grade, INDICATORS_VERSION, Rater, RatingDeed, Standing, indicators};
use super::rating::{FollowUp, Occasion, Rating, Score};
use super::travel::{RatingWord, Word};
use super::{Voice, due, is_numbered, remark, stored};
use crate::case::{self, Act, ActKind, Case, Status};
use crate::catalogue::{CodeList, Mode};
use crate::change::{Change, Event, Notice, NoticeBody, Reply};
use crate::facts::Place;
use crate::supervision::{About, Numbers, Rule, is_over};
use crate::work::Door;
use crate::{Actor, Desk, Facts, Rejection, codes};

/// What numbers of ratings begin with.
pub(crate) const RATING_NUMBERS: &str = "PJ";

/// The longest comment, in characters.
const COMMENT_CHARS_MAX: usize = 1000;

/// A rating as it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateRequest {
    /// Case, by any of its numbers or its query code.
    pub case: String,
    /// Who gives it in; an applicant has been proven by whoever makes this command.
    pub by: Rater,
    /// The grade: somebody chose it.
    pub grade: Grade,
    /// By which way.
    pub channel: Channel,
    /// In words.
    pub comment: Option<String>,
    /// Grades of indicators.
    pub scores: Vec<Score>,
    /// The day of the visit that is rated; the last one when absent.
    pub visited_on: Option<Date>,
}

/// Whether the applicant is at the window when this is done.
#[must_use]
pub fn is_attended(mode: Mode, kind: ActKind) -> bool {
    let attended = matches!(
        kind,
        ActKind::Collect
            | ActKind::Supplement
            | ActKind::Correct
            | ActKind::Deliver
            | ActKind::Withdraw
            | ActKind::AskWithdrawal
    );
    attended && mode != Mode::Online
}

/// Whether the authority has served the matter: it has decided, or ended it otherwise.
fn is_served(status: Status) -> bool {
    is_over(status) || matches!(status, Status::Granted | Status::Denied)
}

/// Who did the service, in order.
fn servants(acts: &[Act], here: Place, of: impl Fn(&Act) -> bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for act in acts.iter().filter(|act| act.place.node == here.node && act.operator != "system" && of(act)) {
        names.retain(|name| *name != act.operator);
        names.push(act.operator.clone());
    }
    names
}

pub(super) fn comment(text: Option<&str>) -> Result<Option<String>, Rejection> {
    remark("comment", text, COMMENT_CHARS_MAX)
}

pub(super) fn scores(scores: &[Score], on_site: bool) -> Result<(), Rejection> {
    let allowed = indicators(on_site);
    for (place, score) in scores.iter().enumerate() {
        let again = scores[..place].iter().any(|other| other.indicator == score.indicator);
        if again || !allowed.contains(&score.indicator) {
            let names: Vec<&str> = allowed.iter().map(|indicator| indicator.name()).collect();
            let names_zh: Vec<&str> = allowed.iter().map(|indicator| indicator.zh()).collect();
            return Err(Rejection::new(
                codes::INVALID_FIELD,
                format!("indicators here are {}, each once", names.join(", ")),
                format!("此处的评价指标为 {}，每项一次", names_zh.join("、")),
            )
            .field("indicator", score.indicator.name())
            .remedy("list them: tongban rate indicators", "查看：tongban rate indicators"));
        }
    }
    Ok(())
}

/// Refuses a second rating of the same occasion.
pub(super) fn once(facts: &dyn Facts, case: &CaseId, occasion: Occasion) -> Result<u16, Rejection> {
    let known = facts.ratings(case);
    let same = known.iter().find(|rating| rating.occasion == occasion && rating.standing != Standing::Refused);
    if let Some(rating) = same {
        return Err(Rejection::new(
            codes::RATING_REPEATED,
            format!("this was rated at {} ({}); each visit and each matter is rated once", rating.at, rating.number),
            format!("已于 {} 评价（{}），一次一评、一事一评", rating.at, rating.number),
        )
        .field("case", case)
        .remedy("see it: tongban rate show", "查看：tongban rate show"));
    }
    Ok(u16::try_from(known.len() + 1).unwrap_or(u16::MAX))
}

pub(super) fn served(case: &Case) -> Result<(), Rejection> {
    if is_served(case.status) {
        return Ok(());
    }
    Err(Rejection::new(
        codes::RATING_EARLY,
        format!("the matter is {}: it is rated when the authority has ended it", case.status.name()),
        format!("办件处于“{}”，办结后方可评价", case.status.zh()),
    )
    .field("case", case.id)
    .remedy("rate a visit on site: --channel pad, terminal or qr", "现场服务可先评价：--channel pad、terminal、qr"))
}

/// The day of the visit that is rated.
fn visit(case: &Case, acts: &[Act], here: Place, asked: Option<Date>) -> Result<Date, Rejection> {
    // What the node recorded by itself, since another hall had taken it, is no visit.
    let by_hand = |act: &&Act| act.operator != Actor::system().operator;
    let visits = acts.iter().filter(|act| act.place.node == here.node && is_attended(case.mode, act.kind));
    let visits = visits.filter(by_hand);
    let days = visits.map(|act| act.at.date()).filter(|day| asked.is_none_or(|asked| asked == *day));
    days.max().ok_or_else(|| {
        Rejection::new(
            codes::RATING_EARLY,
            "the applicant wasn't at a window of this hall about this case, or not on that day",
            "申请人没有就该办件到过本大厅，或不是该日",
        )
        .field("visited_on", asked.map_or_else(String::new, |day| day.to_string()))
        .remedy(
            "rate it at the hall that was visited; or the matter online: --channel web or mobile",
            "请在所到大厅评价；或网上评价：--channel web、mobile",
        )
    })
}

/// The follow-up that a bad grade opens: of the unit, until somebody is appointed.
pub(super) fn follow_up(facts: &dyn Facts, grade: Grade, at: Timestamp) -> Option<FollowUp> {
    grade.is_bad().then(|| FollowUp {
        state: FollowUpState::Open,
        from: at.date(),
        due: due(facts, Rule::FollowUp, at.date()),
        holder: None,
        outcome: None,
        call: None,
        in_time: None,
    })
}

/// Who did what is rated at this node.
pub(super) fn operators(acts: &[Act], mode: Mode, here: Place, occasion: Occasion) -> Vec<String> {
    match occasion {
        Occasion::Matter => servants(acts, here, |act| act.kind.needs_competence()),
        Occasion::Visit(day) => servants(acts, here, |act| is_attended(mode, act.kind) && act.at.date() == day),
    }
}

/// Refuses a grade that who did the service himself gives in for the applicant, or out of a call; what a device at his window brings he may enter.
fn not_himself(acts: &[Act], here: Place, request: &RateRequest, actor: &Actor) -> Result<(), Rejection> {
    let speaks = request.by == Rater::Applicant || request.channel.is_asked_for();
    let acted = acts.iter().any(|act| act.operator == actor.operator && act.place.node == here.node);
    if !speaks || !acted || *actor == Actor::system() {
        return Ok(());
    }
    let name = &actor.operator;
    Err(Rejection::new(
        codes::RATING_SELF,
        format!("{name} acted on this case and gives in no grade for the applicant, nor what is said in a call"),
        format!("{name} 经办过该办件，不得代申请人评价，也不得代录电话、短信评价"),
    )
    .field("operator", name)
    .remedy("the applicant's own access, or another operator, gives it in: --as", "由申请人渠道或其他经办人录入：--as"))
}

/// Rates a visit at this hall, or a matter of this authority; what another authority did is sent to its node.
pub(super) fn rate(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    request: &RateRequest,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    let case = match request.by {
        Rater::Applicant => case::named(facts, &request.case)?,
        Rater::Window => door.case(facts, &request.case)?,
    };
    if !request.channel.is_of(request.by) {
        return Err(Rejection::new(
            codes::RATING_CHANNEL,
            format!("{} is no way by which {} gives a grade in", request.channel.name(), request.by.name()),
            format!("“{}”不能通过“{}”渠道评价", request.by.zh(), request.channel.zh()),
        )
        .field("channel", request.channel.name())
        .remedy(
            "the applicant: web, mobile, qr, pad, terminal with --proof; the window: pad, terminal, phone, sms",
            "申请人凭 --proof：web、mobile、qr、pad、terminal；窗口：pad、terminal、phone、sms",
        ));
    }
    let acts = facts.acts(&case.id);
    let on_site = request.channel.is_on_site();
    not_himself(&acts, here, request, &door.actor)?;
    let comment = comment(request.comment.as_deref())?;
    scores(&request.scores, on_site)?;
    if !on_site && request.visited_on.is_some() {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "the day of a visit goes with a channel on site: pad, terminal, qr",
            "到访日期仅用于现场渠道：pad、terminal、qr",
        )
        .field("visited_on", request.visited_on.map_or_else(String::new, |day| day.to_string()))
        .remedy("leave --visited-on out", "不填 --visited-on"));
    }
    let (occasion, rated) = if on_site {
        (Occasion::Visit(visit(&case, &acts, here, request.visited_on)?), here)
    } else {
        served(&case)?;
        (Occasion::Matter, case.deciding)
    };
    if rated.node != here.node && case.collecting.node != here.node {
        return Err(Rejection::new(
            codes::NOT_OWNER,
            format!("the matter is {}'s and was collected at {}", rated.division, case.collecting.division),
            format!("该办件由 {} 办理、{} 收件", rated.division, case.collecting.division),
        )
        .field("case", case.id)
        .remedy("rate it at one of the two", "请在两地之一评价"));
    }
    let times = once(facts, &case.id, occasion)?;
    let mut random = [0; 10];
    desk.fill(&mut random);
    let mut numbers = Numbers::new(facts, RATING_NUMBERS, at, &[]);
    let is_here = rated.node == here.node;
    let operators = if is_here { operators(&acts, case.mode, here, occasion) } else { Vec::new() };
    let follow_up = follow_up(facts, request.grade, at).filter(|_| is_here);
    let mut rating = Rating {
        id: CaseId::draw(&here.node, random),
        number: numbers.draw(),
        about: About::of_case(&case),
        occasion,
        grade: request.grade,
        channel: request.channel,
        comment,
        scores: request.scores.clone(),
        indicators: INDICATORS_VERSION,
        by: request.by,
        at,
        entered: here,
        rated,
        operators,
        times,
        standing: if is_here { Standing::Counted } else { Standing::Sent },
        refused: None,
        follow_up,
        appeal: None,
        log: Vec::new(),
        since: at,
        accepted_on: case.accepted_on.filter(|_| occasion == Occasion::Matter),
    };
    let entered_by = match request.by {
        Rater::Applicant => Rater::Applicant.name(),
        Rater::Window => &door.actor.operator,
    };
    rating.done(if is_here { RatingDeed::Rated } else { RatingDeed::Sent }, at, entered_by, None);
    let mut change = Change::of(numbers.drawn().into_iter().collect(), reply(&rating));
    if !is_here {
        let word = Word::Rating(Box::new(RatingWord::of(&rating)));
        change.notices.push(Notice {
            to: rated.node,
            case: rating.id,
            act: 1,
            body: NoticeBody::Voice(Box::new(word)),
        });
    }
    stored(facts, &mut change, None, Voice::Rating(rating), at);
    Ok(change)
}

pub(super) fn reply(rating: &Rating) -> Reply {
    let follow_up = rating.follow_up.as_ref();
    let outcome = follow_up.and_then(|follow_up| follow_up.outcome);
    Reply::Rating {
        rating: rating.number.clone(),
        case: rating.case(),
        grade: rating.grade,
        rated: rating.rated.division,
        visited_on: match rating.occasion {
            Occasion::Visit(day) => Some(day),
            Occasion::Matter => None,
        },
        standing: rating.standing,
        follow_up: follow_up.map(|follow_up| follow_up.state),
        follow_up_due: follow_up.map(|follow_up| follow_up.due),
        outcome,
        outcome_zh: outcome.map(CodeList::zh),
        holder: follow_up.and_then(|follow_up| follow_up.holder.clone()),
    }
}

/// Takes a rating of a matter that was given where the case was collected.
pub(super) fn take(
    facts: &dyn Facts,
    origin: Place,
    id: &CaseId,
    word: &RatingWord,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    if let Some(Voice::Rating(known)) = facts.voice(id)
        && known.entered.node == origin.node
    {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    }
    let contradicts = |en: &str, zh: &str| Rejection::new(codes::INVALID_FIELD, en, zh).field("rating", &word.number);
    let numbered = is_numbered(facts, &word.number, RATING_NUMBERS, origin.division);
    if !numbered || !super::is_drawn_by(id, &origin.node) || facts.voice(id).is_some() {
        return Err(contradicts("the rating isn't of the node that tells of it", "评价编号与来源节点不符"));
    }
    if word.at > at.add_days(1) {
        return Err(contradicts("the rating was given in the future", "评价时间晚于当前时间"));
    }
    if word.channel.is_on_site() || !word.channel.is_of(word.by) {
        return Err(contradicts("a visit is rated where it was", "现场服务由所到大厅评价"));
    }
    let case =
        facts.case(&word.case).filter(|case| case.collecting.node == origin.node && case.deciding.node == here.node);
    let case = case.ok_or_else(|| {
        Rejection::new(
            codes::CASE_UNKNOWN,
            "no case that was collected there is decided here under this id",
            "本节点没有由该地收件的此办件",
        )
        .field("case", word.case)
    })?;
    served(&case)?;
    let times = once(facts, &case.id, Occasion::Matter)?;
    let comment = comment(word.comment.as_deref())?;
    scores(&word.scores, false)?;
    let operators = operators(&facts.acts(&case.id), case.mode, here, Occasion::Matter);
    let mut rating = Rating {
        id: *id,
        number: word.number.clone(),
        about: About::of_case(&case),
        occasion: Occasion::Matter,
        grade: word.grade,
        channel: word.channel,
        comment,
        scores: word.scores.clone(),
        indicators: word.indicators,
        by: word.by,
        at: word.at,
        entered: origin,
        rated: here,
        follow_up: follow_up(facts, word.grade, at),
        operators,
        times,
        standing: Standing::Counted,
        refused: None,
        appeal: None,
        log: Vec::new(),
        since: at,
        accepted_on: case.accepted_on,
    };
    rating.done(RatingDeed::Rated, at, word.by.name(), None);
    let event = Event::Voice(Box::new(Voice::Rating(rating)));
    Ok(Change::of(vec![event], Reply::Known {}))
}

/// Keeps why the authority's node didn't take a rating.
pub(super) fn refused(mut rating: Rating, refusal: &(String, String), at: Timestamp) -> Change {
    rating.standing = Standing::Refused;
    rating.refused = Some(refusal.clone());
    rating.done(RatingDeed::Refused, at, "system", None);
    Change::of(vec![Event::Voice(Box::new(Voice::Rating(rating)))], Reply::Known {})
}
