//! 补正: what one complete notice asks for, what was brought against each line of it, and the return of what never came.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::time::{Date, Timestamp};

use super::paper::{Handed, reason, said};
use super::progress::done;
use super::review::{NOTICE_ITEMS_MAX, in_time};
use super::{ActKind, Case, Material, Status};
use crate::change::Change;
use crate::facts::Place;
use crate::{Actor, Facts, Rejection, codes};

/// Days that a notice gives where it says nothing else. No law knows a number: what binds is that the applicant is told one.
pub const NOTICE_DAYS_DEFAULT: u16 = 30;

/// The longest time that a notice may give, in days.
const NOTICE_DAYS_MAX: u16 = 365;

/// The longest line of a notice, in characters: all lines travel with every report to the collecting node.
const LINE_CHARS_MAX: usize = 500;

/// The most notices of one case.
const NOTICES_MAX: u8 = 10;

/// What a notice asked for, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Asked {
    /// What is missing or wrong.
    #[n(0)]
    pub text: String,
    /// The day of the notice.
    #[n(1)]
    pub on: Date,
    /// Why it couldn't be known at the first notice; none on that one.
    #[n(2)]
    pub new_reason: Option<String>,
    /// What was brought against it.
    #[n(3)]
    pub brought: Option<Brought>,
}

/// What was brought against a line of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Brought {
    /// The day on which the authority in charge had it.
    #[n(0)]
    pub on: Date,
    /// The hall that took it.
    #[n(1)]
    pub place: Place,
    /// Number of the act by which it did, in that hall's leg.
    #[n(2)]
    pub act: u32,
    /// The materials; none where a mistake was put right without one.
    #[n(3)]
    pub materials: Vec<Material>,
}

/// The correction that was asked of an applicant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Correction {
    /// Every line of every notice, in order; a line's number is its place here, from 1.
    #[n(0)]
    pub asked: Vec<Asked>,
    /// The last day that the last notice gave.
    #[n(1)]
    pub until: Date,
    /// The day on which the authority in charge had all of it, from which it has five days again (行政许可法 32(4), (5)).
    #[n(2)]
    pub complete_on: Option<Date>,
    /// Number of notices; more than one is for supervision to look at.
    #[n(3)]
    pub notices: u8,
}

impl Correction {
    /// Numbers of the lines against which nothing was brought, from 1.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        let open = |(number, line): (usize, &Asked)| line.brought.is_none().then_some(number);
        (1..).zip(&self.asked).filter_map(open).collect()
    }

    /// The place of a line that is named by its number, from 1, or by its whole text.
    pub(super) fn line(&self, text: &str) -> Result<usize, Rejection> {
        let text = text.trim();
        let number = text.parse::<usize>().ok().filter(|number| (1..=self.asked.len()).contains(number));
        let place = number.map(|number| number - 1).or_else(|| self.asked.iter().position(|line| line.text == text));
        place.ok_or_else(|| {
            Rejection::new(codes::INVALID_FIELD, "the notice asked for no such thing", "补正告知中没有该项")
                .field("item", text)
                .remedy(
                    "give the number or the text of a line: tongban case show",
                    "填写补正事项的序号或原文：tongban case show",
                )
        })
    }
}

/// Numbers with commas between, as an act's note gives them.
pub(super) fn numbers(lines: impl IntoIterator<Item = usize>) -> String {
    lines.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join("、")
}

/// What a window writes in a notice.
pub(crate) struct NoticeRequest<'a> {
    /// What is missing or wrong.
    pub(crate) items: &'a [String],
    /// Why each couldn't be known the first time; empty on the first notice.
    pub(crate) new_reasons: &'a [String],
    /// Days that it gives.
    pub(crate) within: Option<u16>,
}

