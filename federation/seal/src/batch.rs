//! One node seal over a batch of statements, each of which then stands alone.
//!
//! The seal is over `{0: count, 1: root}` of an RFC 6962 tree whose leaves are `[content type, statement]`; a sealed
//! statement carries its audit path and the batch's seal. So a batch costs one signature, and a statement still
//! proves itself to anybody, as what it is and as nothing else.

use minicbor::bytes::ByteSlice;
use minicbor::{Decode, Encode};
use tongban_codes::cbor;
use tongban_codes::ids::Digest;
use tongban_journal::merkle::{MemoryTree, inclusion_proof, leaf_hash, verify_inclusion};

use crate::content_type;
use crate::cose::{self, KeyLookup, SEAL_BYTES_MAX, SealError};
use crate::signer::{KeyId, SignError, Signer};

/// The most statements in a batch.
pub const BATCH_STATEMENTS_MAX: usize = 1 << 16;

/// What is to be sealed, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// What it is, from [`crate::content_type`].
    pub content_type: &'a str,
    /// Its fixed bytes.
    pub bytes: &'a [u8],
}

impl Statement<'_> {
    fn leaf(&self) -> Digest {
        leaf_hash(&cbor::to_vec(&(self.content_type, <&ByteSlice>::from(self.bytes))))
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Root {
    #[n(0)]
    count: u64,
    #[n(1)]
    root: Digest,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Sealed {
    #[n(0)]
    content_type: String,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    statement: Vec<u8>,
    #[n(2)]
    index: u64,
    #[n(3)]
    count: u64,
    #[n(4)]
    path: Vec<Digest>,
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    seal: Vec<u8>,
}

/// A statement whose seal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedStatement {
    /// The statement, as it was.
    pub statement: Vec<u8>,
    /// What it was sealed as.
    pub content_type: String,
    /// Who sealed it.
    pub key_id: KeyId,
}

/// Seals a batch with one signature and returns each statement sealed, in the same order.
///
/// An empty batch signs nothing.
///
/// # Errors
/// [`SignError`] when the key can't be used now.
///
/// # Panics
/// When there are more than [`BATCH_STATEMENTS_MAX`] statements; whoever forms batches bounds them.
pub fn seal(signer: &dyn Signer, statements: &[Statement<'_>]) -> Result<Vec<Vec<u8>>, SignError> {
    assert!(statements.len() <= BATCH_STATEMENTS_MAX, "a batch has at most {BATCH_STATEMENTS_MAX} statements");
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let tree = MemoryTree::from_leaves(statements.iter().map(Statement::leaf));
    let count = tree.size();
    let root = cbor::to_vec(&Root { count, root: tree.root() });
    let seal = cose::seal(signer, content_type::BATCH, root, &[])?;
    let sealed = statements.iter().zip(0..).map(|(statement, index)| {
        cbor::to_vec(&Sealed {
            content_type: statement.content_type.to_owned(),
            statement: statement.bytes.to_vec(),
            index,
            count,
            path: inclusion_proof(&tree, index, count).expect("a memory tree proves each of its leaves"),
            seal: seal.clone(),
        })
    });
    Ok(sealed.collect())
}

/// Opens a statement that was sealed in a batch as `content_type`.
///
/// # Errors
/// [`SealError`]: malformed, sealed as something else, not in the batch, or the batch's seal doesn't hold.
pub fn open(bytes: &[u8], content_type: &str, keys: &KeyLookup<'_>) -> Result<OpenedStatement, SealError> {
    if bytes.len() > SEAL_BYTES_MAX {
        return Err(SealError::TooLarge { bytes: bytes.len() });
    }
    let sealed: Sealed = cbor::from_slice(bytes)?;
    if sealed.content_type != content_type {
        let expected = content_type.to_owned();
        return Err(SealError::ContentType { found: sealed.content_type, expected });
    }
    // A sealed statement has one spelling: what a later release might add would be under no signature.
    if cbor::to_vec(&sealed) != bytes {
        return Err(SealError::Malformed("a sealed statement has exactly six elements".to_owned()));
    }
    let batch = cose::open(&sealed.seal, keys, &[])?.expect(content_type::BATCH)?;
    let Root { count, root } = cbor::from_slice(&batch.payload)?;
    if count != sealed.count || count > BATCH_STATEMENTS_MAX as u64 {
        return Err(SealError::Malformed("the count is not the batch's".to_owned()));
    }
    let statement = Statement { content_type: &sealed.content_type, bytes: &sealed.statement };
    verify_inclusion(&statement.leaf(), sealed.index, count, &sealed.path, &root)?;
    Ok(OpenedStatement { statement: sealed.statement, content_type: sealed.content_type, key_id: batch.key_id })
}

/// The statement of sealed bytes whose seal was checked before, or whose words alone are wanted; `None` when they are no sealed
/// statement of this content type. It proves nothing.
pub fn claimed_statement(bytes: &[u8], content_type: &str) -> Option<Vec<u8>> {
    let sealed: Sealed = cbor::from_slice(bytes).ok()?;
    (sealed.content_type == content_type).then_some(sealed.statement)
}
