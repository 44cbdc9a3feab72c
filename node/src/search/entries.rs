//! Rows of the catalogue as entries of the index.

use std::collections::BTreeSet;

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::catalogue::{BaseItem, ItemState, ServiceItem};
use tongban_search::{Entry, Kind};
use tongban_storage::keyspace::item;
use tongban_storage::{Read, StorageError};

/// A base item as it is in force on a day, if it is.
pub(super) fn base(row: &BaseItem, day: Date) -> Option<Entry> {
    let published = row.holding(day)?;
    let code = published.core.base_code.clone()?;
    Some(Entry {
        kind: Kind::Base,
        short_code: code.clone(),
        base_code: None,
        code,
        division: published.division,
        name: published.core.name.clone(),
        main_item: String::new(),
        item_type: published.core.item_type.clone(),
        department: published.department.clone(),
        keywords: Vec::new(),
        topics: Vec::new(),
        core: published.core.digest(),
        origin: published.node,
        as_of: None,
    })
}

/// An item of this node that is published, with the topics that its guide names.
pub(super) fn own(read: &dyn Read, row: &ServiceItem, me: NodeId) -> Result<Option<Entry>, StorageError> {
    let Some(entry) = implementation(row, me, None) else { return Ok(None) };
    let guide = row.guide.as_ref().map(|digest| item::GUIDE.load(read, digest)).transpose()?.flatten();
    let topics: BTreeSet<String> = guide
        .into_iter()
        .flat_map(|row| row.guide.person_topics.into_iter().chain(row.guide.corporate_topics))
        .collect();
    Ok(Some(Entry { topics: topics.into_iter().collect(), ..entry }))
}

/// An item that is published, as a node states it.
pub(super) fn implementation(row: &ServiceItem, origin: NodeId, as_of: Option<Timestamp>) -> Option<Entry> {
    (row.state == ItemState::Published).then(|| Entry {
        kind: Kind::Item,
        code: row.code.clone(),
        short_code: row.short_code().to_owned(),
        base_code: row.core.base_code.clone(),
        division: row.division,
        name: row.core.name.clone(),
        main_item: row.main_item.clone(),
        item_type: row.core.item_type.clone(),
        department: row.department.clone(),
        keywords: Vec::new(),
        topics: Vec::new(),
        core: row.core.digest(),
        origin,
        as_of,
    })
}

