//! National tables of somebody else's as items to import: what [`super::files`] writes comes in again, and what other systems write.
//!
//! The columns of `item import` are given the values as they are; numbers of code lists are read there, with `--codes national`. What the
//! tables have as text alone (flow, special procedures) comes in as text.

use std::path::Path;

use serde_json::{Map, Value, json};
use tongban_codes::time::Date;
use tongban_domain::tables::Part;

use self::directory::{Record, Rows};
use super::{FrontError, Mapping};

mod directory;

/// Columns of the basic table and the extension that come in as they are.
const PLAIN: [(&str, &str); 39] = [
    ("task_name", "name"),
    ("task_name", "main_item"),
    ("task_type", "item_type"),
    ("local_catalog_code", "local_base_code"),
    ("power_source", "power_source"),
    ("use_level", "use_level"),
    ("dept_name", "department"),
    ("dept_code", "department_code"),
    ("dept_type", "authority_kind"),
    ("entrust_name", "entrusted_by"),
    ("anticipate_day", "statutory_days"),
    ("anticipate_explain", "statutory_explain"),
    ("promise_explain", "promised_explain"),
    ("accept_condition", "conditions"),
    ("handle_flow", "flow"),
    ("is_fee", "charged"),
    ("server_type", "served"),
    ("project_type", "case_kind"),
    ("handle_type", "forms"),
    ("limit_scene_num", "visits"),
    ("is_single_login", "single_login"),
    ("app_is_single_login", "mobile_single_login"),
    ("link_addr", "online_address"),
    ("mobile_terminal_url", "mobile_address"),
    ("is_entry_center", "in_hall"),
    ("other_dept", "joint_departments"),
    ("service_type", "intermediary"),
    ("limit_explain", "quantity_limit"),
    ("limit_scene_explain", "visits_reason"),
    ("is_online", "online"),
    ("online_handle_depth", "online_depth"),
    ("is_pay_online", "pays_online"),
    ("is_express", "courier"),
    ("is_schedule", "appointments"),
    ("is_service_terminals", "terminals"),
    ("result_type", "result_kind"),
    ("result_name", "result_name"),
    ("user_topic_type", "person_topics"),
    ("corp_topic_type", "corporate_topics"),
];

const MATERIAL: [(&str, &str); 14] = [
    ("material_name", "name"),
    ("material_type", "kind"),
    ("material_format", "form"),
    ("is_need", "necessity"),
    ("form_guid", "blank"),
    ("example_guid", "example"),
    ("source_type", "source"),
    ("source_explain", "source_explain"),
    ("page_num", "copies"),
    ("page_format", "page_format"),
    ("fill_explain", "fill_explain"),
    ("accept_stand", "acceptance_standard"),
    ("by_law", "basis"),
    ("remark", "condition"),
];

const FEE: [(&str, &str); 5] = [
    ("fee_name", "name"),
    ("fee_stand", "standard"),
    ("by_law", "basis"),
    ("is_desc", "reducible"),
    ("desc_explain", "reduction"),
];

const QUESTION: [(&str, &str); 2] = [("question", "question"), ("answer", "answer")];

/// The items of a directory of tables, as `item import` reads JSON; those that were taken back are left out.
///
/// A directory with a manifest holds what that says, byte for byte; without one it holds all tables of each family of which it has any.
///
/// # Errors
///
/// [`FrontError::File`] of a file that can't be read, [`FrontError::Tables`] of one that is missing or another, of items of which a part
/// alone is there, and of a row without the row that it belongs to.
pub fn items(directory: &Path, mapping: &Mapping) -> Result<Vec<Value>, FrontError> {
    let Rows { basics, mut children } = directory::read(directory, mapping)?;
    let made = basics.into_iter().map(|(of, mut row)| {
        let mut all = |part| {
            let mut rows = children.remove(&(part, of.clone())).unwrap_or_default();
            rows.sort_by_key(|row| row.get("order_num").and_then(|number| number.parse::<u32>().ok()));
            rows
        };
        for extend in all(Part::Extend) {
            for (column, value) in extend {
                row.entry(column).or_insert(value);
            }
        }
        item(mapping, &row, &all(Part::Material), &all(Part::Fee), &all(Part::Question))
    });
    Ok(made.collect())
}

