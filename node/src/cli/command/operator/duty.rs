//! `tongban operator`: who stands in for whom, who leaves, who is out of service.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::api::v1::{DelegateDuty, EndDelegation, HandOverWork, OperatorIdentity, OperatorService};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse, parse_optional};
use crate::cli::file::{self, writable};
use crate::cli::text::ANSWER_UNREADABLE;
use crate::cli::text::work::{CONFIRM_HAND_OVER, HANDED_OVER, HANDED_OVER_SOME, LIST_WRITTEN};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 代理（AB岗）：在限期内代他人办理 / let one operator stand in for another for a time
    Delegate {
        /// 被代理人 / for whom
        #[arg(long, value_name = "NAME")]
        from: String,
        /// 代理人 / who stands in
        #[arg(long, value_name = "NAME")]
        to: String,
        /// 事项，可重复，缺省为全部 / item, may be repeated; all when absent
        #[arg(long = "item", value_name = "CODE")]
        items: Vec<String>,
        /// 起始日期，缺省为今日 / first day, today when absent
        #[arg(long, value_name = "D")]
        from_day: Option<String>,
        /// 截止日期 / last day
        #[arg(long, value_name = "D")]
        until: String,
        /// 批准人 / who approved it
        #[arg(long, value_name = "NAME")]
        approver: String,
    },
    /// 提前终止代理；代理人凭此领取的办件重新待领 / end what was delegated before its day; what the deputy holds by it waits again
    EndDelegation {
        /// 被代理人 / for whom
        #[arg(long, value_name = "NAME")]
        from: String,
        /// 代理人 / who stands in
        #[arg(long, value_name = "NAME")]
        to: String,
    },
    /// 离岗移交：在办件和授权一并移交，其代理终止，移交人停用 / move cases and mandates to another; what was delegated to who leaves ends, and he is disabled
    HandOver {
        /// 移交人 / who leaves
        #[arg(value_name = "NAME")]
        from: String,
        /// 接收人 / who goes on
        #[arg(long, value_name = "NAME")]
        to: String,
        /// 仅移交这些事项，可重复；移交人不停用 / of these items alone, may be repeated; he stays in service
        #[arg(long = "item", value_name = "CODE")]
        items: Vec<String>,
    },
    /// 移交清单 / lists of what was handed over; one with its cases, and its sealed file
    HandedOver {
        /// 清单标识 / id of a list
        #[arg(value_name = "ID")]
        id: Option<String>,
        /// 将带签章的清单写入文件 / write the sealed list
        #[arg(long, value_name = "OUT", requires = "id")]
        file: Option<PathBuf>,
    },
    /// 停用 / take an operator out of service
    Disable {
        /// 姓名 / name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// 恢复 / let an operator act again
    Enable {
        /// 姓名 / name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// 登记身份，用于回避本人的办件；只存不可还原的索引值 / register who he is, so that he touches no case of his own
    Identity {
        /// 姓名 / name
        #[arg(value_name = "NAME")]
        name: String,
        /// 公民身份号码；缺省为取消 / citizen id, none to take it away
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
}

const FIELDS: [&str; 5] = ["name", "roles", "mandates", "deputises", "disabled"];
const CASES: [&str; 4] = ["number", "item", "step", "queued"];
const LISTS: [&str; 5] = ["id", "from", "to", "by", "at"];

pub(super) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    let answer = match command {
        Command::Delegate { from, to, items, from_day, until, approver } => context.client()?.post(
            "/v1/operators/delegate",
            &DelegateDuty {
                principal: from,
                deputy: to,
                items,
                from: parse_optional("from-day", from_day.as_deref())?,
                until: parse("until", &until)?,
                approver,
            },
        )?,
        Command::EndDelegation { from, to } => {
            context.client()?.post("/v1/operators/end-delegation", &EndDelegation { principal: from, deputy: to })?
        }
        Command::HandOver { from, to, items } => {
            if items.is_empty() {
                output.confirm(context.yes, CONFIRM_HAND_OVER, &[&from, &to])?;
            }
            return hand_over(context, &HandOverWork { from, to, items });
        }
        Command::HandedOver { id: None, .. } => {
            let answer = context.client()?.get("/v1/operators/hand-overs", &[])?;
            return output.list(&answer, "hand_overs", &LISTS);
        }
        Command::HandedOver { id: Some(id), file } => return handed_over(context, &id, file.as_ref()),
        Command::Disable { name } => {
            context.client()?.post("/v1/operators/service", &OperatorService { operator: name, disabled: true })?
        }
        Command::Enable { name } => {
            context.client()?.post("/v1/operators/service", &OperatorService { operator: name, disabled: false })?
        }
        Command::Identity { name, id } => {
            context.client()?.post("/v1/operators/identity", &OperatorIdentity { operator: name, id })?
        }
    };
    output.object(&answer, &FIELDS)
}

fn texts(value: &Value, name: &str) -> Vec<Value> {
    value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Moves batch after batch; each is one change with a list of its own, so that what broke off is repeated and goes on.
fn hand_over(context: &Context, request: &HandOverWork) -> Result<Outcome, Failure> {
    let output = context.output;
    let mut lists = Vec::new();
    loop {
        let list = context.client()?.post("/v1/operators/hand-over", request)?.value()?;
        let more = list.get("more").and_then(Value::as_bool) == Some(true);
        lists.push(list);
        if !more {
            break;
        }
    }
    if output.is_json() {
        for list in &lists {
            output.json(list)?;
        }
        return Ok(Outcome::Done);
    }
    let cases: Vec<Value> = lists.iter().flat_map(|list| texts(list, "cases")).collect();
    output.rows(&cases, &CASES)?;
    let mandates: usize = lists.iter().map(|list| texts(list, "mandates").len()).sum();
    let (count, mandates) = (cases.len().to_string(), mandates.to_string());
    let ids: Vec<&str> = lists.iter().filter_map(|list| list.get("id").and_then(Value::as_str)).collect();
    let text = if request.items.is_empty() { HANDED_OVER } else { HANDED_OVER_SOME };
    output.line(&text.with(output.lang, &[&count, &mandates, &request.to, &request.from, &ids.join(" ")]))?;
    Ok(Outcome::Done)
}

fn handed_over(context: &Context, id: &str, file: Option<&PathBuf>) -> Result<Outcome, Failure> {
    let output = context.output;
    if let Some(path) = file {
        writable(context, path)?;
    }
    let answer = context.client()?.get("/v1/operators/hand-over", &[("id", Some(id))])?;
    let list = answer.value()?;
    if let Some(path) = file {
        let sealed = list.get("sealed").and_then(Value::as_str).unwrap_or_default();
        let sealed =
            STANDARD.decode(sealed).map_err(|error| Failure::of(&ANSWER_UNREADABLE, "", &[&error.to_string()]))?;
        file::write(context, path, &sealed)?;
        output.say(&LIST_WRITTEN.with(output.lang, &[&path.display().to_string()]));
    }
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    output.fields(&list, &["id", "from", "to", "by", "at", "items", "mandates", "principals"])?;
    output.line("")?;
    output.rows(&texts(&list, "cases"), &CASES)?;
    Ok(Outcome::Done)
}
