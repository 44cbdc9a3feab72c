//! Records that have been opened, shared by what they were opened from.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tongban_codes::{cbor, ids::Digest};
use tongban_seal::{KeyId, PublicKey, cose};

use super::RecordError;
use crate::sealed::Sealed;

/// What came out of sealed records, by the digest of their bytes and of the keys that were allowed. Opening is a function of these alone, so
/// directories that live in one process may share it: what one has verified another has in memory once and needn't verify again.
#[derive(Default)]
pub struct Opened(Mutex<BTreeMap<Digest, Arc<dyn Any + Send + Sync>>>);

impl Opened {
    fn find<T: Send + Sync + 'static>(&self, key: &Digest) -> Option<Arc<T>> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()?;
        found.downcast().ok()
    }

    fn keep<T: Send + Sync + 'static>(&self, key: Digest, opened: &Arc<T>) {
        let opened = Arc::clone(opened) as Arc<dyn Any + Send + Sync>;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, opened);
    }

    /// The same bytes as others have them.
    pub(super) fn shared(&self, digest: &Digest, sealed: &Sealed) -> Sealed {
        match self.find::<Sealed>(digest) {
            Some(known) => (*known).clone(),
            None => {
                self.keep(*digest, &Arc::new(sealed.clone()));
                sealed.clone()
            }
        }
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "Opened({count} records)")
    }
}

/// What one of these keys has sealed as this content type.
pub(super) fn open<T>(
    opened: Option<&Opened>,
    sealed: &Sealed,
    kind: &str,
    keys: &[PublicKey],
) -> Result<Arc<T>, RecordError>
where
    T: for<'x> minicbor::Decode<'x, ()> + Send + Sync + 'static,
{
    let by_content = opened.map(|opened| {
        let mut named = cbor::to_vec(&(kind, keys));
        named.extend_from_slice(sealed.as_bytes());
        (opened, Digest::of(&named))
    });
    if let Some(found) = by_content.and_then(|(opened, digest)| opened.find(&digest)) {
        return Ok(found);
    }
    let lookup = |id: &KeyId| keys.iter().find(|key| key.key_id() == *id).cloned();
    let payload = cose::open(sealed.as_bytes(), &lookup, &[])?.expect(kind)?.payload;
    let record = Arc::new(cbor::from_slice(&payload)?);
    if let Some((opened, digest)) = by_content {
        opened.keep(digest, &record);
    }
    Ok(record)
}
