//! Keys of the index. A change of any of them, or of what is written under them, raises [`FORMAT`], and the index is built anew.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;
use tongban_storage::Family;

use crate::entry::Kind;

/// Format of the index; analysis of text counts as format.
pub(crate) const FORMAT: u32 = 4;

/// One row about the whole index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Head {
    #[n(0)]
    pub(crate) format: u32,
    /// Up to which log entry the index holds everything, as its keeper says; `None` while it is being built or compared.
    #[n(1)]
    pub(crate) mark: Option<u64>,
    #[n(2)]
    pub(crate) next_card: u32,
    #[n(3)]
    pub(crate) cards: u32,
    #[n(4)]
    pub(crate) entries: u64,
    /// The day, as a number, for which uses were counted.
    #[n(5)]
    pub(crate) uses_of: Option<i32>,
}

impl Default for Head {
    fn default() -> Self {
        Self { format: FORMAT, mark: None, next_card: 0, cards: 0, entries: 0, uses_of: None }
    }
}

/// Signs and pairs of signs of a card.
pub(crate) const FIELD_TEXT: u8 = b't';
/// Pairs of syllables of a name.
pub(crate) const FIELD_SOUND: u8 = b's';
/// Three initials in a row of a name.
pub(crate) const FIELD_INITIALS: u8 = b'i';
/// Divisions in which a card is offered, by their digits and those of what they lie in.
pub(crate) const FIELD_DIVISION: u8 = b'd';
/// Catalogues in which a card is offered, by the names of [`Kind`].
pub(crate) const FIELD_KIND: u8 = b'k';
/// Item type of a card.
pub(crate) const FIELD_TYPE: u8 = b'y';

pub(crate) const HEAD: (Family, [u8; 1]) = (Family::Meta, [0x01]);

const CARD: u8 = 0x10;
const PLACE: u8 = 0x11;
const BY_DIGEST: u8 = 0x20;
const OFFERED: u8 = 0x21;
const BY_CODE: u8 = 0x22;
const POSTING: u8 = 0x23;
const USES: u8 = 0x24;
const USES_THERE: u8 = 0x25;
const COUNT: u8 = 0x26;
const BY_TOPIC: u8 = 0x27;

pub(crate) fn card(id: u32) -> Vec<u8> {
    [&[CARD][..], &id.to_be_bytes()].concat()
}

/// Keys hold no zero byte inside a text.
fn push_text(key: &mut Vec<u8>, text: &str) {
    key.extend(text.bytes().map(|byte| byte.max(1)));
}

/// Entries by code; a code that begins alike stands near.
pub(crate) fn places_of_code(code: &str) -> Vec<u8> {
    let mut key = vec![PLACE];
    push_text(&mut key, code);
    key
}

pub(crate) fn place(code: &str, division: DivisionCode, kind: Kind) -> Vec<u8> {
    let mut key = places_of_code(code);
    key.push(0);
    key.extend(division.number().to_be_bytes());
    key.push(kind as u8);
    key
}

/// Code, division and kind of an entry's key.
pub(crate) fn read_place(key: &[u8]) -> Option<(String, DivisionCode, Kind)> {
    let end = key.iter().position(|byte| *byte == 0)?;
    let code = std::str::from_utf8(key.get(1..end)?).ok()?.to_owned();
    let (number, kind) = key.get(end + 1..)?.split_first_chunk::<8>()?;
    let division = DivisionCode::from_number(u64::from_be_bytes(*number))?;
    Some((code, division, read_kind(kind)?))
}

fn read_kind(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [0] => Some(Kind::Item),
        [1] => Some(Kind::Base),
        _ => None,
    }
}

pub(crate) fn by_digest(digest: &Digest) -> Vec<u8> {
    [&[BY_DIGEST][..], digest.as_bytes()].concat()
}

pub(crate) fn offers(card: u32) -> Vec<u8> {
    [&[OFFERED][..], &card.to_be_bytes()].concat()
}

pub(crate) fn offers_from(card: u32, division: u64) -> Vec<u8> {
    [&offers(card)[..], &division.to_be_bytes()].concat()
}

pub(crate) fn offered(card: u32, division: DivisionCode, kind: Kind, code: &str) -> Vec<u8> {
    let mut key = offers_from(card, division.number());
    key.push(kind as u8);
    push_text(&mut key, code);
    key
}

/// Division, kind and code of a key of [`offered`].
pub(crate) fn read_offered(key: &[u8]) -> Option<(DivisionCode, Kind, String)> {
    let (number, rest) = key.get(5..)?.split_first_chunk::<8>()?;
    let division = DivisionCode::from_number(u64::from_be_bytes(*number))?;
    let kind = read_kind(rest.get(..1)?)?;
    Some((division, kind, std::str::from_utf8(rest.get(1..)?).ok()?.to_owned()))
}

/// How many entries of a kind a card has in a region, of those that [`counted`] names.
pub(crate) fn count(card: u32, kind: Kind, region: &str) -> Vec<u8> {
    [&[COUNT][..], &card.to_be_bytes(), &[kind as u8], region.as_bytes()].concat()
}

/// The regions in which the entries of a card are counted when one comes or goes: everywhere, the province, the city. Of less there are so few
/// that they are counted when it is asked.
pub(crate) fn counted(division: DivisionCode) -> [String; 3] {
    let whole = division.to_string();
    [0, 2, COUNTED_DIGITS].map(|end| whole[..end].to_owned())
}

