//! PostgreSQL beside tongban: the same act as one prepared statement, so one transaction, on the same disk in the same run.
//!
//! The statement inserts an idempotency key, updates a case with five indexes, inserts a journal entry and an outbox row. Its
//! bodies have the least sizes that the comparison asks for, 400, 300 and 300 bytes; tongban's are larger. It doesn't check
//! anything but the state of the case: no rights, no item, no calendar, no seal, no hash tree, no figures. Settings are
//! PostgreSQL's own, `fsync` and `synchronous_commit` on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio_postgres::{Client, NoTls};

use crate::accept::Round;
use crate::latency::{Acts, gather, micros_since};
use crate::usage::Usage;

const CASE_BYTES: usize = 400;
const JOURNAL_HEADER_BYTES: usize = 150;
const JOURNAL_BODY_BYTES: usize = 150;
const OUTBOX_BYTES: usize = 300;

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);

const SCHEMA: &str = "
CREATE TABLE idempotency (key bytea PRIMARY KEY, request bytea NOT NULL, reply text NOT NULL);
CREATE TABLE cases (
    id bytea PRIMARY KEY, collection_no text NOT NULL, query_code text NOT NULL, case_no text, holder bytea NOT NULL,
    due_at bigint, status smallint NOT NULL, body bytea NOT NULL);
CREATE UNIQUE INDEX cases_query_code ON cases (query_code);
CREATE UNIQUE INDEX cases_case_no ON cases (case_no);
CREATE INDEX cases_holder ON cases (holder);
CREATE INDEX cases_due_at ON cases (due_at);
CREATE TABLE journal (number bigserial PRIMARY KEY, case_id bytea NOT NULL, header bytea NOT NULL, body bytea NOT NULL);
CREATE TABLE outbox (sequence bigserial PRIMARY KEY, destination bytea NOT NULL, case_id bytea NOT NULL, body bytea NOT NULL);
";

const FILL: &str = "
INSERT INTO cases
SELECT decode(md5('id' || n), 'hex'), '511602000000-20261122-' || n, upper(substr(md5('query' || n), 1, 13)), NULL,
       decode(md5('holder' || n) || md5('of' || n), 'hex'), n, 1, decode(repeat(md5('body' || n), 25), 'hex')
FROM generate_series($1::bigint, $2::bigint) AS n
RETURNING id";

const ACCEPT: &str = "
WITH known AS (INSERT INTO idempotency (key, request, reply) VALUES ($1, $2, $3)),
     accepted AS (UPDATE cases SET status = 2, case_no = $5, due_at = $6, body = $7 WHERE id = $4 AND status = 1 RETURNING id),
     entry AS (INSERT INTO journal (case_id, header, body) SELECT id, $8, $9 FROM accepted)
INSERT INTO outbox (destination, case_id, body) SELECT $10, id, $11 FROM accepted";

/// A running PostgreSQL with its own cluster.
pub(crate) struct Postgres {
    child: Child,
    directory: PathBuf,
    filled: i64,
    numbered: usize,
}

