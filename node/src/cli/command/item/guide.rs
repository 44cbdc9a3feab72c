//! `tongban item guide`: the guide of an item.

use crate::cli::Context;
use crate::cli::client::percent_encoded;
use crate::cli::failure::{Failure, Outcome, parse_optional};
use tongban_codes::division::DivisionCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 事项编码或其首段 / item code or its first part
    #[arg(value_name = "CODE")]
    code: String,
    /// 形式，缺省为 text / form, text when absent
    #[arg(long, value_name = "FORM", value_parser = ["text", "html", "json"])]
    format: Option<String>,
    /// 大字版（html） / in large print (html)
    #[arg(long)]
    large: bool,
    /// 版本，缺省为现行 / a published version, the one in force when absent
    #[arg(long = "of-version", value_name = "N")]
    of_version: Option<u32>,
    /// 已取得的其他节点事项，按行政区划 / among the items fetched from another division
    #[arg(long, value_name = "C")]
    division: Option<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let output = context.output;
    let format = match args.format.as_deref() {
        Some(format) => format,
        None if output.is_json() => "json",
        None => "text",
    };
    let division: Option<DivisionCode> = parse_optional("division", args.division.as_deref())?;
    let (division, version) = (division.map(|code| code.to_string()), args.of_version.map(|n| n.to_string()));
    let query = [
        ("format", Some(format)),
        ("lang", Some(output.lang.of("en", "zh"))),
        ("large", args.large.then_some("true")),
        ("version", version.as_deref()),
        ("division", division.as_deref()),
    ];
    let answer = context.client()?.get(&format!("/v1/items/{}/guide", percent_encoded(&args.code)), &query)?;
    output.line(answer.text().trim_end())?;
    Ok(Outcome::Done)
}
