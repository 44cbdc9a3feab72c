//! The state of a node in memory: it folds events and answers as facts.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId, Digest, NodeId, QueryCode};
use tongban_codes::time::Timestamp;
use tongban_domain::application::Application;
use tongban_domain::case::{Act, Case, Custody, Print, ReclaimRow};
use tongban_domain::catalogue::{
    BaseItem, Bound, Decline, ForeignItem, Guide, ItemState, ServiceItem, Standard, StandardKind, going_on,
};
use tongban_domain::connector::Order;
use tongban_domain::earlier::{EarlierBatch, EarlierCase};
use tongban_domain::licence::Licence;
use tongban_domain::limit::{Place as InLine, Turn, stands};
use tongban_domain::supervision::{Card, Colour, Matter, Rule, Sweep, Watched, watch};
use tongban_domain::uniform::{HandledElsewhere, HandledStep};
use tongban_domain::voice::{Rating, Voice};
use tongban_domain::work::{HandOver, position};
use tongban_domain::{Authority, Due, DueKind, Event, Facts, NodeFacts, Operator, Place, Places};

/// The state of a node in memory.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) node: NodeFacts,
    pub(crate) cases: BTreeMap<CaseId, Case>,
    pub(crate) acts: Vec<Act>,
    /// Acts of the other leg.
    pub(crate) told: Vec<Act>,
    pub(crate) items: BTreeMap<String, ServiceItem>,
    pub(crate) drafts: BTreeMap<String, ServiceItem>,
    pub(crate) bases: BTreeMap<String, BaseItem>,
    pub(crate) versions: BTreeMap<(String, u32), ServiceItem>,
    pub(crate) waiting: BTreeMap<(String, u32), ServiceItem>,
    pub(crate) declined: BTreeMap<(String, DivisionCode), Decline>,
    pub(crate) base_versions: BTreeMap<(String, u32), BaseItem>,
    /// Guides by digest, and whether they were published here.
    pub(crate) guides: BTreeMap<Digest, (Guide, bool)>,
    pub(crate) standards: BTreeMap<(StandardKind, String, DivisionCode), Standard>,
    pub(crate) foreign: BTreeMap<(DivisionCode, String), ForeignItem>,
    pub(crate) authorities: BTreeMap<AuthorityId, Authority>,
    pub(crate) operators: BTreeMap<String, Operator>,
    pub(crate) licences: BTreeMap<String, Licence>,
    /// Documents by case and act, as changes made them.
    pub(crate) documents: Vec<(CaseId, u32, String)>,
    pub(crate) prints: Vec<Print>,
    pub(crate) serials: BTreeMap<String, u32>,
    pub(crate) cards: BTreeMap<(CaseId, Rule, Colour, String), Card>,
    pub(crate) matters: BTreeMap<CaseId, Matter>,
    pub(crate) voices: BTreeMap<CaseId, Voice>,
    pub(crate) applications: BTreeMap<CaseId, Application>,
    pub(crate) earlier: BTreeMap<String, EarlierCase>,
    pub(crate) batches: BTreeMap<String, EarlierBatch>,
    pub(crate) elsewhere: BTreeMap<CaseId, HandledElsewhere>,
    /// What of them was new, in order.
    pub(crate) steps: Vec<(CaseId, HandledStep)>,
    pub(crate) orders: BTreeMap<String, Order>,
    pub(crate) watched: BTreeSet<(Timestamp, Watched)>,
    pub(crate) swept: Option<Sweep>,
    /// Files of materials that are here.
    pub(crate) files: BTreeSet<(CaseId, Digest)>,
    /// Every serial that was ever drawn, to see that none repeats.
    pub(crate) drawn: BTreeSet<(String, u32)>,
    pub(crate) reclaims: BTreeMap<CaseId, ReclaimRow>,
    pub(crate) places: Places,
    pub(crate) handed_over: Vec<HandOver>,
    /// Numbers of limited items that are held, and of which year.
    /// False pledges that stand against applicants.
    pub(crate) barred: BTreeSet<(AuthorityId, [u8; 32], CaseId)>,
    pub(crate) numbers: BTreeMap<(String, InLine), u16>,
}

