//! Files of materials: given at a window, handed over with their case, read again; with links cut, nodes killed, files damaged, disks full.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use system_tests::{
    APPLICANT, CITY, Cluster, HOME, Item, NEIGHBOUR, Node, Quality, SmallDisk, TOWNSHIP, Tree, seen, socket, within,
};
use tongban_codes::ids::Digest;

const TREE: Tree = Tree::HUBEI;
const CODE: &str = "420A0015500013-420106000000-000-1-1-00";
const SHORT: &str = "420A0015500013";
const MIB: usize = 1 << 20;

fn cluster(changes: &[(&str, &str)]) -> Cluster {
    let cluster = Cluster::joined_with(TREE, changes);
    cluster.publish(HOME, &[Item::permit(CODE, TREE.code(CITY))]);
    cluster.node(HOME).staff();
    cluster.node(TOWNSHIP).ok(&["operator", "add", "window", "--role", "window"]);
    cluster
}

/// A file whose bytes nothing packs and that begins with a word to look for.
fn file(cluster: &Cluster, name: &str, bytes: usize) -> PathBuf {
    let path = cluster.root().join(name);
    let mut out = BufWriter::new(File::create(&path).expect("the directory can be written"));
    let mut state = bytes as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut left = bytes;
    out.write_all(&WORD[..WORD.len().min(left)]).expect("there is room");
    left -= WORD.len().min(left);
    while left > 0 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let part = state.to_be_bytes();
        out.write_all(&part[..part.len().min(left)]).expect("there is room");
        left -= part.len().min(left);
    }
    out.flush().expect("there is room");
    path
}

/// What must not be found in plain in a node's data.
const WORD: &[u8] = b"only-for-whoever-decides-the-case";

fn collect(node: &Node, materials: &[(&str, &Path)], more: &[&str]) -> String {
    let materials: Vec<String> = materials.iter().map(|(name, path)| format!("{name}={}", path.display())).collect();
    let division = TREE.code(HOME);
    let mut args =
        vec!["case", "collect", "--item", SHORT, "--for", division, "--name", APPLICANT.0, "--id", APPLICANT.1];
    args.extend(materials.iter().flat_map(|material| ["--material", material]));
    args.extend(more);
    node.ok(&args)["case"].as_str().unwrap_or_default().to_owned()
}

fn shown(node: &Node, case: &str) -> Result<Value, String> {
    let answer = socket::get(&node.socket(), &format!("/v1/cases/show?case={case}"));
    match answer {
        Ok(answer) if answer.is_done() => Ok(answer.body),
        other => Err(format!("{other:?}")),
    }
}

/// Waits until the file of a case's first material stands so at a node.
#[track_caller]
fn stands(seconds: u64, node: &Node, case: &str, how: &str) -> Value {
    within(seconds, &format!("the material is {how} at {}", node.name), || {
        let shown = shown(node, case)?;
        seen(shown["materials"][0]["file"] == how, shown)
    })
}

/// Waits until so much of it is there, and not all.
#[track_caller]
fn under_way(node: &Node, case: &str, percent: u64) -> u64 {
    within(60, "the material is under way", || {
        let shown = shown(node, case)?;
        let here = shown["materials"][0]["percent"].as_u64().unwrap_or(0);
        assert_ne!(shown["materials"][0]["file"], "here", "too fast to be cut: {shown}");
        if here >= percent { Ok(here) } else { Err(shown.to_string()) }
    })
}

fn same(cluster: &Cluster, node: &Node, case: &str, material: &str, given: &Path) {
    let out = cluster.root().join(format!("out-{}", node.name));
    let done = node.ok(&["case", "material", case, material, "--file", &out.display().to_string(), "--yes"]);
    let (left, right) = (digest(&out), digest(given));
    assert_eq!(left, right, "{done}");
    assert_eq!(done["sha256"], right.to_string());
    fs::remove_file(&out).expect("it was written");
}

