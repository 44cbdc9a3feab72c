//! Materials: given with a case as files or by their digests alone, and read again.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::Builder;
use tongban_codes::ids::Digest;
use tongban_domain::case::Material;

use crate::cli::Context;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{unwritable, writable};
use crate::cli::text::{DIGEST_INVALID, FILE_UNREADABLE, MATERIAL_CUT, MATERIAL_EMPTY, MATERIAL_INVALID};

/// Bytes that are read of a file at once.
const READ_BYTES: usize = 64 << 10;

/// `ENOTDIR` of Linux.
const NOT_A_DIRECTORY: i32 = 20;

/// A material as it was written on the command line.
#[derive(Debug)]
pub(super) struct Given {
    material: Material,
    /// Its file, where one was given.
    file: Option<PathBuf>,
}

/// Reads `NAME=FILE` or `NAME=sha256:HEX`.
pub(super) fn read(text: &str) -> Result<Given, Failure> {
    let invalid = || Failure::of(&MATERIAL_INVALID, text, &[]);
    let (name, source) = text.split_once('=').ok_or_else(invalid)?;
    let name = name.trim().to_owned();
    if name.is_empty() || source.is_empty() {
        return Err(invalid());
    }
    if let Some(hex) = source.strip_prefix("sha256:") {
        let digest = hex.to_ascii_lowercase().parse::<Digest>().map_err(|_| invalid())?;
        return Ok(Given { material: Material { name, sha256: digest.to_string(), size: None }, file: None });
    }
    let (digest, size) = digest_of(Path::new(source)).map_err(|error| unreadable(source, &error))?;
    if size == 0 {
        return Err(Failure::of(&MATERIAL_EMPTY, source, &[]));
    }
    let material = Material { name, sha256: digest.to_string(), size: Some(size) };
    Ok(Given { material, file: Some(PathBuf::from(source)) })
}

/// The SHA-256 of what a text names: a file, or `sha256:HEX`.
pub(super) fn sha256(source: &str, field: &'static str) -> Result<String, Failure> {
    let digest = match source.strip_prefix("sha256:") {
        Some(hex) => hex
            .to_ascii_lowercase()
            .parse::<Digest>()
            .map_err(|_| Failure::of(&DIGEST_INVALID, source, &[]).field(field))?,
        None => digest_of(Path::new(source)).map_err(|error| unreadable(source, &error).field(field))?.0,
    };
    Ok(digest.to_string())
}

fn unreadable(source: &str, error: &io::Error) -> Failure {
    Failure::of(&FILE_UNREADABLE, source, &[&error.to_string()]).field("material")
}

/// As [`read`], of which the digest alone is given.
pub(super) fn digest(text: &str) -> Result<Material, Failure> {
    Ok(Material { size: None, ..read(text)?.material })
}

/// Sends the files of materials to the node, under the key of the request that names them afterwards.
pub(super) fn send(client: &Client, given: Vec<Given>) -> Result<Vec<Material>, Failure> {
    for Given { material, file } in &given {
        let (Some(file), Some(size)) = (file, material.size) else { continue };
        let path = format!("/v1/materials?sha256={}&size={size}", material.sha256);
        let opened = || File::open(file).map_err(|error| unreadable(&file.display().to_string(), &error));
        client.put(&path, size, opened)?;
    }
    Ok(given.into_iter().map(|given| given.material).collect())
}

/// SHA-256 digest and length of a file of any size.
fn digest_of(path: &Path) -> io::Result<(Digest, u64)> {
    let mut file = File::open(path)?;
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((Digest::from_bytes(hash.finalize().into()), size)),
            Ok(length) => {
                hash.update(&buffer[..length]);
                size += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Writes the file of a material, or its bytes to stdout where the file is called `-`; a file comes under its name only when its digest holds.
pub(super) fn fetch(context: &Context, case: &str, material: &str, file: &Path) -> Result<Outcome, Failure> {
    let client = context.client()?;
    let query = [("case", Some(case)), ("material", Some(material))];
    if file.as_os_str() == "-" {
        let mut out = io::stdout().lock();
        let mut hash = Sha256::new();
        let (size, digest) = client.download("/v1/cases/material", &query, &mut |bytes| {
            hash.update(bytes);
            out.write_all(bytes)
        })?;
        held(&digest, hash, size)?;
        return out.flush().map(|()| Outcome::Done).map_err(|error| crate::cli::output::failed(&error));
    }
    writable(context, file)?;
    let failed = |error: &io::Error| unwritable(file, &error.to_string());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| match error.kind() {
        // The system says of a file in the place of a folder that it exists.
        io::ErrorKind::AlreadyExists => failed(&io::Error::from_raw_os_error(NOT_A_DIRECTORY)),
        _ => failed(&error),
    })?;
    // Personal: for whoever asked alone. Dropped, it is gone.
    let mut beside =
        Builder::new().prefix(".material-").suffix(".part").tempfile_in(folder).map_err(|error| failed(&error))?;
    let mut hash = Sha256::new();
    let (size, digest) = client.download("/v1/cases/material", &query, &mut |bytes| {
        hash.update(bytes);
        beside.write_all(bytes)
    })?;
    held(&digest, hash, size)?;
    beside.as_file().sync_all().map_err(|error| failed(&error))?;
    let persisted = if context.yes { beside.persist(file) } else { beside.persist_noclobber(file) };
    persisted.map_err(|error| failed(&error.error))?;
    let done = serde_json::json!({ "file": file.display().to_string(), "sha256": digest, "size": size });
    context.output.object(&crate::cli::client::Answer::of(&done), &["file", "sha256", "size"])
}

/// Holds what came against the digest that the node names.
fn held(digest: &str, hash: Sha256, size: u64) -> Result<(), Failure> {
    let found = Digest::from_bytes(hash.finalize().into()).to_string();
    if found == digest { Ok(()) } else { Err(Failure::of(&MATERIAL_CUT, size.to_string(), &[])) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_and_a_digest_name_the_same_material() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("a=b.jpg");
        std::fs::write(&path, "abc").unwrap();
        let expected = Material { name: "身份证".to_owned(), sha256: ABC.to_owned(), size: Some(3) };
        assert_eq!(read(&format!("身份证={}", path.display())).unwrap().material, expected);
        let by_digest = read(&format!("身份证=sha256:{}", ABC.to_uppercase())).unwrap();
        assert_eq!(by_digest.material, Material { size: None, ..expected });
        assert!(by_digest.file.is_none());
        for wrong in ["", "x", "=x", "x=", "x=sha256:", "x=sha256:abc", &format!("x=sha256:{ABC}0")] {
            assert_eq!(read(wrong).unwrap_err().problem.code, "invalid-field", "{wrong}");
        }
        assert_eq!(read("x=/nowhere/at/all").unwrap_err().problem.code, "file-unreadable");
        std::fs::write(&path, "").unwrap();
        assert_eq!(read(&format!("x={}", path.display())).unwrap_err().problem.code, "material-empty");
    }
}
