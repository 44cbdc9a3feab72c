//! `tongban authority`: the authorities that this node serves.

use crate::api::v1::AddAuthority;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 增加机关、补登信用代码，或将错误代码对应到有效代码 / add an authority, a credit code, or what a bad code stands for
    Add {
        /// 机关名称 / name
        #[arg(value_name = "NAME")]
        name: String,
        /// 有效的统一社会信用代码 / valid credit code
        #[arg(long, value_name = "C")]
        code: Option<String>,
        /// 由该代码替代的错误代码 / the bad code that it stands for
        #[arg(long, value_name = "BAD")]
        maps: Option<String>,
    },
    /// 机关名单 / all authorities
    List,
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let client = context.client()?;
    match command {
        Command::Add { name, code, maps } => {
            let answer = client.post("/v1/authorities", &AddAuthority { name, code, maps })?;
            context.output.object(&answer, &["name", "id", "codes", "aliases"])
        }
        Command::List => {
            let answer = client.get("/v1/authorities", &[])?;
            context.output.list(&answer, "authorities", &["name", "id", "codes", "aliases"])
        }
    }
}