fn digest(path: &Path) -> Digest {
    Digest::of(&fs::read(path).expect("it is there"))
}

/// All files below a folder.
fn all(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { all(&path) } else { vec![path] }).collect()
}

/// Whole files in a node's store.
fn stored(node: &Node) -> Vec<PathBuf> {
    let mut files = all(&node.dir.join("data/materials"));
    files.retain(|path| path.extension().is_none());
    files
}

fn slow() -> Quality {
    Quality { delay: Duration::from_millis(100), jitter: Duration::ZERO, lost: 0, overtaken: 0 }
}

#[test]
fn files_go_with_their_case_and_lie_encrypted() {
    for direct in ["true", "false"] {
        let cluster = cluster(&[("direct", direct)]);
        let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
        let (large, small) = (file(&cluster, "large.pdf", 3 * MIB + 17), file(&cluster, "small.jpg", 50));
        let case = collect(township, &[("申请书", &large), ("照片", &small)], &[]);
        home.owns(20, &case);
        let shown = within(30, "both are here", || {
            let shown = shown(home, &case)?;
            let materials = shown["materials"].as_array().cloned().unwrap_or_default();
            seen(materials.len() == 2 && materials.iter().all(|material| material["file"] == "here"), shown)
        });
        assert_eq!(shown["materials"][0]["size"], 3 * MIB + 17, "{shown}");
        same(&cluster, home, &case, "申请书", &large);
        same(&cluster, home, &case, &digest(&small).to_string(), &small);
        stands(30, township, &case, "sealed");
        township.refused(&["case", "material", &case, "申请书", "--file", "-"], "material-handed-over");
        for node in [home, township] {
            for path in all(&node.dir.join("data")) {
                let bytes = fs::read(&path).unwrap_or_default();
                assert!(!bytes.windows(WORD.len()).any(|window| window == WORD), "{} is in plain", path.display());
            }
        }
        // Who only passed them on has nothing of them.
        assert_eq!(all(&cluster.node(NEIGHBOUR).dir.join("data/materials")), Vec::<PathBuf>::new());
        home.refused(&["case", "material", &case, "户口簿", "--file", "-"], "material-unknown");
        let there = small.display().to_string();
        home.refused(&["case", "material", &case, "照片", "--file", &there], "file-exists");
        home.ok(&["case", "accept", &case]);
        // After a restart they are there still.
        home.kill();
        home.start();
        same(&cluster, home, &case, "申请书", &large);
    }
}

