//! `tongban application begin`: 多地联办 by hand. Items of several authorities are put together at the window as one application; each authority decides
//! its own part, and the applicant has one answer.

use tongban_codes::division::DivisionCode;
use tongban_domain::application::{Plan, PlannedPart};

use super::{Given, send};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::{AFTER_MALFORMED, Fault, OF_PART_MALFORMED, PART_MALFORMED};

#[derive(Debug, clap::Args)]
pub(crate) struct BeginArgs {
    /// 办什么事 / what it is for
    #[arg(long = "for", value_name = "T")]
    event: String,
    /// 分项及其事项、办理机关所在区划，两项以上 / a part, its item and the division of its authority, two parts at least
    #[arg(long = "part", value_name = "NAME=ITEM@DIVISION", required = true)]
    parts: Vec<String>,
    /// 先后次序，可重复 / which part waits for which, may be repeated
    #[arg(long, value_name = "LATER:EARLIER")]
    after: Vec<String>,
    /// 分项所需表单项，可重复 / what a part asks for in the form, may be repeated
    #[arg(long, value_name = "PART=FIELD,…")]
    asks: Vec<String>,
    /// 分项所需材料，不填取指南中的必要材料，可重复 / the materials of a part, those of its guide when absent, may be repeated
    #[arg(long, value_name = "PART=MATERIAL,…")]
    needs: Vec<String>,
    /// 分项共用的联合环节，可重复 / the joint step that a part shares, may be repeated
    #[arg(long, value_name = "PART=STEP")]
    joint: Vec<String>,
    #[command(flatten)]
    given: Given,
}

/// A text with a sign in it as what stands before and behind that; neither is empty.
fn halves<'t>(text: &'t str, sign: char, fault: &'static Fault) -> Result<(&'t str, &'t str), Failure> {
    let halves = text.split_once(sign).map(|(one, other)| (one.trim(), other.trim()));
    let halves = halves.filter(|(one, other)| !one.is_empty() && !other.is_empty());
    halves.ok_or_else(|| Failure::of(fault, text, &[]))
}

fn planned(text: &str) -> Result<PlannedPart, Failure> {
    let (part, place) = halves(text, '=', &PART_MALFORMED)?;
    let (item, division) = halves(place, '@', &PART_MALFORMED)?;
    Ok(PlannedPart {
        part: part.to_owned(),
        item: item.to_owned(),
        division: parse::<DivisionCode>("part", division)?,
        after: Vec::new(),
        fields: Vec::new(),
        materials: None,
        results: std::collections::BTreeMap::new(),
        joint: None,
    })
}

/// The part that a text names before a sign, and what it says of it.
fn of_part<'p, 't>(
    parts: &'p mut [PlannedPart],
    text: &'t str,
    sign: char,
    fault: &'static Fault,
) -> Result<(&'p mut PlannedPart, &'t str), Failure> {
    let (name, said) = halves(text, sign, fault)?;
    let part = parts.iter_mut().find(|part| part.part == name);
    Ok((part.ok_or_else(|| Failure::of(fault, text, &[]))?, said))
}

/// The part that a text names, and the names that follow; one at least.
fn named<'p>(parts: &'p mut [PlannedPart], text: &str) -> Result<(&'p mut PlannedPart, Vec<String>), Failure> {
    let (part, said) = of_part(parts, text, '=', &OF_PART_MALFORMED)?;
    let names = said.split([',', '，']).map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    if names.is_empty() { Err(Failure::of(&OF_PART_MALFORMED, text, &[])) } else { Ok((part, names)) }
}

/// The plan that the arguments put together.
fn plan(args: &BeginArgs) -> Result<Plan, Failure> {
    let mut parts = args.parts.iter().map(|text| planned(text)).collect::<Result<Vec<_>, Failure>>()?;
    for text in &args.after {
        let (part, earlier) = of_part(&mut parts, text, ':', &AFTER_MALFORMED)?;
        part.after.push(earlier.to_owned());
    }
    for text in &args.asks {
        let (part, said) = named(&mut parts, text)?;
        part.fields.extend(said);
    }
    for text in &args.needs {
        let (part, said) = named(&mut parts, text)?;
        part.materials.get_or_insert_default().extend(said);
    }
    for text in &args.joint {
        let (part, said) = of_part(&mut parts, text, '=', &OF_PART_MALFORMED)?;
        // A part shares one joint step.
        if part.joint.replace(said.to_owned()).is_some() {
            return Err(Failure::of(&OF_PART_MALFORMED, text, &[]));
        }
    }
    Ok(Plan { event: None, name: Some(args.event.clone()), parts, jointly: true })
}

pub(super) fn begin(context: &Context, args: BeginArgs) -> Result<Outcome, Failure> {
    send(context, plan(&args)?, args.given)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn args(parts: &[&str], after: &[&str], asks: &[&str]) -> BeginArgs {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        let (name, id) = ("张三".to_owned(), "110101199003070011".to_owned());
        let given = Given { name, id, fields: Vec::new(), materials: Vec::new(), licences: Vec::new() };
        BeginArgs {
            event: "开办分店".to_owned(),
            parts: texts(parts),
            after: texts(after),
            asks: texts(asks),
            needs: texts(&["备案=申请表"]),
            joint: Vec::new(),
            given,
        }
    }

    #[test]
    fn a_plan_is_put_together() {
        let parts = ["变更=511A0093000028@511602", "备案=511A0093000029@511603"];
        let plan = plan(&args(&parts, &["备案:变更"], &["备案=负责人，地址", "备案=电话"])).unwrap();
        assert!(plan.jointly && plan.event.is_none());
        let [change, filing] = &plan.parts[..] else { panic!("{plan:?}") };
        assert_eq!((change.item.as_str(), change.division), ("511A0093000028", "511602".parse().unwrap()));
        assert_eq!(change.materials, None, "those of its guide");
        assert_eq!(
            (&filing.after[..], &filing.fields[..]),
            (&["变更".to_owned()][..], &["负责人", "地址", "电话"].map(str::to_owned)[..])
        );
        assert_eq!(filing.materials.as_deref(), Some(&["申请表".to_owned()][..]));
    }

    #[test]
    fn what_is_no_part_or_of_none_is_said() {
        let parts = ["备案=511A0093000029@511603"];
        for wrong in ["变更", "变更=511A0093000028", "=511A@511602", "变更=@511602", "变更=511A@51x602"] {
            assert!(plan(&args(&[wrong, parts[0]], &[], &[])).is_err(), "{wrong}");
        }
        assert!(plan(&args(&parts, &["变更:备案"], &[])).is_err());
        assert!(plan(&args(&parts, &[], &["变更=地址"])).is_err());
        assert!(plan(&args(&parts, &[], &["备案="])).is_err());
        assert!(plan(&args(&parts, &[], &["备案=，"])).is_err(), "it names nothing");
        let mut twice = args(&parts, &[], &[]);
        twice.joint = vec!["备案=踏勘".to_owned(), "备案=公示".to_owned()];
        assert!(plan(&twice).is_err(), "a part shares one joint step");
    }
}
