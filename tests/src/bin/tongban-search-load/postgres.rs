//! `pg_trgm` beside: the same items, ranked by each of its likenesses, over the name alone and over everything that is searched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use system_tests::relevance::{DEPTH, Judged, means, ndcg};
use tokio_postgres::{Client, NoTls};
use tongban_search::Entry;

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Means by kind of question.
type Means = BTreeMap<String, f64>;

/// Likenesses; `$1` is the question.
const LIKENESSES: [(&str, &str); 3] = [
    ("similarity", "similarity(T, $1)"),
    ("word_similarity", "word_similarity($1, T)"),
    ("strict_word_similarity", "strict_word_similarity($1, T)"),
];
/// What is compared with the question.
const TEXTS: [(&str, &str); 2] = [
    ("name", "name"),
    ("code, name, main item, department", "(code || ' ' || name || ' ' || main_item || ' ' || department)"),
];

/// A running PostgreSQL, which ends when it is dropped.
struct Postgres {
    child: Child,
    directory: PathBuf,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // SIGINT: a fast shutdown.
            let _sent = kill_process(pid, Signal::INT);
        }
        let _ended = self.child.wait();
    }
}

fn programs() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/postgresql/15/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(debian).chain(std::env::split_paths(&path)).find(|directory| directory.join("initdb").is_file())
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

/// nDCG@10 of each ranking, with the version; `None` where there is no PostgreSQL.
pub(crate) fn quality(
    questions: &[Judged],
    entries: &[Entry],
    directory: &Path,
) -> Result<Option<(String, BTreeMap<String, Means>)>> {
    let Some(programs) = programs() else { return Ok(None) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let directory = directory.join("postgres");
    runtime.block_on(async {
        let (postgres, client) = start(&programs, &directory).await?;
        let version = client.query_one("SHOW server_version", &[]).await?.get(0);
        client
            .batch_execute(
                "CREATE EXTENSION pg_trgm;
                 CREATE TABLE items (code text, name text, main_item text, department text);",
            )
            .await?;
        for entry in entries {
            let row: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&entry.short_code, &entry.name, &entry.main_item, &entry.department];
            client.execute("INSERT INTO items VALUES ($1, $2, $3, $4)", &row).await?;
        }
        let alike: f32 = client.query_one("SELECT similarity('残疾人证', '残疾人证换领')", &[]).await?.get(0);
        ensure!(alike > 0.0, "this PostgreSQL has no trigrams of Chinese signs");
        let mut rankings = BTreeMap::new();
        for (likeness, ranking) in LIKENESSES {
            for (of, text) in TEXTS {
                let ranking = ranking.replace('T', text);
                let statement = client
                    .prepare(&format!("SELECT code FROM items ORDER BY {ranking} DESC, name LIMIT {DEPTH}"))
                    .await?;
                let mut scores = Vec::new();
                for judged in questions {
                    let rows = client.query(&statement, &[&judged.query]).await?;
                    let codes: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
                    scores.push((judged.kind.clone(), ndcg(judged, codes)));
                }
                rankings.insert(format!("{likeness} of {of}"), means(&scores));
            }
        }
        drop(client);
        drop(postgres);
        Ok(Some((version, rankings)))
    })
}

async fn start(programs: &Path, directory: &Path) -> Result<(Postgres, Client)> {
    fs::create_dir(directory)?;
    if rustix::process::getuid().is_root() {
        // The new directory lies in one that only root may enter.
        for part in [directory.parent().unwrap_or(directory), directory] {
            fs::set_permissions(part, fs::Permissions::from_mode(0o755))?;
        }
        let owned = Command::new("chown").arg("postgres").arg(directory).status()?;
        ensure!(owned.success(), "there is no user postgres for a cluster of root's");
    }
    let data = directory.join("data");
    // Trigrams are of letters only, and what is a letter the locale says.
    let made = command(&programs.join("initdb"))
        .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"])
        .arg(&data)
        .current_dir("/")
        .stdout(Stdio::null())
        .output()?;
    ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    let log = fs::File::create(directory.with_extension("log"))?;
    let child = command(&programs.join("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-c", "listen_addresses=", "-c"])
        .arg(format!("unix_socket_directories={}", directory.display()))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    let mut postgres = Postgres { child, directory: directory.to_path_buf() };
    let began = Instant::now();
    loop {
        let mut config = tokio_postgres::Config::new();
        match config.host_path(&postgres.directory).user("postgres").dbname("postgres").connect(NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                return Ok((postgres, client));
            }
            Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        if let Some(status) = postgres.child.try_wait()? {
            bail!("postgres ended with {status}; see {}", directory.with_extension("log").display());
        }
    }
}
