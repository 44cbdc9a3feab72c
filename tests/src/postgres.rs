//! A real PostgreSQL with a cluster of its own, reached by a socket alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Signal, kill_process};
use tokio::process::{Child, Command};
use tokio_postgres::{Client, NoTls};

use crate::waiting::{has_ended_within, process_of, until};

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two tries to connect to a server that starts.
const PAUSE: Duration = Duration::from_millis(20);

/// Where the programs of PostgreSQL 15 are, if they are anywhere: Debian's directory, then those of `PATH`.
#[must_use]
pub fn programs() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/postgresql/15/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(debian)
        .chain(std::env::split_paths(&path))
        .find(|directory| directory.join("initdb").is_file() && directory.join("postgres").is_file())
}

/// How a cluster is made and its server started; the encoding is always UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Locale of the cluster.
    pub locale: &'a str,
    /// Settings that differ from PostgreSQL's own, by name.
    pub settings: &'a [(&'a str, &'a str)],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { locale: "C", settings: &[] }
    }
}

/// A cluster and its running server, which is ended when this is dropped; the files stay.
#[derive(Debug)]
pub struct Cluster {
    child: Child,
    place: PathBuf,
}

/// PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    if rustix::process::getuid().is_root() {
        command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    command
}

fn log(place: &Path) -> PathBuf {
    place.with_extension("log")
}

impl Cluster {
    /// Makes a cluster in the new directory `place`, with its log beside it, starts a server and waits until it takes connections.
    ///
    /// Where this runs as root the server doesn't, so its user must get through to `place`.
    ///
    /// # Errors
    ///
    /// When `place` is there already, root finds no user `postgres`, `initdb` fails, or the server ends or takes no connection within a
    /// minute.
    pub async fn start(programs: &Path, place: &Path, options: &Options<'_>) -> anyhow::Result<Self> {
        fs::create_dir(place).with_context(|| place.display().to_string())?;
        if rustix::process::getuid().is_root() {
            fs::set_permissions(place, fs::Permissions::from_mode(0o700))?;
            let owned = Command::new("chown").arg("postgres").arg(place).status().await?;
            ensure!(owned.success(), "there is no user postgres for a cluster of root's");
        }
        let data = place.join("data");
        let made = command(&programs.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8"])
            .arg(format!("--locale={}", options.locale))
            .arg("--pgdata")
            .arg(&data)
            .output()
            .await?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut server = command(&programs.join("postgres"));
        server.arg("-D").arg(&data);
        let sockets = place.display().to_string();
        let own = [("listen_addresses", ""), ("unix_socket_directories", sockets.as_str())];
        for (name, value) in own.iter().chain(options.settings) {
            server.arg("-c").arg(format!("{name}={value}"));
        }
        let child = server.stderr(fs::File::create(log(place))?).spawn()?;
        let mut cluster = Self { child, place: place.to_owned() };
        cluster.ready().await?;
        Ok(cluster)
    }

    /// Waits until the server takes a connection or has ended.
    async fn ready(&mut self) -> anyhow::Result<()> {
        let Self { child, place } = self;
        let mut last = None;
        let connected = until(PAUSE, PATIENCE, "postgres takes a connection", async || {
            let tried = connect(place).await;
            Ok(tried.map_err(|error| last = Some(error)).ok())
        });
        let connected = tokio::select! {
            connected = connected => connected,
            status = child.wait() => bail!("postgres ended with {}; see {}", status?, log(place).display()),
        };
        connected.with_context(|| last.map_or_else(String::new, |error| error.to_string())).map(drop)
    }

    /// Connects as the superuser to the database `postgres`, by the runtime this is called in.
    ///
    /// # Errors
    ///
    /// When the server takes no connection.
    pub async fn connect(&self) -> anyhow::Result<Client> {
        connect(&self.place).await
    }

    /// The process of the server, whose children the backends are; `None` when it has ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// The directory of the cluster, in which the socket is.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.place
    }
}

async fn connect(place: &Path) -> anyhow::Result<Client> {
    let mut config = tokio_postgres::Config::new();
    let (client, connection) = config.host_path(place).user("postgres").dbname("postgres").connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let Some(process) = process_of(&self.child) else { return };
        // SIGINT is its fast shutdown; it ends its own children. `setpriv` has become it.
        let _told = kill_process(process, Signal::INT);
        if !has_ended_within(PATIENCE, process) {
            let _killed = self.child.start_kill();
        }
    }
}
