//! The leader's desk: chance, keys and ciphers, used once while a batch is formed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rand::{RngCore, SeedableRng};
use tongban_codes::ids::{AuthorityId, CaseId};
use tongban_domain::application::Application;
use tongban_domain::case::{Case, Personal, masked_name, masked_number, number_end};
use tongban_domain::connector::Order;
use tongban_domain::earlier::EarlierVersion;
use tongban_domain::uniform::HandledElsewhere;
use tongban_domain::voice::Ticket;
use tongban_domain::{Desk, Document};
use tongban_seal::{CaseKey, Ed25519Signer, FileKey, IndexKey, NodeKey, Signer, Statement, WrappedKey, batch, cose};

/// Number of the applicant's name among the encrypted fields of a case.
const FIELD_NAME: u16 = 1;
/// Number of his identity.
const FIELD_IDENTITY: u16 = 2;
/// Separates the keyed index of holders from other uses of the key.
const INDEX_HOLDER: &str = "holder";

/// Finds, or makes at first use, the seal key of an authority; a seed is given for keys that live in memory only.
pub type AuthorityKeys = Box<dyn Fn(&AuthorityId, [u8; 32]) -> Result<Ed25519Signer, String> + Send + Sync>;

/// The private keys of a node, behind the signer interface.
pub struct Keys {
    /// The node's seal.
    pub seal: Arc<dyn Signer>,
    /// Wraps the keys of cases.
    pub node: NodeKey,
    /// Keys of the search index; replaced when the node joins a tree.
    pub index: Mutex<Arc<IndexKey>>,
    /// Those that it replaced, under which what was indexed before the node joined is found.
    former: Mutex<Vec<Arc<IndexKey>>>,
    source: AuthorityKeys,
    authorities: Mutex<BTreeMap<AuthorityId, Arc<Ed25519Signer>>>,
}

impl Keys {
    /// Keys, with the source of the authorities' ones.
    #[must_use]
    pub fn new(seal: Arc<dyn Signer>, node: NodeKey, index: IndexKey, source: AuthorityKeys) -> Self {
        let index = Mutex::new(Arc::new(index));
        Self { seal, node, index, former: Mutex::default(), source, authorities: Mutex::default() }
    }

