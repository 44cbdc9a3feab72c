//! Materials: their names and digests; a file itself stays where it is.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tongban_codes::ids::Digest;
use tongban_domain::case::Material;

use crate::cli::failure::Failure;
use crate::cli::text::{FILE_UNREADABLE, MATERIAL_INVALID};

/// Reads `NAME=FILE` or `NAME=sha256:HEX`.
pub(super) fn read(text: &str) -> Result<Material, Failure> {
    let invalid = || Failure::of(&MATERIAL_INVALID, text, &[]);
    let (name, source) = text.split_once('=').ok_or_else(invalid)?;
    let name = name.trim();
    if name.is_empty() || source.is_empty() {
        return Err(invalid());
    }
    let digest = match source.strip_prefix("sha256:") {
        Some(hex) => hex.to_ascii_lowercase().parse::<Digest>().map_err(|_| invalid())?,
        None => digest_of(Path::new(source))
            .map_err(|error| Failure::of(&FILE_UNREADABLE, source, &[&error.to_string()]).field("material"))?,
    };
    Ok(Material { name: name.to_owned(), sha256: digest.to_string() })
}

/// The SHA-256 digest of a file of any size.
fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Digest::from_bytes(hash.finalize().into())),
            Ok(length) => hash.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
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
        let expected = Material { name: "身份证".to_owned(), sha256: ABC.to_owned() };
        assert_eq!(read(&format!("身份证={}", path.display())).unwrap(), expected);
        assert_eq!(read(&format!("身份证=sha256:{}", ABC.to_uppercase())).unwrap(), expected);
        for wrong in ["", "x", "=x", "x=", "x=sha256:", "x=sha256:abc", &format!("x=sha256:{ABC}0")] {
            assert_eq!(read(wrong).unwrap_err().problem.code, "invalid-field", "{wrong}");
        }
        assert_eq!(read("x=/nowhere/at/all").unwrap_err().problem.code, "file-unreadable");
    }
}
