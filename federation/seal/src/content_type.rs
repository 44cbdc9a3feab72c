//! What a seal is about: the content types in use.
//!
//! A seal under one content type never opens as another, so that no statement can be passed off as one of another
//! kind. A type once used keeps its meaning; a changed shape takes a new name.

/// A batch's root; statements under it carry their own types.
pub const BATCH: &str = "application/tongban-batch+cbor";
/// 收件凭证: what a window gives the applicant.
pub const COLLECTION_SLIP: &str = "application/tongban-collection-slip+cbor";
/// A receiver's word on an envelope: applied, refused or quarantined.
pub const RECEIPT: &str = "application/tongban-receipt+cbor";
/// An envelope between nodes.
pub const ENVELOPE: &str = "application/tongban-envelope+cbor";
/// A node's record in the directory.
pub const NODE_RECORD: &str = "application/tongban-node-record+cbor";
/// An authority's record in the directory.
pub const AUTHORITY_RECORD: &str = "application/tongban-authority-record+cbor";
/// An authority's written notice: acceptance, correction, refusal.
pub const NOTICE: &str = "application/tongban-notice+cbor";
/// An authority's decision.
pub const DECISION: &str = "application/tongban-decision+cbor";
/// A licence.
pub const LICENCE: &str = "application/tongban-licence+cbor";
/// An item, calendar, ceiling or policy as published.
pub const STANDARD: &str = "application/tongban-standard+cbor";
/// A superior's reclaim of a case.
pub const RECLAIM: &str = "application/tongban-reclaim+cbor";
/// The order that gives a node another superior.
pub const REPARENTING: &str = "application/tongban-reparenting+cbor";
/// An invitation to join.
pub const INVITATION: &str = "application/tongban-invitation+cbor";
