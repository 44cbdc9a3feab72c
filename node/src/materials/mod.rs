//! Files of materials beside the log: encrypted, content-addressed within their case, swept when nothing names them.
//!
//! ```text
//! materials/<2 hex>/<32 hex>   a whole file, in the chunks of `tongban_seal::file`
//! materials/drafts/<32 hex>.key    its key under the node key, until a case names the file and seals the key itself
//! materials/drafts/<32 hex>.part   a file that is being fetched
//! materials/drafts/<32 hex>.<8 hex>.part   a file that is being given at a window
//! ```
//!
//! A file comes under its name when it is whole, verified and synced, and a log entry that names it is proposed only then. What no entry
//! names stays a draft, and is swept after a day.

mod draft;
mod sweep;

pub use draft::Draft;
pub use sweep::Kept;

/// Which file of which case.
pub type MaterialPlace = (CaseId, Digest);

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rand::RngCore as _;
use thiserror::Error;
use tongban_codes::ids::{CaseId, Digest};
use tongban_seal::file::{CHUNK_BYTES, CHUNK_OVERHEAD};
use tongban_seal::{FileKey, FileName, NodeKey, WrappedKey};

/// How long a draft is kept that no case names.
pub const DRAFT_HOURS: u64 = 24;

/// How long before that a draft may still be named, so that it isn't swept meanwhile.
const NAMING_HOURS: u64 = 20;

/// Bytes of a whole chunk as it lies on disk.
const SEALED_BYTES: usize = CHUNK_BYTES + CHUNK_OVERHEAD;

/// Why a file could not be kept or read.
#[derive(Debug, Error)]
pub enum FileError {
    /// The disk refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It doesn't open with its key: changed on disk, or cut short.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// What came is not what was announced.
    #[error("the file has the digest {found}, not {announced}")]
    Digest {
        /// What was announced.
        announced: Digest,
        /// What came.
        found: Digest,
    },
}

impl FileError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::StorageFull => "disk-low",
            Self::Io(_) => "material-io",
            Self::Damaged { .. } => "material-damaged",
            Self::Digest { .. } => "material-digest",
        }
    }
}

/// The store of a node.
pub struct MaterialFiles {
    folder: PathBuf,
    key: NodeKey,
    swept: Mutex<sweep::Swept>,
    /// Held while the sweep judges a file and removes it, and while a draft is kept: what is kept meanwhile isn't swept.
    judged: Mutex<()>,
}

/// How a file lies in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It isn't here, or not whole.
    Absent,
    /// It is whole and has the node's own wrap of its key: a case may name it.
    Draft,
    /// It is whole without such a wrap: a case names it, or nobody opens it any more.
    Keyless,
}

/// A file that is whole and that no case names yet.
#[derive(Debug)]
pub struct Staged {
    /// Its name.
    pub file: FileName,
    /// Its length in plain bytes.
    pub size: u64,
    /// Its key.
    pub key: FileKey,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// Plain bytes of a file that has so many on disk.
fn plain_bytes(sealed: u64) -> u64 {
    sealed.saturating_sub(sealed.div_ceil(SEALED_BYTES as u64) * CHUNK_OVERHEAD as u64)
}

fn synced(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

impl MaterialFiles {
    /// The store in a folder, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// When the folder can't be made.
    pub fn open(folder: PathBuf, key: NodeKey) -> io::Result<Self> {
        fs::create_dir_all(folder.join("drafts"))?;
        Ok(Self { folder, key, swept: Mutex::default(), judged: Mutex::default() })
    }

    /// The name of a file that was given under an idempotency key.
    #[must_use]
    pub fn given(&self, key: &Digest, digest: &Digest) -> FileName {
        self.key.file_name(key.as_bytes(), digest.as_bytes())
    }

    /// The name of a file that is fetched for a case.
    #[must_use]
    pub fn fetched(&self, case: &CaseId, digest: &Digest) -> FileName {
        self.key.file_name(Digest::of(case.as_bytes()).as_bytes(), digest.as_bytes())
    }

    fn path(&self, file: &FileName) -> PathBuf {
        let name = hex(file);
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }

    fn drafts(&self) -> PathBuf {
        self.folder.join("drafts")
    }

    fn key_path(&self, file: &FileName) -> PathBuf {
        self.drafts().join(format!("{}.key", hex(file)))
    }

    fn part_path(&self, file: &FileName) -> PathBuf {
        self.drafts().join(format!("{}.part", hex(file)))
    }

    /// Whether a file is here, whole.
    #[must_use]
    pub fn is_whole(&self, file: &FileName) -> bool {
        self.path(file).is_file()
    }

    /// How many plain bytes of a file that is fetched are here.
    #[must_use]
    pub fn fetched_bytes(&self, file: &FileName) -> u64 {
        if let Ok(whole) = self.path(file).metadata() {
            return plain_bytes(whole.len());
        }
        let part = self.part_path(file).metadata().map_or(0, |part| part.len());
        part / SEALED_BYTES as u64 * CHUNK_BYTES as u64
    }

    /// Begins to take a file that is given at a window.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn take(&self, file: FileName) -> Result<Draft, FileError> {
        let part = self.drafts().join(format!("{}.{}.part", hex(&file), hex(&fresh::<4>())));
        Draft::begin(self.path(&file), part, file, self.draft_key(&file)?)
    }

    /// Goes on with a file that is fetched, from the last whole chunk that is here.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn resume(&self, file: FileName) -> Result<Draft, FileError> {
        Draft::resume(self.path(&file), self.part_path(&file), file, self.draft_key(&file)?)
    }