#[test]
fn what_is_given_wrongly_is_refused_and_leaves_nothing() {
    let cluster = cluster(&[("material_mib", "1")]);
    let home = cluster.node(HOME);
    home.ok(&["operator", "add", "window", "--role", "window"]);
    let before = home.get("/v1/cases");
    let attempt = |path: &Path, code: &str| {
        let material = format!("材料={}", path.display());
        let args = ["case", "collect", "--item", SHORT, "--for", TREE.code(HOME), "--name", APPLICANT.0];
        home.refused(&[&args[..], &["--id", APPLICANT.1, "--material", &material]].concat(), code);
    };
    attempt(&file(&cluster, "empty", 0), "material-empty");
    attempt(&file(&cluster, "large", MIB + 1), "material-too-large");
    let put = |key: &str, digest: &Digest, size: usize, bytes: &[u8]| {
        let path = format!("/v1/materials?sha256={digest}&size={size}");
        socket::put(&home.socket(), &path, &[format!("idempotency-key: {key}")], bytes).expect("the node answers")
    };
    let (content, right) = (b"content".as_slice(), Digest::of(b"content"));
    for (what, answer, code) in [
        ("another digest", put("a", &Digest::of(b"other"), content.len(), content), "material-digest"),
        ("longer", put("a", &right, content.len() - 1, content), "material-digest"),
        ("shorter", put("a", &right, content.len() + 1, content), "material-digest"),
        ("empty", put("a", &right, 0, b""), "material-empty"),
        ("too large", put("a", &right, MIB + 1, content), "material-too-large"),
    ] {
        assert_eq!(answer.code(), code, "{what}: {answer:?}");
    }
    assert_eq!(stored(home), Vec::<PathBuf>::new());
    // A file that is named without having been sent, or was sent under another key.
    assert!(put("sent", &right, content.len(), content).is_done());
    let again = put("sent", &right, content.len(), content);
    assert_eq!(again.body["known"], true, "{again:?}");
    assert_eq!(stored(home).len(), 1, "nothing is written twice");
    let body = serde_json::json!({
        "item": SHORT, "division": TREE.code(HOME), "name": APPLICANT.0, "id": APPLICANT.1,
        "materials": [{ "name": "材料", "sha256": right.to_string(), "size": content.len() }],
    });
    let other = home.post("/v1/cases", "other", &body).expect("the node answers");
    assert_eq!(other.code(), "material-not-sent", "{other:?}");
    assert_eq!(home.get("/v1/cases"), before, "something was collected");
    // Under the right one it is taken, once, however often that is asked.
    let first = home.post("/v1/cases", "sent", &body).expect("the node answers");
    assert!(first.is_done(), "{first:?}");
    assert!(put("sent", &right, content.len(), content).is_done());
    assert_eq!(home.post("/v1/cases", "sent", &body).expect("the node answers"), first);
    assert_eq!(stored(home).len(), 1);
    // One whose key is gone, and that no case names, is written anew.
    assert!(put("keyless", &right, content.len(), content).is_done());
    assert_eq!(stored(home).len(), 2);
    for path in all(&home.dir.join("data/materials/drafts")) {
        fs::remove_file(path).expect("it is ours");
    }
    let anew = put("keyless", &right, content.len(), content);
    assert_eq!(anew.body["known"], false, "{anew:?}");
    let collected = home.post("/v1/cases", "keyless", &body).expect("the node answers");
    assert!(collected.is_done(), "{collected:?}");
    let drafts = all(&home.dir.join("data/materials/drafts"));
    assert!(!drafts.iter().any(|path| path.extension().is_some_and(|end| end == "part")), "{drafts:?}");
}

#[test]
fn a_cut_link_and_killed_nodes_resume_and_do_not_begin_again() {
    let bytes = 24 * MIB;
    let cluster = cluster(&[]);
    let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
    let given = file(&cluster, "given", bytes);
    cluster.lines(Some(slow()), 1);
    let before = cluster.carried();
    let case = collect(township, &[("申请书", &given)], &[]);
    home.owns(40, &case);
    // Whoever accepts has seen what was handed in.
    home.refused(&["case", "accept", &case], "materials-under-way");
    under_way(home, &case, 15);
    cluster.cut(HOME);
    let cut = within(30, "the node sees that nothing comes", || {
        let shown = shown(home, &case)?;
        seen(shown["materials"][0]["cause"].is_string(), shown)
    });
    assert_eq!(cut["materials"][0]["file"], "under-way", "{cut}");
    cluster.heal(HOME);
    let healed = under_way(home, &case, 40);
    home.kill();
    home.start();
    assert!(under_way(home, &case, healed.saturating_sub(10)) < 100);
    under_way(home, &case, 65);
    township.kill();
    township.start();
    stands(120, home, &case, "here");
    cluster.lines(None, 0);
    same(&cluster, home, &case, "申请书", &given);
    home.ok(&["case", "accept", &case]);
    let log = fs::read_to_string(home.log()).unwrap_or_default();
    assert!(log.contains("a material is fetched further"), "it began anew each time");
    // Over one link or three: what was here when something broke isn't sent again.
    let carried = cluster.carried() - before;
    assert!(carried < 4 * bytes as u64, "{carried} bytes for {bytes}");
}

