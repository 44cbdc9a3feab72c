//! The command line: a client of the API, the making of a directory, and checks that need no node.
//!
//! Data goes to stdout, talk to stderr. Exit code 0: done; 1: refused or failed; 2: wrong usage.

pub(crate) mod client;
mod command;
pub(crate) mod failure;
pub(crate) mod file;
mod lines;
pub(crate) mod output;
pub(crate) mod sheet;
pub(crate) mod text;
mod usage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use client::Client;
use failure::{Failure, Outcome};
use output::{Form, Output};
use text::{DIR_REQUIRED, Lang};

/// 通办：县区政务服务节点 / tongban: a county's node in the federation of government-service halls
#[derive(Debug, Parser)]
#[command(name = "tongban", version, propagate_version = true, max_term_width = 120)]
struct Cli {
    /// 节点目录 / directory of the node
    #[arg(long, env = "TONGBAN_DIR", global = true, value_name = "D", hide_env_values = true)]
    dir: Option<PathBuf>,
    /// 以哪位经办人的身份办理 / the operator who acts
    #[arg(long = "as", global = true, value_name = "OPERATOR")]
    operator: Option<String>,
    /// 输出形式 / form of the output
    #[arg(long, global = true, value_enum, default_value_t)]
    output: Form,
    /// 语言，默认按系统区域设置 / language, by locale when absent
    #[arg(long, global = true, value_enum)]
    lang: Option<Lang>,
    /// 不再询问确认 / don't ask before what can't be undone
    #[arg(long, global = true)]
    yes: bool,
    /// 幂等键：同一键重复提交只办一次 / idempotency key: with the same key it is done once
    #[arg(long, global = true, value_name = "K")]
    idempotency_key: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 建立节点目录 / make a node's directory
    Init(command::init::Args),
    /// 检查配置 / check a configuration
    #[command(subcommand)]
    Config(command::config::Command),
    /// 运行节点 / run the node
    Run(command::run::Args),
    /// 节点状态 / the node on one screen
    Status,
    /// 检查目录、密钥、时钟、磁盘、日历和运行情况 / find what is wrong, and what to do
    Doctor,
    /// 邀请下级节点加入 / invite a node below
    Invite(command::invite::Args),
    /// 凭邀请码加入 / join with a token
    Join(command::join::Args),
    /// 关联节点 / peers
    #[command(subcommand)]
    Peer(command::peer::Command),
    /// 与其他省互设信任锚 / other trees that this one trusts
    #[command(subcommand)]
    Anchor(command::anchor::Command),
    /// 机关 / authorities
    #[command(subcommand)]
    Authority(command::authority::Command),
    /// 跨域通办协议 / agreements between authorities on collecting for each other
    #[command(subcommand)]
    Agreement(command::agreement::Command),
    /// 区划代码变更 / codes of divisions that change
    #[command(subcommand)]
    Division(command::division::Command),
    /// 经办人、角色和决定授权 / operators, roles and mandates
    #[command(subcommand)]
    Operator(command::operator::Command),
    /// 校验编码 / check codes
    #[command(subcommand)]
    Code(command::code::Command),
    /// 工作日历 / the working-day calendar
    #[command(subcommand)]
    Calendar(command::calendar::Command),
    /// 事项 / service items
    #[command(subcommand)]
    Item(command::item::Command),
    /// 办件 / cases
    #[command(subcommand)]
    Case(command::case::Command),
    /// 证照 / licences
    #[command(subcommand)]
    Licence(command::licence::Command),
    /// 电子监察：规则、监察牌、督办 / supervision: rules, cards, orders
    #[command(subcommand)]
    Supervise(command::supervise::Command),
    /// 好差评：评价、差评整改、申诉 / ratings, the follow-up of bad ones, appeals
    #[command(subcommand)]
    Rate(command::rate::Command),
    /// 咨询、投诉、办不成事 / tickets: enquiries, complaints, what couldn't be got done
    #[command(subcommand)]
    Ticket(command::ticket::Command),
    /// 一件事一次办：一次申请、一次填报、一次答复 / life events: one application, one form, one answer
    #[command(subcommand)]
    Application(command::application::Command),
    /// 缴费、寄递委托单 / orders to outside systems: payments, couriers
    #[command(subcommand)]
    Order(command::order::Command),
    /// 前置库 / front databases that items and cases are reported to
    #[command(subcommand)]
    Front(command::front::names::Command),
    /// 汇总 / figures of this division and those below
    #[command(subcommand)]
    Aggregate(command::aggregate::Command),
    /// 台账 / journals
    #[command(subcommand)]
    Journal(command::journal::Command),
    /// 同步情况 / what waits, and why
    #[command(subcommand)]
    Sync(command::sync::Command),
    /// 演示：在本机运行五个节点，办理两个故事 / the demonstration: five nodes on this machine play two stories
    Demo(crate::demo::Args),
    /// 命令补全脚本 / completion script of a shell
    Completions(command::completions::Args),
}

/// What every command may need.
struct Context {
    dir: Option<PathBuf>,
    operator: Option<String>,
    yes: bool,
    key: Option<String>,
    output: Output,
}

impl Context {
    /// The node's directory.
    fn directory(&self) -> Result<&Path, Failure> {
        self.dir
            .as_deref()
            .filter(|path| !path.as_os_str().is_empty())
            .ok_or_else(|| Failure::of(&DIR_REQUIRED, "", &[]).usage())
    }

    /// A client of the node.
    fn client(&self) -> Result<Client, Failure> {
        Client::open(self.directory()?, self.operator.clone(), self.key.clone(), self.output)
    }
}

/// The grammar of the command line, for whoever walks its commands.
#[must_use]
pub fn grammar() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::refused(&error, &std::env::args_os().skip(1).collect::<Vec<_>>()),
    };
    let lang = cli.lang.unwrap_or_else(|| Lang::of_locale(|name| std::env::var(name).ok()));
    let output = Output { form: cli.output, lang };
    let context = Context { dir: cli.dir, operator: cli.operator, yes: cli.yes, key: cli.idempotency_key, output };
    match command::run(&context, cli.command) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Negative) => ExitCode::from(failure::EXIT_FAILED),
        Err(failure) if failure.exit == failure::EXIT_DONE => ExitCode::SUCCESS,
        Err(failure) => {
            if output.is_json() {
                let body = crate::api::v1::ErrorBody { error: *failure.problem };
                // When stdout is gone nobody reads the error either.
                let _ = output.json(&body);
            } else {
                output.say(&failure.text(lang));
            }
            ExitCode::from(failure.exit)
        }
    }
}

#[cfg(test)]
#[path = "cli_tests.rs"]
mod tests;
