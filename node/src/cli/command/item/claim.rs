//! `tongban item claim`, `decline`, `claims`, `differences`: what a superior releases, and what becomes of it below.

use serde_json::{Value, json};
use tongban_codes::division::DivisionCode;
use tongban_domain::catalogue::{ClaimTerms, CodeList, DeclineReason, LawfulReason, Mode, Selection};

use super::life::{Differs, Try, report};
use super::modes;
use crate::api::v1::{ClaimItem, ClaimItems, DeclineItem, UpdateClaims};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse, parse_optional};
use crate::cli::lines::each_line;
use crate::cli::text::INVALID_FIELD;

#[derive(Debug, clap::Args)]
#[group(id = "what", required = true)]
pub(crate) struct ClaimArgs {
    /// 基本编码；- 表示从标准输入逐行读取 / base code, or - for one a line from stdin
    #[arg(value_name = "BASE_CODE", group = "what")]
    base_code: Option<String>,
    /// 全部待认领事项 / all that is neither claimed nor declined
    #[arg(long, group = "what")]
    all: bool,
    /// 一条线（上级部门）的全部待认领事项 / all pending of a line
    #[arg(long, value_name = "N", group = "what")]
    line: Option<String>,
    /// 全部待更新事项 / all that are bound to an earlier version
    #[arg(long, group = "what", requires = "update")]
    all_pending: bool,
    /// 更新：承接上级新版本，保留本地内容 / take the superior's new version over into a draft, local fields stay
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    only: Try,
    /// 实施部门 / authority in charge, by name
    #[arg(long, value_name = "N")]
    department: Option<String>,
    /// 部门信用代码 / its credit code, when it is new
    #[arg(long, value_name = "C")]
    department_code: Option<String>,
    /// 法定工作日 / statutory working days
    #[arg(long, value_name = "DAYS")]
    statutory_days: Option<u16>,
    /// 承诺工作日 / promised working days
    #[arg(long, value_name = "DAYS")]
    promised_days: Option<u16>,
    /// 办理方式，逗号分隔 / modes, with commas between
    #[arg(long, value_name = "a,b", value_delimiter = ',', value_parser = modes())]
    modes: Vec<Mode>,
    /// 可收件的行政区划，逗号分隔 / divisions whose windows may collect, with commas between
    #[arg(long, value_name = "c,c", value_delimiter = ',')]
    covered: Vec<String>,
    /// 生效日期 / first day in force
    #[arg(long, value_name = "D")]
    effective: Option<String>,
    /// 地方实施编码 / local code
    #[arg(long, value_name = "C")]
    local_code: Option<String>,
    /// 办理项序号，1 至 99 / number of a handled item below the sub-item
    #[arg(long, value_name = "N")]
    handled: Option<u8>,
    /// 办理项名称，或依法不同的名称 / name of a handled item, or one that lawfully differs
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// 依法不同的设定依据 / legal basis that lawfully differs
    #[arg(long, value_name = "TEXT", requires = "differs")]
    legal_basis: Option<String>,
    /// 对应的国家基本编码 / the national base code that it is the same as
    #[arg(long, value_name = "C")]
    national_base: Option<String>,
    #[command(flatten)]
    differs: Differs,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 认领上级基本目录事项 / claim a base item of a superior
    Claim(Box<ClaimArgs>),
    /// 不认领，并说明理由 / decline a base item of a superior, with a reason
    Decline {
        /// 基本编码 / base code
        #[arg(value_name = "BASE_CODE")]
        base_code: String,
        /// 理由：no-power、no-object、merged、exercised-above、exercised-below、vertical、basis-ended / reason
        #[arg(long, value_name = "R")]
        reason: String,
        /// 说明 / in words
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// 认领情况 / what was claimed, and what is still to be
    Claims {
        /// 只列待认领、待发布、待更新的 / only what is still to be done
        #[arg(long)]
        pending: bool,
        /// 各下级的认领率 / claim rate of each subordinate
        #[arg(long, conflicts_with = "pending")]
        subordinates: bool,
        /// 一个下级未认领的事项 / what this subordinate has not claimed
        #[arg(long, value_name = "C", requires = "subordinates")]
        division: Option<String>,
    },
    /// 下级依法与本级基本目录不同之处 / where subordinates lawfully differ from this node's base items
    Differences,
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Claim(args) => claim(context, *args),
        Command::Decline { base_code, reason, note } => {
            let reason = DeclineReason::named(&reason).ok_or_else(|| unknown_reason(&reason))?;
            let answer = context.client()?.post("/v1/items/decline", &DeclineItem { base_code, reason, note })?;
            let output = context.output;
            if output.is_json() {
                output.line(&answer.line())?;
            } else {
                let shown = worded::<DeclineReason>(context, answer.value()?);
                output.fields(&shown, &["base_code", "reason", "note", "operator", "at"])?;
            }
            Ok(Outcome::Done)
        }
        Command::Claims { subordinates: true, division, .. } => rates(context, division.as_deref()),
        Command::Claims { pending, .. } => {
            let pending = if pending { "true" } else { "false" };
            let answer = context.client()?.get("/v1/items/claims", &[("pending", Some(pending))])?;
            let output = context.output;
            if output.is_json() {
                return output.list(&answer, "claims", &[]);
            }
            let rows = rows(&answer.value()?, "claims").into_iter().map(|row| worded::<DeclineReason>(context, row));
            let rows: Vec<Value> = rows.collect();
            output.rows(
                &rows,
                &["base_code", "name", "version", "begins", "state", "deadline", "is_overdue", "reason", "note"],
            )?;
            Ok(Outcome::Done)
        }
        Command::Differences => {
            let answer = context.client()?.get("/v1/items/differences", &[])?;
            let output = context.output;
            if output.is_json() {
                return output.list(&answer, "differences", &[]);
            }
            let rows = rows(&answer.value()?, "differences").into_iter().map(|row| {
                let of = |key: &str| row.pointer(&format!("/difference/{key}")).cloned().unwrap_or_default();
                let mut differs = of("fields").as_array().cloned().unwrap_or_default();
                differs.extend(of("locks").as_array().cloned().unwrap_or_default());
                let row = json!({
                    "division": row.get("division"), "item": row.get("item"), "name": row.get("name"),
                    "base_code": row.get("base_code"), "differs": differs, "reason": of("reason"), "document": of("document"),
                });
                worded::<LawfulReason>(context, row)
            });
            let rows: Vec<Value> = rows.collect();
            output.rows(&rows, &["division", "item", "name", "base_code", "differs", "reason", "document"])?;
            Ok(Outcome::Done)
        }
    }
}

