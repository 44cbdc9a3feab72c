//! `tongban case`: the steps between acceptance and decision.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::Value;
use tongban_domain::pledge::Outcome as Found;

use super::{Case, list};
use crate::api::v1::{WorkCase, WorkRequest};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::command::material;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::output::Output;
use crate::cli::text::work::{LACKING, PLEDGE, RECUSED, WORK};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 待办队列 / what waits at a step
    Queue {
        /// 环节角色 / of this role, reviewer or decider
        #[arg(long, value_name = "R")]
        role: Option<String>,
        /// 本人已领取的 / what the acting operator holds
        #[arg(long)]
        mine: bool,
        /// 有容缺材料的 / to which a material is to follow
        #[arg(long, conflicts_with_all = ["role", "mine"])]
        lacking: bool,
        /// 待核查、待整改的承诺 / with a pledge that is to be checked or put right
        #[arg(long, conflicts_with_all = ["role", "mine", "lacking"])]
        pledges: bool,
        /// 最多列出多少件 / at most so many, 100 when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 领取 / take a case that waits
    Claim(Case),
    /// 转办 / hand a case on to another
    HandOn {
        #[command(flatten)]
        case: Case,
        /// 转给谁 / to whom
        #[arg(long, value_name = "NAME")]
        to: String,
        /// 说明 / why
        #[arg(long, value_name = "T")]
        note: Option<String>,
    },
    /// 退回前面的环节 / send a case back to an earlier step
    SendBack {
        #[command(flatten)]
        case: Case,
        /// 第几步 / number of the step
        #[arg(long, value_name = "N")]
        to_step: u16,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 办理环节：通过、退回或签署 / pass, send back or sign the step at which it stands
    #[command(group(clap::ArgGroup::new("verdict").required(true)))]
    Step {
        #[command(flatten)]
        case: Case,
        /// 通过（同意） / pass, agree
        #[arg(long, group = "verdict")]
        pass: bool,
        /// 退回（不同意） / send back, disagree
        #[arg(long = "return", group = "verdict")]
        back: bool,
        /// 意见 / opinion
        #[arg(long, value_name = "T")]
        opinion: String,
    },
    /// 回避 / take an operator off a case
    Recuse {
        #[command(flatten)]
        case: Case,
        /// 责令谁回避，缺省为本人 / who, by order; oneself when absent
        #[arg(long = "operator", value_name = "NAME")]
        whom: Option<String>,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 告知承诺：以申请人的书面承诺替代材料 / take the applicant's pledge in the place of materials
    Pledge {
        #[command(flatten)]
        case: Case,
        /// 材料名称，可重复 / a material that it stands for, may be repeated
        #[arg(long = "material", value_name = "NAME", required = true)]
        materials: Vec<String>,
        /// 申请人签署的承诺书 / the signed pledge
        #[arg(long, value_name = "FILE|sha256:HEX")]
        commitment: String,
    },
    /// 承诺核查：登记核查结果及后续 / record what the check of a pledge found, or what came of it
    Verify {
        #[command(flatten)]
        case: Case,
        /// 核查结果或后续 / what
        #[arg(long, value_name = "OUTCOME", value_parser = found())]
        outcome: Found,
        /// 核查情况 / in words
        #[arg(long, value_name = "T")]
        finding: String,
    },
    /// 补交容缺材料 / enter what was to follow
    FollowUp {
        #[command(flatten)]
        case: Case,
        /// 材料，可重复 / material, may be repeated
        #[arg(long = "material", value_name = "NAME=FILE|NAME=sha256:HEX", required = true)]
        materials: Vec<String>,
    },
}

/// What a clerk may say of a pledge; that its licence was cancelled follows from the licence alone.
fn found() -> impl TypedValueParser<Value = Found> {
    let said = Found::ALL.into_iter().filter(|outcome| *outcome != Found::Cancelled);
    let values = said.map(|outcome| PossibleValue::new(outcome.name()).alias(outcome.zh()).help(outcome.zh()));
    PossibleValuesParser::new(values).try_map(|text| Found::named(&text).ok_or(text))
}

/// What of the materials is to follow.
#[derive(Debug, clap::Args)]
pub(crate) struct LackingArgs {
    /// 容缺材料，可重复 / a material that is to follow, may be repeated
    #[arg(long, value_name = "NAME", requires_all = ["until", "promise"])]
    lacking: Vec<String>,
    /// 补交期限 / the last day for it
    #[arg(long, value_name = "DATE", requires = "lacking")]
    until: Option<String>,
    /// 申请人的书面承诺 / the applicant's written promise
    #[arg(long, value_name = "FILE", requires = "lacking")]
    promise: Option<PathBuf>,
}

const COLUMNS: [&str; 9] =
    ["case", "collection_no", "item_name", "step", "step_name", "role", "signed", "step_due", "promised_due"];
const LACKING_COLUMNS: [&str; 5] = ["case", "collection_no", "item_name", "lacking", "overdue"];
const PLEDGE_COLUMNS: [&str; 6] = ["case", "collection_no", "item_name", "pledge", "pledge_due", "overdue"];
const FINDING_COLUMNS: [&str; 5] = ["at", "outcome", "text", "by", "correct_by"];
const DONE: [&str; 8] =
    ["case", "case_no", "state", "work.step", "work.name", "work.holder", "work.due", "work.signatures"];
const PLEDGE_FIELDS: [&str; 7] = [
    "pledge.items",
    "pledge.commitment",
    "pledge.at",
    "pledge.by",
    "pledge.consequences",
    "pledge.check_by",
    "pledge_standing",
];
const WORK_FIELDS: [&str; 7] =
    ["work.step", "work.steps", "work.name", "work.role", "work.holder", "work.since", "work.due"];

fn post(context: &Context, case: Case, act: WorkRequest) -> Result<Outcome, Failure> {
    let answer = context.client()?.post("/v1/cases/work", &WorkCase { case: case.case, act })?;
    context.output.object(&answer, &DONE)
}

pub(super) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Queue { role, mine, lacking, pledges, limit } => {
            let limit = limit.map(|limit| limit.to_string());
            let yes = |set: bool| set.then_some("true");
            let query = [
                ("role", role.as_deref()),
                ("mine", yes(mine)),
                ("lacking", yes(lacking)),
                ("pledges", yes(pledges)),
                ("limit", limit.as_deref()),
            ];
            let answer = context.client()?.get("/v1/cases/queue", &query)?;
            let columns = match (lacking, pledges) {
                (true, _) => &LACKING_COLUMNS[..],
                (_, true) => &PLEDGE_COLUMNS[..],
                _ => &COLUMNS[..],
            };
            context.output.list(&answer, "queue", columns)
        }
        Command::Claim(case) => post(context, case, WorkRequest::Claim {}),
        Command::HandOn { case, to, note } => post(context, case, WorkRequest::HandOn { to, note }),
        Command::SendBack { case, to_step, reason } => post(context, case, WorkRequest::Return { to_step, reason }),
        Command::Step { case, pass, back: _, opinion } => post(context, case, WorkRequest::Step { pass, opinion }),
        Command::Recuse { case, whom, reason } => post(context, case, WorkRequest::Recuse { operator: whom, reason }),
        Command::Pledge { case, materials, commitment } => {
            let commitment = material::digest(&format!("告知承诺书={commitment}"))?;
            let act = WorkRequest::Pledge { materials, commitment };
            let answer = context.client()?.post("/v1/cases/work", &WorkCase { case: case.case, act })?;
            context.output.object(&answer, &["case", "case_no", "state"])
        }
        Command::Verify { case, outcome, finding } => {
            let act = WorkRequest::VerifyPledge { outcome, finding };
            let answer = context.client()?.post("/v1/cases/work", &WorkCase { case: case.case, act })?;
            context.output.object(&answer, &["case", "case_no", "state"])
        }
        Command::FollowUp { case, materials } => {
            let materials = materials.iter().map(|text| material::digest(text)).collect::<Result<_, Failure>>()?;
            let act = WorkRequest::FollowUp { materials };
            let answer = context.client()?.post("/v1/cases/work", &WorkCase { case: case.case, act })?;
            context.output.object(&answer, &["case", "case_no", "state"])
        }
    }
}

