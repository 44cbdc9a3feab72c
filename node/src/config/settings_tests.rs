#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn every_fault_names_its_code_line_and_key() {
    let cases = [
        ("", "config-key-missing", None, "listen"),
        ("listen = \"127.0.0.1:7511\"\nlisten = \"127.0.0.1:7512\"\n", "config-syntax", Some(2), ""),
        ("listen = \n", "config-syntax", Some(1), ""),
        ("listen = \"127.0.0.1:7511\"\nadvertize = []\n", "config-unknown-key", Some(2), "advertise"),
        ("listen = \"127.0.0.1:7511\"\nlow_water_mib = 5\n", "config-unknown-key", Some(2), "limits.low_water_mib"),
        ("listen = \"127.0.0.1:7511\"\n[limit]\nlow_water_mib = 99\n", "config-unknown-key", Some(2), "limits"),
        (
            "listen = \"127.0.0.1:7511\"\n\n[federation]\npull_second = 20\n",
            "config-unknown-key",
            Some(4),
            "federation.pull_seconds",
        ),
        ("listen = \"127.0.0.1:7511\"\npassword = \"x\"\n", "config-unknown-key", Some(2), "password"),
        ("listen = 7511\n", "config-type", Some(1), "listen"),
        ("listen = \"7511\"\n", "config-type", Some(1), "listen"),
        ("listen = \"127.0.0.1:7511\"\nstorage = 5\n", "config-type", Some(2), "storage"),
        (
            "listen = \"127.0.0.1:7511\"\n[storage]\nblock_cache_mib = \"64\"\n",
            "config-type",
            Some(3),
            "storage.block_cache_mib",
        ),
        (
            "listen = \"127.0.0.1:7511\"\n[federation]\npull_seconds = -1\n",
            "config-type",
            Some(3),
            "federation.pull_seconds",
        ),
        ("listen = \"127.0.0.1:7511\"\n[telemetry]\nformat = \"xml\"\n", "config-type", Some(3), "telemetry.format"),
        (
            "listen = \"127.0.0.1:7511\"\n[federation]\npull_seconds = 0\n",
            "config-range",
            Some(3),
            "federation.pull_seconds",
        ),
        (
            "listen = \"127.0.0.1:7511\"\n[storage]\nwrite_buffer_mib = 1\n",
            "config-range",
            Some(3),
            "storage.write_buffer_mib",
        ),
        ("listen = \"127.0.0.1:7511\"\nadvertise = [\"hall\"]\n", "config-range", Some(2), "advertise"),
        ("listen = \"127.0.0.1:7511\"\nsocket = \"\"\n", "config-range", Some(2), "socket"),
        ("listen = \"127.0.0.1:7511\"\n[telemetry]\nfilter = \"a=b=c\"\n", "config-range", Some(3), "telemetry.filter"),
    ];
    for (text, code, line, key) in cases {
        let error = Config::parse(text).unwrap_err();
        assert_eq!((error.code(), error.line()), (code, line), "{text}: {error}");
        let problem = error.problem();
        assert!(problem.en.contains(key) || problem.remedy_en.contains(key), "{text}: {problem:?}");
        assert!(!problem.zh.is_empty() && !problem.remedy_zh.is_empty() && !problem.remedy_en.is_empty(), "{text}");
    }
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = Config::parse("\u{feff}listen = \"[::]:7511\"").unwrap();
    assert_eq!(config.storage, Storage::default());
    assert_eq!(config.federation, Federation::default());
    assert_eq!(config.socket, Path::new("tongban.sock"));
    assert_eq!(config.socket_in(Path::new("/srv/a")), Path::new("/srv/a/tongban.sock"));
}

#[test]
fn the_written_file_reads_back_and_has_every_key() {
    let listen = "127.0.0.1:7511".parse().unwrap();
    let text = Config::template(listen, &["a.example:1".to_owned()], Path::new("tongban.sock"));
    let config = Config::parse(&text).unwrap();
    assert_eq!(config.listen, listen);
    assert_eq!(config.advertise, ["a.example:1"]);
    assert_eq!(config.limits, Limits::default());
    let table: toml::Table = text.parse().unwrap();
    let mut keys = Vec::new();
    for (key, value) in &table {
        match value {
            toml::Value::Table(inner) => keys.extend(inner.keys().map(|inner| format!("{key}.{inner}"))),
            _ => keys.push(key.clone()),
        }
    }
    keys.sort();
    let mut known = KEYS.map(str::to_owned).to_vec();
    known.sort();
    assert_eq!(keys, known);
}

#[test]
fn every_example_is_loaded() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config-examples");
    for name in ["province", "city", "county", "township"] {
        let path = examples.join(format!("{name}.toml"));
        let config = Config::load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_ne!(config.listen.port(), 0, "{name}");
    }
}

#[test]
fn what_peers_dial() {
    for (text, dialled) in [
        ("listen = \"10.0.0.1:7511\"", vec!["10.0.0.1:7511"]),
        ("listen = \"0.0.0.0:7511\"", vec![]),
        ("listen = \"127.0.0.1:0\"", vec![]),
        ("listen = \"0.0.0.0:7511\"\nadvertise = [\"hall.example:7511\"]", vec!["hall.example:7511"]),
    ] {
        assert_eq!(Config::parse(text).unwrap().dialled_at(), dialled, "{text}");
    }
}

#[test]
fn addresses() {
    for good in ["10.1.2.3:7511", "[2001:db8::1]:7511", "hall.example:1", "localhost:7511", "a-b.c_d:65535"] {
        assert!(is_address(good), "{good}");
    }
    for bad in
        ["", "hall", "hall:", ":7511", "hall:0", "0.0.0.0:7511", "10.1.2:7511", "10.1.2.3:70000", "a b:1", "a..b:1"]
    {
        assert!(!is_address(bad), "{bad}");
    }
}