fn unknown_reason(text: &str) -> Failure {
    let values: Vec<&str> = DeclineReason::ALL.iter().map(|reason| reason.name()).collect();
    let values = values.join(", ");
    let (en, zh) = (format!("{text} is none of {values}"), format!("{text} 不在 {values} 之中"));
    Failure::of(&INVALID_FIELD, text, &[&en, &zh]).field("reason").usage()
}

fn rows(value: &Value, name: &str) -> Vec<Value> {
    value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Puts a reason of a closed list in words of the chosen language.
fn worded<L: CodeList>(context: &Context, mut row: Value) -> Value {
    let named = row.get("reason").and_then(Value::as_str).and_then(L::named);
    if let Some(reason) = named {
        row["reason"] = json!(context.output.lang.of(reason.name(), reason.zh()));
    }
    row
}

fn rates(context: &Context, division: Option<&str>) -> Result<Outcome, Failure> {
    let division: Option<DivisionCode> = parse_optional("division", division)?;
    let answer = context.client()?.get("/v1/items/claims/rates", &[])?;
    let output = context.output;
    let mut found = rows(&answer.value()?, "rates");
    if let Some(division) = division {
        let asked = Value::from(division.to_string());
        found.retain(|row| row.get("division") == Some(&asked) || rows(row, "codes").contains(&asked));
    }
    if output.is_json() {
        output.json(&json!({ "rates": found }))?;
        return Ok(Outcome::Done);
    }
    if division.is_some() {
        let open = found.iter().flat_map(|row| rows(row, "open")).map(|row| worded::<DeclineReason>(context, row));
        let open: Vec<Value> = open.collect();
        output.rows(&open, &["base_code", "keeper", "state", "reason", "note"])?;
        return Ok(Outcome::Done);
    }
    for row in &mut found {
        let hundredths = row.get("rate").and_then(Value::as_u64).unwrap_or(0);
        row["claim_rate"] = json!(format!("{}.{:02} %", hundredths / 100, hundredths % 100));
    }
    let columns =
        ["division", "should", "claimed", "claim_rate", "outdated", "pending", "overdue", "declined", "different"];
    output.rows(&found, &columns)?;
    Ok(Outcome::Done)
}

fn claim(context: &Context, args: ClaimArgs) -> Result<Outcome, Failure> {
    let client = context.client()?;
    if args.update {
        let request = UpdateClaims { base_code: args.base_code, dry_run: args.only.dry_run };
        return report(context, &client.post("/v1/items/claims/update", &request)?);
    }
    let covered: Result<Vec<DivisionCode>, Failure> =
        args.covered.iter().map(|division| parse("covered", division)).collect();
    let terms = ClaimTerms {
        department: args.department,
        department_code: args.department_code,
        statutory_days: args.statutory_days,
        promised_days: args.promised_days,
        modes: args.modes,
        covered: covered?,
        effective: parse_optional("effective", args.effective.as_deref())?,
        local_code: args.local_code,
        handled: args.handled,
        name: args.name,
        legal_basis: args.legal_basis,
        national_base: args.national_base,
        difference: args.differs.difference()?,
    };
    let which = match (args.base_code, args.line) {
        (Some(code), _) if code == "-" => {
            let mut codes = Vec::new();
            each_line(std::io::stdin().lock(), |line| {
                codes.extend(Some(line.trim().to_owned()).filter(|code| !code.is_empty()));
                Ok(())
            })?;
            Selection::These(codes)
        }
        (Some(base_code), _) if !args.only.dry_run => {
            let answer = client.post("/v1/items/claim", &ClaimItem { base_code, terms })?;
            return context.output.object(&answer, &["item"]);
        }
        (Some(base_code), _) => Selection::One(base_code),
        (None, Some(line)) => Selection::Department(line),
        (None, None) => Selection::All,
    };
    let request = ClaimItems { which, terms, dry_run: args.only.dry_run };
    report(context, &client.post("/v1/items/claims", &request)?)
}
