//! `tongban item submit`, `review`, `publish`, `suspend`, `resume`, `withdraw`, `replace`: an item's life.

use clap::Args;
use serde_json::Value;
use tongban_domain::catalogue::{CodeList as _, CoreField, Difference, ItemAct, LawfulReason, Lock, Selection};

use super::{published, refusal};
use crate::api::v1::{BringItems, ItemRef, PublishItems, ReplaceItem, TakeBackItem};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::failure::{Failure, Outcome, parse, parse_optional};
use crate::cli::lines::each_line;
use crate::cli::text::life::{LIFE_DONE, LIFE_DRY};
use crate::cli::text::{CONFIRM_WITHDRAW, INVALID_FIELD};

/// Which items a command is about.
#[derive(Debug, Args)]
#[group(required = true)]
pub(crate) struct Which {
    /// 事项编码；- 表示从标准输入逐行读取 / item code, or - for one a line from stdin
    #[arg(value_name = "CODE", group = "which")]
    code: Option<String>,
    /// 全部 / all that it can be done to
    #[arg(long, group = "which")]
    all: bool,
    /// 一个部门的全部 / all of a department
    #[arg(long, value_name = "N", group = "which")]
    department: Option<String>,
}

impl Which {
    pub(super) fn selection(&self) -> Result<Selection, Failure> {
        match (&self.code, &self.department) {
            (Some(code), _) if code == "-" => {
                let mut codes = Vec::new();
                each_line(std::io::stdin().lock(), |line| {
                    codes.extend(Some(line.trim().to_owned()).filter(|code| !code.is_empty()));
                    Ok(())
                })?;
                Ok(Selection::These(codes))
            }
            (Some(code), _) => Ok(Selection::One(code.clone())),
            (None, Some(department)) => Ok(Selection::Department(department.clone())),
            (None, None) => Ok(Selection::All),
        }
    }
}

/// Only try.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Try {
    /// 只判断，不写入 / decide everything, write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// What lawfully differs from the superior's, and why.
#[derive(Debug, Args)]
pub(crate) struct Differs {
    /// 依法与上级不同的要素，逗号分隔 / what lawfully differs from the superior's, with commas between
    #[arg(long, value_name = "F,F", value_delimiter = ',', requires_all = ["reason", "document"])]
    differs: Vec<String>,
    /// 理由：local-regulation、pilot、autonomy、power-moved、law-changed、correction / lawful reason
    #[arg(long, value_name = "R", requires = "differs")]
    reason: Option<String>,
    /// 允许不同的文件及条款 / the document that allows it, with number and article
    #[arg(long, value_name = "TEXT", requires = "differs")]
    document: Option<String>,
}

