//! `tongban invite`: a token with which a node below joins.

use crate::api::v1::Invite;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::DURATION_INVALID;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 受邀节点的行政区划代码 / division of the invited node
    #[arg(long, value_name = "C")]
    division: String,
    /// 有效时长，如 30m、24h、7d / how long it works
    #[arg(long, value_name = "TIME", default_value = "24h")]
    expires: String,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let invite =
        Invite { division: parse("division", &args.division)?, expires_seconds: Some(seconds(&args.expires)?) };
    let answer = context.client()?.post("/v1/invites", &invite)?;
    context.output.object(&answer, &["token", "division", "expires"])
}

/// The longest life of a token: a year.
const SECONDS_MAX: u64 = 366 * 86_400;

fn seconds(text: &str) -> Result<u64, Failure> {
    let read = || {
        let unit = match text.chars().last()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        let number: u64 = text[..text.len() - 1].parse().ok()?;
        number.checked_mul(unit).filter(|seconds| (1..=SECONDS_MAX).contains(seconds))
    };
    read().ok_or_else(|| Failure::of(&DURATION_INVALID, text, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("24h", Some(86_400)),
            ("90s", Some(90)),
            ("30m", Some(1800)),
            ("7d", Some(604_800)),
            ("0h", None),
            ("400d", None),
            ("24", None),
            ("h", None),
            ("", None),
            ("1天", None),
            ("99999999999999999999d", None),
            ("999999999999999999d", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
    }
}
