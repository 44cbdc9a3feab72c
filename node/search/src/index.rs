//! The index as it is written: entries come and go, each change whole in one batch.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher as _;
use std::ops::{Bound, ControlFlow};

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;
use tongban_storage::keyspace::Overlay;
use tongban_storage::{Backend, Family, Read, StorageError, Visit, WriteBatch};

use crate::entry::{Card, Entry, Kind, Place};
use crate::layout::{
    self, FIELD_DIVISION, FIELD_INITIALS, FIELD_KIND, FIELD_SOUND, FIELD_TEXT, FIELD_TYPE, FORMAT, HEAD, Head,
};
use crate::posting::{self, Chunk, IN_DEPARTMENT, IN_KEYWORDS, IN_MAIN_ITEM, IN_NAME};
use crate::sound;
use crate::text::{self, Forms};
use crate::words::Words;

/// Changes after which a writer puts what it has on disk by itself.
const CHANGES_MAX: usize = 20_000;
/// Cards whose numbers a writer remembers.
const CARDS_REMEMBERED: usize = 50_000;
/// Counts that a writer remembers from one write to the next.
const COUNTS_REMEMBERED: usize = 50_000;

/// What an index holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Entries: items at their places.
    pub entries: u64,
    /// Cards: what is the same of an item everywhere counts once.
    pub cards: u32,
    /// Up to where its keeper says that it is complete; `None` when it must be compared with what it was made from.
    pub mark: Option<u64>,
    /// The day, in days since 1970, for which uses were counted last.
    pub uses_of: Option<i32>,
}

/// What an index holds.
///
/// # Errors
///
/// When it can't be read. An index of another format holds nothing.
pub fn extent(read: &dyn Read) -> Result<Extent, StorageError> {
    let head = head(read)?.unwrap_or_default();
    Ok(Extent { entries: head.entries, cards: head.cards, mark: head.mark, uses_of: head.uses_of })
}

/// The head, unless there is none or it is of another format.
pub(crate) fn head(read: &dyn Read) -> Result<Option<Head>, StorageError> {
    let head: Option<Head> = row(read, HEAD.0, &HEAD.1)?;
    Ok(head.filter(|head| head.format == FORMAT))
}

/// One row.
pub(crate) fn row<T: for<'b> minicbor::Decode<'b, ()>>(
    read: &dyn Read,
    family: Family,
    key: &[u8],
) -> Result<Option<T>, StorageError> {
    let mut found = Ok(None);
    read.look(family, key, &mut |value| found = minicbor::decode(value).map(Some))?;
    found.map_err(|error| damaged(&error.to_string()))
}

pub(crate) fn damaged(detail: &str) -> StorageError {
    StorageError::Damaged { path: "search".into(), detail: detail.to_owned() }
}

/// Visits all keys that begin so.
pub(crate) fn under(read: &dyn Read, family: Family, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), StorageError> {
    let end = layout::end_of(prefix);
    read.scan(family, Bound::Included(prefix), end.as_deref().map_or(Bound::Unbounded, Bound::Excluded), false, visit)
}

/// Visits every entry's key: kind, code, division, in the order of codes.
///
/// # Errors
///
/// When the index can't be read.
pub fn each_entry(read: &dyn Read, mut each: impl FnMut(Kind, String, DivisionCode)) -> Result<(), StorageError> {
    under(read, Family::Rows, &layout::places_of_code(""), &mut |key, _| {
        if let Some((code, division, kind)) = layout::read_place(key) {
            each(kind, code, division);
        }
        ControlFlow::Continue(())
    })
}

