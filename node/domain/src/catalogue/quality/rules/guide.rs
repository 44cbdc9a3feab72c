//! Rules that a guide must be there for.

use std::collections::BTreeSet;

use super::item::is_permit;
use super::{Subject, Verdict};
use crate::catalogue::generated_list::is_fully_online;
use crate::catalogue::standard::ListKind;
use crate::catalogue::{
    Basis, CaseKind, CodeList as _, Form, Guide, Necessity, Question, RequiredMaterial, ResultKind, Served, ServiceItem,
};

/// Judges the guide; without one nothing can be said.
fn judge(subject: &Subject<'_>, rule: impl FnOnce(&ServiceItem, &Guide) -> Verdict) -> Verdict {
    subject.guide.map_or(Verdict::NoGuide, |guide| rule(subject.item, guide))
}

fn is_given(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

pub(super) fn exists(subject: &Subject<'_>) -> Verdict {
    Verdict::of(subject.guide.is_some_and(|guide| !guide.is_empty()), String::new)
}

/// The shortest term is a day, so that what is promised at once is said by its explanation.
pub(super) fn instant(subject: &Subject<'_>) -> Verdict {
    judge(subject, |item, guide| {
        let instant = guide.case_kind == Some(CaseKind::Instant);
        let days = item.promised.map(|term| term.days);
        let said = guide.promised_explain.as_deref().unwrap_or_default();
        let at_once = ["即办", "当场", "即时"].iter().any(|word| said.contains(word));
        let agrees = if instant { days.is_none_or(|days| days <= 1) } else { !at_once };
        Verdict::of(agrees, || days.map_or_else(|| said.to_owned(), |days| days.to_string()))
    })
}

pub(super) fn result_kind(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let Some(result) = &guide.result else { return Verdict::Passed };
        let name = result.name.trim();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let expected = if ends(&["证", "证书", "执照"]) {
            Some(ResultKind::Licence)
        } else if ends(&["批复", "文"]) {
            Some(ResultKind::Approval)
        } else {
            None
        };
        Verdict::of(expected.is_none_or(|expected| expected == result.kind), || name.to_owned())
    })
}

pub(super) fn visits_reason(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let given = is_given(guide.visits_reason.as_deref());
        let agrees = guide.visits.is_none_or(|visits| (visits > 0) == given);
        Verdict::of(agrees, || guide.visits.unwrap_or_default().to_string())
    })
}

pub(super) fn courier(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let needs = guide.visits == Some(0) && guide.online != Some(true);
        Verdict::of(!needs || guide.forms.contains(&Form::Courier), || "0".to_owned())
    })
}

pub(super) fn fully_online(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let agrees = !is_fully_online(guide) || guide.visits.is_none_or(|visits| visits == 0);
        Verdict::of(agrees, || guide.visits.unwrap_or_default().to_string())
    })
}

pub(super) fn fees(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        if guide.charged == Some(true) {
            let whole = |text: &str| !text.trim().is_empty();
            let part = guide.fees.iter().find(|fee| !(whole(&fee.name) && whole(&fee.standard) && whole(&fee.basis)));
            let good = part.is_none() && !guide.fees.is_empty() && guide.pays_online.is_some();
            return Verdict::of(good, || part.map_or_else(String::new, |fee| fee.name.clone()));
        }
        let nothing = guide.fees.is_empty() && guide.pays_online != Some(true);
        Verdict::of(nothing, || guide.fees.first().map_or_else(String::new, |fee| fee.name.clone()))
    })
}

/// Area code with its 0, then seven or eight digits, or a hotline of five.
fn is_telephone(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.trim();
    let (area, number) = match text.split_once(['-', '—', ' ']) {
        Some((area, number)) => (area, number),
        None if text.is_ascii() && text.len() >= 10 => text.split_at(text.len() - 7),
        None => return false,
    };
    area.starts_with('0')
        && (3..=5).contains(&area.len())
        && digits(area)
        && digits(number)
        && (5..=8).contains(&number.len())
}