impl State {
    pub(crate) fn new(node: NodeFacts) -> Self {
        Self {
            node,
            cases: BTreeMap::new(),
            acts: Vec::new(),
            told: Vec::new(),
            items: BTreeMap::new(),
            drafts: BTreeMap::new(),
            bases: BTreeMap::new(),
            versions: BTreeMap::new(),
            waiting: BTreeMap::new(),
            declined: BTreeMap::new(),
            base_versions: BTreeMap::new(),
            guides: BTreeMap::new(),
            standards: BTreeMap::new(),
            foreign: BTreeMap::new(),
            authorities: BTreeMap::new(),
            operators: BTreeMap::new(),
            licences: BTreeMap::new(),
            documents: Vec::new(),
            prints: Vec::new(),
            serials: BTreeMap::new(),
            cards: BTreeMap::new(),
            matters: BTreeMap::new(),
            voices: BTreeMap::new(),
            applications: BTreeMap::new(),
            earlier: BTreeMap::new(),
            batches: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            steps: Vec::new(),
            orders: BTreeMap::new(),
            watched: BTreeSet::new(),
            swept: None,
            files: BTreeSet::new(),
            drawn: BTreeSet::new(),
            reclaims: BTreeMap::new(),
            places: Places::default(),
            handed_over: Vec::new(),
            numbers: BTreeMap::new(),
            barred: BTreeSet::new(),
        }
    }