/// Kind and division of every entry of this code.
///
/// # Errors
///
/// When the index can't be read.
pub fn places(read: &dyn Read, code: &str) -> Result<Vec<(Kind, DivisionCode)>, StorageError> {
    let mut prefix = layout::places_of_code(code);
    prefix.push(0);
    let mut found = Vec::new();
    under(read, Family::Rows, &prefix, &mut |key, _| {
        found.extend(layout::read_place(key).map(|(_, division, kind)| (kind, division)));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// Bits that say which keys a writer has put into an index that was empty; a question to the store for each would be most of the work.
struct Seen(Vec<u64>);

impl Seen {
    /// 4 MiB: of 1.7 million keys, one in a hundred seems to be there when it isn't, and is looked up.
    const WORDS: usize = 1 << 19;
    /// Bits of a key.
    const BITS: u32 = 3;

    fn new() -> Self {
        Self(vec![0; Self::WORDS])
    }

    /// Whether the key may have been put before; it has been from now on.
    fn put(&mut self, key: &[u8]) -> bool {
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(key);
        let mut hash = hasher.finish();
        let mut was = true;
        for _ in 0..Self::BITS {
            let word = &mut self.0[(hash >> 6) as usize % Self::WORDS];
            let bit = 1_u64 << (hash & 63);
            was &= *word & bit != 0;
            *word |= bit;
            hash = hash.rotate_right(25);
        }
        was
    }
}

/// Writes an index.
pub struct Writer<'a> {
    backend: &'a dyn Backend,
    batch: WriteBatch,
    chunks: BTreeMap<Vec<u8>, (Chunk, bool)>,
    head: Head,
    cards: BTreeMap<Digest, u32>,
    /// Entries of cards by region, and whether they are to be written.
    counts: BTreeMap<Vec<u8>, (u32, bool)>,
    changes: usize,
    /// Of an index that was empty when the writer was opened.
    seen: Option<Seen>,
}

impl<'a> Writer<'a> {
    /// A writer on an index; one of another format is emptied.
    ///
    /// The index says that it is incomplete from the first change until [`Self::commit`].
    ///
    /// # Errors
    ///
    /// When the index can't be read or written.
    pub fn open(backend: &'a dyn Backend) -> Result<Self, StorageError> {
        let head = match head(backend)? {
            Some(head) => head,
            None => {
                wipe(backend)?;
                Head::default()
            }
        };
        Ok(Self {
            backend,
            batch: WriteBatch::new(),
            chunks: BTreeMap::new(),
            head,
            cards: BTreeMap::new(),
            counts: BTreeMap::new(),
            changes: 0,
            seen: (head.entries == 0).then(Seen::new),
        })
    }

    fn read(&mut self) -> Overlay<'_> {
        Overlay::new(self.backend, &mut self.batch)
    }

    fn put(&mut self, family: Family, key: Vec<u8>, value: &impl minicbor::Encode<()>) {
        self.batch.put(family, key, tongban_codes::cbor::to_row(value));
    }

    /// Puts an entry; false when the index holds it just so.
    ///
    /// # Errors
    ///
    /// When the index can't be read or written.
    pub fn add(&mut self, entry: &Entry) -> Result<bool, StorageError> {
        let key = layout::place(&entry.code, entry.division, entry.kind);
        let may_be_known = self.seen.as_mut().is_none_or(|seen| seen.put(&key));
        let known: Option<Place> = if may_be_known { row(&self.read(), Family::Rows, &key)? } else { None };
        let stamp = entry.stamp();
        if known.as_ref().is_some_and(|known| known.stamp == stamp) {
            return Ok(false);
        }
        let card = self.card_of(entry)?;
        for topic in known.iter().flat_map(|known| &known.topics).filter(|topic| !entry.topics.contains(topic)) {
            self.batch.delete(Family::Index, layout::by_topic(topic, entry.division, entry.kind, &entry.code));
        }
        for topic in &entry.topics {
            let key = layout::by_topic(topic, entry.division, entry.kind, &entry.code);
            self.batch.put(Family::Index, key, card.to_be_bytes());
        }
        if let Some(known) = known.filter(|known| known.card != card) {
            self.leave(known.card, &entry.code, entry.division, entry.kind)?;
            self.head.entries = self.head.entries.saturating_sub(1);
        }
        let offered = layout::offered(card, entry.division, entry.kind, &entry.code);
        if !may_be_known || !self.read().look(Family::Index, &offered, &mut |_| {})? {
            self.head.entries += 1;
            self.batch.put(Family::Index, offered, []);
            for region in layout::regions(entry.division) {
                self.post(FIELD_DIVISION, &region, card, 0)?;
            }
            self.post(FIELD_KIND, entry.kind.name(), card, 0)?;
            self.count(card, entry.kind, entry.division, |count| count.saturating_add(1))?;
        }
        let place = Place {
            card,
            stamp,
            department: entry.department.clone(),
            origin: entry.origin,
            as_of: entry.as_of,
            topics: entry.topics.clone(),
        };
        self.put(Family::Rows, key, &place);
        self.changed()?;
        Ok(true)
    }

    /// Takes an entry away; false when it isn't there.
    ///
    /// # Errors
    ///
    /// When the index can't be read or written.
    pub fn remove(&mut self, kind: Kind, code: &str, division: DivisionCode) -> Result<bool, StorageError> {
        let key = layout::place(code, division, kind);
        let Some(known): Option<Place> = row(&self.read(), Family::Rows, &key)? else { return Ok(false) };
        self.batch.delete(Family::Rows, key);
        for topic in &known.topics {
            self.batch.delete(Family::Index, layout::by_topic(topic, division, kind, code));
        }
        self.leave(known.card, code, division, kind)?;
        self.head.entries = self.head.entries.saturating_sub(1);
        self.changed()?;
        Ok(true)
    }

    /// Sets how often items were used, all at once: division, code (base or short), number.
    ///
    /// # Errors
    ///
    /// When the index can't be read or written.
    pub fn set_uses(
        &mut self,
        day: i32,
        uses: impl IntoIterator<Item = (DivisionCode, String, u32)>,
    ) -> Result<(), StorageError> {
        let (from, to) = layout::ALL_USES;
        let mut old = Vec::new();
        let bounds = (Bound::Included(&from[..]), Bound::Excluded(&to[..]));
        self.read().scan(Family::Index, bounds.0, bounds.1, false, &mut |key, _| {
            old.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
        for key in old {
            self.batch.delete(Family::Index, key);
        }
        let mut there: BTreeMap<(u32, DivisionCode), u32> = BTreeMap::new();
        let mut total: BTreeMap<u32, u32> = BTreeMap::new();
        for (division, code, count) in uses {
            for card in cards_of(&self.read(), &code)? {
                let offers = layout::offers_from(card, division.number());
                let mut is_offered = false;
                under(&self.read(), Family::Index, &offers, &mut |_, _| {
                    is_offered = true;
                    ControlFlow::Break(())
                })?;
                if is_offered {
                    let sum = there.entry((card, division)).or_default();
                    *sum = sum.saturating_add(count);
                    let sum = total.entry(card).or_default();
                    *sum = sum.saturating_add(count);
                }
            }
        }
        for ((card, division), count) in there {
            self.put(Family::Index, layout::uses_there(card, division), &count);
        }
        for (card, count) in total {
            self.put(Family::Index, layout::uses(card), &count);
        }
        self.head.uses_of = Some(day);
        Ok(())
    }

    /// Writes what is open, with the place up to which the keeper's source is held now.
    ///
    /// # Errors
    ///
    /// When the index can't be written; then it stands as it was after an earlier write, and says so.
    pub fn commit(mut self, mark: u64) -> Result<(), StorageError> {
        self.head.mark = Some(mark);
        self.write()
    }

    fn changed(&mut self) -> Result<(), StorageError> {
        self.changes += 1;
        if self.changes >= CHANGES_MAX {
            self.head.mark = None;
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StorageError> {
        for (key, (chunk, is_changed)) in std::mem::take(&mut self.chunks) {
            match (is_changed, chunk.0.is_empty()) {
                (false, _) => {}
                (true, true) => self.batch.delete(Family::Index, key),
                (true, false) => self.batch.put(Family::Index, key, chunk.0),
            }
        }
        let mut counts = std::mem::take(&mut self.counts);
        for (key, (count, is_changed)) in &mut counts {
            match (std::mem::take(is_changed), *count) {
                (false, _) => {}
                (true, 0) => self.batch.delete(Family::Index, key.clone()),
                (true, count) => self.put(Family::Index, key.clone(), &count),
            }
        }
        if counts.len() < COUNTS_REMEMBERED {
            self.counts = counts;
        }
        let head = self.head;
        self.put(HEAD.0, HEAD.1.to_vec(), &head);
        self.changes = 0;
        self.backend.write(std::mem::take(&mut self.batch))
    }

    fn post(&mut self, field: u8, term: &str, card: u32, marks: u8) -> Result<(), StorageError> {
        let (chunk, is_changed) = self.chunk(field, term, card)?;
        *is_changed |= chunk.add(card, marks);
        Ok(())
    }

    fn withdraw(&mut self, field: u8, term: &str, card: u32) -> Result<(), StorageError> {
        let (chunk, is_changed) = self.chunk(field, term, card)?;
        *is_changed |= chunk.remove(card);
        Ok(())
    }

    fn chunk(&mut self, field: u8, term: &str, card: u32) -> Result<&mut (Chunk, bool), StorageError> {
        let key = layout::posting(field, term, posting::chunk_of(card));
        if !self.chunks.contains_key(&key) {
            let held = self.backend.load(Family::Index, &key)?.unwrap_or_default();
            self.chunks.insert(key.clone(), (Chunk(held), false));
        }
        self.chunks.get_mut(&key).ok_or_else(|| damaged("a chunk was lost"))
    }

    fn count(
        &mut self,
        card: u32,
        kind: Kind,
        division: DivisionCode,
        change: impl Fn(u32) -> u32,
    ) -> Result<(), StorageError> {
        for region in layout::counted(division) {
            let key = layout::count(card, kind, &region);
            let held = match self.counts.get(&key) {
                Some((held, _)) => *held,
                None => row(self.backend, Family::Index, &key)?.unwrap_or(0),
            };
            self.counts.insert(key, (change(held), true));
        }
        Ok(())
    }

    /// The number of an entry's card, which is made when there is none.
    fn card_of(&mut self, entry: &Entry) -> Result<u32, StorageError> {
        let card = Card::of(entry);
        let digest = card.digest();
        let known = match self.cards.get(&digest) {
            Some(known) => Some(*known),
            None => row(&self.read(), Family::Index, &layout::by_digest(&digest))?,
        };
        let (number, is_new) = match known {
            Some(number) => (number, false),
            None => (self.head.next_card, true),
        };
        if self.cards.len() >= CARDS_REMEMBERED {
            self.cards.clear();
        }
        self.cards.insert(digest, number);
        if is_new {
            self.head.next_card += 1;
            self.head.cards += 1;
            self.put(Family::Rows, layout::card(number), &card);
            self.put(Family::Index, layout::by_digest(&digest), &number);
            for code in &card.codes {
                self.batch.put(Family::Index, layout::by_code(code, number), []);
            }
            for ((field, term), marks) in terms(&card) {
                self.post(field, &term, number, marks)?;
            }
        }
        Ok(number)
    }

    /// An entry is no longer of a card; a card without entries goes.
    fn leave(&mut self, card: u32, code: &str, division: DivisionCode, kind: Kind) -> Result<(), StorageError> {
        self.batch.delete(Family::Index, layout::offered(card, division, kind, code));
        self.count(card, kind, division, |count| count.saturating_sub(1))?;
        let (mut left, mut kinds) = (BTreeSet::new(), BTreeSet::new());
        let mut more = false;
        under(&self.read(), Family::Index, &layout::offers(card), &mut |key, _| {
            more = true;
            if let Some((division, kind, _)) = layout::read_offered(key) {
                left.extend(layout::regions(division));
                kinds.insert(kind);
            }
            ControlFlow::Continue(())
        })?;
        if !kinds.contains(&kind) {
            self.withdraw(FIELD_KIND, kind.name(), card)?;
        }
        for region in layout::regions(division) {
            if !left.contains(&region) {
                self.withdraw(FIELD_DIVISION, &region, card)?;
            }
        }
        if more {
            return Ok(());
        }
        let Some(gone): Option<Card> = row(&self.read(), Family::Rows, &layout::card(card))? else {
            return Ok(());
        };
        self.batch.delete(Family::Rows, layout::card(card));
        for code in &gone.codes {
            self.batch.delete(Family::Index, layout::by_code(code, card));
        }
        for ((field, term), _) in terms(&gone) {
            self.withdraw(field, &term, card)?;
        }
        let digest = gone.digest();
        self.cards.remove(&digest);
        self.batch.delete(Family::Index, layout::by_digest(&digest));
        self.head.cards = self.head.cards.saturating_sub(1);
        Ok(())
    }
}

/// The cards under a base or short code.
pub(crate) fn cards_of(read: &dyn Read, code: &str) -> Result<Vec<u32>, StorageError> {
    let mut prefix = layout::cards_of_code(&code.to_ascii_uppercase());
    prefix.push(0);
    let mut cards = Vec::new();
    under(read, Family::Index, &prefix, &mut |key, _| {
        cards.extend(layout::last_number(key));
        ControlFlow::Continue(())
    })?;
    Ok(cards)
}

/// Every term of a card, with where it stands.
fn terms(card: &Card) -> BTreeMap<(u8, String), u8> {
    let words = Words::embedded();
    let mut terms = BTreeMap::from([((FIELD_TYPE, card.item_type.clone()), 0)]);
    let name = Forms::of(&card.name);
    let mut texts: Vec<(u8, Vec<char>)> = name.each().map(|form| (IN_NAME, form.to_vec())).collect();
    texts.extend(Forms::of(&card.main_item).each().map(|form| (IN_MAIN_ITEM, form.to_vec())));
    texts.push((IN_DEPARTMENT, text::letters(&card.department)));
    texts.extend(card.keywords.iter().map(|keyword| (IN_KEYWORDS, text::letters(keyword))));
    for (mark, letters) in &texts {
        for length in [1, 2] {
            for term in letters.windows(length) {
                *terms.entry((FIELD_TEXT, term.iter().collect())).or_default() |= mark;
            }
        }
    }
    for form in name.each() {
        let sounds = sound::sounds(words, form);
        for pair in sounds.windows(2) {
            *terms.entry((FIELD_SOUND, sound::spelled(pair, " "))).or_default() |= IN_NAME;
        }
        let initials = sound::initials(&sounds);
        for three in initials.windows(3.min(initials.len().max(1))) {
            *terms.entry((FIELD_INITIALS, three.iter().collect())).or_default() |= IN_NAME;
        }
    }
    terms
}

/// Keys deleted in one batch while an index is emptied.
const WIPED_AT_ONCE: usize = 100_000;

fn wipe(backend: &dyn Backend) -> Result<(), StorageError> {
    for family in Family::ALL {
        loop {
            let mut batch = WriteBatch::new();
            backend.scan(family, Bound::Unbounded, Bound::Unbounded, false, &mut |key, _| {
                batch.delete(family, key);
                if batch.len() < WIPED_AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if batch.is_empty() {
                break;
            }
            backend.write(batch)?;
        }
    }
    Ok(())
}
