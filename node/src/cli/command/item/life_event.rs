//! `tongban item life-event`: items that are done together (一件事).

use serde_json::Value;
use tongban_domain::catalogue::{LifeEvent, StandardBody, StandardKind};

use super::standard::{self, Terms, Withdrawal};
use crate::cli::Context;
use crate::cli::client::percent_encoded;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::AFTER_MALFORMED;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 设定一件事 / set a life event
    Set(Box<SetArgs>),
    /// 撤销一件事 / withdraw a life event
    Withdraw(Withdrawal),
    /// 全部一件事 / all life events
    List,
    /// 一件事的事项，按办理次序 / the items of a life event, in the order in which they are done
    Show {
        /// 编码 / code
        #[arg(value_name = "CODE")]
        code: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// 编码 / code
    #[arg(value_name = "CODE")]
    code: String,
    /// 名称 / name
    #[arg(long, value_name = "N")]
    name: String,
    /// 面向自然人，否则面向法人 / for natural persons, else for bodies
    #[arg(long)]
    persons: bool,
    /// 事项，基本编码或实施编码首段，逗号分隔 / its items, with commas between
    #[arg(long, value_name = "c,c", value_delimiter = ',', required = true)]
    items: Vec<String>,
    /// 先后：后办:先办，逗号分隔 / what waits for what: LATER:EARLIER, with commas between
    #[arg(long, value_name = "c:c", value_delimiter = ',')]
    after: Vec<String>,
    /// 引导语 / what people ask to find their way
    #[arg(long, value_name = "TEXT")]
    guidance: Option<String>,
    #[command(flatten)]
    terms: Terms,
}

const COLUMNS: [&str; 7] =
    ["code", "life-event.name", "life-event.for_persons", "life-event.items", "set_by", "state", "effective"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    const KIND: StandardKind = StandardKind::LifeEvent;
    match command {
        Command::Set(args) => {
            let after = |pair: &String| {
                let pair = pair.split_once([':', '：']);
                pair.map(|(later, earlier)| (later.trim().to_owned(), earlier.trim().to_owned()))
            };
            let pairs: Option<Vec<(String, String)>> = args.after.iter().map(after).collect();
            let Some(after) = pairs else {
                return Err(Failure::of(&AFTER_MALFORMED, args.after.join(","), &[]));
            };
            let (name, items, guidance) = (args.name, args.items, args.guidance);
            let body = LifeEvent { name, for_persons: args.persons, items, after, guidance };
            standard::set(context, &[args.terms.draft(Some(args.code), StandardBody::LifeEvent(body))?])
        }
        Command::Withdraw(args) => standard::withdraw(context, KIND, &args),
        Command::List => standard::list(context, KIND, None, &COLUMNS),
        Command::Show { code } => show(context, &code),
    }
}

fn show(context: &Context, code: &str) -> Result<Outcome, Failure> {
    let answer = context.client()?.get(&format!("/v1/life-events/{}", percent_encoded(code)), &[])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    output.fields(&value, &["code", "name", "for_persons", "guidance", "set_by", "version"])?;
    let items = value.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    output.rows(&items, &["order", "item", "name", "department", "after"])?;
    Ok(Outcome::Done)
}
