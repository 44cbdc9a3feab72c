#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;
use tongban_codes::ids::AuthorityId;
use tongban_seal::{KeystoreError, Signer as _};

use super::*;
use crate::config::NodeDirectory;

fn new_node() -> NewNode {
    NewNode {
        division: "511602".parse().unwrap(),
        name: "广安区".to_owned(),
        listen: "127.0.0.1:7511".parse().unwrap(),
        advertise: Vec::new(),
        demo: true,
        admin_uid: 1000,
    }
}

fn in_directory(staged: &Path) -> UnlockFile {
    UnlockFile::choose(staged, None, None)
}

fn entries(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_and_an_empty_directory_become_a_node() {
    let parent = TempDir::new().unwrap();
    let empty = parent.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for directory in [parent.path().join("deep/new"), empty] {
        let identity = create_with(&directory, &new_node(), in_directory).unwrap();
        assert_eq!(entries(&directory), ["config.toml", "data", "keys", "node.toml"]);
        let opened = NodeDirectory::open(&directory).unwrap();
        assert_eq!(opened.identity, identity);
        assert_eq!(identity.label.division(), identity.division);
        assert_eq!(opened.socket(), directory.join("tongban.sock"));
        let ids = [&opened.keys.transport, &opened.keys.seal, &opened.keys.exchange].map(|key| key.key_id());
        assert!(ids[0] != ids[1] && ids[1] != ids[2]);
        let mode = |path: &str| fs::metadata(directory.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode("keys"), mode("data")], [0o700, 0o700]);
        assert_eq!([mode("keys/unlock.key"), mode("keys/seal.key")], [0o600, 0o600]);
    }
    assert_eq!(entries(parent.path()), ["deep", "empty"]);
}

#[test]
fn refusals_leave_nothing_behind() {
    let parent = TempDir::new().unwrap();
    let full = parent.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("x"), "x").unwrap();
    let fresh = parent.path().join("fresh");
    let with = |change: fn(&mut NewNode)| {
        let mut new = new_node();
        change(&mut new);
        new
    };
    let cases = [
        (&full, new_node(), "directory-not-empty"),
        (&full.join("x"), new_node(), "directory-not-empty"),
        (&fresh, with(|new| new.division = "999999".parse().unwrap()), "division-unknown"),
        (&fresh, with(|new| new.division = "511602001001".parse().unwrap()), "division-unknown"),
        (&fresh, with(|new| new.name = "  ".to_owned()), "invalid-field"),
        (&fresh, with(|new| new.name = "广\n安".to_owned()), "invalid-field"),
        (&fresh, with(|new| new.advertise = vec!["hall".to_owned()]), "invalid-field"),
    ];
    for (directory, new, code) in cases {
        let error = create_with(directory, &new, in_directory).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        let problem = error.problem();
        assert!(!problem.zh.is_empty() && !problem.remedy_zh.is_empty() && !problem.remedy_en.is_empty());
    }
    assert_eq!(entries(parent.path()), ["full"]);
    assert_eq!(entries(&full), ["x"]);
}

#[test]
fn a_named_unlock_key_must_exist_and_stays_where_it_is() {
    let parent = TempDir::new().unwrap();
    let elsewhere = parent.path().join("unlock");
    let directory = parent.path().join("node");
    let named = |_: &Path| UnlockFile { path: elsewhere.clone(), source: UnlockSource::Variable };
    assert_eq!(create_with(&directory, &new_node(), named).unwrap_err().code(), "unlock-key-missing");
    fs::write(&elsewhere, "zz").unwrap();
    assert_eq!(create_with(&directory, &new_node(), named).unwrap_err().code(), "unlock-key-malformed");
    fs::write(&elsewhere, format!("{}\n", "0a".repeat(32))).unwrap();
    create_with(&directory, &new_node(), named).unwrap();
    assert!(!directory.join("keys/unlock.key").exists());
    assert_eq!(NodeDirectory::open(&directory).unwrap_err().code(), "unlock-key-missing");
    fs::write(directory.join("keys/unlock.key"), "0b".repeat(32)).unwrap();
    assert_eq!(NodeDirectory::open(&directory).unwrap_err().code(), KeystoreError::WrongUnlockKey.code());
}

#[test]
fn the_environment_chooses_the_unlock_key() {
    let parent = TempDir::new().unwrap();
    let (directory, credentials) = (parent.path().join("d"), parent.path().join("c"));
    let choose = |variable: Option<&str>| {
        UnlockFile::choose(&directory, variable.map(PathBuf::from), Some(credentials.clone())).source
    };
    assert_eq!(choose(None), UnlockSource::Directory);
    fs::create_dir(&credentials).unwrap();
    fs::write(credentials.join("tongban-unlock"), "").unwrap();
    assert_eq!(choose(None), UnlockSource::Credential);
    assert_eq!(choose(Some("")), UnlockSource::Credential);
    assert_eq!(choose(Some("/x")), UnlockSource::Variable);
}

#[test]
fn other_directories_are_refused() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("node");
    assert_eq!(NodeDirectory::open(&directory).unwrap_err().code(), "directory-not-a-node");
    create_with(&directory, &new_node(), in_directory).unwrap();
    let path = directory.join("node.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("format = 1", "format = 2\nshard = 7")).unwrap();
    assert_eq!(NodeDirectory::open(&directory).unwrap_err().code(), "directory-newer");
    fs::write(&path, text.replace("name = ", "nam = ")).unwrap();
    assert_eq!(NodeDirectory::open(&directory).unwrap_err().code(), "directory-damaged");
    fs::write(&path, &text).unwrap();
    let opened = NodeDirectory::open(&directory).unwrap();
    let held = opened.lock().unwrap();
    assert_eq!(opened.lock().unwrap_err().code(), "directory-in-use");
    drop(held);
    opened.lock().unwrap();
}

#[test]
fn an_authority_keeps_its_key() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("node");
    create_with(&directory, &new_node(), in_directory).unwrap();
    let opened = NodeDirectory::open(&directory).unwrap();
    let signer = |byte: u8| opened.authority_signer(&AuthorityId::from_bytes([byte; 16])).unwrap().key_id();
    assert_eq!(signer(1), signer(1));
    assert_ne!(signer(1), signer(2));
}

#[test]
fn a_long_path_gets_a_short_socket() {
    let node = NodeId::from_bytes([7; 16]);
    assert_eq!(socket_path(Path::new("/srv/tongban"), &node), Path::new("tongban.sock"));
    let long = socket_path(&Path::new("/srv").join("a".repeat(90)), &node);
    assert!(long.is_absolute() && long.as_os_str().len() <= SOCKET_PATH_BYTES_MAX, "{}", long.display());
}
