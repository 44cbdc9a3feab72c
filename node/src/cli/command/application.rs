//! `tongban application`: a life event by one application (一件事一次办).

mod begin;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tongban_codes::time::Date;
use tongban_domain::application::Plan;

use super::material;
use crate::api::v1::{ActOnApplication, AnswerPrint, ApplicationRequest, CollectApplication, FieldValue, FromLicence};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::failure::{Failure, Outcome, malformed_json, parse_optional};
use crate::cli::file::{self, read_or_piped, writable};
use crate::cli::output::Output;
use crate::cli::text::application::{EARLIER, FIGURES, FORMER_ANSWER, GIVEN, JOINT_ANSWER, NEXT, NOT_TAKEN, PARTS};
use crate::cli::text::{
    ANSWER_UNREADABLE, DOCUMENT_WRITTEN, FIELD_INVALID, Fault, GLYPHS_MISSING, LICENCE_SOURCE_INVALID,
};
use begin::BeginArgs;

/// The largest plan: twenty parts with two hundred names each fit many times.
const PLAN_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 窗口现场组成一次申请（多地联办），不用方案文件 / put a joint application together at the window, without a plan file
    Begin(Box<BeginArgs>),
    /// 按方案一次收件 / collect by a plan: one form, one set of materials
    Collect(CollectArgs),
    /// 一件事，新收的在前 / applications, newest first
    List {
        /// 含已综合答复的 / those that were answered, too
        #[arg(long)]
        all: bool,
        /// 最多列出多少件 / at most so many, 100 when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 一件事：各分项、期限、下一步、填报情况 / an application: its parts, its deadline, what comes next, what was asked
    Show(Of),
    /// 申请人凭查询码查进度 / how far it is, for the applicant
    Progress {
        /// 查询码 / query code
        #[arg(value_name = "QUERY_CODE")]
        code: String,
        /// 申请人证件号码后六位 / the last six characters of the applicant's citizen id or credit code
        #[arg(long, value_name = "CHARACTERS")]
        proof: String,
    },
    /// 启动未能自动启动的分项 / begin the parts that could not begin by themselves
    Advance(Of),
    /// 申请人撤回：全部未办结事项，或所列事项；未启动的不再启动，已启动的撤件 / the applicant withdraws all that isn't over, or the parts named
    Withdraw {
        /// 一件事 / application
        #[command(flatten)]
        of: Of,
        /// 事项名称，可重复；不填为全部 / a part, may be repeated; all of them when absent
        #[arg(long = "part", value_name = "P")]
        parts: Vec<String>,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: Option<String>,
    },
    /// 未通过或已撤回的分项在本申请中重新申请，沿用已填报的内容和材料 / apply anew for parts that failed or were taken out, with what was given
    Again {
        /// 一件事 / application
        #[command(flatten)]
        of: Of,
        /// 事项名称，可重复 / a part, may be repeated
        #[arg(long = "part", value_name = "P", required = true)]
        parts: Vec<String>,
    },
    /// 联合踏勘：一次踏勘，记入共用的各办件 / one on-site check, recorded in each case that shares it
    Inspect {
        /// 一件事 / application
        #[command(flatten)]
        of: Of,
        /// 联合环节名称，同方案 / the joint step, as the plan names it
        #[arg(long, value_name = "N")]
        joint: String,
        /// 踏勘人员，两名以上，以逗号分隔 / officers, two at least, with commas between
        #[arg(long, value_name = "A,B", value_delimiter = ',', required = true)]
        officers: Vec<String>,
        /// 踏勘情况 / what they found
        #[arg(long, value_name = "T")]
        finding: String,
    },
    /// 统一公示：一次公示，记入共用的各办件 / one publicity, recorded in each case that shares it
    Publicise {
        /// 一件事 / application
        #[command(flatten)]
        of: Of,
        /// 联合环节名称，同方案 / the joint step, as the plan names it
        #[arg(long, value_name = "N")]
        joint: String,
        /// 公示载体 / where it is published
        #[arg(long, value_name = "T")]
        published: String,
        /// 起始日，默认今日 / first day, today when absent
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// 公示工作日数 / working days
        #[arg(long, value_name = "N")]
        days: u16,
    },
    /// 综合答复 / give the one answer
    Answer {
        #[command(flatten)]
        of: Of,
        /// 转报上级、结果未知的，也先行答复 / also while it isn't known what came of parts with which a superior goes on
        #[arg(long)]
        forwarded_open: bool,
    },
    /// 打印综合答复 / the one answer as PDF
    Print {
        #[command(flatten)]
        of: Of,
        /// 第几份答复，默认最后一份；重新申请后此前的答复仍可打印 / which of several answers, from 1; the last one when absent
        #[arg(long, value_name = "N")]
        answer: Option<u32>,
        /// 写入的 PDF 文件 / the PDF file to write
        #[arg(long, value_name = "OUT")]
        file: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Of {
    /// 一件事编号、标识或查询码；在分项的办理机关填编号 / number, id or query code; at the authority of a part its number
    #[arg(value_name = "APPLICATION")]
    application: String,
}

/// The applicant, and what he gives once.
#[derive(Debug, clap::Args)]
pub(crate) struct Given {
    /// 申请人名称 / applicant's name
    #[arg(long, value_name = "N")]
    name: String,
    /// 公民身份号码或统一社会信用代码 / citizen id or credit code
    #[arg(long, value_name = "ID")]
    id: String,
    /// 表单项，可重复 / a field of the shared form, may be repeated
    #[arg(long = "field", value_name = "NAME=VALUE")]
    fields: Vec<String>,
    /// 材料，可重复 / material, may be repeated
    #[arg(long = "material", value_name = "NAME=FILE|NAME=sha256:HEX")]
    materials: Vec<String>,
    /// 由证照取得、不再索要的表单项或材料，可重复 / a field or material that a licence says, may be repeated
    #[arg(long = "from-licence", value_name = "NAME=LICENCE")]
    licences: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CollectArgs {
    /// 方案文件（JSON），- 为标准输入 / the plan, a JSON file, - for stdin
    #[arg(value_name = "PLAN.json|-")]
    plan: PathBuf,
    #[command(flatten)]
    given: Given,
}

const DONE_FIELDS: [&str; 5] = ["application", "query_code", "event", "state", "due"];
const DONE_COLUMNS: [&str; 5] = ["part", "item_name", "division", "state", "case"];
const LIST_COLUMNS: [&str; 9] =
    ["application", "event", "applicant", "collected_at", "state", "due", "overdue", "part_count", "parts_over"];
const FIELDS: [&str; 15] = [
    "application",
    "query_code",
    "event",
    "bundle.code",
    "bundle.version",
    "applicant",
    "collected_at",
    "state",
    "due",
    "provisional",
    "path",
    "total.required",
    "total.given",
    "total.asked_again",
    "demo",
];
const PART_COLUMNS: [&str; 11] = [
    "part",
    "item_name",
    "division",
    "after",
    "state",
    "case_state",
    "due",
    "because",
    "forwarded_to",
    "joint_acts",
    "case",
];
const FIGURE_COLUMNS: [&str; 8] = [
    "part",
    "figure.fields",
    "figure.materials",
    "figure.first",
    "figure.reused",
    "figure.from_parts",
    "figure.from_licences",
    "figure.asked_again",
];
const EARLIER_COLUMNS: [&str; 6] = ["part", "status", "ended_on", "reason", "case_no", "case"];
const NOT_TAKEN_COLUMNS: [&str; 6] = ["part", "told", "case", "reason_code", "reason", "at"];
const NEXT_COLUMNS: [&str; 4] = ["part", "who", "what", "until"];
const GIVEN_COLUMNS: [&str; 3] = ["entry", "name", "source"];
const ANSWER_COLUMNS: [&str; 10] = [
    "part",
    "item_name",
    "part_result",
    "came_to",
    "case_no",
    "reason",
    "because",
    "remedies",
    "licences",
    "forwarded_to",
];
const PROGRESS_COLUMNS: [&str; 7] = ["item_name", "department", "division", "state", "due", "because", "forwarded_to"];

fn rows(value: &Value, name: &str) -> Vec<Value> {
    value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The rows of a list that each part has, with the part's name.
fn of_parts(parts: &[Value], name: &str) -> Vec<Value> {
    let of = |part: &Value| {
        let mut found = rows(part, name);
        found.iter_mut().for_each(|row| row["part"] = part["part"].clone());
        found
    };
    parts.iter().flat_map(of).collect()
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    match command {
        Command::Begin(args) => begin::begin(context, *args),
        Command::Collect(args) => collect(context, args),
        Command::List { all, limit } => {
            let limit = limit.map(|limit| limit.to_string());
            let asked = [("all", all.then_some("true")), ("limit", limit.as_deref())];
            output.list(&context.client()?.get("/v1/applications", &asked)?, "applications", &LIST_COLUMNS)
        }
        Command::Show(of) => show(context, &of),
        Command::Progress { code, proof } => progress(context, &code, &proof),
        Command::Advance(of) => act(context, of, ApplicationRequest::Advance {}),
        Command::Withdraw { of, parts, reason } => act(context, of, ApplicationRequest::Withdraw { parts, reason }),
        Command::Again { of, parts } => act(context, of, ApplicationRequest::Again { parts }),
        Command::Inspect { of, joint, officers, finding } => {
            joint_act(context, of, ApplicationRequest::Inspect { joint, officers, finding })
        }
        Command::Publicise { of, joint, published, from, days } => {
            let from: Option<Date> = parse_optional("from", from.as_deref())?;
            joint_act(context, of, ApplicationRequest::Publicise { joint, published, from, days })
        }
        Command::Answer { of, forwarded_open } => act(context, of, ApplicationRequest::Answer { forwarded_open }),
        Command::Print { of, answer, file } => print(context, &of, answer, &file),
    }
}

/// Reads `NAME=TEXT`.
fn pair(text: &str, fault: &'static Fault) -> Result<(String, String), Failure> {
    let invalid = || Failure::of(fault, text.split('=').next().unwrap_or_default(), &[]);
    let (name, value) = text.split_once('=').ok_or_else(invalid)?;
    let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
    if name.is_empty() || value.is_empty() {
        return Err(invalid());
    }
    Ok((name, value))
}

fn collect(context: &Context, args: CollectArgs) -> Result<Outcome, Failure> {
    let bytes = read_or_piped(&args.plan, PLAN_BYTES_MAX)?;
    let plan: Plan = serde_json::from_slice(&bytes).map_err(|error| malformed_json(&error))?;
    send(context, plan, args.given)
}

/// Asks for an application by a plan, with what the applicant gives once.
fn send(context: &Context, plan: Plan, args: Given) -> Result<Outcome, Failure> {
    let fields = args.fields.iter().map(|text| pair(text, &FIELD_INVALID));
    let fields = fields.map(|pair| pair.map(|(name, value)| FieldValue { name, value }));
    let fields = fields.collect::<Result<Vec<FieldValue>, Failure>>()?;
    let licences = args.licences.iter().map(|text| pair(text, &LICENCE_SOURCE_INVALID));
    let licences = licences.map(|pair| pair.map(|(name, licence)| FromLicence { name, licence }));
    let licences = licences.collect::<Result<Vec<FromLicence>, Failure>>()?;
    let given = args.materials.iter().map(|text| material::read(text)).collect::<Result<Vec<_>, Failure>>()?;
    let client = context.client()?;
    let materials = material::send(&client, given)?;
    let request = CollectApplication { plan, name: args.name, id: args.id, fields, materials, licences };
    let answer = client.post("/v1/applications", &request)?;
    done(context.output, &answer)
}

/// What a command came to: the application, its parts, and its answer once that is given.
fn done(output: Output, answer: &Answer) -> Result<Outcome, Failure> {
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    output.fields(&value, &DONE_FIELDS)?;
    output.line("")?;
    let lines = rows(&value, "answer");
    if lines.is_empty() {
        output.rows(&rows(&value, "parts"), &DONE_COLUMNS)?;
    } else {
        output.rows(&lines, &ANSWER_COLUMNS)?;
    }
    Ok(Outcome::Done)
}

fn act(context: &Context, of: Of, act: ApplicationRequest) -> Result<Outcome, Failure> {
    let request = ActOnApplication { application: of.application, act };
    let answer = context.client()?.post("/v1/applications/act", &request)?;
    done(context.output, &answer)
}

fn joint_act(context: &Context, of: Of, act: ApplicationRequest) -> Result<Outcome, Failure> {
    let request = ActOnApplication { application: of.application, act };
    let answer = context.client()?.post("/v1/applications/act", &request)?;
    context.output.object(&answer, &["joint", "kind", "cases"])
}

fn show(context: &Context, of: &Of) -> Result<Outcome, Failure> {
    let asked = [("application", Some(of.application.as_str()))];
    let answer = context.client()?.get("/v1/applications/show", &asked)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    output.fields(&value, &FIELDS)?;
    output.line(&format!("\n{}", PARTS.of(output.lang)))?;
    let parts = rows(&value, "parts");
    output.rows(&parts, &PART_COLUMNS)?;
    output.line(&format!("\n{}", FIGURES.of(output.lang)))?;
    output.rows(&parts, &FIGURE_COLUMNS)?;
    output.line(&format!("\n{}", GIVEN.of(output.lang)))?;
    output.rows(&rows(&value, "given"), &GIVEN_COLUMNS)?;
    let mut earlier = of_parts(&parts, "earlier");
    if !earlier.is_empty() {
        earlier.iter_mut().for_each(|row| row["ended_on"] = row["on"].take());
        output.line(&format!("\n{}", EARLIER.of(output.lang)))?;
        output.rows(&earlier, &EARLIER_COLUMNS)?;
    }
    let not_taken = of_parts(&parts, "not_taken");
    if !not_taken.is_empty() {
        output.line(&format!("\n{}", NOT_TAKEN.of(output.lang)))?;
        output.rows(&not_taken, &NOT_TAKEN_COLUMNS)?;
    }
    let next = rows(&value, "next");
    if !next.is_empty() {
        output.line(&format!("\n{}", NEXT.of(output.lang)))?;
        output.rows(&next, &NEXT_COLUMNS)?;
    }
    if let Some(said) = value.get("joint_answer").filter(|said| said.is_object()) {
        output.line(&format!("\n{}", JOINT_ANSWER.of(output.lang)))?;
        output.fields(&value, &["joint_answer.promised", "joint_answer.in_time"])?;
        output.rows(&rows(said, "lines"), &ANSWER_COLUMNS)?;
    }
    former(output, &value)
}

/// Answers that were given before parts were applied for anew, each under its place, by which it is printed.
fn former(output: Output, value: &Value) -> Result<Outcome, Failure> {
    let former = rows(value, "former_answers");
    // While no other has followed, the last of them is the answer above.
    let last = value.get("joint_answer").unwrap_or(&Value::Null);
    for (place, said) in former.iter().enumerate().filter(|(_, said)| *said != last) {
        let at = said.get("at").and_then(Value::as_str).unwrap_or_default();
        let heading = FORMER_ANSWER.with(output.lang, &[&(place + 1).to_string(), at]);
        output.line(&format!("\n{heading}"))?;
        output.rows(&rows(said, "lines"), &ANSWER_COLUMNS)?;
    }
    Ok(Outcome::Done)
}

fn print(context: &Context, of: &Of, place: Option<u32>, path: &Path) -> Result<Outcome, Failure> {
    let output = context.output;
    writable(context, path)?;
    let place = place.map(|place| place.to_string());
    let asked = [("application", Some(of.application.as_str())), ("answer", place.as_deref())];
    let drawn: AnswerPrint = context.client()?.get("/v1/applications/print", &asked)?.read()?;
    let unreadable = |error: base64::DecodeError| Failure::of(&ANSWER_UNREADABLE, "", &[&error.to_string()]);
    file::write(context, path, &STANDARD.decode(&drawn.pdf).map_err(unreadable)?)?;
    output.say(&DOCUMENT_WRITTEN.with(output.lang, &[&path.display().to_string()]));
    if !drawn.missing.is_empty() {
        output.say(&GLYPHS_MISSING.with(output.lang, &[&drawn.missing.join(", ")]));
    }
    let told = json!({ "application": drawn.application, "pages": drawn.pages, "missing_signs": drawn.missing });
    output.object(&Answer::of(&told), &["application", "pages"])
}

fn progress(context: &Context, code: &str, proof: &str) -> Result<Outcome, Failure> {
    let asked = [("application", Some(code)), ("proof", Some(proof))];
    let answer = context.client()?.get("/v1/applications/progress", &asked)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    output.fields(&value, &["query_code", "event", "state", "due", "demo"])?;
    output.line("")?;
    output.rows(&rows(&value, "parts"), &PROGRESS_COLUMNS)?;
    for (name, columns) in [("next", &NEXT_COLUMNS[..]), ("joint_answer", &ANSWER_COLUMNS[..])] {
        let found = rows(&value, name);
        if !found.is_empty() {
            output.line("")?;
            output.rows(&found, columns)?;
        }
    }
    Ok(Outcome::Done)
}