    /// Folds an event: stores rows, decides nothing.
    pub(crate) fn fold(&mut self, event: &Event) {
        match event {
            Event::Case(case, act) => {
                self.cases.insert(case.id, (**case).clone());
                self.watched.extend(watch(case, act.at).map(|at| (at, Watched::Case(case.id))));
                self.acts.push(act.clone());
            }
            Event::Item(item) if item.state.is_draft() => {
                self.drafts.insert(item.code.clone(), item.clone());
            }
            Event::Item(item) => {
                let known = self.items.get(&item.code);
                let begins = self.waiting.contains_key(&(item.code.clone(), item.version));
                let again = known.is_some_and(|known| known.version == item.version);
                let older = self.drafts.get(&item.code).is_some_and(|draft| draft.version < item.version);
                let ended = item.state == ItemState::Withdrawn;
                if ended || known == Some(item) || (older && !begins && !again) {
                    self.drafts.remove(&item.code);
                }
                let stays = |code: &str, version: u32| code != item.code || (version > item.version && !ended);
                self.waiting.retain(|(code, version), _| stays(code, *version));
                self.versions.insert((item.code.clone(), item.version), item.clone());
                self.items.insert(item.code.clone(), item.clone());
            }
            Event::BaseItem(base) => {
                let code = base.core.base_code.clone().unwrap();
                if !base.state.is_draft() {
                    self.base_versions.insert((code.clone(), base.version), base.clone());
                }
                self.bases.insert(code, base.clone());
            }
            Event::ForeignItem(foreign) => {
                let key = (foreign.item.division, foreign.item.code.clone());
                self.foreign.insert(key, foreign.clone());
            }
            Event::Authority(authority) => {
                self.authorities.insert(authority.id, authority.clone());
            }
            Event::Operator(operator) => {
                self.operators.insert(operator.name.clone(), operator.clone());
            }
            Event::Licence(licence) => {
                self.licences.insert(licence.id.clone(), licence.clone());
            }
            Event::Guide(guide) => {
                self.guides.entry(guide.digest()).or_insert_with(|| ((**guide).clone(), false));
            }
            Event::GuideReleased(_, guide) => {
                self.guides.insert(guide.digest(), ((**guide).clone(), true));
            }
            Event::Standard(standard) => {
                let key = (standard.body.kind(), standard.code.clone(), standard.division);
                self.standards.insert(key, (**standard).clone());
            }
            Event::Waiting(item) => {
                let earlier = |waiting: &ServiceItem| {
                    waiting.code != item.code || waiting.version > item.version || waiting.effective < item.effective
                };
                self.waiting.retain(|_, waiting| earlier(waiting));
                self.drafts.remove(&item.code);
                self.versions.insert((item.code.clone(), item.version), item.clone());
                self.waiting.insert((item.code.clone(), item.version), item.clone());
            }
            Event::TakenBack(code, 0) => drop(self.drafts.remove(code)),
            Event::TakenBack(code, version) => drop(self.waiting.remove(&(code.clone(), *version))),
            Event::Declined(decline) => {
                self.declined.insert((decline.base_code.clone(), decline.division), (**decline).clone());
            }
            Event::Printed(print) => self.prints.push((**print).clone()),
            Event::Card(card) => {
                let key = (card.case, card.rule, card.colour, card.order.clone().unwrap_or_default());
                self.cards.insert(key, (**card).clone());
            }
            Event::Looked(looked) => {
                for look in &looked.looks {
                    self.watched.remove(&(look.at, look.of));
                    self.watched.extend(look.next.map(|next| (next, look.of)));
                }
                self.swept = looked.sweep.or(self.swept);
            }
            Event::Matter(matter) => {
                self.watched.extend(matter.watch().map(|at| (at, Watched::Matter(matter.id()))));
                self.matters.insert(matter.id(), (**matter).clone());
            }
            Event::Voice(voice) => {
                self.watched.extend(voice.watch().map(|at| (at, Watched::Voice(voice.id()))));
                self.voices.insert(voice.id(), (**voice).clone());
            }
            Event::Application(application) => {
                self.applications.insert(application.id, (**application).clone());
            }
            Event::EarlierBatch(batch, _) => drop(self.batches.insert(batch.number.clone(), (**batch).clone())),
            Event::Earlier(earlier) => drop(self.earlier.insert(earlier.number.clone(), (**earlier).clone())),
            Event::HandledElsewhere(row, step) => {
                self.steps.push((row.case, *step));
                self.elsewhere.insert(row.case, (**row).clone());
            }
            Event::Order(order) => {
                self.watched.extend(order.watch().map(|at| (at, Watched::Case(order.case))));
                self.orders.insert(order.number.clone(), (**order).clone());
            }
            Event::File(case, file) => drop(self.files.insert((*case, file.digest))),
            Event::FileLost(case, digest) => drop(self.files.remove(&(*case, *digest))),
            Event::Forgotten(case) => self.files.retain(|(of, _)| of != case),
            Event::Act(act) => self.told.push(act.clone()),
            Event::Reclaim(case, row) => {
                self.reclaims.insert(*case, (**row).clone());
            }
            Event::Number(case, turn, taken) => {
                let key = (turn.quota.clone(), turn.place(*case));
                if *taken {
                    assert_eq!(self.numbers.insert(key, turn.year.unwrap()), None, "a case takes one number");
                } else {
                    assert!(self.numbers.remove(&key).is_some(), "what is given back was held");
                }
            }
            Event::Barred(authority, holder, case, true) => {
                assert!(self.barred.insert((*authority, *holder, *case)));
            }
            Event::Barred(authority, holder, case, false) => {
                assert!(self.barred.remove(&(*authority, *holder, *case)));
            }
            Event::HandedOver(list) => self.handed_over.push((**list).clone()),
            Event::Serial(scope, serial) => {
                assert!(self.drawn.insert((scope.clone(), *serial)), "{scope} {serial} twice");
                self.serials.insert(scope.clone(), *serial);
            }
        }
    }
}

impl Facts for State {
    fn node(&self) -> NodeFacts {
        self.node.clone()
    }

    fn calendar(&self) -> &Calendar {
        Calendar::embedded()
    }

    fn acts(&self, id: &CaseId) -> Vec<Act> {
        self.acts.iter().chain(&self.told).filter(|act| act.case == *id).cloned().collect()
    }

    fn case(&self, id: &CaseId) -> Option<Case> {
        self.cases.get(id).cloned()
    }

    fn case_named(&self, text: &str) -> Option<Case> {
        let text = text.trim();
        let id = text.parse::<CaseId>().ok();
        let code = text.parse::<QueryCode>().ok();
        let is = |case: &&Case| {
            id == Some(case.id)
                || code == Some(case.query_code)
                || case.collection_no == text
                || case.case_no.as_deref() == Some(text)
        };
        self.cases.values().find(is).cloned()
    }

    fn documents(&self, id: &CaseId) -> Vec<(u32, String)> {
        let of_case = self.documents.iter().filter(|(case, ..)| case == id);
        of_case.map(|(_, act, content_type)| (*act, content_type.clone())).collect()
    }