pub(super) fn telephones(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let (one, other) = (guide.enquiry.as_deref().unwrap_or(""), guide.complaint.as_deref().unwrap_or(""));
        let good = is_telephone(one) && is_telephone(other) && one.trim() != other.trim();
        Verdict::of(good, || format!("{one} / {other}"))
    })
}

/// Whoever serves natural persons has a topic for them, and likewise for bodies; agencies look for items by neither.
pub(super) fn topics(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let persons = guide.served.contains(&Served::Person);
        let bodies = guide.served.iter().any(|served| !matches!(served, Served::Person | Served::Agency));
        let agency = guide.served.contains(&Served::Agency);
        let for_bodies = !guide.corporate_topics.is_empty();
        let agrees = persons != guide.person_topics.is_empty() && (bodies == for_bodies || (agency && !bodies));
        Verdict::of(agrees, || guide.served.iter().map(|served| served.zh()).collect::<Vec<_>>().join("、"))
    })
}

pub(super) fn questions(subject: &Subject<'_>) -> Verdict {
    judge(subject, |item, guide| {
        let answered = |one: &Question| !one.question.trim().is_empty() && !one.answer.trim().is_empty();
        Verdict::of(!is_permit(item) || guide.questions.iter().any(answered), String::new)
    })
}

/// What a permit's steps are called; any of the words of a group stands for it.
const STEPS: [&[&str]; 5] = [&["受理"], &["审核", "审查"], &["审批", "决定"], &["办结", "制证"], &["送达", "发证"]];

pub(super) fn steps(subject: &Subject<'_>) -> Verdict {
    judge(subject, |item, guide| {
        let has = |words: &&&[&str]| guide.steps.iter().any(|step| words.iter().any(|word| step.name.contains(word)));
        let missing = STEPS.iter().find(|words| !has(words));
        let whole = missing.is_none() && guide.steps.len() >= STEPS.len();
        Verdict::of(!is_permit(item) || whole, || {
            missing.map_or_else(|| guide.steps.len().to_string(), |words| words[0].to_owned())
        })
    })
}

pub(super) fn sample(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let result = guide.result.as_ref().filter(|result| result.kind != ResultKind::Nothing);
        let bare = result.filter(|result| !is_given(result.sample.as_deref()));
        bare.map_or(Verdict::Passed, |result| Verdict::Failed(result.name.clone()))
    })
}

/// What the national table marks N (standards §2.2) and no other rule asks for.
pub(super) fn required_fields(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let place = guide.places.iter().any(|place| is_given(place.hours.as_deref()) && is_given(Some(&place.address)));
        let fields = [
            ("served", !guide.served.is_empty()),
            ("case_kind", guide.case_kind.is_some()),
            ("forms", !guide.forms.is_empty()),
            ("visits", guide.visits.is_some()),
            ("conditions", is_given(guide.conditions.as_deref())),
            ("flow", is_given(guide.flow.as_deref()) || !guide.steps.is_empty()),
            ("charged", guide.charged.is_some()),
            ("places", place),
            ("online", guide.online.is_some()),
            ("in_hall", guide.in_hall.is_some()),
            ("levels", !guide.levels.is_empty()),
            ("authority_kind", guide.authority_kind.is_some()),
            ("power_source", guide.power_source.is_some()),
            ("result", guide.result.is_some()),
        ];
        let missing: Vec<&str> = fields.iter().filter(|(_, given)| !given).map(|(field, _)| *field).collect();
        Verdict::of(missing.is_empty(), || missing.join(", "))
    })
}

/// The first material of which something can be said.
fn first_material(subject: &Subject<'_>, wrong: impl Fn(&RequiredMaterial) -> bool) -> Verdict {
    judge(subject, |_, guide| {
        let found = guide.materials.iter().find(|material| wrong(material));
        found.map_or(Verdict::Passed, |material| Verdict::Failed(material.name.clone()))
    })
}