fn item(mapping: &Mapping, row: &Record, materials: &[Record], fees: &[Record], questions: &[Record]) -> Value {
    let text = |column: &str| row.get(column).map_or("", String::as_str);
    let mut item = plain(row, &PLAIN);
    let mut put = |column: &str, value: String| {
        if !value.is_empty() {
            item.insert(column.to_owned(), Value::String(value));
        }
    };
    let national = if text("task_handle_item").is_empty() { text("task_code") } else { text("task_handle_item") };
    let code = if text("local_task_code").is_empty() { national } else { text("local_task_code") };
    put("local_item_code", code.to_owned());
    put("national_code", national.to_owned());
    // A base code of the national catalogue is compared across provinces; another binds the item to a superior's.
    let base = if text("catalog_code").starts_with("00") { "national_base_code" } else { "base_code" };
    put(base, text("catalog_code").to_owned());
    let citations: Vec<String> = text("by_law").lines().map(citation).collect();
    put("legal_basis", citations.join("；"));
    put("statutory_unit", unit(mapping, text("anticipate_type")).to_owned());
    put("promised_unit", unit(mapping, text("promise_type")).to_owned());
    // What is done at once has no term.
    put("promised_days", text("promise_day").trim_start_matches('0').to_owned());
    put("enquiry", telephone(text("link_way")));
    put("complaint", telephone(text("supervise_way")));
    put("effective", day(text("plan_effective_date")));
    put("cancel", day(text("plan_cancel_date")));
    put("result_sample", text("result_guid").to_owned());
    let mut list = |name: &str, entries: Vec<Value>| {
        if !entries.is_empty() {
            item.insert(name.to_owned(), Value::Array(entries));
        }
    };
    list("bases", text("by_law").lines().filter_map(basis).collect());
    list("materials", entries(materials, &MATERIAL));
    list("fees", entries(fees, &FEE));
    list("questions", entries(questions, &QUESTION));
    let hours = text("transact_time");
    let places = text("transact_addr").split('；').filter(|place| !place.is_empty());
    list("places", places.map(|place| json!({ "name": place, "address": place, "hours": hours })).collect());
    let links = text("special_procedure").split('；').map(|link| link.split('（').next().unwrap_or_default().trim());
    list(
        "special_links",
        links.filter(|link| !matches!(*link, "" | "无")).map(|link| json!({ "name": link })).collect(),
    );
    // The importer wants the column; an empty one is its own division.
    item.insert("division".to_owned(), Value::String(String::new()));
    Value::Object(item)
}

fn plain(row: &Record, columns: &[(&str, &str)]) -> Map<String, Value> {
    let known =
        columns.iter().filter_map(|(from, to)| Some(((*to).to_owned(), Value::String(row.get(*from)?.clone()))));
    known.collect()
}

fn entries(rows: &[Record], columns: &[(&str, &str)]) -> Vec<Value> {
    rows.iter().map(|row| Value::Object(plain(row, columns))).collect()
}

fn unit<'m>(mapping: &Mapping, code: &'m str) -> &'m str {
    if code == mapping.choices.working_days {
        "工作日"
    } else if code == mapping.choices.natural_days {
        "自然日"
    } else {
        code
    }
}

fn telephone(text: &str) -> String {
    text.trim_start_matches("电话").trim_start_matches(['：', ':']).trim().to_owned()
}

/// `20260914000000`, `2026-09-14 00:00:00`, `2026/9/14` and `2026年9月14日` as a day; what is none stays for the import to refuse.
fn day(text: &str) -> String {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A time of day begins behind a blank, or a T.
    let written = text.split([' ', 'T']).next().unwrap_or_default();
    let written = written.strip_suffix('日').unwrap_or(written);
    let parts: Vec<&str> = if is_digits(written) && matches!(written.len(), 8 | 14) {
        vec![&written[..4], &written[4..6], &written[6..8]]
    } else {
        written.split(['-', '/', '.', '年', '月']).collect()
    };
    let date = match parts.as_slice() {
        [year, month, day] if year.len() == 4 && [year, month, day].into_iter().all(|part| is_digits(part)) => {
            let number = |part: &str| part.parse::<u8>().ok();
            year.parse().ok().zip(number(month)).zip(number(day)).and_then(|((y, m), d)| Date::ymd(y, m, d))
        }
        _ => None,
    };
    date.map_or_else(|| text.to_owned(), |date| date.to_string())
}

/// A line of `by_law` in its parts: law, number, article, text. Written as 《law》（number）article：text, or with the number behind the article.
fn parts(line: &str) -> Option<(&str, &str, &str, &str)> {
    let (law, rest) = line.trim().strip_prefix('《')?.split_once('》')?;
    let (head, text) = rest.split_once('：').unwrap_or((rest, ""));
    let (number, article) = match head.trim().strip_prefix('（').and_then(|head| head.split_once('）')) {
        Some(parts) => parts,
        None => head.split_once('（').map_or(("", head), |(article, number)| (number.trim_end_matches('）'), article)),
    };
    Some((law, number, article.trim(), text))
}

/// The citation of a basis as the core has it: 《…》第四条.
fn citation(line: &str) -> String {
    parts(line).map_or_else(|| line.trim().to_owned(), |(law, _, article, _)| format!("《{law}》{article}"))
}

fn basis(line: &str) -> Option<Value> {
    let (law, number, article, text) = parts(line)?;
    Some(json!({ "law": law, "number": number, "article": article, "text": text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_falls_into_its_parts() {
        for (line, found) in [
            ("《条例》（国令1号）第四条：正文：一", Some(("条例", "国令1号", "第四条", "正文：一"))),
            ("《条例》第四条（国令1号）", Some(("条例", "国令1号", "第四条", ""))),
            ("《条例》第四条", Some(("条例", "", "第四条", ""))),
            ("条例第四条", None),
        ] {
            assert_eq!(parts(line), found, "{line}");
        }
        assert_eq!(citation("《条例》（国令1号）第四条：正文"), "《条例》第四条");
        assert_eq!(citation("条例第四条"), "条例第四条");
    }

    #[test]
    fn days_are_days_or_stay_as_they_are() {
        for text in [
            "20260904000000",
            "20260904",
            "2026-09-04 00:00:00",
            "2026-9-4",
            "2026-9-4 10:00:00",
            "2026/9/4",
            "2026-09-04T08:00:00",
            "2026年9月4日",
        ] {
            assert_eq!(day(text), "2026-09-04", "{text}");
        }
        for text in ["", "202609", "2026-13-04", "20260231", "4.9.2026", "2026-9", "2026-9-4-1", "长期", "2026090400"]
        {
            assert_eq!(day(text), text);
        }
    }
}
