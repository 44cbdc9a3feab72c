//! Rules that need no guide.

use tongban_codes::item_code::LocalItemCode;

use super::{Subject, Verdict};
use crate::catalogue::standard::ListKind;
use crate::catalogue::{AuthorityKind, CodeList as _, PERMIT_DAYS, ServiceItem, TYPE_PERMIT, Term};

pub(super) fn is_permit(item: &ServiceItem) -> bool {
    item.core.item_type == TYPE_PERMIT
}

pub(super) fn has_basis(subject: &Subject<'_>) -> Verdict {
    Verdict::of(!subject.item.core.legal_basis.trim().is_empty(), String::new)
}

/// Every citation is 《law》 followed by an article; a missing basis is another rule's.
pub(super) fn basis_form(subject: &Subject<'_>) -> Verdict {
    let basis = subject.item.core.legal_basis.trim();
    let wrong = basis.split(['；', ';', '\n']).map(str::trim).find(|one| !one.is_empty() && !is_citation(one));
    Verdict::of(wrong.is_none(), || wrong.unwrap_or_default().to_owned())
}

/// 《law》(number)第…条, with more of the same behind it.
fn is_citation(text: &str) -> bool {
    let Some((law, article)) = text.strip_prefix('《').and_then(|rest| rest.split_once('》')) else { return false };
    let article = article.trim();
    let article = match article.strip_prefix('（').and_then(|rest| rest.split_once('）')) {
        Some((_, rest)) => rest.trim(),
        None => article,
    };
    let number = article.strip_prefix('第').and_then(|rest| rest.split_once('条')).map(|(number, _)| number);
    let numeral = |c: char| c.is_ascii_digit() || "零〇一二三四五六七八九十百千".contains(c);
    !law.trim().is_empty() && number.is_some_and(|number| !number.is_empty() && number.chars().all(numeral))
}

fn against(subject: &Subject<'_>, lists: &[ListKind]) -> Verdict {
    let found = subject.conflicts.iter().find(|conflict| lists.contains(&conflict.list));
    found.map_or(Verdict::Passed, |conflict| Verdict::Failed(conflict.value.clone()))
}

pub(super) fn listed_permit(subject: &Subject<'_>) -> Verdict {
    against(subject, &[ListKind::Permits])
}

pub(super) fn listed_power(subject: &Subject<'_>) -> Verdict {
    against(subject, &[ListKind::Powers, ListKind::Duties, ListKind::Services])
}

pub(super) fn listed_qualification(subject: &Subject<'_>) -> Verdict {
    against(subject, &[ListKind::Qualifications])
}

pub(super) fn credit_code(subject: &Subject<'_>) -> Verdict {
    let code = &subject.item.department_code;
    let mapped = subject.authority.is_some_and(|authority| authority.mapped(code).is_some());
    Verdict::of(crate::facts::parse_credit(code).is_some() || mapped, || code.clone())
}

/// Delegated by its local code (`-2-`) or by the guide.
pub(super) fn delegated(subject: &Subject<'_>) -> Verdict {
    let codes = [Some(&subject.item.code), subject.item.codes.local.as_ref()];
    let local = codes.into_iter().flatten().find_map(|code| code.parse::<LocalItemCode>().ok());
    let by_code = local.is_some_and(|local| local.delegation() == 2);
    let by_guide = subject.guide.is_some_and(|guide| guide.authority_kind == Some(AuthorityKind::Delegated));
    let named = subject.guide.and_then(|guide| guide.entrusted_by.as_deref());
    let named = named.is_some_and(|name| !name.trim().is_empty());
    Verdict::of(named || !(by_code || by_guide), || subject.item.code.clone())
}

pub(super) fn promised_within_statutory(subject: &Subject<'_>) -> Verdict {
    match (subject.item.promised, subject.item.statutory) {
        (Some(promised), Some(statutory)) => {
            Verdict::of(!promised.exceeds(statutory), || format!("{} > {}", promised.days, statutory.days))
        }
        _ => Verdict::Passed,
    }
}

pub(super) fn has_promised(subject: &Subject<'_>) -> Verdict {
    Verdict::of(subject.item.promised.is_some(), String::new)
}

pub(super) fn has_statutory(subject: &Subject<'_>) -> Verdict {
    Verdict::of(subject.item.statutory.is_some(), String::new)
}

pub(super) fn long_permit(subject: &Subject<'_>) -> Verdict {
    let days = subject.item.statutory.map_or(0, Term::working_days);
    let explained = subject.guide.and_then(|guide| guide.statutory_explain.as_deref());
    let explained = explained.is_some_and(|text| !text.trim().is_empty());
    let within = !is_permit(subject.item) || days <= PERMIT_DAYS;
    Verdict::of(within || explained, || days.to_string())
}

pub(super) fn name_form(subject: &Subject<'_>) -> Verdict {
    let name = &subject.item.core.name;
    let wrong = |c: char| c.is_whitespace() || c.is_control() || "(),;:?!".contains(c);
    Verdict::of(!name.contains(wrong), || name.clone())
}

pub(super) fn has_base_code(subject: &Subject<'_>) -> Verdict {
    Verdict::of(subject.item.core.base_code.is_some(), String::new)
}

pub(super) fn within_ceilings(subject: &Subject<'_>) -> Verdict {
    let said = subject.exceeded.first().map(|one| format!("{}: {} / {}", one.bound.field.name(), one.value, one.limit));
    said.map_or(Verdict::Passed, Verdict::Failed)
}

pub(super) fn covered(subject: &Subject<'_>) -> Verdict {
    let between = subject.item.modes.iter().find(|mode| mode.is_between_regions());
    let missing = between.filter(|_| subject.item.covered.is_empty());
    missing.map_or(Verdict::Passed, |mode| Verdict::Failed(mode.name().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::is_citation;

    #[test]
    fn citations() {
        for (text, expected) in [
            ("《公共场所卫生管理条例》第四条", true),
            ("《公共场所卫生管理条例》（国务院令第714号）第四条、第八条", true),
            ("《农药管理条例》 第24条第1款", true),
            ("《中华人民共和国行政许可法》第一百二十条", true),
            ("公共场所卫生管理条例 第四条", false),
            ("《公共场所卫生管理条例》", false),
            ("《》第四条", false),
            ("《条例》第条", false),
            ("《条例》第X条", false),
        ] {
            assert_eq!(is_citation(text), expected, "{text}");
        }
    }
}
