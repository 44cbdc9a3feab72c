//! The one binary of tongban.

use std::process::ExitCode;

fn main() -> ExitCode {
    tongban::cli::main()
}