    fn prints(&self, id: &CaseId, act: u32, content_type: &str) -> u32 {
        let is = |print: &&Print| print.case == *id && print.act == act && print.content_type == content_type;
        self.prints.iter().filter(is).map(|print| print.number).max().unwrap_or(0)
    }

    fn has_file(&self, case: &CaseId, digest: &Digest) -> bool {
        self.files.contains(&(*case, *digest))
    }

    fn query_code_taken(&self, code: &QueryCode) -> bool {
        let ticket = |voice: &Voice| matches!(voice, Voice::Ticket(ticket) if ticket.code == *code);
        let of_all = self.applications.values().any(|application| application.query_code == *code);
        of_all || self.cases.values().any(|case| case.query_code == *code) || self.voices.values().any(ticket)
    }

    fn authority(&self, id: &AuthorityId) -> Option<Authority> {
        self.authorities.get(id).cloned()
    }

    fn authorities(&self) -> Vec<Authority> {
        self.authorities.values().cloned().collect()
    }

    fn item(&self, code: &str) -> Option<ServiceItem> {
        self.items.get(code).cloned()
    }

    fn items_named(&self, code: &str) -> Vec<ServiceItem> {
        let codes: BTreeSet<&String> = self.items.keys().chain(self.drafts.keys()).collect();
        let item = |whole: &String| self.items.get(whole).or_else(|| self.drafts.get(whole)).cloned();
        let named = codes.into_iter().filter_map(item);
        let mut found: Vec<ServiceItem> = named.filter(|item| item.code == code || item.short_code() == code).collect();
        if found.iter().any(|item| !item.state.is_draft() && item.state != ItemState::Withdrawn) {
            found.retain(|item| !item.state.is_draft());
        }
        going_on(found)
    }

    fn item_draft(&self, code: &str) -> Option<ServiceItem> {
        self.drafts.get(code).cloned()
    }

    fn item_drafts(&self) -> Vec<String> {
        self.drafts.keys().cloned().collect()
    }

    fn item_codes(&self) -> Vec<String> {
        self.items.keys().cloned().collect()
    }

    fn items_waiting(&self, code: &str) -> Vec<ServiceItem> {
        self.waiting.iter().filter(|((of, _), _)| of == code).map(|(_, item)| item.clone()).collect()
    }

    fn bound(&self, base_code: &str) -> Vec<(DivisionCode, String, Bound)> {
        let all = self.items.values().chain(self.foreign.values().map(|foreign| &foreign.item));
        let of = all.filter_map(|item| Some((item, Bound::of(item)?))).filter(|(_, (code, _))| code == base_code);
        let mut bound: Vec<_> = of.map(|(item, (_, bound))| (item.division, item.code.clone(), bound)).collect();
        bound.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        bound
    }

    fn decline(&self, base_code: &str, division: DivisionCode) -> Option<Decline> {
        self.declined.get(&(base_code.to_owned(), division)).cloned()
    }

    fn declines(&self, base_code: &str) -> Vec<Decline> {
        self.declined.values().filter(|decline| decline.base_code == base_code).cloned().collect()
    }

    fn base_items_above(&self) -> Vec<String> {
        let above = self.bases.iter().filter(|(_, base)| base.node != self.node.node);
        above.map(|(code, _)| code.clone()).collect()
    }

    fn operators(&self) -> Vec<Operator> {
        self.operators.values().cloned().collect()
    }

    fn foreign_item(&self, division: DivisionCode, code: &str) -> Option<ForeignItem> {
        let mut of = self.foreign.values().filter(|foreign| foreign.item.division == division);
        of.find(|foreign| foreign.item.code == code || foreign.item.short_code() == code).cloned()
    }

    fn base_item(&self, code: &str) -> Option<BaseItem> {
        self.bases.get(code).cloned()
    }

    fn own_base_items(&self) -> Vec<String> {
        let own = self.bases.iter().filter(|(_, base)| base.node == self.node.node);
        own.map(|(code, _)| code.clone()).collect()
    }

    fn guide(&self, digest: &Digest) -> Option<Guide> {
        self.guides.get(digest).map(|(guide, _)| guide.clone())
    }

    fn guide_released(&self, digest: &Digest) -> bool {
        self.guides.get(digest).is_some_and(|(_, released)| *released)
    }

