//! PostgreSQL beside tongban: the same act as one prepared statement, so one transaction, on the same disk in the same run.
//!
//! The statement inserts an idempotency key, updates a case with five indexes, inserts a journal entry and an outbox row. Its
//! bodies have the least sizes that the comparison asks for, 400, 300 and 300 bytes; tongban's are larger. It doesn't check
//! anything but the state of the case: no rights, no item, no calendar, no seal, no hash tree, no figures. Settings are
//! PostgreSQL's own, `fsync` and `synchronous_commit` on.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use system_tests::postgres::{Cluster, Options};
use system_tests::waiting::until;
use tokio_postgres::Client;

use crate::accept::Round;
use crate::latency::{Acts, gather, micros_since};
use crate::usage::Usage;

const CASE_BYTES: usize = 400;
const JOURNAL_HEADER_BYTES: usize = 150;
const JOURNAL_BODY_BYTES: usize = 150;
const OUTBOX_BYTES: usize = 300;

/// How long the backends may take to end, and how often they are counted.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// What the comparison rests on, also where PostgreSQL's own values would change.
const SETTINGS: [(&str, &str); 2] = [("fsync", "on"), ("synchronous_commit", "on")];

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

const OTHERS: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

/// A running PostgreSQL with its own cluster.
pub(crate) struct Postgres {
    cluster: Cluster,
    filled: i64,
    numbered: usize,
}

impl Postgres {
    /// Makes a cluster in a new directory and starts it with further settings; its version comes with it.
    pub(crate) async fn start(
        programs: &Path,
        directory: &Path,
        more: &[(&str, &str)],
    ) -> anyhow::Result<(Self, String)> {
        let settings = [&SETTINGS[..], more].concat();
        let options = Options { settings: &settings, ..Options::default() };
        let cluster = Cluster::start(programs, directory, &options).await?;
        let client = cluster.connect().await?;
        client.batch_execute(SCHEMA).await?;
        let version = client.query_one("SHOW server_version", &[]).await?.get(0);
        Ok((Self { cluster, filled: 0, numbered: 0 }, version))
    }

    /// The server, whose children the backends are.
    pub(crate) fn process(&self) -> anyhow::Result<u32> {
        self.cluster.pid().context("postgres has ended")
    }

    /// Collects so many cases and gives their ids.
    pub(crate) async fn fill(&mut self, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
        let client = self.cluster.connect().await?;
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
            let client = Arc::new(self.cluster.connect().await?);
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
        let family = self.process()?;
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
        self.alone().await?;
        let syncs = self.syncs().await?.saturating_sub(syncs);
        Ok(Round::new(clients, latency, syncs, server, load))
    }

    /// Waits until the backends of closed connections have ended; each adds its counts to the shared ones before it is gone.
    async fn alone(&self) -> anyhow::Result<()> {
        let client = self.cluster.connect().await?;
        until(PAUSE, PATIENCE, "the backends end", async || {
            let others: i64 = client.query_one(OTHERS, &[]).await?.get(0);
            Ok((others == 0).then_some(()))
        })
        .await
    }

    async fn syncs(&self) -> anyhow::Result<u64> {
        let row = self.cluster.connect().await?.query_one("SELECT wal_sync FROM pg_stat_wal", &[]).await?;
        u64::try_from(row.get::<_, i64>(0)).context("a negative count")
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
