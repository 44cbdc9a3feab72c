//! One node: its directory, its process, and the ways to speak to it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::waiting::has_ended_within;
use crate::{socket, within};

/// Seconds in which a node must be ready.
const READY_SECONDS_MAX: u64 = 20;

/// How long a node may take to stop in good order.
const STOP_MAX: Duration = Duration::from_secs(20);

/// Where free ports are looked for: below those that the system gives out by itself, so that nothing else takes one between two starts.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// The binary under test: `TONGBAN_BIN`, or `tongban` beside this program or, for a test, beside its directory.
///
/// # Panics
///
/// When it isn't there.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("TONGBAN_BIN") {
        let path = PathBuf::from(named);
        assert!(path.is_file(), "TONGBAN_BIN names no file: {}", path.display());
        return path;
    }
    let own = std::env::current_exe().expect("a process knows its executable");
    // Tests lie in target/<profile>/deps.
    let found = own.ancestors().skip(1).take(2).map(|place| place.join("tongban")).find(|path| path.is_file());
    found.expect("there is a tongban: run `cargo build -p tongban` first, or set TONGBAN_BIN")
}

/// A free UDP port on loopback; one process never gives out the same twice.
///
/// # Panics
///
/// When all are taken.
pub fn free_port() -> u16 {
    static NEXT: Mutex<Option<u16>> = Mutex::new(None);
    let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    let spread = u16::try_from(std::process::id() % 1_000).unwrap_or(0) * 12;
    let first = next.unwrap_or(PORTS.start + spread);
    let free = (first..PORTS.end).chain(PORTS).find(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    let free = free.expect("one of twelve thousand ports is free");
    *next = Some(free + 1);
    free
}

/// A node of a cluster. Its process is killed when it is dropped.
pub struct Node {
    /// Name within the cluster, and of its directory and log.
    pub name: String,
    /// Division as given to `init`.
    pub division: String,
    /// The node's directory.
    pub dir: PathBuf,
    /// UDP address on which it listens.
    pub listen: SocketAddr,
    process: Mutex<Option<Child>>,
    clock: Mutex<Option<String>>,
}

impl Node {
    /// Makes the node's directory with `init`.
    ///
    /// # Panics
    ///
    /// When `init` fails.
    pub(crate) fn init(
        root: &Path,
        name: &str,
        division: &str,
        hall: &str,
        demo: bool,
        advertise: impl FnOnce(SocketAddr) -> SocketAddr,
    ) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let node = Self {
            name: name.to_owned(),
            division: division.to_owned(),
            dir: root.join(name),
            listen,
            process: Mutex::new(None),
            clock: Mutex::new(None),
        };
        assert!(
            node.dir.as_os_str().len() < 80,
            "the path of a socket has less than 108 bytes: {}",
            node.dir.display()
        );
        let (listen, advertise) = (listen.to_string(), advertise(listen).to_string());
        let init = ["init", "--division", division, "--name", hall, "--listen", &listen, "--advertise", &advertise];
        node.ok(&[&init[..], if demo { &["--demo"] } else { &[] }].concat());
        // Several nodes share the machine, and their logs are what a failure is read from.
        node.configure(&[
            ("write_buffer_mib", "8"),
            ("block_cache_mib", "8"),
            ("low_water_mib", "64"),
            ("filter", "\"info,tongban=debug,openraft=warn\""),
        ]);
        node
    }

    /// Replaces values of keys in `config.toml`; the node takes them at its next start.
    ///
    /// # Panics
    ///
    /// When a key isn't there.
    pub fn configure(&self, changes: &[(&str, &str)]) {
        let path = self.dir.join("config.toml");
        let mut text = fs::read_to_string(&path).expect("init wrote it");
        for (key, value) in changes {
            let begins = format!("{key} = ");
            assert!(text.lines().any(|line| line.starts_with(&begins)), "{key} is no key of\n{text}");
            text = text
                .lines()
                .map(|line| if line.starts_with(&begins) { format!("{begins}{value}\n") } else { format!("{line}\n") })
                .collect();
        }
        fs::write(path, text).expect("the directory can be written");
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.env_remove("TONGBAN_DIR").env("LC_ALL", "C.UTF-8").arg("--dir").arg(&self.dir).stdin(Stdio::null());
        command
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log of all its runs.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.dir.with_extension("log")
    }

    /// Starts the process and doesn't wait for it.
    ///
    /// # Panics
    ///
    /// When it runs already or can't be started.
    pub fn spawn(&self) {
        let mut process = self.process();
        assert!(process.is_none(), "{} runs already", self.name);
        let log = File::options().create(true).append(true).open(self.log()).expect("the log can be written");
        let errors = log.try_clone().expect("a file can be opened twice");
        let mut command = self.command();
        command.arg("run").stdout(log).stderr(errors);
        if let Some(clock) = &*self.clock.lock().unwrap_or_else(PoisonError::into_inner) {
            command.args(["--clock", clock]);
        }
        *process = Some(command.spawn().expect("the binary can be started"));
    }

    /// At every later start the present time is this, as of RFC 3339; only of a demo node.
    pub fn set_clock(&self, clock: &str) {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock.to_owned());
    }

    /// Starts the node and waits until it is ready.
    ///
    /// # Panics
    ///
    /// When it ends or isn't ready in time.
    pub fn start(&self) {
        self.spawn();
        self.ready();
    }

    /// Waits until the node is ready.
    ///
    /// # Panics
    ///
    /// When it ends or isn't ready in time.
    pub fn ready(&self) {
        within(READY_SECONDS_MAX, &format!("{} is ready", self.name), || {
            if let Some(ended) = self.ended() {
                panic!("{} ended: {ended}", self.name);
            }
            match socket::get(&self.socket(), "/v1/status") {
                Ok(answer) if answer.body["ready"] == true => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    }

    /// Whether the API answers that the node is ready.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(socket::get(&self.socket(), "/v1/status"), Ok(answer) if answer.body["ready"] == true)
    }

    /// How the process has ended, where it did so by itself.
    #[must_use]
    pub fn ended(&self) -> Option<ExitStatus> {
        self.process().as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    /// Resident memory of the process (VmRSS), in KiB.
    ///
    /// # Panics
    ///
    /// When it doesn't run.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        self.memory_kib("VmRSS:")
    }

    fn memory_kib(&self, what: &str) -> u64 {
        let id = self.process().as_ref().map(Child::id).expect("the node runs");
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).expect("a process has a size")
    }

    /// Begins to measure the peak of the process's memory anew; gives what it has now, in KiB.
    ///
    /// # Panics
    ///
    /// When it doesn't run.
    #[must_use]
    pub fn begin_peak(&self) -> u64 {
        let id = self.process().as_ref().map(Child::id).expect("the node runs");
        fs::write(format!("/proc/{id}/clear_refs"), "5").expect("the process is ours");
        self.resident_kib()
    }

    /// The peak of the process's memory since then (VmHWM), in KiB.
    ///
    /// # Panics
    ///
    /// When it doesn't run.
    #[must_use]
    pub fn peak_kib(&self) -> u64 {
        self.memory_kib("VmHWM:")
    }

    /// Kills the process at once (SIGKILL), as a power cut would.
    pub fn kill(&self) {
        if let Some(mut child) = self.process().take() {
            // One that has ended by itself can't be killed.
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Stops the node in good order (SIGTERM).
    ///
    /// # Panics
    ///
    /// When it doesn't end with 0 in time.
    pub fn stop(&self) {
        let Some(mut child) = self.process().take() else { return };
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process has an id");
        kill_process(pid, Signal::TERM).expect("the process is ours");
        assert!(has_ended_within(STOP_MAX, pid), "{} doesn't stop in {} s", self.name, STOP_MAX.as_secs());
        let ended = child.wait().expect("it is our child");
        assert!(ended.success(), "{} stopped with {ended}", self.name);
    }

    /// The socket of the API.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.dir.join("tongban.sock")
    }

    /// Runs a command of the command line; gives its exit code and what it printed, null where that is no JSON.
    ///
    /// # Panics
    ///
    /// When the binary can't be started.
    pub fn call(&self, args: &[&str]) -> (i32, Value) {
        let output = self.command().args(["--output", "json"]).args(args).output().expect("the binary can be started");
        let value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap_or(-1), value)
    }

    /// Runs a command as people do and gives what it prints, whatever it ends with.
    ///
    /// # Panics
    ///
    /// When the binary can't be started.
    #[track_caller]
    pub fn text(&self, args: &[&str]) -> String {
        let output = self.command().args(args).output().expect("the binary can be started");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a command that must be done.
    ///
    /// # Panics
    ///
    /// When it isn't.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> Value {
        let (exit, value) = self.call(args);
        assert_eq!(exit, 0, "{} {args:?}: {value}", self.name);
        value
    }

    /// Runs a command that must be refused with a code; gives the problem.
    ///
    /// # Panics
    ///
    /// When it is done, or refused with another code, or not in both languages.
    #[track_caller]
    pub fn refused(&self, args: &[&str], code: &str) -> Value {
        let (exit, value) = self.call(args);
        let problem = &value["error"];
        assert_eq!((exit, problem["code"].as_str()), (1, Some(code)), "{} {args:?}: {value}", self.name);
        for text in ["en", "zh"] {
            assert_ne!(problem[text].as_str().unwrap_or_default(), "", "{} {args:?}: {value}", self.name);
        }
        problem.clone()
    }

    /// Runs a command that destroys something without `--yes`, where nobody can be asked: wrong usage, and a hint.
    ///
    /// # Panics
    ///
    /// When it isn't refused for that.
    #[track_caller]
    pub fn unconfirmed(&self, args: &[&str]) {
        let (exit, value) = self.call(args);
        let problem = &value["error"];
        assert_eq!((exit, problem["code"].as_str()), (2, Some("not-confirmed")), "{} {args:?}: {value}", self.name);
        assert!(problem["remedy_en"].as_str().is_some_and(|remedy| remedy.contains("--yes")), "{value}");
    }

    /// Waits until a command is done.
    ///
    /// # Panics
    ///
    /// When it isn't in time.
    #[track_caller]
    pub fn eventually(&self, seconds: u64, args: &[&str]) -> Value {
        within(seconds, &format!("{} {args:?}", self.name), || match self.call(args) {
            (0, value) => Ok(value),
            (exit, value) => Err(format!("exit {exit}: {value}")),
        })
    }

    /// Gets a view of the API.
    ///
    /// # Panics
    ///
    /// When the node doesn't answer with it.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        match socket::get(&self.socket(), path) {
            Ok(answer) if answer.is_done() => answer.body,
            other => panic!("{} {path}: {other:?}", self.name),
        }
    }

    /// Posts to the API under an idempotency key.
    ///
    /// # Errors
    ///
    /// [`socket::Silence`] when no answer came.
    pub fn post(&self, path: &str, key: &str, body: &Value) -> Result<socket::Answer, socket::Silence> {
        socket::post(&self.socket(), path, &[format!("idempotency-key: {key}")], body)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