pub(super) fn material_fields(subject: &Subject<'_>) -> Verdict {
    first_material(subject, |material| material.necessity.is_none() || material.source.is_none())
}

pub(super) fn conditional(subject: &Subject<'_>) -> Verdict {
    first_material(subject, |material| {
        material.necessity == Some(Necessity::Conditional) && !is_given(material.condition.as_deref())
    })
}

pub(super) fn catch_all(subject: &Subject<'_>) -> Verdict {
    first_material(subject, |material| {
        let name = material.name.trim();
        name.contains("其他材料") || name.contains("其它材料") || name.contains("其他有关") || name.ends_with("等材料")
    })
}

pub(super) fn repeated(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let mut seen = BTreeSet::new();
        let twice = guide.materials.iter().find(|material| !seen.insert(material.name.trim()));
        twice.map_or(Verdict::Passed, |material| Verdict::Failed(material.name.clone()))
    })
}

/// Each law of the guide is cited by the item, with its article, blanks aside.
pub(super) fn bases(subject: &Subject<'_>) -> Verdict {
    judge(subject, |item, guide| {
        let without_blanks = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let core = without_blanks(&item.core.legal_basis);
        let cited = |basis: &Basis| {
            core.contains(&format!("《{}》", without_blanks(&basis.law)))
                && core.contains(&without_blanks(basis.article.as_deref().unwrap_or_default()))
        };
        let foreign = guide.bases.iter().find(|basis| !cited(basis));
        foreign.map_or(Verdict::Passed, |basis| Verdict::Failed(basis.citation()))
    })
}

pub(super) fn clock_stops(subject: &Subject<'_>) -> Verdict {
    judge(subject, |item, guide| {
        let mut stopping = guide.special_links.iter().filter(|link| link.stops_clock == Some(true));
        let wrong = stopping.find(|link| link.stops_by(is_permit(item)).is_none());
        wrong.map_or(Verdict::Passed, |link| Verdict::Failed(link.name.clone()))
    })
}

pub(super) fn online(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| {
        let addressed = is_given(guide.online_address.as_deref()) || is_given(guide.mobile_address.as_deref());
        Verdict::of(guide.online != Some(true) || (addressed && !guide.online_depth.is_empty()), || {
            guide.online_address.clone().unwrap_or_default()
        })
    })
}

pub(super) fn remedies(subject: &Subject<'_>) -> Verdict {
    judge(subject, |_, guide| Verdict::of(is_given(guide.remedies.as_deref()), String::new))
}

fn against(subject: &Subject<'_>, list: ListKind) -> Verdict {
    judge(subject, |_, _| {
        let found = subject.conflicts.iter().find(|conflict| conflict.list == list);
        found.map_or(Verdict::Passed, |conflict| Verdict::Failed(conflict.value.clone()))
    })
}

pub(super) fn listed_fees(subject: &Subject<'_>) -> Verdict {
    against(subject, ListKind::Fees)
}

pub(super) fn listed_intermediary(subject: &Subject<'_>) -> Verdict {
    against(subject, ListKind::Intermediaries)
}

pub(super) fn listed_presence(subject: &Subject<'_>) -> Verdict {
    against(subject, ListKind::OnlineNegative)
}

pub(super) fn listed_proofs(subject: &Subject<'_>) -> Verdict {
    against(subject, ListKind::Certificates)
}

#[cfg(test)]
mod tests {
    use super::is_telephone;

    #[test]
    fn telephones_have_an_area_code() {
        for (text, expected) in [
            ("0826-2345678", true),
            ("028-12345678", true),
            ("0826-12345", true),
            ("08262345678", true),
            (" 0826—2345678 ", true),
            ("2345678", false),
            ("12345", false),
            ("13800138000", false),
            ("0826-", false),
            ("请到窗口", false),
            ("", false),
        ] {
            assert_eq!(is_telephone(text), expected, "{text}");
        }
    }
}
