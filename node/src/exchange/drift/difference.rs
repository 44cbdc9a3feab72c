//! A difference as people read it: field by field, since when, and who must act.

use serde::Serialize;
use serde_json::Value;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::Place;
use tongban_domain::catalogue::{BaseItem, CodeList as _, ServiceItem};
use tongban_federation::drift::{Duty, Finding, Kind, Leaf, WholeItem};
use tongban_federation::wire::ItemName;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldDifference {
    /// Its name, with dots between levels.
    pub field: String,
    /// What the superior has; null where he has none.
    pub above: Value,
    /// What the inferior's rows have.
    pub below: Value,
    /// What the inferior has sealed, where its rows have something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Value>,
}

/// An item that differs between two nodes, or between a node's rows and what it has sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The division in which it was found.
    pub division: DivisionCode,
    /// Its node.
    pub node: NodeId,
    /// Base code, where the item has one.
    pub base_code: Option<String>,
    /// Code of an item that carries it out; null for the base item itself.
    pub item: Option<String>,
    /// Kind: `behind`, `core-differs`, `missing`, `extra`, `withdrawn-above`, `store-edited`, `exempt`.
    pub kind: &'static str,
    /// Who must act: `wait`, `superior-catch-up`, `superior-mend`, `inferior-claim`, `inferior-withdraw`, `inferior-mend`, `none`.
    pub duty: &'static str,
    /// Version above.
    pub version_above: Option<u32>,
    /// Version below.
    pub version_below: Option<u32>,
    /// First day in force of the version above.
    pub effective: Option<Date>,
    /// Since when: the version above was sealed then, or, of a row that was edited, the row was last as sealed then.
    pub since: Option<Timestamp>,
    /// The lawful reason, where one was given.
    pub reason: Option<String>,
    /// As of when the node answered.
    pub as_of: Timestamp,
    /// What differs; empty where one of the two has nothing.
    pub fields: Vec<FieldDifference>,
}

/// When the two have sealed what they have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sealed {
    pub(super) above: Option<Timestamp>,
    pub(super) below: Option<Timestamp>,
}

impl Difference {
    /// Of a finding. `above` is the superior's base item whole, `below` what the inferior has of the item whole.
    pub(super) fn of(
        place: Place,
        finding: &Finding,
        (above, below): (Option<&WholeItem>, Option<&WholeItem>),
        sealed: Sealed,
        as_of: Timestamp,
    ) -> Self {
        let edited = finding.below.as_ref().is_some_and(|leaf| leaf.sealed.is_some());
        let version = |leaf: &Option<Leaf>| leaf.as_ref().map(|leaf| leaf.version);
        let fields = fields(&finding.name, above, below);
        // A reason covers the fields that it was given for.
        let covered = finding.kind != Kind::Exempt || is_covered(below, &fields);
        let (kind, duty) =
            if covered { (finding.kind, finding.duty) } else { (Kind::CoreDiffers, Duty::InferiorClaim) };
        Self {
            division: place.division,
            node: place.node,
            base_code: finding.name.base.clone(),
            item: finding.name.code.clone(),
            kind: kind.name(),
            duty: duty.name(),
            version_above: version(&finding.above),
            version_below: version(&finding.below),
            effective: finding.above.as_ref().and_then(|leaf| leaf.effective),
            since: if edited { sealed.below } else { sealed.above.or(sealed.below) },
            reason: finding.below.as_ref().and_then(|leaf| leaf.reason.clone()),
            as_of,
            fields,
        }
    }

    /// The journal of standards of a node doesn't lead to its sealed checkpoint.
    pub(super) fn of_journal(place: Place, as_of: Timestamp) -> Self {
        let field = "standards-journal".to_owned();
        let fields = vec![FieldDifference { field, above: Value::Null, below: Value::Null, sealed: None }];
        Self {
            division: place.division,
            node: place.node,
            base_code: None,
            item: None,
            kind: Kind::StoreEdited.name(),
            duty: Duty::InferiorMend.name(),
            version_above: None,
            version_below: None,
            effective: None,
            since: None,
            reason: None,
            as_of,
            fields,
        }
    }

    /// Whether the law lets it stand.
    #[must_use]
    pub fn is_lawful(&self) -> bool {
        Kind::ALL.iter().any(|kind| kind.name() == self.kind && kind.is_lawful())
    }
}

/// Whether an item names a lawful reason for each field of the core that differs.
fn is_covered(item: Option<&WholeItem>, fields: &[FieldDifference]) -> bool {
    let row = item.and_then(|whole| whole.row.as_deref());
    let item = row.and_then(|row| minicbor::decode::<ServiceItem>(row).ok());
    let Some(difference) = item.and_then(|item| item.difference) else { return false };
    let named = |field: &str| difference.fields.iter().any(|known| known.name() == field);
    fields
        .iter()
        .filter(|field| !field.above.is_null())
        .all(|field| field.field.strip_prefix("core.").is_some_and(named))
}

/// An item as a tree of fields; null where there is none, or where a later release wrote what this one can't read.
fn tree(is_base: bool, bytes: Option<&[u8]>) -> Value {
    let Some(bytes) = bytes else { return Value::Null };
    let tree = if is_base {
        minicbor::decode::<BaseItem>(bytes).ok().and_then(|item| serde_json::to_value(item).ok())
    } else {
        minicbor::decode::<ServiceItem>(bytes).ok().and_then(|item| serde_json::to_value(item).ok())
    };
    tree.unwrap_or_default()
}

/// Fields by their path.
fn flat(value: &Value, path: &str, into: &mut Vec<(String, Value)>) {
    match value.as_object() {
        Some(fields) => {
            for (name, value) in fields {
                flat(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, into);
            }
        }
        None => into.push((path.to_owned(), value.clone())),
    }
}

fn fields(name: &ItemName, above: Option<&WholeItem>, below: Option<&WholeItem>) -> Vec<FieldDifference> {
    let is_base = name.code.is_none();
    let row = tree(is_base, below.and_then(|whole| whole.row.as_deref()));
    let sealed = tree(is_base, below.and_then(|whole| whole.sealed.as_deref()));
    let above = tree(true, above.and_then(|whole| whole.row.as_deref()));
    let mut paths = Vec::new();
    for tree in [&row, &sealed, &above] {
        let mut found = Vec::new();
        flat(tree, "", &mut found);
        paths.extend(found.into_iter().map(|(path, _)| path).filter(|path| !path.is_empty()));
    }
    paths.sort();
    paths.dedup();
    let at = |tree: &Value, path: &str| {
        path.split('.').try_fold(tree, |tree, name| tree.get(name)).cloned().unwrap_or_default()
    };
    // Of an item that carries a base item out, the core alone is the superior's.
    let compares = |path: &str| !above.is_null() && !row.is_null() && (is_base || path.starts_with("core."));
    paths
        .into_iter()
        .filter_map(|field| {
            let comparable = compares(&field);
            let (theirs, held, said) = (at(&above, &field), at(&row, &field), at(&sealed, &field));
            let edited = !sealed.is_null() && said != held;
            (edited || (comparable && theirs != held)).then(|| FieldDifference {
                above: if comparable { theirs } else { Value::Null },
                below: held,
                sealed: edited.then_some(said),
                field,
            })
        })
        .collect()
}
