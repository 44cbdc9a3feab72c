//! `tongban item columns`: what an import file may hold.

use std::path::Path;

use serde_json::{Value, json};

use super::import::write_template;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::sheet::column::COLUMNS;
use crate::cli::text::sheet::TEMPLATE_WRITTEN;

pub(super) fn run(context: &Context, template: Option<&Path>) -> Result<Outcome, Failure> {
    let output = context.output;
    if let Some(path) = template {
        write_template(context, path)?;
        output.say(&TEMPLATE_WRITTEN.with(output.lang, &[&path.display().to_string()]));
        return Ok(Outcome::Done);
    }
    let columns: Vec<Value> = COLUMNS
        .iter()
        .map(|column| {
            let values: Vec<String> = column.holds.words().iter().map(|(stored, zh)| format!("{stored} {zh}")).collect();
            json!({ "name": column.name, "zh": column.zh, "en": column.en, "values": values, "example": column.example })
        })
        .collect();
    if output.is_json() {
        output.json(&json!({ "columns": columns }))?;
    } else {
        output.rows(&columns, &["name", "zh", "en", "values", "example"])?;
    }
    Ok(Outcome::Done)
}
