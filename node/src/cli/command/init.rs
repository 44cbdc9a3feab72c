//! `tongban init`: makes a node's directory, without a node.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;
use tongban_codes::division::{self, DivisionCode};
use tongban_codes::ids::{Label, NodeId};
use tongban_seal::Signer as _;

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::{INITIALISED, INITIALISED_NEXT};
use crate::config::{NewNode, NodeDirectory, create};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 行政区划代码（省级至乡级） / code of the division, province to township
    #[arg(long, value_name = "C")]
    division: String,
    /// 名称 / name of the hall
    #[arg(long, value_name = "N")]
    name: String,
    /// 监听的 UDP 地址 / UDP address on which peers are heard, as 0.0.0.0:7511
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// 其他节点拨入的地址，可重复 / address that peers dial, may be repeated
    #[arg(long, value_name = "ADDR")]
    advertise: Vec<String>,
    /// 演示节点：输出均标注演示 / a demo node: all its output says so
    #[arg(long)]
    demo: bool,
}

#[derive(Serialize)]
struct Initialised {
    dir: PathBuf,
    node: NodeId,
    division: DivisionCode,
    division_name: String,
    name: String,
    label: Label,
    listen: SocketAddr,
    socket: PathBuf,
    seal_key: String,
    demo: bool,
}

pub(crate) fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let directory = context.directory()?;
    let new = NewNode {
        division: parse("division", &args.division)?,
        name: args.name,
        listen: args.listen,
        advertise: args.advertise,
        demo: args.demo,
        admin_uid: rustix::process::getuid().as_raw(),
    };
    let identity = create(directory, &new)?;
    // Opening it proves that the keys on disk are good.
    let opened = NodeDirectory::open(directory)?;
    let made = Initialised {
        node: identity.node,
        division: identity.division,
        division_name: division::table().path_name(identity.division).unwrap_or_default(),
        name: identity.name,
        label: identity.label,
        listen: opened.config.listen,
        socket: opened.socket(),
        seal_key: opened.keys.seal.key_id().to_string(),
        demo: identity.demo,
        dir: opened.path,
    };
    let output = context.output;
    if output.is_json() {
        output.json(&made)?;
    } else {
        let dir = made.dir.display().to_string();
        output.line(&INITIALISED.with(output.lang, &[&made.name, &made.division_name, &dir]))?;
        output.line(&INITIALISED_NEXT.with(output.lang, &[&dir]))?;
    }
    Ok(Outcome::Done)
}
