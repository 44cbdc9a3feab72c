//! `tongban item topic`: topics under which people look for items.

use tongban_domain::catalogue::{StandardBody, StandardKind, Topic};

use super::standard::{self, Terms, Withdrawal};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 设定主题 / set a topic
    Set {
        /// 主题编码 / code of the topic
        #[arg(value_name = "CODE")]
        code: String,
        /// 名称 / name
        #[arg(long, value_name = "N")]
        name: String,
        /// 面向自然人，否则面向法人 / for natural persons, else for bodies
        #[arg(long)]
        persons: bool,
        /// 上级主题编码 / code of the topic above it
        #[arg(long, value_name = "CODE")]
        above: Option<String>,
        /// 次序 / its place among its like
        #[arg(long, value_name = "N", default_value_t = 0)]
        order: u16,
        #[command(flatten)]
        terms: Terms,
    },
    /// 撤销主题 / withdraw a topic
    Withdraw(Withdrawal),
    /// 全部主题 / all topics
    List,
    /// 一个主题 / one topic
    Show {
        /// 主题编码 / code of the topic
        #[arg(value_name = "CODE")]
        code: String,
    },
}

const COLUMNS: [&str; 8] =
    ["code", "topic.name", "topic.for_persons", "topic.above", "topic.order", "set_by", "state", "effective"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    const KIND: StandardKind = StandardKind::Topic;
    match command {
        Command::Set { code, name, persons, above, order, terms } => {
            let body = StandardBody::Topic(Topic { name, for_persons: persons, above, order });
            standard::set(context, &[terms.draft(Some(code), body)?])
        }
        Command::Withdraw(args) => standard::withdraw(context, KIND, &args),
        Command::List => standard::list(context, KIND, None, &COLUMNS),
        Command::Show { code } => standard::show(context, KIND, &code, &COLUMNS),
    }
}
