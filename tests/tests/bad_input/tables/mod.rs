//! The rows, by noun.

/// Rows of commands: under the verb the node, the cause, the line and the code, then what the row brings.
macro_rules! rows {
    ($($verb:literal { $($at:ident $cause:literal: $line:literal => $code:literal $(.$with:ident($($of:expr),*))*;)* })*) => {
        vec![$($(row($verb, $cause, $at, $line, $code)$(.$with($($of),*))*),*),*]
    };
}

/// Rows of requests: under method and path the node, the cause, the body and the code.
macro_rules! requests {
    ($($verb:literal { $($at:ident $cause:literal: $body:expr => $code:literal $(.$with:ident($($of:expr),*))*;)* })*) => {
        vec![$($(request($verb, $cause, $at, $body, $code)$(.$with($($of),*))*),*),*]
    };
}

mod agreement;
mod api;
mod application;
mod batch;
mod case;
mod earlier;
mod federation;
mod item;
mod item_file;
mod licence;
mod made;
mod node;
mod order;
mod person;
mod staff;
mod standard;
mod supervision;
mod voice;
mod work;

use crate::row::Row;

/// All rows, in the order of the page.
pub(crate) fn all() -> Vec<Row> {
    [
        node::rows(),
        federation::rows(),
        staff::rows(),
        item_file::rows(),
        item::rows(),
        standard::rows(),
        case::rows(),
        batch::rows(),
        earlier::rows(),
        agreement::rows(),
        person::rows(),
        work::rows(),
        supervision::rows(),
        voice::rows(),
        application::rows(),
        order::rows(),
        licence::rows(),
        api::rows(),
    ]
    .concat()
}
