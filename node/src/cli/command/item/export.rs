//! `tongban item export`: items as a file that can be imported again.

use std::path::PathBuf;

use tongban_domain::catalogue::ImportRow;

use crate::api::v1::ItemRows;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{self, unwritable, writable};
use crate::cli::sheet::book;
use crate::cli::text::sheet::{EXPORT_KIND, EXPORTED};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 输出文件，按扩展名 .xlsx、.csv 或 .json / the file, by its ending
    #[arg(long, value_name = "FILE")]
    output_file: PathBuf,
    /// 阶段：base 基本目录、draft 草稿、in-force 有效 / stage
    #[arg(long, value_name = "STAGE", default_value = "in-force", value_parser = ["base", "draft", "in-force"])]
    stage: String,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let path = &args.output_file;
    let shown = path.display().to_string();
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !matches!(ending.as_str(), "xlsx" | "csv" | "json") {
        return Err(Failure::of(&EXPORT_KIND, shown, &[]).usage());
    }
    writable(context, path)?;
    let client = context.client()?;
    let mut rows: Vec<ImportRow> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let query = [("stage", Some(args.stage.as_str())), ("after", after.as_deref())];
        let page: ItemRows = client.get("/v1/items/rows", &query)?.read()?;
        rows.extend(page.rows.into_iter().map(|row| row.row));
        // A node that gave the same page again would hold us here.
        if page.next.is_none() || page.next == after {
            break;
        }
        after = page.next;
    }
    // Row numbers as the file will have them.
    for (row, number) in rows.iter_mut().zip(2..) {
        row.row = number;
    }
    let failed = |reason: String| unwritable(path, &reason);
    let bytes = match ending.as_str() {
        "xlsx" => book::write(&rows, &[]).map_err(|error| failed(error.to_string()))?,
        "csv" => book::csv(&rows).map_err(|error| failed(error.to_string()))?,
        _ => book::json(&rows),
    };
    file::write(context, path, &bytes)?;
    let output = context.output;
    if output.is_json() {
        output.json(&serde_json::json!({ "items": rows.len(), "file": shown }))?;
    } else {
        output.line(&EXPORTED.with(output.lang, &[&rows.len().to_string(), &shown]))?;
    }
    Ok(Outcome::Done)
}
