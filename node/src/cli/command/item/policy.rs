//! `tongban item policy`: what publication requires here and below.

use tongban_domain::catalogue::{POLICY_CODE, Policy, StandardBody, StandardKind};

use super::standard::{self, Terms, Withdrawal};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 设定发布要求 / set what publication requires
    Set {
        /// 须经他人审核后发布 / an item is published only after another one than its editor passed it
        #[arg(long)]
        review: bool,
        /// 发布所需最低质量分 / the least quality score with which an item is published
        #[arg(long, value_name = "0-100")]
        quality_min: Option<u8>,
        /// 必须满足的规则，逗号分隔 / rules that an item must keep, with commas between
        #[arg(long, value_name = "Q,Q", value_delimiter = ',')]
        rules_required: Vec<String>,
        /// 认领期限，天 / days in which a release is claimed or declined
        #[arg(long, value_name = "DAYS")]
        claim_days: Option<u16>,
        #[command(flatten)]
        terms: Terms,
    },
    /// 撤销发布要求 / withdraw what this node requires
    Withdraw(Withdrawal),
    /// 各级发布要求，从严执行 / what each level requires; the strictest holds
    Show,
}

const FIELDS: [&str; 9] = [
    "division",
    "set_by",
    "state",
    "effective",
    "holds",
    "policy.review",
    "policy.quality_min",
    "policy.rules_required",
    "policy.claim_days",
];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    const KIND: StandardKind = StandardKind::Policy;
    match command {
        Command::Set { review, quality_min, rules_required, claim_days, terms } => {
            let body = StandardBody::Policy(Policy {
                review,
                quality_min,
                rules_required,
                claim_days,
                supervision: Vec::new(),
            });
            standard::set(context, &[terms.draft(None, body)?])
        }
        Command::Withdraw(args) => standard::withdraw(context, KIND, &args),
        Command::Show => standard::show(context, KIND, POLICY_CODE, &FIELDS),
    }
}