#[test]
fn a_file_that_is_damaged_where_it_was_given_is_named_and_fetched_when_it_is_mended() {
    let cluster = cluster(&[]);
    let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
    let given = file(&cluster, "given", 2 * MIB);
    let case = collect(township, &[("申请书", &given)], &["--hold"]);
    let [path] = &stored(township)[..] else { panic!("one file is stored") };
    let whole = fs::read(path).expect("it is there");
    let mut bent = whole.clone();
    bent[MIB + MIB / 2] ^= 1;
    fs::write(path, &bent).expect("the directory can be written");
    // Half of it can be read, and what comes to whoever reads is thrown away.
    let out = cluster.root().join("out");
    township.refused(&["case", "material", &case, "申请书", "--file", &out.display().to_string()], "material-cut");
    assert!(!out.exists());
    township.ok(&["case", "offer", &case]);
    home.owns(20, &case);
    within(30, "the decider names the damage", || {
        let shown = shown(home, &case)?;
        seen(shown["materials"][0]["cause"] == "material-damaged", shown)
    });
    home.refused(&["case", "accept", &case], "materials-under-way");
    home.refused(&["case", "material", &case, "申请书", "--file", "-"], "material-unknown");
    assert!(fs::read_to_string(township.log()).unwrap_or_default().contains("material-damaged"));
    fs::write(path, &whole).expect("the directory can be written");
    stands(90, home, &case, "here");
    same(&cluster, home, &case, "申请书", &given);
}

#[test]
fn an_applicant_who_is_put_right_takes_no_file_with_him() {
    let cluster = cluster(&[]);
    let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
    let given = file(&cluster, "given", 2 * MIB);
    let amend = |case: &str| {
        home.ok(&["case", "amend", case, "--field", "applicant-name", "--value", "李四", "--reason", "录入有误"]);
        within(30, "the hall that collected hears of it", || {
            let shown = shown(township, case)?;
            seen(shown["amendments"].as_array().is_some_and(|amendments| amendments.len() == 1), shown)
        });
    };
    let case = collect(township, &[("申请书", &given)], &[]);
    home.owns(40, &case);
    stands(60, home, &case, "here");
    home.ok(&["case", "accept", &case]);
    let print = |name: &str| {
        let out = cluster.root().join(name);
        let key = ["--idempotency-key", "printed-once", "--yes"];
        let args = ["case", "print", &case, "--document", "acceptance", "--file", &out.display().to_string()];
        home.ok(&[&args[..], &key].concat());
        fs::read(out).expect("it was written")
    };
    let printed = print("before.pdf");
    amend(&case);
    // It is sealed where it was collected, and from there it comes again.
    fs::remove_file(&stored(home)[0]).expect("it is there");
    home.refused(&["case", "material", &case, "申请书", "--file", "-"], "material-damaged");
    stands(60, home, &case, "here");
    same(&cluster, home, &case, "申请书", &given);
    assert_eq!(print("after.pdf"), printed, "the first print says what it said");
    // And a second one, while its file is on its way.
    let large = file(&cluster, "large", 16 * MIB);
    cluster.lines(Some(slow()), 1);
    let case = collect(township, &[("申请书", &large)], &[]);
    home.owns(40, &case);
    under_way(home, &case, 10);
    amend(&case);
    cluster.lines(None, 0);
    stands(120, home, &case, "here");
    same(&cluster, home, &case, "申请书", &large);
}

#[test]
fn a_copy_that_is_damaged_or_gone_at_the_decider_is_fetched_again() {
    let cluster = cluster(&[]);
    let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
    let given = file(&cluster, "given", 2 * MIB);
    let case = collect(township, &[("申请书", &given)], &[]);
    home.owns(40, &case);
    stands(60, home, &case, "here");
    let out = cluster.root().join("out").display().to_string();
    let read = ["case", "material", &case, "申请书", "--file", &out];
    let [path] = &stored(home)[..] else { panic!("one file is stored") };
    // In its first part, in a later one that is read when the first is on its way already, and all of it.
    for (at, code) in
        [(Some(100), "material-damaged"), (Some(MIB + MIB / 2), "material-cut"), (None, "material-damaged")]
    {
        match at {
            Some(at) => {
                let mut bent = fs::read(path).expect("it is there");
                bent[at] ^= 1;
                fs::write(path, &bent).expect("the directory can be written");
            }
            None => fs::remove_file(path).expect("it is there"),
        }
        home.refused(&read, code);
        stands(60, home, &case, "here");
        same(&cluster, home, &case, "申请书", &given);
    }
    home.ok(&["case", "accept", &case]);
}

