//! `tongban join`: joins the tree with a token.

use std::io::Read as _;

use crate::api::v1::Join;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::FILE_UNREADABLE;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 邀请码；- 表示从标准输入读取 / the token, or - to read it from stdin
    #[arg(value_name = "TOKEN")]
    token: String,
}

/// The most bytes of a token that are read from stdin.
const TOKEN_BYTES_MAX: u64 = 64 << 10;

pub(crate) fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let mut token = args.token;
    if token == "-" {
        token.clear();
        std::io::stdin()
            .take(TOKEN_BYTES_MAX)
            .read_to_string(&mut token)
            .map_err(|error| Failure::of(&FILE_UNREADABLE, "-", &[&error.to_string()]))?;
    }
    let answer = context.client()?.post("/v1/join", &Join { token: token.trim().to_owned() })?;
    context.output.object(&answer, &["superior", "division", "root", "label", "former_superior"])
}
