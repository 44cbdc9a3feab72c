//! Facts for the domain, gathered from a view of the state.

use std::cell::RefCell;
use std::collections::BTreeSet;

use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId, Digest, NodeId, QueryCode};
use tongban_codes::time::Timestamp;
use tongban_domain::application::Application;
use tongban_domain::case::{Act, Case, ReclaimRow};
use tongban_domain::catalogue::{BaseItem, Bound, Decline, ForeignItem, Guide, ServiceItem, Standard, StandardKind};
use tongban_domain::connector::Order;
use tongban_domain::earlier::{EarlierBatch, EarlierCase};
use tongban_domain::licence::Licence;
use tongban_domain::limit::{self as limited, Turn};
use tongban_domain::supervision::{Card, Matter, Sweep, Watched};
use tongban_domain::uniform::HandledElsewhere;
use tongban_domain::voice::{Rating, Voice};
use tongban_domain::{Authority, Due, DueKind, Facts, NodeFacts, Operator, Place, Places};

use crate::keyspace::head::Heads;
use crate::keyspace::{
    application, case, connector, earlier, hall, item, key::stem, limit, material, pledge, supervision, uniform, voice,
};
use crate::{Read, StorageError};

/// The state as the domain asks it; a read that fails is latched, and the decision must be thrown away then.
pub struct StateFacts<'a> {
    read: &'a dyn Read,
    node: &'a NodeFacts,
    calendar: &'a Calendar,
    places: &'a Places,
    heads: Option<&'a Heads>,
    passed_over: Option<&'a BTreeSet<CaseId>>,
    fault: RefCell<Option<StorageError>>,
}

impl<'a> StateFacts<'a> {
    /// Facts over a view; `places` is what the directory knows.
    #[must_use]
    pub fn new(read: &'a dyn Read, node: &'a NodeFacts, calendar: &'a Calendar, places: &'a Places) -> Self {
        Self { read, node, calendar, places, heads: None, passed_over: None, fault: RefCell::new(None) }
    }

    /// The same facts, whose searches for what is due begin at these heads.
    #[must_use]
    pub fn searching_from(self, heads: &'a Heads) -> Self {
        Self { heads: Some(heads), ..self }
    }

    /// The same facts, in which nothing of these cases is due.
    #[must_use]
    pub fn passing_over(self, cases: &'a BTreeSet<CaseId>) -> Self {
        Self { passed_over: Some(cases), ..self }
    }

    /// The first read that failed, if one did.
    #[must_use]
    pub fn fault(self) -> Option<StorageError> {
        self.fault.into_inner()
    }

    fn kept<T: Default>(&self, read: Result<T, StorageError>) -> T {
        read.unwrap_or_else(|error| {
            self.fault.borrow_mut().get_or_insert(error);
            T::default()
        })
    }
}