    fn item_version(&self, code: &str, version: u32) -> Option<ServiceItem> {
        self.versions.get(&(code.to_owned(), version)).cloned()
    }

    fn base_version(&self, code: &str, version: u32) -> Option<BaseItem> {
        self.base_versions.get(&(code.to_owned(), version)).cloned()
    }

    fn standards(&self, kind: StandardKind, code: &str) -> Vec<Standard> {
        let found = self.standards.values().filter(|standard| standard.body.kind() == kind && standard.code == code);
        let mut found: Vec<Standard> = found.cloned().collect();
        found.sort_by_key(|standard| (standard.division.level(), standard.division));
        found
    }

    fn standard_codes(&self, kind: StandardKind) -> Vec<String> {
        let codes: BTreeSet<String> =
            self.standards.keys().filter(|(of, _, _)| *of == kind).map(|(_, code, _)| code.clone()).collect();
        codes.into_iter().collect()
    }

    fn operator(&self, name: &str) -> Option<Operator> {
        self.operators.get(name).cloned()
    }

    fn held(&self, operator: &str, limit: usize) -> Vec<CaseId> {
        let place = |case: &Case| position(case.status, &case.custody, case.deadlines.as_ref(), case.work.as_ref());
        let held = self.cases.values().filter_map(|case| Some((place(case)?, case.id)));
        let mut held: Vec<_> = held.filter(|(place, _)| place.holder.as_deref() == Some(operator)).collect();
        held.sort_by_key(|(place, id)| (place.due, *id));
        held.into_iter().take(limit).map(|(_, id)| id).collect()
    }

    fn next_serial(&self, scope: &str) -> u32 {
        self.serials.get(scope).copied().unwrap_or(0) + 1
    }

    fn licence(&self, id: &str) -> Option<Licence> {
        self.licences.get(id).cloned()
    }

    fn due(&self, until: Timestamp, limit: usize) -> Vec<Due> {
        let cases = self.cases.values().filter_map(|case| Some((case.deemed_at?, DueKind::DeemedAcceptance(case.id))));
        let renewals = self.cases.values();
        let renewals = renewals.filter_map(|case| Some((case.renewal_at?, DueKind::DeemedRenewal(case.id))));
        let begin = self.waiting.iter().filter_map(|((code, version), item)| {
            Some((item.effective?.start(), DueKind::ItemBegins(code.clone(), *version)))
        });
        let ends = self
            .items
            .values()
            .filter(|item| item.state != ItemState::Withdrawn)
            .filter_map(|item| Some((item.cancel?.next_day().start(), DueKind::ItemEnds(item.code.clone()))));
        let bases = self.bases.iter().filter(|(_, base)| base.node == self.node.node).filter_map(|(code, base)| {
            Some((base.published()?.cancel?.next_day().start(), DueKind::BaseItemEnds(code.clone())))
        });
        let all = cases.chain(renewals).chain(begin).chain(ends).chain(bases).filter(|(at, _)| *at <= until);
        let mut due: Vec<Due> = all.map(|(at, kind)| Due { at, kind }).collect();
        due.sort();
        due.truncate(limit);
        due
    }

    fn place(&self, division: DivisionCode) -> Option<Place> {
        self.places.get(&division).copied()
    }

    fn common_superior(&self, one: &NodeId, other: &NodeId) -> Option<NodeId> {
        self.places.common_superior(one, other)
    }

    fn handled_elsewhere(&self, id: &CaseId) -> Option<HandledElsewhere> {
        self.elsewhere.get(id).cloned()
    }

    fn reclaim(&self, id: &CaseId) -> Option<ReclaimRow> {
        self.reclaims.get(id).cloned()
    }

    fn line(&self, quota: &str, limit: usize) -> Vec<InLine> {
        let waits = |case: &&Case| stands(case.status, &case.custody);
        let of = self.cases.values().filter(waits).filter_map(|case| Some((case.turn.as_ref()?, case.id)));
        let mut line: Vec<_> =
            of.filter(|(turn, _)| turn.quota == quota).map(|(turn, case)| turn.place(case)).collect();
        line.sort_unstable();
        line.truncate(limit);
        line
    }