/// What the state says about an entry on a day: the node's own item goes before what it has fetched.
pub(super) fn entry(
    read: &dyn Read,
    me: NodeId,
    kind: Kind,
    code: &str,
    division: DivisionCode,
    day: Date,
) -> Result<Option<Entry>, StorageError> {
    let code = code.to_owned();
    if kind == Kind::Base {
        let found = item::BASE.load(read, &code)?.and_then(|row| base(&row, day));
        return Ok(found.filter(|entry| entry.division == division));
    }
    if let Some(own) = item::ITEM.load(read, &code)?.filter(|own| own.division == division) {
        return self::own(read, &own, me);
    }
    let foreign = item::FOREIGN.load(read, &(division, code))?;
    Ok(foreign.and_then(|row| implementation(&row.item, row.node, Some(row.as_of))))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tongban_codes::ids::{AuthorityId, Digest};
    use tongban_domain::catalogue::{Codes, Core, Editing, Guide};
    use tongban_search::Writer;
    use tongban_storage::keyspace::item::GuideRow;
    use tongban_storage::{Backend, MemoryBackend, WriteBatch};

    use super::*;
    use crate::search::follow::base_items;

    fn version(name: &str, effective: Option<&str>, cancel: Option<&str>, before: Option<BaseItem>) -> BaseItem {
        let day = |day: Option<&str>| day.map(|day| day.parse().unwrap());
        BaseItem {
            core: Core {
                name: name.to_owned(),
                base_code: Some("510116013001".to_owned()),
                item_type: "01".to_owned(),
                legal_basis: "《公共场所卫生管理条例》第四条".to_owned(),
            },
            division: "51".parse().unwrap(),
            statutory_days: None,
            promised_days: None,
            effective: day(effective),
            version: 1,
            state: ItemState::Published,
            node: NodeId::from_bytes([5; 16]),
            department: "卫生健康委".to_owned(),
            in_force: before.map(Box::new),
            guide: None,
            locks: Vec::new(),
            levels: Vec::new(),
            tier: None,
            above: None,
            cancel: day(cancel),
            successor: None,
            editing: Editing::default(),
        }
    }

    fn item(guide: Option<Digest>) -> ServiceItem {
        ServiceItem {
            code: "510A0147300000-511602000000-000-11511301008778183N-1-00".to_owned(),
            core: Core {
                name: "迁移审批".to_owned(),
                base_code: None,
                item_type: "07".to_owned(),
                legal_basis: String::new(),
            },
            main_item: String::new(),
            authority: AuthorityId::from_bytes([1; 16]),
            department: "区公安局".to_owned(),
            department_code: "11511301008778183N".to_owned(),
            division: "511602".parse().unwrap(),
            statutory: None,
            promised: None,
            modes: Vec::new(),
            covered: Vec::new(),
            effective: None,
            version: 1,
            state: ItemState::Published,
            findings: Vec::new(),
            guide,
            codes: Codes::default(),
            tier: None,
            origin: None,
            external: None,
            cancel: None,
            difference: None,
            base_version: None,
            successor: None,
            editing: Editing::default(),
            agreements: Vec::new(),
            counts_under: None,
        }
    }

    /// A guide names its topics in two lists.
    #[test]
    fn an_item_is_indexed_under_the_topics_of_its_guide() {
        let topics = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        let guide =
            Guide { person_topics: topics(&["T2", "T1"]), corporate_topics: topics(&["T1", "C1"]), ..Guide::default() };
        let (state, mut batch) = (MemoryBackend::new(), WriteBatch::new());
        item::GUIDE.put(&mut batch, &guide.digest(), &GuideRow { guide: guide.clone(), released: true });
        state.write(batch).unwrap();
        let mut row = item(Some(guide.digest()));
        let me = NodeId::from_bytes([5; 16]);
        assert_eq!(own(&state, &row, me).unwrap().unwrap().topics, topics(&["C1", "T1", "T2"]));
        row.state = ItemState::Suspended;
        assert_eq!(own(&state, &row, me).unwrap(), None);
        for guide in [None, Some(Guide::default().digest())] {
            assert_eq!(own(&state, &item(guide), me).unwrap().unwrap().topics, topics(&[]));
        }
    }

    /// With every day what holds then is found, and nothing else, though no row changes.
    #[test]
    fn a_base_item_is_found_as_it_holds_on_the_day() {
        let first = version("卫生许可", Some("2026-10-01"), None, None);
        let row = version("公共场所许可", Some("2026-12-01"), Some("2026-12-31"), Some(first));
        let (state, index) = (MemoryBackend::new(), MemoryBackend::new());
        let mut batch = WriteBatch::new();
        item::BASE.put(&mut batch, &"510116013001".to_owned(), &row);
        state.write(batch).unwrap();
        for (day, name) in [
            ("2026-09-30", None),
            ("2026-10-01", Some("卫生许可")),
            ("2026-11-30", Some("卫生许可")),
            ("2026-12-01", Some("公共场所许可")),
            ("2026-12-31", Some("公共场所许可")),
            ("2027-01-01", None),
        ] {
            let day = day.parse().unwrap();
            assert_eq!(base(&row, day).map(|entry| entry.name).as_deref(), name, "{day}");
            let mut writer = Writer::open(&index).unwrap();
            base_items(&state, &mut writer, day).unwrap();
            writer.commit(1).unwrap();
            let question = tongban_search::Query::new("510116013001", "51".parse().unwrap());
            let hits = tongban_search::search(&index, &question).unwrap();
            assert_eq!(hits.iter().map(|hit| hit.name.as_str()).next(), name, "{day}");
        }
    }
}
