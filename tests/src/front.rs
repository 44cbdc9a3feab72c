//! A real PostgreSQL that plays the front database of the platform above.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::{self, Options};

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
