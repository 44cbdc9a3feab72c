//! A real PostgreSQL that plays the front database of the platform above.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::{self, Options};
use crate::{Node, seen, within};

/// A running PostgreSQL 15 with its own empty cluster, reached by a socket alone. It is ended when it is dropped.
pub struct FrontDatabase {
    // In the order in which they go: the connection, the server, its files.
    client: Client,
    cluster: postgres::Cluster,
    runtime: tokio::runtime::Runtime,
    _root: TempDir,
}

impl FrontDatabase {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    ///
    /// When PostgreSQL isn't installed or doesn't start.
    #[must_use]
    pub fn start() -> Self {
        let programs = postgres::programs().filter(|place| place.join("psql").is_file());
        let programs = programs.expect("PostgreSQL 15 is installed (scripts/setup does that)");
        let root = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a temporary directory can be made");
        // PostgreSQL's user must get through.
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("the directory is ours");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let started = runtime.block_on(async {
            let place = root.path().join("cluster");
            let cluster = postgres::Cluster::start(&programs, &place, &Options::default()).await?;
            anyhow::Ok((cluster.connect().await?, cluster))
        });
        let (client, cluster) = started.expect("postgres can be started");
        Self { client, cluster, runtime, _root: root }
    }

    /// Its address, as `--to` and `psql` take it.
    #[must_use]
    pub fn address(&self) -> String {
        let place = self.cluster.place().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{place}/postgres")
    }

    /// Has a node report by a command, and kills it when the front database has committed rows of a table and the node hasn't heard of it. Ends when the
    /// command has said that the node doesn't run.
    ///
    /// # Panics
    ///
    /// When it comes otherwise.
    #[track_caller]
    pub fn kill_between_commit_and_record(&self, node: &Node, command: &[&str], table: &str) {
        // A commit there waits for a lock that is held here: so it is known where the report stands.
        self.run(&format!(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION wait();
             SELECT pg_advisory_lock(7)",
        ));
        let address = self.address();
        let command = [command, &["--to", &address]].concat();
        let (ended, said) = std::thread::scope(|scope| {
            let reporting = scope.spawn(|| node.call(&command));
            within(30, "the report waits in its commit", || {
                let waiting = self.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
                seen(waiting == "1", waiting)
            });
            node.kill();
            self.run("SELECT pg_advisory_unlock(7)");
            reporting.join().expect("the command ends")
        });
        assert_eq!((ended, said["error"]["code"].as_str()), (1, Some("node-not-running")), "{said}");
    }

    /// Runs statements; gives the values of the last one's rows, NULL as `-`.
    ///
    /// # Panics
    ///
    /// When the database refuses.
    #[track_caller]
    pub fn run(&self, statements: &str) -> Vec<Vec<String>> {
        let said = match self.runtime.block_on(self.client.simple_query(statements)) {
            Ok(said) => said,
            Err(error) => panic!("{statements}: {error:?}"),
        };
        let mut rows = Vec::new();
        for message in said {
            match message {
                SimpleQueryMessage::Row(row) => {
                    rows.push((0..row.len()).map(|at| row.get(at).unwrap_or("-").to_owned()).collect());
                }
                SimpleQueryMessage::RowDescription(_) => rows.clear(),
                _ => {}
            }
        }
        rows
    }

    /// The one value of a query.
    ///
    /// # Panics
    ///
    /// When it has no or several rows.
    #[track_caller]
    pub fn value(&self, query: &str) -> String {
        match self.run(query).as_slice() {
            [row] if row.len() == 1 => row[0].clone(),
            other => panic!("{query}: {other:?}"),
        }
    }
}
