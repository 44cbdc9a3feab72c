//! `tongban demo`: five nodes on one machine play two of the stories, with a link cut and a node killed, and check each step.

mod catalogue;
mod collected;
mod federation;
mod figures;
mod hall;
mod online;
mod people;
mod process;
mod relay;
mod stage;

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tongban_codes::time::Timestamp;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;
use crate::config::DirectoryError;
use federation::Federation;
use hall::{Clock, House};
use process::Processes;
use relay::Relays;
use stage::{NotHeld, Stage};

/// When the nodes' clocks start: the Monday of the stories, as the halls open.
const START: &str = "2026-09-14T09:00:00+08:00";
/// Steps of the demo.
const STEPS: usize = 17;
/// Exit code of a process that a Ctrl-C ended.
const EXIT_INTERRUPTED: i32 = 130;

/// Arguments of `tongban demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 演示后保持运行，直至 Ctrl-C / leave the nodes running until Ctrl-C
    #[arg(long)]
    serve: bool,
}

/// Where the nodes live: a directory that was named and is kept, or one that goes with the demo.
struct Place {
    path: PathBuf,
    keep: bool,
}

impl Place {
    fn make(named: Option<&Path>) -> Result<Self, Failure> {
        let keep = named.is_some();
        let temporary =
            || std::env::temp_dir().join(format!("tongban-demo-{}-{:08x}", std::process::id(), rand::random::<u32>()));
        let path = named.map_or_else(temporary, Path::to_owned);
        let at = |source| DirectoryError::Io { path: path.clone(), source };
        // Keys of the nodes lie in it.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(at)?;
        let path = path.canonicalize().map_err(at)?;
        let mut entries =
            std::fs::read_dir(&path).map_err(|source| DirectoryError::Io { path: path.clone(), source })?;
        if entries.next().is_some() {
            return Err(DirectoryError::NotEmpty { path }.into());
        }
        Ok(Self { path, keep })
    }

    fn remove(&self) {
        if !self.keep {
            // What can't be removed is small and lies in the temporary directory.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Plays the demo in an empty directory, or in a temporary one.
pub(crate) fn run(output: Output, directory: Option<&Path>, args: &Args) -> Result<Outcome, Failure> {
    let mut place = Place::make(directory)?;
    let processes = Processes::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| DirectoryError::Io { path: place.path.clone(), source })?;
    let _ending = Ending(processes.clone());
    let interrupted = runtime.spawn({
        let (processes, path, keep) = (processes.clone(), place.path.clone(), place.keep);
        async move {
            if end_asked_for().await.is_ok() {
                processes.end();
                Place { path, keep }.remove();
                std::process::exit(EXIT_INTERRUPTED);
            }
        }
    });
    let house = House {
        root: place.path.clone(),
        clock: Clock::from(START.parse::<Timestamp>().expect("the constant is a time of RFC 3339")),
        output,
        processes: processes.clone(),
    };
    let relays = Relays::new(runtime.handle().clone());
    let federation = Federation::new(&house, relays).map_err(|source| {
        place.remove();
        DirectoryError::Io { path: place.path.clone(), source }
    })?;
    let mut stage = Stage::new(output, STEPS, place.path.clone());
    let played = play(&mut stage, &federation);
    if played.is_err() {
        place.keep = true;
    }
    if args.serve && played.is_ok() {
        interrupted.abort();
        serve(&mut stage, &federation, &runtime);
    }
    if place.keep {
        processes.stop();
    } else {
        processes.end();
    }
    place.remove();
    let shown = place.path.display();
    match (&played, place.keep) {
        (Ok(()), true) => stage.finish(
            &format!("Every step held. The nodes are in {shown}."),
            &format!("各步均成立。节点目录：{shown}。"),
        ),
        (Ok(()), false) => stage.finish("Every step held.", "各步均成立。"),
        (Err(NotHeld), _) => stage.finish(
            &format!("A step did not hold. Nodes and logs are kept in {shown}."),
            &format!("有一步不成立。节点和日志保留在 {shown}。"),
        ),
    }
    Ok(if played.is_ok() { Outcome::Done } else { Outcome::Negative })
}

/// Kills the nodes when the demo ends in whatever way, a panic too.
struct Ending(Processes);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn play(stage: &mut Stage, federation: &Federation) -> Result<(), NotHeld> {
    federation.start(stage)?;
    federation.join(stage)?;
    federation.staff(stage)?;
    let claimed = catalogue::claim(stage, federation)?;
    catalogue::real_items(stage, federation)?;
    catalogue::publish_real(stage, federation)?;
    online::play(stage, federation)?;
    collected::play(stage, federation)?;
    figures::further_cases(stage, federation, &claimed)?;
    figures::report(stage, federation)?;
    figures::audit(stage, federation)
}

/// Leaves the nodes running until Ctrl-C, and says how to go on.
fn serve(stage: &mut Stage, federation: &Federation, runtime: &Runtime) {
    let rows: Vec<Value> = federation
        .halls
        .iter()
        .map(|hall| {
            json!({
                "division": hall.division, "name": hall.name, "listen": hall.listen.to_string(),
                "dir": hall.directory.display().to_string(),
                "socket": hall.socket().display().to_string(),
            })
        })
        .collect();
    stage.serving(&rows);
    // When signals can't be heard there is nothing to wait for.
    let _ = runtime.block_on(end_asked_for());
}

/// Waits for Ctrl-C or for a request to end.
async fn end_asked_for() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate, mut hangup) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