/// Gives the one complete correction notice (行政许可法 32(4)), and stops the clock of deemed acceptance.
///
/// After everything was brought a further one is possible only for what couldn't be known the first time, with a reason for each line; its
/// act says so, for supervision to look at.
pub(crate) fn notify(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    request: &NoticeRequest<'_>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let NoticeRequest { items, new_reasons, within } = *request;
    case.may(facts, ActKind::Notify).map_err(|rejection| {
        if rejection.code == codes::CASE_STATE && case.status == Status::Notified {
            second_notice(&case)
        } else {
            rejection
        }
    })?;
    in_time(&case, ActKind::Notify, at)?;
    let again = case.status == Status::Supplemented;
    if again && new_reasons.is_empty() {
        return Err(second_notice(&case));
    }
    if new_reasons.len() != if again { items.len() } else { 0 } {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "a further notice gives a reason for each thing that couldn't be known the first time; the first one gives none",
            "再次告知须逐项说明首次无法发现的理由；首次告知不填",
        )
        .field("new_reason", new_reasons.len())
        .remedy("--item … --new-reason … for each", "逐项填写 --item … --new-reason …"));
    }
    let before = case.correction.as_ref();
    let known = before.map_or(0, |correction| correction.asked.len());
    if items.is_empty() || known + items.len() > NOTICE_ITEMS_MAX {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "a notice names 1 to 100 things that are missing or wrong, over all notices of a case",
            "补正告知须列明 1 至 100 项，历次合计",
        )
        .field("items", items.len())
        .remedy("name everything at once: --item … --item …", "一次性列明全部补正内容：--item … --item …"));
    }
    let notices = before.map_or(0, |correction| correction.notices);
    if notices >= NOTICES_MAX {
        return Err(second_notice(&case));
    }
    let until = last_day(facts, within.unwrap_or(NOTICE_DAYS_DEFAULT), at.date())?;
    let items = items.iter().map(|item| line("item", item)).collect::<Result<Vec<_>, _>>()?;
    let reasons = new_reasons.iter().map(|text| line("new-reason", text)).collect::<Result<Vec<_>, _>>()?;
    let mut asked = case.correction.take().map(|correction| correction.asked).unwrap_or_default();
    let new_reason = |place: usize| reasons.get(place).cloned();
    asked.extend(items.iter().enumerate().map(|(place, text)| Asked {
        text: text.clone(),
        on: at.date(),
        new_reason: new_reason(place),
        brought: None,
    }));
    case.correction = Some(Correction { asked, until, complete_on: None, notices: notices + 1 });
    case.status = Status::Notified;
    case.deemed_at = None;
    case.reason = Some(items.join("；"));
    let note = case.reason.clone();
    let why = reasons.iter().map(|reason| format!("首次无法发现：{reason}"));
    let told: Vec<String> = items.into_iter().chain(why).chain([format!("补正期限：{until}")]).collect();
    let handed = Handed { content_type: "application/tongban-correction-notice+cbor", items: &told };
    Ok(done(facts, actor, case, ActKind::Notify, (at, note), Some(handed)))
}

fn line(field: &'static str, text: &str) -> Result<String, Rejection> {
    let text = said(field, text)?;
    if text.chars().count() > LINE_CHARS_MAX {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "a line of a notice has at most 500 characters",
            "补正事项每项最多 500 字",
        )
        .field(field, &text)
        .remedy("say it in several lines", "请分项列明"));
    }
    Ok(text)
}

/// The last of so many days, the first working day after it where it isn't worked (民法典 203).
fn last_day(facts: &dyn Facts, days: u16, from: Date) -> Result<Date, Rejection> {
    if !(1..=NOTICE_DAYS_MAX).contains(&days) {
        return Err(Rejection::new(codes::INVALID_FIELD, "a notice gives 1 to 365 days", "补正期限为 1 至 365 日")
            .field("within", days)
            .remedy("give --within", "请填写 --within"));
    }
    Ok(facts.calendar().add_natural_days(from, days.into(), true).date)
}

fn second_notice(case: &Case) -> Rejection {
    Rejection::new(
        codes::NOTICE_REPEATED,
        "a complete correction notice has been given; the law allows one (行政许可法 32(4)), but for what couldn't be known then, once all is brought",
        "已一次性告知补正内容，不得再次告知（行政许可法第三十二条第四项）；补正后发现首次无法发现的除外",
    )
    .field("case", case.id)
    .remedy(
        "accept or refuse; for what couldn't be known: --new-reason",
        "请受理或不予受理；首次无法发现的，填写 --new-reason",
    )
}

