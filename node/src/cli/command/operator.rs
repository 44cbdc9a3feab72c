//! `tongban operator`: who acts at this node, in which roles, with which mandates.

mod duty;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tongban_domain::Role;

use crate::api::v1::{AddOperator, AssignLine, GrantMandate};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse_optional};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 增加经办人 / add an operator
    Add {
        /// 姓名 / name
        #[arg(value_name = "NAME")]
        name: String,
        /// 角色，可重复 / role, may be repeated
        #[arg(long = "role", value_name = "R", required = true, value_delimiter = ',', value_parser = roles())]
        roles: Vec<Role>,
        /// 窗口 / window
        #[arg(long, value_name = "W")]
        window: Option<String>,
        /// 本机用户号，缺省为当前用户 / user id on this machine, the caller's own when absent
        #[arg(long, value_name = "U")]
        uid: Option<u32>,
    },
    /// 增加角色 / give an operator further roles
    Role {
        /// 姓名 / name
        #[arg(value_name = "NAME")]
        name: String,
        /// 角色，可重复 / role, may be repeated
        #[arg(long = "role", value_name = "R", required = true, value_delimiter = ',', value_parser = roles())]
        roles: Vec<Role>,
    },
    /// 授予决定权 / give a decision mandate
    #[command(group(clap::ArgGroup::new("scope").required(true)))]
    Mandate {
        /// 姓名 / name
        #[arg(value_name = "NAME")]
        name: String,
        /// 事项编码 / item code
        #[arg(long, value_name = "CODE", group = "scope")]
        item: Option<String>,
        /// 全部事项 / all items
        #[arg(long, group = "scope")]
        all: bool,
        /// 起始日期，缺省为今日 / first day, today when absent
        #[arg(long, value_name = "D")]
        from: Option<String>,
        /// 截止日期，缺省为长期 / last day, open when absent
        #[arg(long, value_name = "D")]
        until: Option<String>,
    },
    /// 指定条线：该业务主管部门的基本目录事项 / the line whose base items an operator with the role line acts on
    Line {
        /// 姓名 / name
        #[arg(value_name = "NAME")]
        name: String,
        /// 业务主管部门；缺省为取消 / the line department, none to take it away
        #[arg(long, value_name = "N")]
        department: Option<String>,
    },
    #[command(flatten)]
    Duty(duty::Command),
    /// 经办人名单 / all operators
    List,
}

const COLUMNS: [&str; 4] = ["name", "roles", "window", "mandates"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let client = context.client()?;
    let answer = match command {
        Command::Duty(command) => return duty::run(context, command),
        Command::Add { name, roles, window, uid } => {
            client.post("/v1/operators", &AddOperator { name, roles, window, uid, known: false })?
        }
        Command::Role { name, roles } => {
            client.post("/v1/operators", &AddOperator { name, roles, window: None, uid: None, known: true })?
        }
        Command::Mandate { name, item, all: _, from, until } => client.post(
            "/v1/operators/mandate",
            &GrantMandate {
                operator: name,
                item,
                from: parse_optional("from", from.as_deref())?,
                until: parse_optional("until", until.as_deref())?,
            },
        )?,
        Command::Line { name, department } => {
            client.post("/v1/operators/line", &AssignLine { operator: name, department })?
        }
        Command::List => {
            let answer = client.get("/v1/operators", &[])?;
            return context.output.list(&answer, "operators", &COLUMNS);
        }
    };
    context.output.object(&answer, &["name", "roles", "window", "department", "mandates"])
}

fn roles() -> impl TypedValueParser<Value = Role> {
    let values = Role::ALL.map(|role| PossibleValue::new(role.name()).alias(role.zh()).help(role.zh()));
    PossibleValuesParser::new(values).try_map(|text| text.parse::<Role>())
}