#[test]
fn a_file_that_comes_after_its_case_was_forwarded_reaches_the_superior() {
    let cluster = cluster(&[]);
    let (township, home, city) = (cluster.node(TOWNSHIP), cluster.node(HOME), cluster.node(CITY));
    let above = [TREE.code(HOME)];
    cluster.publish(CITY, &[Item::permit("420A0015500013-420100000000-000-1-1-00", above[0])]);
    city.staff();
    let given = file(&cluster, "given", 12 * MIB);
    cluster.lines(Some(slow()), 1);
    let case = collect(township, &[("申请书", &given)], &[]);
    home.owns(40, &case);
    under_way(home, &case, 10);
    cluster.cut(TOWNSHIP);
    // What the notice asks for is brought on paper, so the case is accepted, and reported to the city.
    home.ok(&["case", "notify", &case, "--item", "申请书签名"]);
    let paper = format!("签名=sha256:{}", Digest::of(b"paper"));
    home.ok(&["case", "supplement", &case, "--item", "1", "--material", &paper]);
    home.ok(&["case", "accept", &case]);
    let forward =
        ["case", "forward", &case, "--to", TREE.code(CITY), "--item", SHORT, "--opinion", "拟准予，报市局决定"];
    home.eventually(30, &forward);
    let next = shown(home, &case).expect("it is shown")["forwarded_to"]["case"].as_str().map(str::to_owned);
    let next = next.expect("it goes on in another case");
    city.owns(40, &next);
    stands(30, city, &next, "under-way");
    assert_ne!(shown(home, &case).expect("it is shown")["materials"][0]["file"], "here");
    cluster.heal(TOWNSHIP);
    cluster.lines(None, 0);
    stands(120, home, &case, "here");
    stands(120, city, &next, "here");
    for (node, case) in [(home, &case), (city, &next)] {
        same(&cluster, node, case, "申请书", &given);
    }
}

#[test]
fn what_no_case_names_is_swept_after_a_day() {
    let cluster = cluster(&[]);
    let home = cluster.node(HOME);
    home.ok(&["operator", "add", "window", "--role", "window"]);
    let given = file(&cluster, "given", MIB);
    let case = collect(home, &[("申请书", &given)], &[]);
    let content = b"given, and the window went away";
    let path = format!("/v1/materials?sha256={}&size={}", Digest::of(content), content.len());
    let put = socket::put(&home.socket(), &path, &["idempotency-key: lost".to_owned()], content);
    assert!(put.expect("the node answers").is_done());
    home.kill();
    home.start();
    assert_eq!(stored(home).len(), 2, "a day has not passed");
    home.kill();
    let old = SystemTime::now() - Duration::from_secs(25 * 3600);
    for path in all(&home.dir.join("data/materials")) {
        let opened = File::options().write(true).open(path).expect("it is there");
        opened.set_modified(old).expect("it is ours");
    }
    home.start();
    within(20, "the file that nothing names is gone", || {
        let left = stored(home);
        seen(left.len() == 1, format!("{left:?}")).map(drop)
    });
    same(&cluster, home, &case, "申请书", &given);
    assert_eq!(all(&home.dir.join("data/materials/drafts")), Vec::<PathBuf>::new());
}

