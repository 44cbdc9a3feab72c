//! How large what the catalogue publishes may be: each version travels as one record, and a record has an end.

use minicbor::Encode;
use tongban_codes::time::Date;

use crate::{Rejection, codes};

/// The most bytes, encoded, of an item, a guide or a standard with the versions that hold until it begins. A record of the journal takes
/// 1 MiB, and one page of what is fetched several records.
pub(super) const RECORD_BYTES_MAX: usize = 256 * 1024;

/// The most versions that hold one after the other until the last one begins.
pub(super) const WAITING_MAX: usize = 8;

/// Refuses a version behind which too many wait for their day.
pub(super) fn queue(code: &str, waiting: usize, begins: Option<Date>) -> Result<(), Rejection> {
    if waiting <= WAITING_MAX {
        return Ok(());
    }
    Err(Rejection::new(
        codes::INVALID_FIELD,
        format!("more than {WAITING_MAX} versions of {code} would wait for their day"),
        format!("{code} 待生效的版本超过 {WAITING_MAX} 个"),
    )
    .field("effective", begins.map(|begins| begins.to_string()).unwrap_or_default())
    .remedy("correct the value", "请更正该值"))
}

/// The bytes of something, where they are too many.
pub(super) fn excess<T: Encode<()>>(value: &T) -> Option<usize> {
    let bytes = tongban_codes::cbor::to_vec(value).len();
    (bytes > RECORD_BYTES_MAX).then_some(bytes)
}

/// Refuses what doesn't fit into a record; `code` is that of the item or standard.
pub(super) fn fits<T: Encode<()>>(field: &'static str, code: &str, value: &T) -> Result<(), Rejection> {
    match excess(value) {
        Some(bytes) => Err(Rejection::new(
            codes::TOO_LARGE,
            format!("the {field} of {code} has {bytes} bytes; {RECORD_BYTES_MAX} can be published"),
            format!("{code} 共 {bytes} 字节，超过可发布的 {RECORD_BYTES_MAX} 字节"),
        )
        .field(field, code)
        .remedy("shorten texts or leave entries out", "缩短文字或删减列表")),
        None => Ok(()),
    }
}