    /// The same keys, with one of the search index that was used before.
    #[must_use]
    pub fn with_former(self, index: IndexKey) -> Self {
        self.former.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(index));
        self
    }

    /// Indexes with another key from now on; what was indexed so far is still found.
    pub fn replace_index(&self, index: IndexKey) {
        let mut current = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, Arc::new(index));
        self.former.lock().unwrap_or_else(PoisonError::into_inner).push(before);
    }

    /// Name and number of a person for whoever may read them: only where the case is, and hasn't been forgotten.
    #[must_use]
    pub fn disclosed(&self, case: &Case, personal: &Personal) -> Option<(String, String)> {
        let is_open = case.is_disclosed() && personal.forgotten_at.is_none();
        if is_open { self.opened(&case.id, personal) } else { None }
    }

    /// Name and number of a person for everybody, masked; of a number that is forgotten the end is left.
    #[must_use]
    pub fn masked(&self, case: &CaseId, personal: &Personal) -> Option<(String, String)> {
        let (name, number) = self.opened(case, personal)?;
        Some((masked_name(&name), masked_number(&number)))
    }

    /// The name that stands on paper: in full where the case is, else masked.
    #[must_use]
    pub fn on_paper(&self, case: &Case, personal: &Personal) -> Option<String> {
        let name = self.disclosed(case, personal).or_else(|| self.masked(&case.id, personal));
        name.map(|(name, _)| name)
    }

    /// The end of a number, which proves with a query code who asks: wherever the case is, for it is compared and never shown.
    #[must_use]
    pub fn proof(&self, case: &CaseId, personal: &Personal) -> Option<String> {
        self.opened(case, personal).map(|(_, number)| number_end(&number))
    }

    /// Name and number, or contact, of who opened a ticket, for who handles it.
    #[must_use]
    pub fn of_ticket(&self, ticket: &Ticket, personal: &Personal) -> Option<(String, String)> {
        self.opened(&ticket.id, personal)
    }

    /// What an application keeps of its applicant, for whoever may read it.
    #[must_use]
    pub fn of_application(&self, application: &Application, personal: &Personal) -> Option<(String, String)> {
        self.opened(&application.id, personal)
    }

    /// What an earlier case that was imported says of its applicant, for whoever may read it: it is of this node alone and handed over to nobody.
    #[must_use]
    pub fn of_earlier(&self, version: &EarlierVersion, personal: &Personal) -> Option<(String, String)> {
        self.opened(&version.id, personal)
    }

    /// What is kept of the applicant of a case that another authority decides in the place of this node's: a masked name, and the end of his number.
    #[must_use]
    pub fn of_handled(&self, row: &HandledElsewhere) -> (String, String) {
        match &row.personal {
            Some(personal) => self.opened(&row.case, personal).unwrap_or_default(),
            None => (row.word.applicant.clone(), row.word.number_end.clone()),
        }
    }

    /// To whom an order goes, for the connector that it is of.
    #[must_use]
    pub fn of_order(&self, order: &Order) -> Option<(String, String)> {
        self.opened(&order.case, order.recipient.as_ref()?)
    }

    /// Both fields, when the key of the case still exists.
    fn opened(&self, case: &CaseId, personal: &Personal) -> Option<(String, String)> {
        let key = self.case_key(case, personal)?;
        let text = |field, sealed: &[u8]| {
            let plain = key.open_field(case, field, sealed).ok()?;
            String::from_utf8(plain.to_vec()).ok()
        };
        Some((text(FIELD_NAME, &personal.name)?, text(FIELD_IDENTITY, &personal.identity)?))
    }

    /// The key of the case, while its wrap exists.
    fn case_key(&self, case: &CaseId, personal: &Personal) -> Option<CaseKey> {
        let wrapped: WrappedKey = minicbor::decode(&personal.wrapped_key).ok()?;
        self.node.unwrap(case, &wrapped).ok()
    }

    /// The key of a file of a case, while the key of the case exists.
    ///
    /// A release drew a new key for the case whenever an entry was put right: what lay under an older one is opened with that.
    #[must_use]
    pub fn file_key(&self, case: &Case, sealed: &[u8]) -> Option<FileKey> {
        let before = case.amendments.iter().rev().map(|amendment| &amendment.before);
        let mut known = std::iter::once(&case.personal).chain(before);
        known.find_map(|personal| self.case_key(&case.id, personal)?.open_file_key(&case.id, sealed).ok())
    }

    /// The key of a file of an application, while the application's own key exists.
    fn application_file_key(&self, application: &Application, sealed: &[u8]) -> Option<FileKey> {
        self.case_key(&application.id, &application.personal)?.open_file_key(&application.id, sealed).ok()
    }

    fn authority(&self, id: &AuthorityId, seed: [u8; 32]) -> Result<Arc<Ed25519Signer>, String> {
        let mut known = self.authorities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = known.get(id) {
            return Ok(Arc::clone(signer));
        }
        let signer = Arc::new((self.source)(id, seed)?);
        known.insert(*id, Arc::clone(&signer));
        Ok(signer)
    }
}

/// The keyed index value of a number, as decisions have it.
#[must_use]
fn holder_index(keys: &Keys, identity: &str) -> [u8; 32] {
    let key = keys.index.lock().unwrap_or_else(PoisonError::into_inner);
    key.hmac(INDEX_HOLDER, identity)
}

/// The values under which a number may have been indexed: the one of today, then those of the time before the node joined.
#[must_use]
pub(crate) fn holder_indexes(keys: &Keys, identity: &str) -> Vec<[u8; 32]> {
    let former = keys.former.lock().unwrap_or_else(PoisonError::into_inner);
    let before = former.iter().map(|key| key.hmac(INDEX_HOLDER, identity));
    std::iter::once(holder_index(keys, identity)).chain(before).collect()
}

/// The desk of the leader's writer.
///
/// A key that can't be made or used is a fault, not a lawful refusal: it is latched, and the decision is thrown away.
pub struct LeaderDesk {
    keys: Arc<Keys>,
    random: rand::rngs::StdRng,
    fault: Option<String>,
}

impl LeaderDesk {
    /// A desk whose chance comes from a seed: the operating system's on a real node.
    #[must_use]
    pub fn new(keys: Arc<Keys>, seed: [u8; 32]) -> Self {
        Self { keys, random: rand::rngs::StdRng::from_seed(seed), fault: None }
    }

    /// What failed since the last call, if something did.
    pub fn fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// The node's seal.
    #[must_use]
    pub fn node_signer(&self) -> Arc<dyn Signer> {
        Arc::clone(&self.keys.seal)
    }

