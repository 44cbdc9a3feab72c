//! A real PostgreSQL that plays the front database of the platform above.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::within;

/// Seconds in which a server must start or stop.
const SECONDS_MAX: u64 = 60;

/// A running PostgreSQL 15 with its own empty cluster, reached by a socket alone. It is ended when it is dropped.
pub struct FrontDatabase {
    child: Child,
    runtime: tokio::runtime::Runtime,
    client: Option<Client>,
    root: TempDir,
}

/// Where the programs of PostgreSQL 15 are.
fn programs() -> PathBuf {
    let debian = PathBuf::from("/usr/lib/postgresql/15/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::iter::once(debian).chain(std::env::split_paths(&path));
    let found = places.find(|place| ["initdb", "postgres", "psql"].iter().all(|name| place.join(name).is_file()));
    found.expect("PostgreSQL 15 is installed (scripts/setup does that)")
}

/// PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    if rustix::process::getuid().is_root() {
        command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

impl FrontDatabase {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    ///
    /// When PostgreSQL isn't installed or doesn't start.
    #[must_use]
    pub fn start() -> Self {
        let programs = programs();
        let root = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a temporary directory can be made");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("the directory is ours");
        let place = root.path().join("cluster");
        fs::create_dir(&place).expect("the directory is ours");
        if rustix::process::getuid().is_root() {
            let owned = Command::new("chown").arg("postgres").arg(&place).status().expect("chown can be started");
            assert!(owned.success(), "there is a user postgres");
        }
        let data = place.join("data");
        let made = command(&programs.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb can be started");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let log = fs::File::create(root.path().join("log")).expect("the directory is ours");
        let child = command(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c"])
            .arg(format!("unix_socket_directories={}", place.display()))
            .stderr(log)
            .spawn()
            .expect("postgres can be started");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let mut database = Self { child, runtime, client: None, root };
        let client = within(SECONDS_MAX, "postgres answers", || database.connect());
        database.client = Some(client);
        database
    }

    fn connect(&self) -> Result<Client, String> {
        self.runtime.block_on(async {
            let mut config = tokio_postgres::Config::new();
            config.host_path(self.root.path().join("cluster")).user("postgres").dbname("postgres");
            let (client, connection) = config.connect(NoTls).await.map_err(|error| error.to_string())?;
            tokio::spawn(connection);
            Ok(client)
        })
    }

    /// Its address, as `--to` and `psql` take it.
    #[must_use]
    pub fn address(&self) -> String {
        let place = self.root.path().join("cluster").display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{place}/postgres")
    }

    /// Runs statements; gives the values of the last one's rows, NULL as `-`.
    ///
    /// # Panics
    ///
    /// When the database refuses.
    #[track_caller]
    pub fn run(&self, statements: &str) -> Vec<Vec<String>> {
        let client = self.client.as_ref().expect("it was started");
        let said = match self.runtime.block_on(client.simple_query(statements)) {
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

impl Drop for FrontDatabase {
    fn drop(&mut self) {
        self.client = None;
        // SIGINT is its fast shutdown; it ends its own children. `setpriv` has become it.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _told = kill_process(pid, Signal::INT);
        }
        let _ended = self.child.wait();
    }
}