    fn numbers_taken(&self, quota: &str, year: u16) -> u32 {
        let of = |((known, _), of): &(&(String, InLine), &u16)| known == quota && (year == 0 || **of == year);
        u32::try_from(self.numbers.iter().filter(of).count()).unwrap()
    }

    fn holds_number(&self, case: &CaseId, turn: &Turn) -> bool {
        self.numbers.contains_key(&(turn.quota.clone(), turn.place(*case)))
    }

    fn last_numbered(&self, quota: &str) -> Option<Timestamp> {
        self.numbers.keys().filter(|(known, _)| known == quota).map(|(_, (since, _, _))| *since).max()
    }

    fn barred(&self, authority: &AuthorityId, holder: &[u8; 32]) -> bool {
        self.barred.iter().any(|(at, who, _)| at == authority && who == holder)
    }

    fn cards(&self, case: &CaseId) -> Vec<Card> {
        self.cards.values().filter(|card| card.case == *case).cloned().collect()
    }

    fn card_named(&self, number: &str) -> Option<Card> {
        self.cards.values().find(|card| card.number == number).cloned()
    }

    fn matter(&self, id: &CaseId) -> Option<Matter> {
        self.matters.get(id).cloned()
    }

    fn matter_named(&self, number: &str) -> Option<Matter> {
        self.matters.values().find(|matter| matter.number() == number).cloned()
    }

    fn voice(&self, id: &CaseId) -> Option<Voice> {
        self.voices.get(id).cloned()
    }

    fn voice_named(&self, number: &str) -> Option<Voice> {
        self.voices.values().find(|voice| voice.number() == number).cloned()
    }

    fn voices_held(&self, operator: &str, limit: usize) -> Vec<Voice> {
        let held = self.voices.values().filter(|voice| voice.holder() == Some(operator));
        held.take(limit).cloned().collect()
    }

    fn ratings(&self, case: &CaseId) -> Vec<Rating> {
        let ratings = self.voices.values().filter_map(|voice| match voice {
            Voice::Rating(rating) if rating.case() == *case => Some(rating.clone()),
            _ => None,
        });
        ratings.collect()
    }

    fn application(&self, id: &CaseId) -> Option<Application> {
        self.applications.get(id).cloned()
    }

    fn application_named(&self, text: &str) -> Option<Application> {
        let text = text.trim();
        let is =
            |one: &&Application| one.number == text || one.id.to_string() == text || text.parse() == Ok(one.query_code);
        self.applications.values().find(is).cloned()
    }

    fn earlier(&self, number: &str) -> Option<EarlierCase> {
        self.earlier.get(number).cloned()
    }

    fn earlier_batch(&self, number: &str) -> Option<EarlierBatch> {
        self.batches.get(number).cloned()
    }

    fn earlier_batches(&self) -> Vec<EarlierBatch> {
        self.batches.values().cloned().collect()
    }

    fn parts_of(&self, application: &str) -> Vec<CaseId> {
        let is = |case: &&Case| case.part_of.as_ref().is_some_and(|of| of.number == application);
        self.cases.values().filter(is).map(|case| case.id).collect()
    }

    fn order(&self, number: &str) -> Option<Order> {
        self.orders.get(number).cloned()
    }

    fn outside_case(&self, system: &str, number: &str) -> Option<CaseId> {
        let is_it = |case: &&Case| {
            let outside = case.outside.as_ref().filter(|_| case.custody == Custody::Owner);
            outside.is_some_and(|outside| outside.system == system && outside.number == number)
        };
        self.cases.values().find(is_it).map(|case| case.id)
    }

    fn orders(&self, case: &CaseId) -> Vec<Order> {
        self.orders.values().filter(|order| order.case == *case).cloned().collect()
    }

    fn looks_due(&self, until: Timestamp, limit: usize) -> Vec<(Timestamp, Watched)> {
        self.watched.iter().copied().take_while(|(at, _)| *at <= until).take(limit).collect()
    }

    fn looks_after(&self, after: Option<(Timestamp, Watched)>, limit: usize) -> Vec<(Timestamp, Watched)> {
        self.watched.iter().copied().filter(|look| after.is_none_or(|after| *look > after)).take(limit).collect()
    }

    fn sweep(&self) -> Option<Sweep> {
        self.swept
    }
}