    /// Gives up a file that is fetched: what is here of it isn't what was announced.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn give_up(&self, file: &FileName) -> io::Result<()> {
        for path in [self.part_path(file), self.key_path(file)] {
            removed(&path)?;
        }
        Ok(())
    }

    fn judged(&self) -> MutexGuard<'_, ()> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a draft: the one that it has, for another day, or a new one.
    fn draft_key(&self, file: &FileName) -> Result<FileKey, FileError> {
        let _not_swept = self.judged();
        if let Some(key) = self.kept_key(file)? {
            self.touch(file)?;
            return Ok(key);
        }
        let key = FileKey::from_bytes(fresh());
        let wrapped = tongban_codes::cbor::to_vec(&self.key.wrap_file(file, &key, fresh()));
        let path = self.key_path(file);
        let beside = path.with_extension(format!("{}.new", hex(&fresh::<4>())));
        let mut written = File::options().write(true).create_new(true).open(&beside)?;
        written.write_all(&wrapped)?;
        written.sync_all()?;
        // Of two at once the first stands, since the other may have begun to seal with it.
        match fs::hard_link(&beside, &path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                removed(&beside)?;
                return Err(error.into());
            }
        }
        removed(&beside)?;
        synced(&self.drafts())?;
        self.kept_key(file)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
    }

    fn kept_key(&self, file: &FileName) -> Result<Option<FileKey>, FileError> {
        let path = self.key_path(file);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let damaged = |detail: String| FileError::Damaged { path: path.clone(), detail };
        let wrapped: WrappedKey = minicbor::decode(&bytes).map_err(|error| damaged(error.to_string()))?;
        let key = self.key.unwrap_file(file, &wrapped).map_err(|error| damaged(error.to_string()))?;
        Ok(Some(key))
    }

    /// How a file lies here.
    #[must_use]
    pub fn standing(&self, file: &FileName) -> Standing {
        match (self.is_whole(file), self.key_path(file).is_file()) {
            (false, _) => Standing::Absent,
            (true, true) => Standing::Draft,
            (true, false) => Standing::Keyless,
        }
    }

    /// Keeps a draft for another day.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn keep(&self, file: &FileName) -> io::Result<()> {
        let _not_swept = self.judged();
        self.touch(file)
    }

    fn touch(&self, file: &FileName) -> io::Result<()> {
        match File::options().write(true).open(self.key_path(file)) {
            Ok(key) => key.set_modified(SystemTime::now()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes a whole file that no case names, for it is given or fetched anew.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn discard(&self, file: &FileName) -> io::Result<()> {
        removed(&self.path(file))
    }

    /// A draft that is whole, to be named by a case now.
    ///
    /// # Errors
    ///
    /// When its key can't be read.
    pub fn staged(&self, file: FileName) -> Result<Option<Staged>, FileError> {
        let Ok(whole) = self.path(&file).metadata() else { return Ok(None) };
        let Ok(age) = self.key_path(&file).metadata().and_then(|key| key.modified()) else { return Ok(None) };
        if age.elapsed().is_ok_and(|age| age > Duration::from_secs(NAMING_HOURS * 3600)) {
            return Ok(None);
        }
        let key = self.kept_key(&file)?;
        Ok(key.map(|key| Staged { file, size: plain_bytes(whole.len()), key }))
    }

    /// A case names the file, durably: from now on the case's key alone opens it.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn named(&self, file: &FileName) -> io::Result<()> {
        removed(&self.key_path(file))
    }

    /// Plain bytes of a file of this length from a place on, at most so many.
    ///
    /// # Errors
    ///
    /// [`FileError::Damaged`] when the file is changed, cut short or gone.
    pub fn read(
        &self,
        file: &FileName,
        size: u64,
        key: &FileKey,
        from: u64,
        bytes_max: usize,
    ) -> Result<Vec<u8>, FileError> {
        let path = self.path(file);
        let damaged = |detail: String| FileError::Damaged { path: path.clone(), detail };
        let end = size.min(from.saturating_add(bytes_max as u64));
        if from >= end {
            return Ok(Vec::new());
        }
        // A disk that doesn't answer now says nothing of the file.
        let lost = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => damaged(error.to_string()),
            _ => FileError::Io(error),
        };
        let mut opened = File::open(&path).map_err(lost)?;
        let first = from / CHUNK_BYTES as u64;
        opened.seek(SeekFrom::Start(first * SEALED_BYTES as u64))?;
        let mut plain = Vec::with_capacity(usize::try_from(end - from).unwrap_or(0));
        let mut sealed = vec![0; SEALED_BYTES];
        for index in first.. {
            let begins = index * CHUNK_BYTES as u64;
            if begins >= end {
                break;
            }
            let length = usize::try_from((size - begins).min(CHUNK_BYTES as u64)).unwrap_or(CHUNK_BYTES);
            let sealed = &mut sealed[..length + CHUNK_OVERHEAD];
            opened.read_exact(sealed).map_err(lost)?;
            let chunk =
                key.open_chunk(file, index, sealed).map_err(|error| damaged(format!("chunk {index}: {error}")))?;
            let low = usize::try_from(from.saturating_sub(begins)).unwrap_or(0);
            let high = usize::try_from((end - begins).min(length as u64)).unwrap_or(length);
            plain.extend_from_slice(&chunk[low..high]);
        }
        Ok(plain)
    }
}

/// Removes a file; one that isn't there is no error.
fn removed(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