/// Accepts with materials to follow; none when nothing is lacking.
pub(super) fn accept_lacking(
    context: &Context,
    case: &Case,
    args: &LackingArgs,
    enough: Option<&String>,
) -> Result<Option<Answer>, Failure> {
    let (Some(until), Some(promise)) = (&args.until, &args.promise) else { return Ok(None) };
    let act = WorkRequest::AcceptLacking {
        lacking: args.lacking.clone(),
        until: parse("until", until)?,
        promise: material::digest(&format!("容缺承诺书={}", promise.display()))?,
        enough: enough.cloned(),
    };
    let request = WorkCase { case: case.case.clone(), act };
    context.client()?.post("/v1/cases/work", &request).map(Some)
}

/// Where the work on a case stands, who is recused from it, and what is to follow.
pub(super) fn show(output: Output, case: &Value) -> Result<(), Failure> {
    if case.get("work").is_some_and(|work| !work.is_null()) {
        output.line(&format!("\n{}", WORK.of(output.lang)))?;
        output.fields(case, &WORK_FIELDS)?;
    }
    for (name, title, columns) in [
        ("recused", RECUSED, &["operator", "by", "at", "reason"][..]),
        ("lacking", LACKING, &["name", "until", "promise"][..]),
    ] {
        let rows = list(case, name);
        if !rows.is_empty() {
            output.line(&format!("\n{}", title.of(output.lang)))?;
            output.rows(&rows, columns)?;
        }
    }
    if let Some(pledge) = case.get("pledge").filter(|pledge| !pledge.is_null()) {
        output.line(&format!("\n{}", PLEDGE.of(output.lang)))?;
        output.fields(case, &PLEDGE_FIELDS)?;
        let findings = list(pledge, "findings");
        if !findings.is_empty() {
            output.rows(&findings, &FINDING_COLUMNS)?;
        }
    }
    Ok(())
}
