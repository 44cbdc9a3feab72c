//! Transcripts: Markdown with `console` blocks that are the documentation and a test.
//!
//! A line that begins with `$ ` is typed into one shell for the whole file, `> ` goes on with it; what follows is what it must print,
//! where `[..]` stands for anything in a line and a line `...` for any lines. A command that must fail ends with a line `[exit N]`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use snapbox::data::{DataFormat, IntoData as _};

use crate::binary;
use crate::node::free_port;

/// One command with what it must print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step {
    line: usize,
    command: String,
    expected: String,
}

/// Reads the steps of a transcript.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { line: number, command: command.to_owned(), expected: String::new() });
        } else if let Some(step) = steps.last_mut() {
            match line.strip_prefix("> ").filter(|_| step.expected.is_empty()) {
                Some(more) => step.command.push_str(&format!("\n{more}")),
                None => step.expected.push_str(&format!("{line}\n")),
            }
        }
    }
    steps
}

/// A shell in a fresh directory, with the binary under test on its path; what it started is killed with it.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStdout>,
    /// Removed after the shell has ended.
    _directory: tempfile::TempDir,
}

/// Ends the output of a command; nothing prints it by chance.
const END: &str = "@@ the command has ended:";

impl Shell {
    fn new(variables: &[(&str, &str)]) -> Self {
        let directory =
            tempfile::Builder::new().prefix("tb").tempdir_in("/tmp").expect("a temporary directory can be made");
        let bin = binary();
        let bin = bin.parent().unwrap_or(Path::new("/"));
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut child = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .current_dir(directory.path())
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .env("COLUMNS", "120")
            .env_remove("TONGBAN_DIR")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash can be started");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut shell = Self { child, input, output, _directory: directory };
        shell.run("exec 2>&1");
        shell
    }

    /// Runs a command; gives its exit code and what it printed.
    fn run(&mut self, command: &str) -> (i32, String) {
        writeln!(self.input, "{command}\necho \"{END} $?\"").expect("the shell listens");
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).expect("the shell prints UTF-8");
            assert_ne!(read, 0, "the shell ended in the middle of: {command}\n{printed}");
            match line.trim_end().split_once(END) {
                Some((rest, exit)) => {
                    printed.push_str(rest);
                    return (exit.trim().parse().unwrap_or(-1), printed);
                }
                None => printed.push_str(&line),
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // What still runs was started by this shell; nodes end in good order within seconds.
        let _told = writeln!(self.input, "kill $(jobs -p) 2>/dev/null; wait; exit 0");
        let _ended = self.child.wait();
    }
}

/// Gives every port of loopback in a text one that is free, the same port always the same.
#[derive(Default)]
struct Ports(BTreeMap<u16, u16>);

impl Ports {
    fn free(&mut self, text: &str) -> String {
        const LOOPBACK: &str = "127.0.0.1:";
        let mut whole = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(LOOPBACK) {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            whole.push_str(before);
            whole.push_str(LOOPBACK);
            match after[..digits].parse() {
                Ok(port) => whole.push_str(&self.0.entry(port).or_insert_with(free_port).to_string()),
                Err(_) => whole.push_str(&after[..digits]),
            }
            rest = &after[digits..];
        }
        whole + rest
    }
}

/// Runs the first block of a language in a Markdown file in a fresh directory, with replacements; gives what it printed.
///
/// # Panics
///
/// When there is no such block, a replacement isn't there, or the last command fails.
#[must_use]
pub fn play_block(path: &Path, language: &str, replacements: &[(&str, &str)]) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let fence = format!("```{language}\n");
    let block = text.split_once(&fence).and_then(|(_, rest)| rest.split_once("```")).map(|(block, _)| block);
    let mut block = block.unwrap_or_else(|| panic!("{} has no block of {language}", path.display())).to_owned();
    for (what, with) in replacements {
        assert!(block.contains(what), "{what} is not in\n{block}");
        block = block.replace(what, with);
    }
    let mut shell = Shell::new(&[]);
    let (exit, printed) = shell.run(&block);
    assert_eq!(exit, 0, "{printed}");
    printed
}

/// Plays a transcript in a fresh directory.
///
/// # Panics
///
/// When a command prints something else than is written, or ends with another code.
pub fn play(path: &Path) {
    play_with(path, &[]);
}

/// As [`play`], with variables in the shell's environment.
///
/// # Panics
///
/// When a command prints something else than is written, or ends with another code.
pub fn play_with(path: &Path, variables: &[(&str, &str)]) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let steps = steps(&text);
    assert!(!steps.is_empty(), "{} has no commands", path.display());
    let (mut shell, mut ports) = (Shell::new(variables), Ports::default());
    for Step { line, command, expected } in steps {
        let (exit, mut printed) = shell.run(&ports.free(&command));
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push('\n');
        }
        if exit != 0 {
            printed.push_str(&format!("[exit {exit}]\n"));
        }
        let place = format!("{}:{line}: $ {command}", path.display());
        let expected = format!("{place}\n{expected}").into_data().is(DataFormat::Text);
        // What a node prints is compared as it is: a backslash is no path here.
        snapbox::Assert::new().normalize_paths(false).eq(format!("{place}\n{printed}"), expected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_replaced_alike() {
        let mut ports = Ports::default();
        let text = ports.free("a 127.0.0.1:7711 b 127.0.0.1:7712, 127.0.0.1:7711 127.0.0.1:x");
        let (one, two) = (ports.0[&7711], ports.0[&7712]);
        assert_eq!(text, format!("a 127.0.0.1:{one} b 127.0.0.1:{two}, 127.0.0.1:{one} 127.0.0.1:x"));
        assert_ne!(one, two);
    }

    #[test]
    fn only_console_blocks_are_played() {
        let text = "# A\n$ no\n```console\n$ one\n> more\nout\n> quoted\n$ two\n```\n```sh\n$ no\n```\n";
        let step =
            |line, command: &str, expected: &str| Step { line, command: command.into(), expected: expected.into() };
        assert_eq!(steps(text), [step(4, "one\nmore", "out\n> quoted\n"), step(8, "two", "")]);
    }
}
