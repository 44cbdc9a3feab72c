//! A node: a directory and, while it runs, a process.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use system_tests::waiting::{has_ended_within, process_of, until};
use tokio::process::Child;

use crate::api::Connection;

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a node that starts is asked whether it is ready; the resolution of the starts that are timed.
const LOOK: Duration = Duration::from_millis(2);

/// Memory for what is read, of a county's node and of what is measured beside it.
pub(crate) const COUNTY_CACHE_MIB: u32 = 1024;

/// A node of the real binary.
pub(crate) struct Node {
    binary: PathBuf,
    directory: PathBuf,
    child: Option<Child>,
    clock: Option<String>,
}

impl Node {
    /// Makes the directory of a new node that listens on a port of the system's choice.
    pub(crate) fn create(binary: &Path, directory: PathBuf, division: &str, listen: &str) -> anyhow::Result<Self> {
        let node = Self { binary: binary.to_owned(), directory, child: None, clock: None };
        node.command(&["init", "--division", division, "--name", division, "--listen", listen, "--demo"])?;
        Ok(node)
    }

    /// Has as much memory as `config-examples/county.toml` gives a county; what a node has without it fits a township.
    pub(crate) fn give_memory(&self) -> anyhow::Result<()> {
        let path = self.directory.join("config.toml");
        let mut config = std::fs::read_to_string(&path)?;
        for (setting, mib) in [("write_buffer_mib", 128), ("block_cache_mib", COUNTY_CACHE_MIB)] {
            let start = config
                .find(&format!("\n{setting} = "))
                .with_context(|| format!("{setting} isn't in the configuration"))?
                + 1;
            let end = config[start..].find('\n').map_or(config.len(), |length| start + length);
            config.replace_range(start..end, &format!("{setting} = {mib}"));
        }
        std::fs::write(path, config)?;
        Ok(())
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("tongban.sock")
    }

    pub(crate) fn process(&self) -> anyhow::Result<u32> {
        self.child.as_ref().and_then(Child::id).context("the node doesn't run")
    }

    /// From the next start on its clock begins there.
    pub(crate) fn set_clock(&mut self, moment: &str) {
        self.clock = Some(moment.to_owned());
    }

    /// Runs a command of the CLI on the node and gives what it printed.
    pub(crate) fn command(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let output = Command::new(&self.binary)
            .arg("--dir")
            .arg(&self.directory)
            .args(["--output", "json", "--lang", "en"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .with_context(|| self.binary.display().to_string())?;
        if !output.status.success() {
            bail!(
                "tongban {}: {}{}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    /// Starts the process and waits until it is ready; gives how long that took.
    pub(crate) async fn start(&mut self) -> anyhow::Result<Duration> {
        let log = File::options().create(true).append(true).open(self.directory.with_extension("log"))?;
        let began = Instant::now();
        let child = tokio::process::Command::new(&self.binary)
            .arg("--dir")
            .arg(&self.directory)
            .arg("run")
            .args(self.clock.iter().flat_map(|clock| ["--clock", clock]))
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let child = self.child.insert(child);
        let socket = self.directory.join("tongban.sock");
        // Until it listens, and while it recovers, asking fails.
        let ready = until(LOOK, PATIENCE, "the node is ready", async || {
            let Ok(mut connection) = Connection::open(&socket, "admin").await else { return Ok(None) };
            let status = connection.get("/v1/status").await;
            Ok(status.is_ok_and(|status| status["ready"] == true).then_some(()))
        });
        tokio::select! {
            ready = ready => ready?,
            status = child.wait() => bail!("the node ended with {}; see {}", status?, self.directory.with_extension("log").display()),
        }
        Ok(began.elapsed())
    }

    /// Stops the process in good order.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        self.end(Signal::TERM).await
    }

    /// Kills the process.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.end(Signal::KILL).await
    }

    async fn end(&mut self, signal: Signal) -> anyhow::Result<()> {
        let Some(child) = &mut self.child else { return Ok(()) };
        kill_process(process_of(child).context("the node has ended by itself")?, signal)?;
        tokio::time::timeout(PATIENCE, child.wait()).await.context("the node did not stop")??;
        self.child = None;
        Ok(())
    }

    /// One field of the node's status.
    pub(crate) async fn status(&self) -> anyhow::Result<Value> {
        Connection::open(&self.socket(), "admin").await?.get("/v1/status").await
    }

    /// Durable syncs of the log since the start.
    pub(crate) async fn log_syncs(&self) -> anyhow::Result<u64> {
        self.status().await?["log_syncs"].as_u64().context("status names no log_syncs")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child
            && let Some(process) = process_of(child)
        {
            let _killed = child.start_kill();
            // Its directory is removed next.
            let _gone = has_ended_within(PATIENCE, process);
        }
    }
}