impl Case {
    /// Numbers of the lines of a notice against which nothing was brought, while it waits for that.
    fn open_lines(&self) -> Vec<usize> {
        let correction = self.correction.as_ref().filter(|_| self.status == Status::Notified);
        let mut missing = correction.map(Correction::missing).unwrap_or_default();
        let asked = correction.map_or(&[][..], |correction| &correction.asked);
        missing.retain(|number| !asked.get(number - 1).is_some_and(|line| crate::pledge::pledged(self, &line.text)));
        missing
    }

    /// Refuses to accept while something that a notice asked for is missing, unless the officer says why it is enough (行政许可法 32(5)).
    /// Gives what the act says about it.
    pub(super) fn complete(&self, enough: Option<&str>) -> Result<Option<String>, Rejection> {
        let missing = self.open_lines();
        if missing.is_empty() {
            return Ok(None);
        }
        let Some(enough) = enough else { return Err(self.incomplete(missing)) };
        Ok(Some(format!("第 {} 项未补，仍予受理：{}", numbers(missing), said("enough", enough)?)))
    }

    /// Refuses likewise, but for lines that ask for what is to follow, each by its name.
    pub(super) fn complete_but(&self, follows: &[String], enough: Option<&str>) -> Result<Option<String>, Rejection> {
        let mut missing = self.open_lines();
        let asked = self.correction.as_ref().map_or(&[][..], |correction| &correction.asked);
        missing.retain(|number| {
            !asked.get(number - 1).is_some_and(|line| follows.iter().any(|name| name.trim() == line.text))
        });
        match enough {
            _ if missing.is_empty() => self.complete(Some("容缺受理")),
            None => Err(self.incomplete(missing)),
            Some(_) => self.complete(enough),
        }
    }

    fn incomplete(&self, missing: Vec<usize>) -> Rejection {
        let numbers = numbers(missing);
        Rejection::new(
            codes::SUPPLEMENT_MISSING,
            format!("the notice asked for more than was brought; open lines: {}", numbers.replace('、', ", ")),
            format!("补正尚未齐全：第 {numbers} 项未补"),
        )
        .field("case", self.id)
        .remedy(
            "record what is brought: tongban case supplement; or say why it is enough: --enough",
            "登记补正：tongban case supplement；或说明已符合要求的理由：--enough",
        )
    }

    /// The last day that the notice gave. Of a notice of an earlier release, which gave none, what is given by default since.
    fn supplement_until(&self, facts: &dyn Facts) -> Option<Date> {
        if let Some(correction) = &self.correction {
            return Some(correction.until);
        }
        let acts = facts.acts(&self.id);
        let notice = acts.iter().rev().find(|act| act.kind == ActKind::Notify)?;
        last_day(facts, NOTICE_DAYS_DEFAULT, notice.at.date()).ok()
    }
}

/// Returns (退件) a case of which not everything was brought in the time that the notice gave. No law lets it lapse by itself: an officer does
/// it, with a reason.
pub(crate) fn send_back(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    text: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Return)?;
    let text = reason(text)?;
    if let Some(until) = case.supplement_until(facts).filter(|until| at.date() <= *until) {
        return Err(Rejection::new(
            codes::RETURN_EARLY,
            format!("the notice gave the applicant until {until}"),
            format!("补正期限至 {until}，期内不得退件"),
        )
        .field("until", until)
        .remedy("wait, or accept what is enough: --enough", "请等待；已符合要求的可受理：--enough"));
    }
    case.status = Status::Returned;
    case.decided_on = Some(at.date());
    case.reason = Some(text.clone());
    let handed = Handed { content_type: "application/tongban-return+cbor", items: &[] };
    Ok(done(facts, actor, case, ActKind::Return, (at, Some(text)), Some(handed)))
}
