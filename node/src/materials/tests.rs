#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

const CHUNK: u64 = CHUNK_BYTES as u64;

fn store() -> (tempfile::TempDir, MaterialFiles) {
    let folder = tempfile::tempdir().unwrap();
    let files = MaterialFiles::open(folder.path().join("materials"), NodeKey::new(1, [7; 32])).unwrap();
    (folder, files)
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

/// All files below a folder.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(all(&path)) } else { found.push(path) }
    }
    found
}

fn given(files: &MaterialFiles, content: &[u8]) -> FileName {
    let digest = Digest::of(content);
    let file = files.given(&Digest::of(b"key"), &digest);
    let mut draft = files.take(file).unwrap();
    for piece in content.chunks(10_007) {
        draft.write(piece).unwrap();
    }
    draft.finish(&digest).unwrap();
    file
}

#[test]
fn files_of_every_length_read_back_and_lie_encrypted() {
    let (folder, files) = store();
    for length in [1, 100, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5] {
        let content = bytes(length);
        let file = given(&files, &content);
        let Staged { size, key, .. } = files.staged(file).unwrap().unwrap();
        assert_eq!(size, length as u64);
        assert_eq!(files.read(&file, size, &key, 0, usize::MAX).unwrap(), content);
        for (from, max) in [(0, 1), (size - 1, 5), (size, 5), (CHUNK - 3, 7), (CHUNK, 100), (5, CHUNK_BYTES)] {
            let low = usize::try_from(from.min(size)).unwrap();
            let high = low.saturating_add(max).min(length);
            assert_eq!(files.read(&file, size, &key, from, max).unwrap(), content[low..high], "{length} {from} {max}");
        }
    }
    let needle = &bytes(3 * CHUNK_BYTES)[500..540];
    for path in all(folder.path()) {
        let raw = fs::read(&path).unwrap();
        assert!(!raw.windows(needle.len()).any(|window| window == needle), "{} is in plain", path.display());
    }
}

#[test]
fn what_is_changed_on_disk_is_found() {
    let (_folder, files) = store();
    let content = bytes(2 * CHUNK_BYTES + 9);
    let file = given(&files, &content);
    let Staged { size, key, .. } = files.staged(file).unwrap().unwrap();
    let path = files.path(&file);
    let whole = fs::read(&path).unwrap();
    for at in [0, 30, CHUNK_BYTES, SEALED_BYTES + 1, whole.len() - 1] {
        let mut bent = whole.clone();
        bent[at] ^= 1;
        fs::write(&path, &bent).unwrap();
        assert_eq!(files.read(&file, size, &key, 0, usize::MAX).unwrap_err().code(), "material-damaged", "{at}");
    }
    // Chunks that change places, a chunk that is missing, and a file that is gone.
    let (first, second) = (&whole[..SEALED_BYTES], &whole[SEALED_BYTES..2 * SEALED_BYTES]);
    fs::write(&path, [second, first, &whole[2 * SEALED_BYTES..]].concat()).unwrap();
    assert_eq!(files.read(&file, size, &key, 0, usize::MAX).unwrap_err().code(), "material-damaged");
    fs::write(&path, &whole[..2 * SEALED_BYTES]).unwrap();
    assert_eq!(files.read(&file, size, &key, 0, usize::MAX).unwrap_err().code(), "material-damaged");
    fs::remove_file(&path).unwrap();
    assert_eq!(files.read(&file, size, &key, 0, 1).unwrap_err().code(), "material-damaged");
}

#[test]
fn another_file_than_was_announced_leaves_nothing() {
    let (folder, files) = store();
    let file = files.given(&Digest::of(b"key"), &Digest::of(b"this"));
    let mut draft = files.take(file).unwrap();
    draft.write(b"that").unwrap();
    assert_eq!(draft.finish(&Digest::of(b"this")).unwrap_err().code(), "material-digest");
    assert!(!files.is_whole(&file));
    assert!(all(folder.path()).iter().all(|path| path.extension().is_some_and(|end| end == "key")));
    // One that breaks off leaves nothing either.
    drop(files.take(file).unwrap());
    assert!(all(folder.path()).iter().all(|path| path.extension().is_some_and(|end| end == "key")));
}

#[test]
fn a_fetch_goes_on_behind_its_last_whole_chunk() {
    let (_folder, files) = store();
    let content = bytes(5 * CHUNK_BYTES + 77);
    let digest = Digest::of(&content);
    let file = files.fetched(&CaseId::from_bytes([1; 16]), &digest);
    let mut draft = files.resume(file).unwrap();
    draft.write(&content[..3 * CHUNK_BYTES + 100]).unwrap();
    drop(draft);
    assert_eq!(files.fetched_bytes(&file), 3 * CHUNK);
    // Torn in the third chunk.
    let part = files.part_path(&file);
    let torn = fs::read(&part).unwrap();
    fs::write(&part, &torn[..2 * SEALED_BYTES + 1234]).unwrap();
    let draft = files.resume(file).unwrap();
    assert_eq!(draft.length(), 2 * CHUNK);
    drop(draft);
    // Changed in the second.
    let mut bent = torn;
    bent[SEALED_BYTES + 40] ^= 1;
    fs::write(&part, &bent).unwrap();
    let mut draft = files.resume(file).unwrap();
    assert_eq!(draft.length(), CHUNK);
    draft.write(&content[CHUNK_BYTES..]).unwrap();
    draft.finish(&digest).unwrap();
    let Staged { size, key, .. } = files.staged(file).unwrap().unwrap();
    assert_eq!(files.read(&file, size, &key, 0, usize::MAX).unwrap(), content);
    assert_eq!(files.fetched_bytes(&file), size);
}