    /// Seals the key of a file under the key of its case; `None` when that was destroyed.
    pub(crate) fn seal_file_key(&mut self, case: &CaseId, personal: &Personal, key: &FileKey) -> Option<Vec<u8>> {
        let mut nonce = [0; 24];
        self.random.fill_bytes(&mut nonce);
        Some(self.keys.case_key(case, personal)?.seal_file_key(case, key, nonce))
    }

    /// Seals the key of a file that one case names under the key of another, too.
    pub(crate) fn reseal_file_key(&mut self, from: &Case, to: &Case, sealed: &[u8]) -> Option<Vec<u8>> {
        let key = self.keys.file_key(from, sealed)?;
        self.seal_file_key(&to.id, &to.personal, &key)
    }

    /// Seals the key of a file that an application was collected with under the key of a case that is a part of it.
    pub(crate) fn reseal_part(&mut self, application: &Application, to: &Case, sealed: &[u8]) -> Option<Vec<u8>> {
        let key = self.keys.application_file_key(application, sealed)?;
        self.seal_file_key(&to.id, &to.personal, &key)
    }

    fn signer(&mut self, authority: &AuthorityId) -> Option<Arc<Ed25519Signer>> {
        let mut seed = [0; 32];
        self.random.fill_bytes(&mut seed);
        match self.keys.authority(authority, seed) {
            Ok(signer) => Some(signer),
            Err(error) => {
                self.fault = Some(format!("the seal key of authority {authority} can't be used: {error}"));
                None
            }
        }
    }

    /// Seals the documents of one authority of a batch with one signature.
    pub(super) fn seal_documents(&mut self, authority: &AuthorityId, documents: &[&Document]) -> Option<Vec<Vec<u8>>> {
        let statements: Vec<Statement<'_>> = documents
            .iter()
            .map(|document| Statement { content_type: document.content_type, bytes: &document.payload })
            .collect();
        let signer = self.signer(authority)?;
        match batch::seal(&*signer, &statements) {
            Ok(sealed) => Some(sealed),
            Err(error) => {
                self.fault = Some(error.to_string());
                None
            }
        }
    }
}

impl Desk for LeaderDesk {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.random.fill_bytes(bytes);
    }

    fn authority_key(&mut self, authority: &AuthorityId) -> Vec<u8> {
        self.signer(authority).map_or_else(Vec::new, |signer| signer.public_key().bytes().to_vec())
    }

    fn seal(&mut self, authority: &AuthorityId, content_type: &str, payload: &[u8]) -> Vec<u8> {
        let Some(signer) = self.signer(authority) else { return Vec::new() };
        tracing::info!(target: "tongban::seal", %authority, content_type, "the authority's seal was used");
        match cose::seal(&*signer, content_type, payload, &[]) {
            Ok(sealed) => sealed,
            Err(error) => {
                self.fault = Some(error.to_string());
                Vec::new()
            }
        }
    }

    fn encrypt(&mut self, case: &CaseId, name: &str, identity: &str) -> Personal {
        let mut key = [0; 32];
        let mut nonces = [[0; 24]; 3];
        self.random.fill_bytes(&mut key);
        for nonce in &mut nonces {
            self.random.fill_bytes(nonce);
        }
        let key = CaseKey::from_bytes(key);
        Personal {
            wrapped_key: tongban_codes::cbor::to_vec(&self.keys.node.wrap(case, &key, nonces[0])),
            name: key.seal_field(case, FIELD_NAME, name.as_bytes(), nonces[1]),
            identity: key.seal_field(case, FIELD_IDENTITY, identity.as_bytes(), nonces[2]),
            forgotten_at: None,
        }
    }

    fn encrypt_under(&mut self, case: &CaseId, known: &Personal, name: &str, identity: &str) -> Option<Personal> {
        let key = self.keys.case_key(case, known)?;
        let mut nonces = [[0; 24]; 2];
        for nonce in &mut nonces {
            self.random.fill_bytes(nonce);
        }
        Some(Personal {
            wrapped_key: known.wrapped_key.clone(),
            name: key.seal_field(case, FIELD_NAME, name.as_bytes(), nonces[0]),
            identity: key.seal_field(case, FIELD_IDENTITY, identity.as_bytes(), nonces[1]),
            forgotten_at: None,
        })
    }

    fn decrypt(&self, case: &CaseId, personal: &Personal) -> Option<(String, String)> {
        self.keys.opened(case, personal)
    }

    fn index(&self, identity: &str) -> [u8; 32] {
        holder_index(&self.keys, identity)
    }
}