#[test]
fn a_full_disk_refuses_and_takes_when_there_is_room() {
    let mut cluster = Cluster::new();
    let Some(disk) = SmallDisk::mount(&cluster.root().join(CITY), 64) else { return };
    cluster.init(CITY, TREE.code(CITY), "武汉市").configure(&[("low_water_mib", "16")]);
    cluster.init(HOME, TREE.code(HOME), "武昌区");
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    cluster.join(CITY, HOME);
    cluster.linked(CITY, HOME);
    cluster.publish(CITY, &[Item::permit("420A0015500013-420100000000-000-1-1-00", TREE.code(CITY))]);
    cluster.nodes().for_each(Node::staff);
    let (city, home) = (cluster.node(CITY), cluster.node(HOME));
    let given = file(&cluster, "given", 40 * MIB);
    let material = format!("申请书={}", given.display());
    let collect = [
        "case",
        "collect",
        "--item",
        SHORT,
        "--for",
        TREE.code(CITY),
        "--name",
        APPLICANT.0,
        "--id",
        APPLICANT.1,
        "--material",
        &material,
    ];
    city.refused(&collect, "disk-low");
    assert_eq!(stored(city), Vec::<PathBuf>::new());
    // What another hall hands over waits until there is room, and nothing is lost of it.
    let case = home.ok(&collect)["case"].as_str().unwrap_or_default().to_owned();
    city.owns(20, &case);
    within(60, "the decider says why it doesn't come", || {
        let shown = shown(city, &case)?;
        seen(shown["materials"][0]["cause"] == "disk-low", shown)
    });
    // Nor does it keep the window from taking others.
    let paper = format!("申请书=sha256:{}", digest(&given));
    city.ok(&[&collect[..collect.len() - 1], &[&paper]].concat());
    disk.grow(160);
    stands(90, city, &case, "here");
    same(&cluster, city, &case, "申请书", &given);
    drop(cluster);
    drop(disk);
}

/// What a file may add to the memory of each node that it passes.
const MEMORY_KIB_MAX: u64 = 8 << 10;

/// How often it is measured at most, each time against what the node had before the first: what else it does meanwhile adds to a peak, and what a file
/// leaves behind is counted in every round.
const MEMORY_ROUNDS_MAX: usize = 3;

#[test]
#[expect(clippy::print_stderr, reason = "the figures are what it is about")]
fn a_large_file_takes_no_more_memory_than_a_small_one() {
    // Through the city, so that one node only passes it on.
    let cluster = cluster(&[("direct", "false")]);
    let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
    let pass = |name: &str, bytes: usize| {
        let given = file(&cluster, name, bytes);
        let case = collect(township, &[("申请书", &given)], &[]);
        home.owns(40, &case);
        stands(300, home, &case, "here");
        same(&cluster, home, &case, "申请书", &given);
        fs::remove_file(given).expect("it was written");
    };
    // What a node takes once, for its first files and cases.
    for round in 0..3 {
        pass(&format!("warm-{round}"), 8 * MIB);
    }
    let nodes = [(TOWNSHIP, township), (NEIGHBOUR, cluster.node(NEIGHBOUR)), (CITY, cluster.node(CITY)), (HOME, home)];
    let before = nodes.map(|(_, node)| node.begin_peak());
    let mut least = nodes.map(|_| u64::MAX);
    for round in 0..MEMORY_ROUNDS_MAX {
        for (_, node) in nodes {
            let _now = node.begin_peak();
        }
        // Six times what it may take.
        pass(&format!("large-{round}"), 48 * MIB);
        for ((least, (name, node)), before) in least.iter_mut().zip(nodes).zip(before) {
            let grown = node.peak_kib().saturating_sub(before);
            eprintln!("round {round}: {name} has {grown} KiB more than before");
            *least = grown.min(*least);
        }
        if least.iter().all(|grown| *grown <= MEMORY_KIB_MAX) {
            return;
        }
    }
    panic!("KiB more in each of {MEMORY_ROUNDS_MAX} rounds: {least:?}, {MEMORY_KIB_MAX} at most");
}
