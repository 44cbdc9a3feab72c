//! What stands in a connector's way, in both languages of the product.

use std::fmt;

use crate::engine::Refused;
use crate::foreign;

/// Why something didn't work: shown to clerks in either language, and in the log in English.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// In English.
    pub(crate) en: String,
    /// In Chinese.
    pub(crate) zh: String,
}

impl Said {
    pub(super) fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// What it was about, and what the system or a library said of it.
    pub(super) fn of(en: &str, zh: &str, error: &dyn fmt::Display) -> Self {
        let said = error.to_string();
        Self::new(format!("{en}: {}", foreign::en(&said)), format!("{zh}：{}", foreign::zh(&said)))
    }

    /// What the writer refused.
    pub(super) fn refused(refused: &Refused) -> Self {
        let (en, zh) = match refused {
            Refused::Rejection(rejection) => (&*rejection.en, &*rejection.zh),
            Refused::Problem(problem) => (&*problem.en, &*problem.zh),
            Refused::Unknown => ("it is not known whether this was kept", "尚不知是否已记录"),
            Refused::Stopped => ("the node is stopping", "节点正在停止"),
        };
        Self::new(format!("the answer was not recorded: {en}"), format!("答复未能记录：{zh}"))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_said_in_both_languages() {
        let error = std::io::Error::from_raw_os_error(111);
        let said = Said::of("no connection", "无法连接", &error);
        assert_eq!(said.en, "no connection: nobody answers there");
        assert_eq!(said.zh, "无法连接：对方没有应答");
        for refused in
            [Refused::Unknown, Refused::Stopped, Refused::problem("disk-low", "the disk is full", "磁盘已满")]
        {
            let said = Said::refused(&refused);
            assert!(
                said.zh.starts_with("答复未能记录：") && !said.zh.chars().any(|c| c.is_ascii_alphabetic()),
                "{said:?}"
            );
            assert!(said.en.is_ascii() && !said.en.contains(['{', '(']), "{said:?}");
        }
    }
}
