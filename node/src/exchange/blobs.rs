//! Content-addressed files beside the log, on a disk or in memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tongban_codes::ids::Digest;
use tongban_storage::{SharedValues, StorageError};

use crate::engine::Blobs;
use crate::materials::{FileError, MaterialFiles, Staged};

/// Blobs that can be added to.
pub trait BlobStore: Blobs + 'static {
    /// Stores bytes durably, before any entry names them.
    ///
    /// # Errors
    ///
    /// When the disk refuses; nothing half-written is left under the name.
    fn store(&self, bytes: &[u8]) -> std::io::Result<Digest>;

    /// The files of materials; `None` where none are kept.
    fn materials(&self) -> Option<&Arc<MaterialFiles>> {
        None
    }
}

/// Blobs as files named by their digest, in 256 folders.
pub struct FileBlobs {
    folder: PathBuf,
    materials: Option<Arc<MaterialFiles>>,
}

impl FileBlobs {
    /// Blobs in a folder, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// When the folder can't be made.
    pub fn open(folder: PathBuf) -> std::io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, materials: None })
    }

    /// Beside files of materials.
    #[must_use]
    pub fn with_materials(self, materials: Arc<MaterialFiles>) -> Self {
        Self { materials: Some(materials), ..self }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

impl BlobStore for FileBlobs {
    fn store(&self, bytes: &[u8]) -> std::io::Result<Digest> {
        let digest = Digest::of(bytes);
        let path = self.path(&digest);
        if path.exists() {
            return Ok(digest);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let draft = path.with_extension(format!("draft-{}", rand::random::<u32>()));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&draft)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&draft, &path));
        if written.is_err() {
            let _gone = fs::remove_file(&draft);
        }
        written?;
        fs::File::open(folder)?.sync_all()?;
        fs::File::open(&self.folder)?.sync_all()?;
        Ok(digest)
    }

    fn materials(&self) -> Option<&Arc<MaterialFiles>> {
        self.materials.as_ref()
    }
}

impl Blobs for FileBlobs {
    fn staged(&self, key: &Digest, digest: &Digest) -> Result<Option<Staged>, FileError> {
        self.materials.as_ref().map_or(Ok(None), |files| files.staged(files.given(key, digest)))
    }

    fn load(&self, digest: &Digest) -> Result<Vec<u8>, StorageError> {
        let path = self.path(digest);
        let damaged = |detail: String| StorageError::Damaged { path: path.clone(), detail };
        let bytes = fs::read(&path).map_err(|error| damaged(error.to_string()))?;
        if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(damaged("its digest is another".to_owned())) }
    }
}

/// Blobs in memory, for tests and the simulator.
#[derive(Debug, Default)]
pub struct MemoryBlobs {
    kept: Mutex<BTreeMap<Digest, Arc<[u8]>>>,
    shared: Option<Arc<SharedValues>>,
}

impl MemoryBlobs {
    /// No blobs, which will be shared with those of others.
    #[must_use]
    pub fn sharing(shared: Arc<SharedValues>) -> Self {
        Self { shared: Some(shared), ..Self::default() }
    }
}

impl BlobStore for MemoryBlobs {
    fn store(&self, bytes: &[u8]) -> std::io::Result<Digest> {
        let digest = Digest::of(bytes);
        let kept = self.shared.as_ref().map_or_else(|| Arc::from(bytes), |shared| shared.keep(bytes));
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, kept);
        Ok(digest)
    }
}

impl Blobs for MemoryBlobs {
    fn load(&self, digest: &Digest) -> Result<Vec<u8>, StorageError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(digest).map(|bytes| bytes.to_vec());
        kept.ok_or_else(|| StorageError::Damaged { path: digest.to_string().into(), detail: "no such blob".to_owned() })
    }
}
