//! The one binary of tongban.

use std::process::ExitCode;

/// Acts are made of many small allocations in one thread that are freed in another; see `docs/decisions/0012-allocator.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tongban::cli::main()
}