impl Facts for StateFacts<'_> {
    fn node(&self) -> NodeFacts {
        self.node.clone()
    }

    fn calendar(&self) -> &Calendar {
        self.calendar
    }

    fn case(&self, id: &CaseId) -> Option<Case> {
        self.kept(case::CASE.load(self.read, id))
    }

    fn case_named(&self, text: &str) -> Option<Case> {
        self.kept(case::named(self.read, text))
    }

    fn acts(&self, id: &CaseId) -> Vec<Act> {
        self.kept(case::history(self.read, id))
    }

    fn has_file(&self, case: &CaseId, digest: &Digest) -> bool {
        self.kept(material::HELD.holds(self.read, &(*case, *digest)))
    }

    fn query_code_taken(&self, code: &QueryCode) -> bool {
        self.kept(case::BY_TEXT.holds(self.read, &case::query_key(code)))
    }

    fn authority(&self, id: &AuthorityId) -> Option<Authority> {
        self.kept(hall::AUTHORITY.load(self.read, id))
    }

    fn authorities(&self) -> Vec<Authority> {
        let all = self.kept(hall::AUTHORITY.list(self.read, &[], None, usize::MAX));
        all.into_iter().map(|(_, authority)| authority).collect()
    }

    fn item(&self, code: &str) -> Option<ServiceItem> {
        self.kept(item::ITEM.load(self.read, &code.to_owned()))
    }

    fn items_named(&self, code: &str) -> Vec<ServiceItem> {
        self.kept(item::named(self.read, code))
    }

    fn item_draft(&self, code: &str) -> Option<ServiceItem> {
        self.kept(item::DRAFT.load(self.read, &code.to_owned()))
    }

    fn item_drafts(&self) -> Vec<String> {
        let all = self.kept(item::DRAFT.list(self.read, &[], None, usize::MAX));
        all.into_iter().map(|(code, _)| code).collect()
    }

    fn item_codes(&self) -> Vec<String> {
        let mut codes = Vec::new();
        self.kept(item::ITEM.visit_keys(self.read, |code| codes.push(code)));
        codes
    }

    fn items_waiting(&self, code: &str) -> Vec<ServiceItem> {
        self.kept(item::waiting(self.read, code))
    }

    fn bound(&self, base_code: &str) -> Vec<(DivisionCode, String, Bound)> {
        let all = self.kept(item::BOUND.list(self.read, &stem(&base_code.to_owned()), None, usize::MAX));
        all.into_iter().map(|((_, division, code), bound)| (division, code, bound)).collect()
    }

    fn decline(&self, base_code: &str, division: DivisionCode) -> Option<Decline> {
        self.kept(item::DECLINED.load(self.read, &(base_code.to_owned(), division)))
    }

    fn declines(&self, base_code: &str) -> Vec<Decline> {
        let all = self.kept(item::DECLINED.list(self.read, &stem(&base_code.to_owned()), None, usize::MAX));
        all.into_iter().map(|(_, decline)| decline).collect()
    }

    fn base_items_above(&self) -> Vec<String> {
        let all = self.kept(item::BASE.list(self.read, &stem(&()), None, usize::MAX));
        all.into_iter().filter(|(_, base)| base.node != self.node.node).map(|(code, _)| code).collect()
    }

    fn operators(&self) -> Vec<Operator> {
        let all = self.kept(hall::OPERATOR.list(self.read, &[], None, usize::MAX));
        all.into_iter().map(|(_, operator)| operator).collect()
    }

    fn foreign_item(&self, division: DivisionCode, code: &str) -> Option<ForeignItem> {
        self.kept(item::foreign(self.read, division, code))
    }

    fn base_item(&self, code: &str) -> Option<BaseItem> {
        self.kept(item::BASE.load(self.read, &code.to_owned()))
    }

    fn own_base_items(&self) -> Vec<String> {
        let all = self.kept(item::BASE.list(self.read, &stem(&()), None, usize::MAX));
        all.into_iter().filter(|(_, base)| base.node == self.node.node).map(|(code, _)| code).collect()
    }

    fn guide(&self, digest: &Digest) -> Option<Guide> {
        self.kept(item::GUIDE.load(self.read, digest)).map(|row| row.guide)
    }

    fn guide_released(&self, digest: &Digest) -> bool {
        self.kept(item::GUIDE.load(self.read, digest)).is_some_and(|row| row.released)
    }

    fn item_version(&self, code: &str, version: u32) -> Option<ServiceItem> {
        self.kept(item::VERSION.load(self.read, &(code.to_owned(), version)))
    }

    fn base_version(&self, code: &str, version: u32) -> Option<BaseItem> {
        self.kept(item::BASE_VERSION.load(self.read, &(code.to_owned(), version)))
    }

    fn standards(&self, kind: StandardKind, code: &str) -> Vec<Standard> {
        let stem = stem(&(item::standard_number(kind), code.to_owned()));
        let mut all = self.kept(item::STANDARD.list(self.read, &stem, None, usize::MAX));
        all.sort_by_key(|((_, _, division), _)| (division.level(), *division));
        all.into_iter().map(|(_, standard)| standard).collect()
    }

    fn standard_codes(&self, kind: StandardKind) -> Vec<String> {
        let stem = stem(&item::standard_number(kind));
        let mut codes = Vec::new();
        let mut each = |(_, code, _), _: Standard| {
            if codes.last() != Some(&code) {
                codes.push(code);
            }
            std::ops::ControlFlow::Continue(())
        };
        let visited = item::STANDARD.visit(self.read, &stem, None, false, &mut each);
        self.kept(visited);
        codes
    }

    fn operator(&self, name: &str) -> Option<Operator> {
        self.kept(hall::OPERATOR.load(self.read, &name.to_owned()))
    }

    fn held(&self, operator: &str, limit: usize) -> Vec<CaseId> {
        self.kept(case::held(self.read, operator, limit))
    }

    fn next_serial(&self, scope: &str) -> u32 {
        self.kept(hall::SERIAL.load(self.read, &scope.to_owned())).unwrap_or(0).saturating_add(1)
    }

    fn licence(&self, id: &str) -> Option<Licence> {
        self.kept(hall::LICENCE.load(self.read, &id.to_owned()))
    }

    fn documents(&self, id: &CaseId) -> Vec<(u32, String)> {
        self.kept(case::documents(self.read, id))
    }

    fn prints(&self, id: &CaseId, act: u32, content_type: &str) -> u32 {
        self.kept(case::printed(self.read, id, act, content_type))
    }

    fn due(&self, until: Timestamp, limit: usize) -> Vec<Due> {
        let fresh = Heads::default();
        let heads = self.heads.unwrap_or(&fresh);
        let passed = |due: &Due| match &due.kind {
            DueKind::DeemedAcceptance(id) | DueKind::DeemedRenewal(id) => {
                self.passed_over.is_some_and(|cases| cases.contains(id))
            }
            DueKind::ItemBegins(..) | DueKind::ItemEnds(_) | DueKind::BaseItemEnds(_) => false,
        };
        // What is passed over hides nothing behind it.
        let more = limit.saturating_add(self.passed_over.map_or(0, BTreeSet::len));
        let mut due = self.kept(heads.due(self.read, until, more));
        due.retain(|due| !passed(due));
        due.append(&mut self.kept(heads.items_due(self.read, until, limit)));
        due.sort_by_key(|due| due.at);
        due.truncate(limit);
        due
    }

    fn cards(&self, case: &CaseId) -> Vec<Card> {
        self.kept(supervision::cards(self.read, case))
    }

    fn card_named(&self, number: &str) -> Option<Card> {
        self.kept(supervision::card_named(self.read, number))
    }

    fn matter(&self, id: &CaseId) -> Option<Matter> {
        self.kept(supervision::MATTER.load(self.read, id))
    }

    fn matter_named(&self, number: &str) -> Option<Matter> {
        self.kept(supervision::matter_named(self.read, number))
    }

    fn voice(&self, id: &CaseId) -> Option<Voice> {
        self.kept(voice::VOICE.load(self.read, id))
    }

    fn voice_named(&self, number: &str) -> Option<Voice> {
        self.kept(voice::named(self.read, number))
    }

    fn voices_held(&self, operator: &str, limit: usize) -> Vec<Voice> {
        self.kept(voice::held(self.read, operator, limit))
    }

    fn ratings(&self, case: &CaseId) -> Vec<Rating> {
        self.kept(voice::ratings(self.read, case))
    }

    fn application(&self, id: &CaseId) -> Option<Application> {
        self.kept(application::APPLICATION.load(self.read, id))
    }

    fn application_named(&self, text: &str) -> Option<Application> {
        self.kept(application::named(self.read, text))
    }

    fn earlier(&self, number: &str) -> Option<EarlierCase> {
        self.kept(earlier::EARLIER.load(self.read, &number.to_owned()))
    }

    fn earlier_batch(&self, number: &str) -> Option<EarlierBatch> {
        self.kept(earlier::BATCH.load(self.read, &number.to_owned()))
    }

    fn earlier_batches(&self) -> Vec<EarlierBatch> {
        let all = self.kept(earlier::BATCH.list(self.read, &[], None, usize::MAX));
        all.into_iter().map(|(_, batch)| batch).collect()
    }

    fn parts_of(&self, number: &str) -> Vec<CaseId> {
        self.kept(application::parts(self.read, number))
    }

    fn order(&self, number: &str) -> Option<Order> {
        self.kept(connector::ORDER.load(self.read, &number.to_owned()))
    }

    fn outside_case(&self, system: &str, number: &str) -> Option<CaseId> {
        self.kept(case::OUTSIDE.load(self.read, &(system.to_owned(), number.to_owned())))
    }

    fn orders(&self, case: &CaseId) -> Vec<Order> {
        self.kept(connector::orders(self.read, case))
    }

    fn looks_due(&self, until: Timestamp, limit: usize) -> Vec<(Timestamp, Watched)> {
        self.kept(self.heads.unwrap_or(&Heads::default()).looks(self.read, until, limit))
    }

    fn looks_after(&self, after: Option<(Timestamp, Watched)>, limit: usize) -> Vec<(Timestamp, Watched)> {
        self.kept(supervision::looks(self.read, after, limit))
    }

    fn sweep(&self) -> Option<Sweep> {
        self.kept(supervision::SWEEP.load(self.read, &()))
    }

    fn place(&self, division: DivisionCode) -> Option<Place> {
        self.places.get(&division).copied()
    }

    fn common_superior(&self, one: &NodeId, other: &NodeId) -> Option<NodeId> {
        self.places.common_superior(one, other)
    }

    fn line(&self, quota: &str, limit: usize) -> Vec<limited::Place> {
        self.kept(limit::line(self.read, quota, limit))
    }

    fn numbers_taken(&self, quota: &str, year: u16) -> u32 {
        self.kept(limit::TAKEN.load(self.read, &(quota.to_owned(), year))).unwrap_or(0)
    }

    fn holds_number(&self, case: &CaseId, turn: &Turn) -> bool {
        self.kept(limit::holds_number(self.read, case, turn))
    }

    fn last_numbered(&self, quota: &str) -> Option<Timestamp> {
        self.kept(limit::last_numbered(self.read, quota))
    }

    fn barred(&self, authority: &AuthorityId, holder: &[u8; 32]) -> bool {
        self.kept(pledge::barred(self.read, authority, holder))
    }

    fn handled_elsewhere(&self, id: &CaseId) -> Option<HandledElsewhere> {
        self.kept(uniform::HANDLED.load(self.read, id))
    }

    fn reclaim(&self, id: &CaseId) -> Option<ReclaimRow> {
        self.kept(case::RECLAIM.load(self.read, id))
    }
}
