//! A file on its way into the store.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};
use tongban_codes::ids::Digest;
use tongban_seal::file::{CHUNK_BYTES, CHUNK_OVERHEAD};
use tongban_seal::{FileKey, FileName};

use super::{FileError, SEALED_BYTES, fresh, removed, synced};

/// A file of which a part is here: hashed and sealed as it comes.
pub struct Draft {
    path: PathBuf,
    part: PathBuf,
    file: FileName,
    key: FileKey,
    written: File,
    hash: Sha256,
    /// Whole chunks on disk.
    chunks: u64,
    /// What is less than a chunk.
    rest: Vec<u8>,
    /// Whether what is here is worth keeping when the rest doesn't come now.
    stays: bool,
}

impl Draft {
    pub(super) fn begin(path: PathBuf, part: PathBuf, file: FileName, key: FileKey) -> Result<Self, FileError> {
        let written = File::options().write(true).create_new(true).open(&part)?;
        let rest = Vec::with_capacity(CHUNK_BYTES);
        Ok(Self { path, part, file, key, written, hash: Sha256::new(), chunks: 0, rest, stays: false })
    }

    /// Reads what is here of a file, up to the first chunk that isn't whole or doesn't open, and goes on behind it.
    pub(super) fn resume(path: PathBuf, part: PathBuf, file: FileName, key: FileKey) -> Result<Self, FileError> {
        let mut written = File::options().read(true).write(true).create(true).truncate(false).open(&part)?;
        let (mut hash, mut chunks) = (Sha256::new(), 0);
        let mut sealed = vec![0; SEALED_BYTES];
        loop {
            match written.read_exact(&mut sealed) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error.into()),
            }
            let Ok(plain) = key.open_chunk(&file, chunks, &sealed) else { break };
            hash.update(&plain);
            chunks += 1;
        }
        let end = chunks * SEALED_BYTES as u64;
        written.set_len(end)?;
        written.seek(SeekFrom::Start(end))?;
        let rest = Vec::with_capacity(CHUNK_BYTES);
        Ok(Self { path, part, file, key, written, hash, chunks, rest, stays: true })
    }

    /// How many plain bytes have come.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.chunks * CHUNK_BYTES as u64 + self.rest.len() as u64
    }

    /// Takes the bytes that follow.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), FileError> {
        self.hash.update(bytes);
        while !bytes.is_empty() {
            let (taken, left) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.rest.len()));
            self.rest.extend_from_slice(taken);
            bytes = left;
            if self.rest.len() == CHUNK_BYTES {
                self.chunk()?;
                self.chunks += 1;
            }
        }
        Ok(())
    }

    fn chunk(&mut self) -> io::Result<()> {
        let sealed = self.key.seal_chunk(&self.file, self.chunks, &self.rest, fresh());
        debug_assert_eq!(sealed.len(), self.rest.len() + CHUNK_OVERHEAD);
        self.written.write_all(&sealed)?;
        self.rest.clear();
        Ok(())
    }

    /// Puts the whole file under its name, when it is what was announced; then it is durable. One that lies there already stays: a case may
    /// name it by now.
    ///
    /// # Errors
    ///
    /// [`FileError::Digest`] when it is something else; then nothing is left of it.
    pub fn finish(mut self, announced: &Digest) -> Result<(), FileError> {
        let found = Digest::from_bytes(self.hash.clone().finalize().into());
        if found != *announced {
            self.stays = false;
            return Err(FileError::Digest { announced: *announced, found });
        }
        if !self.rest.is_empty() {
            self.chunk()?;
        }
        self.written.sync_all()?;
        let folder = self.path.parent().map(PathBuf::from).unwrap_or_default();
        fs::create_dir_all(&folder)?;
        match fs::hard_link(&self.part, &self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        self.stays = true;
        removed(&self.part)?;
        synced(&folder)?;
        if let Some(store) = folder.parent() {
            synced(store)?;
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.stays
            && let Err(error) = removed(&self.part)
        {
            tracing::warn!(%error, part = %self.part.display(), "what came of a file could not be removed; the sweep does it");
        }
    }
}