/// The digits of the smallest regions that are counted.
pub(crate) const COUNTED_DIGITS: usize = 4;

/// The numbers of the divisions in a region: from the first up to the second, which isn't one of them.
pub(crate) fn numbers(region: &str) -> (u64, u64) {
    let below = 10_u64.pow(12_u32.saturating_sub(u32::try_from(region.len()).unwrap_or(12)));
    let first = region.parse::<u64>().unwrap_or(0) * below;
    (first, first + below)
}

pub(crate) fn cards_of_code(code: &str) -> Vec<u8> {
    let mut key = vec![BY_CODE];
    push_text(&mut key, code);
    key
}

pub(crate) fn by_code(code: &str, card: u32) -> Vec<u8> {
    let mut key = cards_of_code(code);
    key.push(0);
    key.extend(card.to_be_bytes());
    key
}

/// Entries under a topic, from a division's number on.
pub(crate) fn topic_from(topic: &str, division: u64) -> Vec<u8> {
    let mut key = vec![BY_TOPIC];
    push_text(&mut key, topic);
    key.push(0);
    key.extend(division.to_be_bytes());
    key
}

/// An entry under a topic; its card is the value.
pub(crate) fn by_topic(topic: &str, division: DivisionCode, kind: Kind, code: &str) -> Vec<u8> {
    let mut key = topic_from(topic, division.number());
    key.push(kind as u8);
    push_text(&mut key, code);
    key
}

/// Division, kind and code of a key of [`by_topic`].
pub(crate) fn read_by_topic(key: &[u8]) -> Option<(DivisionCode, Kind, String)> {
    let end = key.iter().position(|byte| *byte == 0)?;
    let (number, rest) = key.get(end + 1..)?.split_first_chunk::<8>()?;
    let division = DivisionCode::from_number(u64::from_be_bytes(*number))?;
    let kind = read_kind(rest.get(..1)?)?;
    Some((division, kind, std::str::from_utf8(rest.get(1..)?).ok()?.to_owned()))
}

/// The last four bytes of a key as a number: the card of [`by_code`], the chunk of [`posting`].
pub(crate) fn last_number(key: &[u8]) -> Option<u32> {
    key.last_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}

/// The lists of all terms that begin so.
pub(crate) fn postings_from(field: u8, term: &str) -> Vec<u8> {
    let mut key = vec![POSTING, field];
    push_text(&mut key, term);
    key
}

/// The list of one term.
pub(crate) fn postings(field: u8, term: &str) -> Vec<u8> {
    let mut key = postings_from(field, term);
    key.push(0);
    key
}

pub(crate) fn posting(field: u8, term: &str, chunk: u32) -> Vec<u8> {
    let mut key = postings(field, term);
    key.extend(chunk.to_be_bytes());
    key
}

pub(crate) fn uses(card: u32) -> Vec<u8> {
    [&[USES][..], &card.to_be_bytes()].concat()
}

pub(crate) fn uses_there(card: u32, division: DivisionCode) -> Vec<u8> {
    [&[USES_THERE][..], &card.to_be_bytes(), &division.number().to_be_bytes()].concat()
}

/// Where all counts of uses lie.
pub(crate) const ALL_USES: ([u8; 1], [u8; 1]) = ([USES], [USES_THERE + 1]);

/// The digits of a division and of everything that it lies in, down from the province.
pub(crate) fn regions(division: DivisionCode) -> Vec<String> {
    let whole = division.to_string();
    [2, 4, 6, 9, 12]
        .into_iter()
        .filter(|end| *end == 2 || whole[end - 2..].bytes().any(|digit| digit != b'0'))
        .map(|end| whole[..end].to_owned())
        .collect()
}

/// The digits that everything in a division begins with.
pub(crate) fn region(division: DivisionCode) -> String {
    regions(division).pop().unwrap_or_default()
}

/// The least key above every key that begins so.
pub(crate) fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back() {
        let division = DivisionCode::from_number(511_602_000_000).unwrap_or_else(|| panic!("a division"));
        for kind in [Kind::Item, Kind::Base] {
            assert_eq!(read_place(&place("511A-1", division, kind)), Some(("511A-1".to_owned(), division, kind)));
            let key = offered(7, division, kind, "511A-1");
            assert_eq!(read_offered(&key), Some((division, kind, "511A-1".to_owned())));
        }
        let key = by_topic("T1", division, Kind::Item, "511A-1");
        assert_eq!(read_by_topic(&key), Some((division, Kind::Item, "511A-1".to_owned())));
        assert_eq!(last_number(&posting(FIELD_TEXT, "残疾", 3)), Some(3));
    }

    #[test]
    fn regions_end_where_the_digits_do() {
        let of = |number| DivisionCode::from_number(number).map(regions).unwrap_or_default().join(" ");
        assert_eq!(of(510_000_000_000), "51");
        assert_eq!(of(511_602_000_000), "51 5116 511602");
        assert_eq!(of(511_603_104_000), "51 5116 511603 511603104");
        assert_eq!(of(441_900_003_000), "44 4419 441900 441900003");
        assert_eq!(numbers(""), (0, 1_000_000_000_000));
        assert_eq!(numbers("5116"), (511_600_000_000, 511_700_000_000));
        assert_eq!(numbers("511603104"), (511_603_104_000, 511_603_105_000));
    }
}
