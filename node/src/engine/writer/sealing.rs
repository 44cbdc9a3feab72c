//! Sealing a batch: the node's statements under one seal, each authority's documents under one of its own, journals by checkpoints.

use std::collections::BTreeMap;

use tongban_codes::time::Timestamp;
use tongban_domain::{Document, Sealer};
use tongban_federation::Sealed;
use tongban_journal::{Checkpoint, JournalKind};
use tongban_seal::{SignedNote, Statement, batch, content_type};
use tongban_storage::keyspace::View;
use tongban_storage::{StorageError, WriteBatch};

use super::request::{Answer, Refused};
use super::{Draft, Writer};
use crate::engine::entry::{Checkpointed, ExchangeEvent, Outgoing, SealedDocument};
use crate::engine::fold::{fold_sealed, frontier};
use crate::engine::records::{ACTS, STANDARDS};

/// Milliseconds between two sealed checkpoints of a journal.
const CHECKPOINT_MILLIS: i64 = 1_000;

impl Writer {
    /// Seals what the drafts say: the node's statements under one seal, each authority's documents under one of its own.
    pub(super) fn seal(&mut self, drafts: &mut [Draft], whole: &mut WriteBatch) -> Result<(), Refused> {
        let mut statements: Vec<(&str, Vec<u8>)> = Vec::new();
        let mut by_authority: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, draft) in drafts.iter().enumerate() {
            for envelope in &draft.envelopes {
                statements.push((content_type::ENVELOPE, envelope.to_bytes()));
            }
            if let Some(receipt) = &draft.receipt {
                statements.push((content_type::RECEIPT, receipt.to_bytes()));
            }
            for (place, document) in draft.documents.iter().enumerate() {
                match document.sealer {
                    Sealer::Node => statements.push((document.content_type, document.payload.clone())),
                    Sealer::Authority(authority) => by_authority.entry(authority).or_default().push((number, place)),
                }
            }
        }
        let borrowed: Vec<Statement<'_>> =
            statements.iter().map(|(content_type, bytes)| Statement { content_type, bytes }).collect();
        let signer = self.parts.desk.node_signer();
        let mut sealed = batch::seal(&*signer, &borrowed).map_err(Refused::fault)?.into_iter();
        let mut next = || sealed.next().ok_or_else(|| Refused::fault("a statement was not sealed"));
        for draft in drafts.iter_mut() {
            for envelope in &draft.envelopes {
                draft.decision.outbox.push(Outgoing {
                    destination: envelope.destination,
                    epoch: envelope.epoch,
                    sequence: envelope.sequence,
                    sealed: next()?,
                });
            }
            if draft.receipt.is_some() {
                let bytes = next()?;
                for event in &mut draft.decision.exchange {
                    if let ExchangeEvent::Arrived { receipt, .. }
                    | ExchangeEvent::Replayed { receipt, .. }
                    | ExchangeEvent::Denied { receipt, .. } = event
                    {
                        receipt.clone_from(&bytes);
                    }
                }
                if let Ok(Answer::Receipt(sealed, _)) = &mut draft.answer {
                    *sealed = Sealed::new(bytes);
                }
            }
            for document in &draft.documents {
                if document.sealer == Sealer::Node {
                    draft.decision.documents.push(sealed_document(document, next()?));
                }
            }
        }
        for (authority, places) in by_authority {
            let documents: Vec<&Document> =
                places.iter().map(|(number, place)| &drafts[*number].documents[*place]).collect();
            let sealed = self.parts.desk.seal_documents(&authority, &documents);
            let Some(sealed) = sealed else {
                return Err(Refused::fault(self.parts.desk.fault().unwrap_or_default()));
            };
            for ((number, place), bytes) in places.into_iter().zip(sealed) {
                let document = sealed_document(&drafts[number].documents[place], bytes);
                drafts[number].decision.documents.push(document);
            }
        }
        let layers = self.layers.iter().map(|layer| &*layer.batch).collect();
        let view = View::new(&self.hot, layers);
        for draft in drafts.iter() {
            fold_sealed(&draft.decision, &view, whole)?;
        }
        Ok(())
    }

    /// Seals a checkpoint of each journal that has grown, at most one a second.
    pub(super) fn checkpoints(&mut self, at: Timestamp, whole: &WriteBatch) -> Result<Vec<Checkpointed>, StorageError> {
        let mut sealed = Vec::new();
        for (place, journal) in [ACTS, STANDARDS].into_iter().enumerate() {
            let (last, size) = self.checkpointed[place];
            if at.millis_since(last) < CHECKPOINT_MILLIS {
                continue;
            }
            let mut layers: Vec<&WriteBatch> = self.layers.iter().map(|layer| &*layer.batch).collect();
            layers.push(whole);
            let frontier = frontier(&View::new(&self.hot, layers), journal)?;
            if frontier.size() == size {
                continue;
            }
            let checkpoint = Checkpoint {
                origin: self.parts.node.node,
                journal: if journal == ACTS { JournalKind::Acts } else { JournalKind::Standards },
                epoch: self.parts.epoch,
                size: frontier.size(),
                root: frontier.root(),
            };
            let signer = self.parts.desk.node_signer();
            let note = SignedNote::sign(&checkpoint, &*signer)
                .map_err(|error| StorageError::Damaged { path: "checkpoint".into(), detail: error.to_string() })?;
            self.checkpointed[place] = (at, frontier.size());
            sealed.push(Checkpointed { journal, note: note.to_bytes() });
        }
        Ok(sealed)
    }
}

fn sealed_document(document: &Document, sealed: Vec<u8>) -> SealedDocument {
    SealedDocument { case: document.case, act: document.act, content_type: document.content_type.to_owned(), sealed }
}