impl Differs {
    /// A lawful difference, of the core or of what is locked beside it.
    pub(super) fn difference(&self) -> Result<Option<Difference>, Failure> {
        let (Some(reason), Some(document)) = (self.reason.as_deref(), self.document.as_deref()) else {
            return Ok(None);
        };
        let wrong = |field: &str, value: &str, values: Vec<String>| {
            let values = values.join(", ");
            let (en, zh) = (format!("{value} is none of {values}"), format!("{value} 不在 {values} 之中"));
            Failure::of(&INVALID_FIELD, value, &[&en, &zh]).field(field).usage()
        };
        let (mut fields, mut locks) = (Vec::new(), Vec::new());
        for text in &self.differs {
            match (CoreField::named(text), Lock::named(text)) {
                (Some(field), _) => fields.push(field),
                (None, Some(lock)) => locks.push(lock),
                (None, None) => {
                    let core = CoreField::ALL.iter().map(|field| field.name().to_owned());
                    let all = core.chain(Lock::ALL.iter().map(|lock| lock.name().to_owned())).collect();
                    return Err(wrong("differs", text, all));
                }
            }
        }
        let reason = LawfulReason::named(reason).ok_or_else(|| {
            wrong("reason", reason, LawfulReason::ALL.iter().map(|reason| reason.name().to_owned()).collect())
        })?;
        Ok(Some(Difference { fields, reason, document: document.to_owned(), locks }))
    }
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 提交审核 / submit drafts for review
    Submit {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        differs: Differs,
        #[command(flatten)]
        only: Try,
    },
    /// 审核：通过或退回 / review: pass, or return
    Review {
        #[command(flatten)]
        which: Which,
        /// 退回修改 / return to the editor
        #[arg(long = "return", requires = "reason")]
        returned: bool,
        /// 理由 / reason, or a note
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        only: Try,
    },
    /// 发布；生效日期在后的，届时自动生效 / publish; what begins later waits for its day
    Publish {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        differs: Differs,
        #[command(flatten)]
        only: Try,
    },
    /// 暂停：不再收件 / suspend: no new case is taken
    Suspend {
        #[command(flatten)]
        which: Which,
        /// 原因 / reason
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        only: Try,
    },
    /// 恢复 / resume
    Resume {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        only: Try,
    },
    /// 取消事项 / withdraw
    #[command(disable_version_flag = true)]
    Withdraw {
        #[command(flatten)]
        which: Which,
        /// 原因 / reason
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// 自该日起取消，缺省为即日 / the first day without it, today when absent
        #[arg(long, value_name = "D")]
        from: Option<String>,
        /// 撤回待生效的版本 / take back this version, which waits for its day
        #[arg(long, value_name = "N", conflicts_with_all = ["reason", "from", "all", "department"])]
        version: Option<u32>,
        #[command(flatten)]
        only: Try,
    },
    /// 由另一事项替代 / replace an item by another
    Replace {
        /// 被替代的编码 / the code that ends
        #[arg(value_name = "OLD")]
        old: String,
        /// 后继编码 / the code that goes on
        #[arg(long, value_name = "NEW")]
        by: String,
        /// 替代日期 / first day of the new one
        #[arg(long, value_name = "D")]
        from: String,
        /// 文号 / the order
        #[arg(long, value_name = "TEXT")]
        order: Option<String>,
    },
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Submit { which, differs, only } => {
            bring(context, ItemAct::Submit { difference: differs.difference()? }, &which, only)
        }
        Command::Review { which, returned: true, reason, only } => {
            bring(context, ItemAct::Return { reason: reason.unwrap_or_default() }, &which, only)
        }
        Command::Review { which, returned: false, reason, only } => {
            bring(context, ItemAct::Pass { note: reason }, &which, only)
        }
        Command::Publish { which, differs, only } => {
            let difference = differs.difference()?;
            let plain = difference.is_none() && !only.dry_run && which.department.is_none();
            if plain && which.code.as_deref() != Some("-") {
                let answer = context.client()?.post("/v1/items/publish", &PublishItems { item: which.code })?;
                return published(context, &answer);
            }
            bring(context, ItemAct::Publish { difference }, &which, only)
        }
        Command::Suspend { which, reason, only } => bring(context, ItemAct::Suspend { reason }, &which, only),
        Command::Resume { which, only } => bring(context, ItemAct::Resume {}, &which, only),
        Command::Withdraw { which, version: Some(version), .. } => {
            let item = which.code.unwrap_or_default();
            let answer = context.client()?.post("/v1/items/take-back", &TakeBackItem { item, version })?;
            report(context, &answer)
        }
        Command::Withdraw { which, reason, from, version: None, only } => {
            let from = parse_optional("from", from.as_deref())?;
            let what = which.code.clone().or_else(|| which.department.clone()).unwrap_or_else(|| "--all".to_owned());
            if !only.dry_run {
                context.output.confirm(context.yes, CONFIRM_WITHDRAW, &[&what])?;
            }
            if let (Some(item), None, None, false) = (&which.code, &reason, from, only.dry_run || what == "-") {
                let answer = context.client()?.post("/v1/items/withdraw", &ItemRef { item: item.clone() })?;
                return context.output.object(&answer, &["item"]);
            }
            bring(context, ItemAct::Withdraw { reason, from }, &which, only)
        }
        Command::Replace { old, by, from, order } => {
            let request = ReplaceItem { item: old, by, from: parse("from", &from)?, order };
            let answer = context.client()?.post("/v1/items/replace", &request)?;
            context.output.object(&answer, &["item", "successor", "version"])
        }
    }
}

fn bring(context: &Context, act: ItemAct, which: &Which, only: Try) -> Result<Outcome, Failure> {
    let request = BringItems { act, which: which.selection()?, dry_run: only.dry_run };
    let answer = context.client()?.post("/v1/items/act", &request)?;
    report(context, &answer)
}

/// What was done to each, and what was refused.
pub(super) fn report(context: &Context, answer: &Answer) -> Result<Outcome, Failure> {
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let report = answer.value()?;
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (done, refused) = (list("done"), list("refused"));
    let dry = report.get("dry_run").and_then(Value::as_bool) == Some(true);
    let counts = [done.len().to_string(), refused.len().to_string()];
    let text = if dry { LIFE_DRY } else { LIFE_DONE };
    output.line(&text.with(output.lang, &[&counts[0], &counts[1]]))?;
    if !done.is_empty() {
        output.rows(&done, &["item", "name", "state", "version", "waits_until", "last_day"])?;
    }
    refusals(context, &refused)
}

pub(in crate::cli::command) fn refusals(context: &Context, refused: &[Value]) -> Result<Outcome, Failure> {
    let output = context.output;
    let rows: Vec<Value> = refused.iter().map(|one| refusal(one, output.lang)).collect();
    if !rows.is_empty() {
        output.rows(&rows, &["item", "problem", "remedy"])?;
    }
    Ok(Outcome::Done)
}