/// Where the programs of PostgreSQL 15 are, if they are anywhere.
pub(crate) fn programs() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/postgresql/15/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(debian)
        .chain(std::env::split_paths(&path))
        .find(|directory| directory.join("initdb").is_file() && directory.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes.
fn command(program: &Path) -> Command {
    if !rustix::process::getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

impl Postgres {
    /// Makes a cluster in a new directory and starts it; its version comes with it.
    pub(crate) async fn start(programs: &Path, directory: PathBuf) -> anyhow::Result<(Self, String)> {
        fs::create_dir(&directory)?;
        if rustix::process::getuid().is_root() {
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
            let owned = Command::new("chown").arg("postgres").arg(&directory).status()?;
            ensure!(owned.success(), "there is no user postgres for a cluster of root's");
        }
        let data = directory.join("data");
        let made = command(&programs.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--pgdata"])
            .arg(&data)
            .current_dir("/")
            .stdout(Stdio::null())
            .output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let log = fs::File::create(directory.with_extension("log"))?;
        let child = command(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c", "fsync=on", "-c", "synchronous_commit=on"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", directory.display()))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut postgres = Self { child, directory, filled: 0, numbered: 0 };
        let began = Instant::now();
        let client = loop {
            match postgres.connect().await {
                Ok(client) => break client,
                Err(error) if began.elapsed() > PATIENCE => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            if let Some(status) = postgres.child.try_wait()? {
                bail!("postgres ended with {status}; see {}", postgres.directory.with_extension("log").display());
            }
        };
        client.batch_execute(SCHEMA).await?;
        let version = client.query_one("SHOW server_version", &[]).await?.get(0);
        Ok((postgres, version))
    }

    async fn connect(&self) -> anyhow::Result<Client> {
        let (client, connection) = tokio_postgres::Config::new()
            .host_path(&self.directory)
            .user("postgres")
            .dbname("postgres")
            .connect(NoTls)
            .await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Collects so many cases and gives their ids.
    pub(crate) async fn fill(&mut self, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
        let client = self.connect().await?;
        let last = self.filled + i64::try_from(count)?;
        let rows = client.query(FILL, &[&(self.filled + 1), &last]).await?;
        self.filled = last;
        for tidy in ["VACUUM ANALYZE", "CHECKPOINT"] {
            client.batch_execute(tidy).await?;
        }
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Accepts each case, by so many clients.
    pub(crate) async fn round(&mut self, cases: &[Vec<u8>], clients: usize) -> anyhow::Result<Round> {
        let mut sessions = Vec::new();
        for _ in 0..clients {
            let client = Arc::new(self.connect().await?);
            let statement = client.prepare(ACCEPT).await?;
            sessions.push((client, statement));
        }
        // The use of a backend can be read while it lives; its syncs count once it has ended.
        let held: Vec<Arc<Client>> = sessions.iter().map(|(client, _)| Arc::clone(client)).collect();
        let first = self.numbered;
        self.numbered += cases.len();
        let cases: Arc<[Vec<u8>]> = cases.into();
        let acts = Acts::new(cases.len());
        let syncs = self.syncs().await?;
        let family = self.child.id();
        let (server, load) = (Usage::of_family(family), Usage::of(std::process::id()));
        let began = Instant::now();
        let tasks = sessions.into_iter().map(|(client, statement)| {
            let (acts, cases) = (acts.clone(), Arc::clone(&cases));
            tokio::spawn(async move {
                let mut micros = Vec::new();
                while let Some(number) = acts.take() {
                    let act = Act::new(first + number, &cases[number]);
                    let sent = Instant::now();
                    let rows = client.execute(&statement, &act.parameters()).await?;
                    micros.push(micros_since(sent));
                    ensure!(rows == 1, "the case was not accepted");
                }
                Ok(micros)
            })
        });
        let latency = gather(began, tasks.collect()).await?;
        let acts = latency.acts;
        let server = Usage::of_family(family).per_act(&server, acts);
        let mut load = Usage::of(std::process::id()).per_act(&load, acts);
        load.threads_us.clear();
        drop(held);
        // An ending backend adds its counts to the shared ones.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let syncs = self.syncs().await?.saturating_sub(syncs);
        Ok(Round::new(clients, latency, syncs, server, load))
    }

    async fn syncs(&self) -> anyhow::Result<u64> {
        let row = self.connect().await?.query_one("SELECT wal_sync FROM pg_stat_wal", &[]).await?;
        u64::try_from(row.get::<_, i64>(0)).context("a negative count")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown; it ends its own children.
        let _told = kill_process(Pid::from_child(&self.child), Signal::INT);
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if began.elapsed() > PATIENCE {
                let _killed = self.child.kill();
                let _waited = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The values of one act; what tongban draws at random is as random here.
struct Act {
    key: Vec<u8>,
    request: Vec<u8>,
    reply: String,
    case: Vec<u8>,
    case_no: String,
    due_at: i64,
    body: Vec<u8>,
    header: Vec<u8>,
    entry: Vec<u8>,
    destination: Vec<u8>,
    envelope: Vec<u8>,
}

impl Act {
    fn new(number: usize, case: &[u8]) -> Self {
        let case_no = format!("11511602008778693M20261122{number:08}");
        let reply = format!(
            r#"{{"case":"{number:032}","case_no":"{case_no}","state":"accepted","statutory_due":"2026-12-18","promised_due":"2026-12-04"}}"#
        );
        Self {
            key: random(32),
            request: random(32),
            reply,
            case: case.to_vec(),
            case_no,
            due_at: i64::try_from(number).unwrap_or(i64::MAX),
            body: random(CASE_BYTES),
            header: random(JOURNAL_HEADER_BYTES),
            entry: random(JOURNAL_BODY_BYTES),
            destination: vec![7; 16],
            envelope: random(OUTBOX_BYTES),
        }
    }

    /// In the order of [`ACCEPT`].
    fn parameters(&self) -> [&(dyn tokio_postgres::types::ToSql + Sync); 11] {
        [
            &self.key,
            &self.request,
            &self.reply,
            &self.case,
            &self.case_no,
            &self.due_at,
            &self.body,
            &self.header,
            &self.entry,
            &self.destination,
            &self.envelope,
        ]
    }
}

fn random(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
    bytes
}