#[test]
fn the_sweep_takes_what_is_old_and_named_by_nothing() {
    let (folder, files) = store();
    let contents: Vec<Vec<u8>> = (1..5).map(|n| bytes(n * 1000)).collect();
    let named: Vec<FileName> = contents.iter().map(|content| given(&files, content)).collect();
    let wanted = files.fetched(&CaseId::from_bytes([2; 16]), &Digest::of(b"wanted"));
    drop(files.resume(wanted).unwrap());
    let kept = |file: &FileName| {
        Ok(match named.iter().position(|known| known == file) {
            Some(0) => Kept::Named,
            Some(_) => Kept::No,
            None => Kept::Wanted,
        })
    };
    let before = all(folder.path()).len();
    assert_eq!(files.sweep(SystemTime::now(), kept).unwrap(), 0, "nothing is old");
    assert_eq!(all(folder.path()).len(), before);
    files.keep(&named[1]).unwrap();
    let tomorrow = SystemTime::now() + Duration::from_secs((DRAFT_HOURS + 1) * 3600);
    assert_eq!(files.sweep(tomorrow, kept).unwrap(), 3);
    assert!(files.is_whole(&named[0]), "a case names it");
    assert!(files.staged(named[0]).unwrap().is_none(), "and has its key alone");
    assert!(named[1..].iter().all(|file| !files.is_whole(file)));
    assert_eq!(all(folder.path()).len(), 3, "the named one, and the key and part of the wanted one");
}

#[test]
fn an_old_draft_is_not_named_any_more() {
    let (_folder, files) = store();
    let file = given(&files, b"content");
    let key = File::options().write(true).open(files.key_path(&file)).unwrap();
    key.set_modified(SystemTime::now() - Duration::from_secs((NAMING_HOURS + 1) * 3600)).unwrap();
    assert!(files.staged(file).unwrap().is_none());
    files.keep(&file).unwrap();
    assert!(files.staged(file).unwrap().is_some());
}

fn age(path: &Path, hours: u64) {
    let opened = File::options().write(true).open(path).unwrap();
    opened.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
}

#[test]
fn what_an_earlier_attempt_left_over_takes_no_fresh_file_with_it() {
    let (folder, files) = store();
    let file = given(&files, b"content");
    let stale = files.drafts().join(format!("{}.0a0b0c0d.part", hex(&file)));
    fs::write(&stale, b"half").unwrap();
    age(&stale, 30);
    assert_eq!(files.sweep(SystemTime::now(), |_| Ok(Kept::No)).unwrap(), 1);
    assert!(!stale.exists());
    assert!(files.staged(file).unwrap().is_some(), "given today, and to be named yet");
    age(&files.key_path(&file), 30);
    files.sweep(SystemTime::now(), |_| Ok(Kept::No)).unwrap();
    assert_eq!(all(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_whole_file_that_nothing_names_and_nobody_opens_is_swept() {
    let (folder, files) = store();
    let [lost, named] = [b"one".as_slice(), b"two"].map(|content| given(&files, content));
    for file in [lost, named] {
        assert_eq!(files.standing(&file), Standing::Draft);
        files.named(&file).unwrap();
        assert_eq!(files.standing(&file), Standing::Keyless);
    }
    let kept = |file: &FileName| Ok(if *file == named { Kept::Named } else { Kept::No });
    assert_eq!(files.sweep(SystemTime::now(), kept).unwrap(), 0, "a case may come to name it within the day");
    let tomorrow = SystemTime::now() + Duration::from_secs((DRAFT_HOURS + 1) * 3600);
    assert_eq!(files.sweep(tomorrow, kept).unwrap(), 1);
    assert_eq!(all(folder.path()), [files.path(&named)]);
    assert_eq!(files.standing(&lost), Standing::Absent);
    assert_eq!(given(&files, b"one"), lost, "and may be given anew");
}

#[test]
fn every_draft_is_looked_at_though_none_goes() {
    let (_folder, files) = store();
    let names: Vec<FileName> =
        (0..10_050_u32).map(|n| Digest::of(&n.to_be_bytes()).as_bytes()[..16].try_into().unwrap()).collect();
    for name in &names {
        fs::write(files.part_path(name), b"").unwrap();
    }
    let tomorrow = SystemTime::now() + Duration::from_secs((DRAFT_HOURS + 1) * 3600);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let wanted = |file: &FileName| {
            seen.insert(*file);
            Ok(Kept::Wanted)
        };
        files.sweep(tomorrow, wanted).unwrap();
    }
    assert_eq!(seen.len(), names.len());
}

#[test]
fn a_second_file_of_the_same_name_takes_no_place() {
    let (folder, files) = store();
    let digest = Digest::of(b"content");
    let file = files.given(&Digest::of(b"key"), &digest);
    let mut second = files.take(file).unwrap();
    second.write(b"content").unwrap();
    given(&files, b"content");
    let first = fs::read(files.path(&file)).unwrap();
    second.finish(&digest).unwrap();
    assert_eq!(fs::read(files.path(&file)).unwrap(), first, "a case may name it by now");
    assert_eq!(all(folder.path()).len(), 2, "the file and its key");
}

#[test]
fn a_draft_that_is_begun_again_has_its_key_for_another_day() {
    let (_folder, files) = store();
    let digest = Digest::of(b"content");
    let file = files.given(&Digest::of(b"key"), &digest);
    drop(files.take(file).unwrap());
    age(&files.key_path(&file), 30);
    let mut again = files.take(file).unwrap();
    again.write(b"content").unwrap();
    files.sweep(SystemTime::now(), |_| Ok(Kept::No)).unwrap();
    again.finish(&digest).unwrap();
    assert_eq!(files.standing(&file), Standing::Draft);
    assert!(files.staged(file).unwrap().is_some(), "a case may name it");
}
