//! One hall: its node's directory, process and API.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Timestamp;

use super::process::Processes;
use super::stage::{Broken, Seen, Stage, list, text, wait};
use crate::api::v1::{ActRequest, CaseAct};
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::config::NodeDirectory;

/// How long a node may take to be ready; the smallest machine needs a few seconds.
const READY_SECONDS_MAX: u64 = 20;

/// The clock of all nodes, which starts on the Monday of the stories.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    start: Timestamp,
    started: Instant,
}

impl Clock {
    pub(super) fn from(start: Timestamp) -> Self {
        Self { start, started: Instant::now() }
    }

    /// Now. A node that is started again goes on from here, not from the morning.
    fn now(self) -> Timestamp {
        let since = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.start.add_millis(since)
    }
}

/// One hall.
pub(super) struct Hall {
    /// Its place among the five.
    pub(super) place: usize,
    pub(super) name: &'static str,
    pub(super) division: DivisionCode,
    pub(super) directory: PathBuf,
    /// Where the node listens, and from where it dials.
    pub(super) listen: SocketAddr,
    /// The relay before it, which peers dial.
    pub(super) advertise: SocketAddr,
    log: PathBuf,
    clock: Clock,
    output: Output,
    processes: Processes,
}

/// What all halls have in common.
pub(super) struct House {
    pub(super) root: PathBuf,
    pub(super) clock: Clock,
    pub(super) output: Output,
    pub(super) processes: Processes,
}

impl Hall {
    pub(super) fn new(
        house: &House,
        place: usize,
        division: DivisionCode,
        name: &'static str,
        listen: SocketAddr,
        advertise: SocketAddr,
    ) -> Self {
        let short = division.short();
        Self {
            place,
            name,
            division,
            directory: house.root.join(&short),
            listen,
            advertise,
            log: house.root.join(format!("{short}.log")),
            clock: house.clock,
            output: house.output,
            processes: house.processes.clone(),
        }
    }

    /// Makes the directory: `tongban init --demo`.
    pub(super) fn init(&self) -> Result<(), Broken> {
        let mut command = self.program().map_err(|error| machine(&error))?;
        command.args([
            "--output",
            "json",
            "init",
            "--demo",
            "--division",
            &self.division.to_string(),
            "--name",
            self.name,
        ]);
        command.args(["--listen", &self.listen.to_string(), "--advertise", &self.advertise.to_string()]);
        let made = command.stdin(Stdio::null()).output().map_err(|error| machine(&error))?;
        if made.status.success() {
            return Ok(());
        }
        let said = format!("{}{}", String::from_utf8_lossy(&made.stdout), String::from_utf8_lossy(&made.stderr));
        Err(Broken::Differs { expected: "tongban init: exit code 0".to_owned(), found: said })
    }

    /// Starts the node's process.
    pub(super) fn start(&self) -> Result<(), Broken> {
        let start = || {
            let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
            let mut command = self.program()?;
            command.args(["run", "--clock", &self.clock.now().to_string()]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
            // A Ctrl-C at the terminal is the demo's, which stops its nodes itself.
            command.process_group(0);
            self.processes.start(self.place, &mut command)
        };
        start().map_err(|error| machine(&error))
    }

    /// Waits until the node has recovered and serves.
    pub(super) fn ready(&self, stage: &Stage) -> Result<Value, Broken> {
        wait(READY_SECONDS_MAX, stage.of("the node is ready", "节点就绪"), || {
            if let Some(status) = self.processes.ended(self.place) {
                return Err(Seen(format!("{} {status}: {}", self.name, last_line(&self.log))));
            }
            let status = self.get("/v1/status", &[])?;
            if status["ready"] == true { Ok(status) } else { Err(Seen::from(status)) }
        })
    }

    /// Kills the node's process (SIGKILL).
    pub(super) fn kill(&self) -> Result<(), Broken> {
        self.processes.kill(self.place).map_err(|error| machine(&error))
    }

    /// The socket of the node's API.
    pub(super) fn socket(&self) -> PathBuf {
        let config = NodeDirectory::inspect(&self.directory).map(|(config, _)| config);
        config.map_or_else(|_| self.directory.clone(), |config| config.socket_in(&self.directory))
    }

    /// The id of the node's process.
    pub(super) fn process(&self) -> Option<u32> {
        self.processes.id(self.place)
    }

    fn program(&self) -> io::Result<Command> {
        // The very file that runs here, even when a build has put another in its place.
        let own = Path::new("/proc/self/exe");
        let mut command = if own.exists() { Command::new(own) } else { Command::new(std::env::current_exe()?) };
        command.arg0("tongban").arg("--dir").arg(&self.directory).env_remove("TONGBAN_DIR");
        Ok(command)
    }

    fn client(&self, operator: Option<&str>) -> Result<Client, Failure> {
        Client::open(&self.directory, operator.map(str::to_owned), None, self.output)
    }

    /// Asks the node.
    pub(super) fn get(&self, path: &str, query: &[(&str, Option<&str>)]) -> Result<Value, Failure> {
        self.client(None)?.get(path, query)?.value()
    }

    /// Has an operator do something.
    pub(super) fn post(&self, operator: &str, path: &str, body: &impl Serialize) -> Result<Value, Failure> {
        self.client(Some(operator))?.post(path, body)?.value()
    }

    /// Has an operator act on a case.
    pub(super) fn act(&self, operator: &str, case: &str, act: ActRequest) -> Result<Value, Failure> {
        self.post(operator, "/v1/cases/act", &CaseAct { case: case.to_owned(), act })
    }

    /// A case as this hall has it.
    pub(super) fn case(&self, case: &str) -> Result<Value, Failure> {
        self.get("/v1/cases/show", &[("case", Some(case))])
    }

    /// Where a case is, asked of this hall.
    pub(super) fn whereis(&self, case: &str) -> Result<Value, Failure> {
        self.get("/v1/cases/whereis", &[("case", Some(case))])
    }

    /// The row of a peer in this hall's `sync status`.
    pub(super) fn peer(&self, peer: &Hall) -> Result<Value, Failure> {
        let peers = self.get("/v1/sync/status", &[])?;
        let found = list(&peers, "peers").iter().find(|row| text(row, "division") == peer.division.to_string());
        Ok(found.cloned().unwrap_or_default())
    }

    /// The number of entries in this hall's journal of acts.
    pub(super) fn entries(&self) -> Result<u64, Failure> {
        let checkpoints = self.get("/v1/journal/checkpoint", &[])?;
        let acts = list(&checkpoints, "checkpoints").iter().find(|row| row["journal"] == "acts");
        Ok(acts.and_then(|row| row["size"].as_u64()).unwrap_or(0))
    }
}

/// A failure of this machine.
pub(super) fn machine(error: &io::Error) -> Broken {
    Broken::Differs { expected: "the machine does it / 系统照办".to_owned(), found: error.to_string() }
}

/// The last bytes of a log that are looked at for its last line.
const TAIL_BYTES: u64 = 4096;

fn last_line(log: &Path) -> String {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let read = || {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().last().unwrap_or_default().to_owned()
}
