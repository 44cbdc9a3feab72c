#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::thread;

use super::*;
use crate::cli::output::Form;
use crate::cli::text::Lang;
use crate::config::{NewNode, create};

fn node() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::TempDir::new().unwrap();
    let directory = parent.path().join("node");
    let new = NewNode {
        division: "511602".parse().unwrap(),
        name: "广安区".to_owned(),
        listen: "127.0.0.1:0".parse().unwrap(),
        advertise: Vec::new(),
        demo: true,
        admin_uid: 0,
    };
    create(&directory, &new).unwrap();
    (parent, directory)
}

fn client(directory: &Path, operator: Option<&str>, key: Option<&str>) -> Result<Client, Failure> {
    let output = Output { form: Form::Table, lang: Lang::En };
    Client::open(directory, operator.map(str::to_owned), key.map(str::to_owned), output)
}

/// Answers each connection with the next reply, an empty one by hanging up, and returns the requests.
fn serve(directory: &Path, replies: Vec<&'static str>) -> thread::JoinHandle<Vec<String>> {
    let listener = UnixListener::bind(directory.join("tongban.sock")).unwrap();
    thread::spawn(move || {
        let mut requests = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 4096];
            let length = stream.read(&mut bytes).unwrap();
            requests.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
            stream.write_all(reply.as_bytes()).unwrap();
        }
        requests
    })
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\": 1}";
const REFUSED: &str = "HTTP/1.1 409 Conflict\r\ncontent-length: 61\r\n\r\n{\"error\":{\"code\":\"case-state\",\"field\":\"case\",\"value\":\"C-1\"}}\n";

#[test]
fn requests_carry_operator_key_and_query() {
    let (_parent, directory) = node();
    let server = serve(&directory, vec![OK, OK]);
    let client = client(&directory, Some("张 三"), Some("k-1")).unwrap();
    assert_eq!(client.get("/v1/cases", &[("case", Some("a b&c")), ("limit", None)]).unwrap().line(), "{\"a\": 1}");
    client.post_part("/v1/items/import", &serde_json::json!({"rows": []}), 2).unwrap();
    let requests = server.join().unwrap();
    assert!(requests[0].starts_with("GET /v1/cases?case=a%20b%26c HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("tongban-operator: %E5%BC%A0%20%E4%B8%89\r\n"), "{}", requests[0]);
    assert!(!requests[0].contains("idempotency-key"));
    assert!(requests[1].contains("idempotency-key: k-1.2\r\n"), "{}", requests[1]);
    assert!(requests[1].contains("content-type: application/json\r\n"), "{}", requests[1]);
}

#[test]
fn a_broken_connection_is_tried_again_with_the_same_key() {
    let (_parent, directory) = node();
    let server = serve(&directory, vec!["", OK]);
    let client = client(&directory, None, None).unwrap();
    client.post("/v1/join", &serde_json::json!({"token": "t"})).unwrap();
    let requests = server.join().unwrap();
    let key = |request: &str| {
        request.lines().find_map(|line| line.strip_prefix("idempotency-key: ").map(str::to_owned)).unwrap()
    };
    assert_eq!(key(&requests[0]), key(&requests[1]));
    assert_eq!(key(&requests[0]).len(), 32);
}

#[test]
fn failures_have_their_codes() {
    let (_parent, directory) = node();
    let code = |result: Result<Answer, Failure>| result.unwrap_err().problem.code;
    let absent = client(&directory, None, None).unwrap().get("/v1/status", &[]).unwrap_err().problem;
    assert_eq!(absent.code, "node-not-running");
    assert_eq!(absent.remedy_en, format!("tongban run --dir {}", directory.display()));

    let server = serve(&directory, vec![REFUSED, "HTTP/1.1 500 X\r\ncontent-length: 4\r\n\r\noops"]);
    let speaker = client(&directory, None, None).unwrap();
    let refused = speaker.post("/v1/cases/act", &serde_json::json!({})).unwrap_err().problem;
    assert_eq!((refused.code.as_str(), refused.value.as_str()), ("case-state", "C-1"));
    assert_eq!(code(speaker.get("/v1/status", &[])), "answer-unreadable");
    server.join().unwrap();

    let open = |operator, key| client(&directory, operator, key).err().map(|failure| failure.problem.field);
    assert_eq!(open(Some(""), None).as_deref(), Some("as"));
    assert_eq!(open(None, Some("a b")).as_deref(), Some("idempotency-key"));
    assert_eq!(open(None, Some(&"k".repeat(101))).as_deref(), Some("idempotency-key"));
    assert_eq!(client(&directory.join("x"), None, None).err().unwrap().problem.code, "directory-not-a-node");
}

#[test]
fn answers_come_on_one_line() {
    for (text, line) in [("{\"a\":1}", "{\"a\":1}"), ("{\"a\":1}\n", "{\"a\":1}"), ("{\n \"a\": 1\n}", "{\"a\":1}")] {
        assert_eq!(Answer { text: text.to_owned() }.line(), line);
    }
}
