//! Why a report didn't reach a front database, or its answers not us.

use std::path::PathBuf;

use thiserror::Error;

use crate::api::v1::Problem;

/// What went wrong on the way.
#[derive(Debug, Error)]
pub enum FrontError {
    /// The mapping file.
    #[error("{en}")]
    Mapping {
        /// What is wrong.
        en: String,
        /// The same in Chinese.
        zh: String,
    },
    /// The address.
    #[error("{en}")]
    Address {
        /// What is wrong.
        en: &'static str,
        /// The same in Chinese.
        zh: &'static str,
    },
    /// The dialect isn't spoken on a connection.
    #[error("a front database of this dialect is reached by an SQL file alone")]
    Dialect,
    /// No connection, or it broke.
    #[error("the front database can't be reached: {0}")]
    Unreachable(String),
    /// The database said no; nothing of the batch was written.
    #[error("the front database refused: {message} (SQLSTATE {state})")]
    Refused {
        /// What it said.
        message: String,
        /// SQLSTATE.
        state: String,
    },
    /// A file.
    #[error("the file {} can't be used: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A directory of tables.
    #[error("{en}")]
    Tables {
        /// What is wrong.
        en: String,
        /// The same in Chinese.
        zh: String,
    },
    /// A file of answers.
    #[error("line {line}: {en}")]
    Answers {
        /// Where.
        line: u64,
        /// What is wrong.
        en: String,
        /// The same in Chinese.
        zh: String,
    },
}

impl FrontError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mapping { .. } => "front-mapping",
            Self::Address { .. } => "front-address",
            Self::Dialect => "front-dialect",
            Self::Unreachable(_) => "front-unreachable",
            Self::Refused { .. } => "front-refused",
            Self::File { .. } => "front-file",
            Self::Tables { .. } => "front-tables",
            Self::Answers { .. } => "front-answers",
        }
    }

    fn zh(&self) -> String {
        match self {
            Self::Mapping { zh, .. } | Self::Tables { zh, .. } => zh.clone(),
            Self::Address { zh, .. } => (*zh).to_owned(),
            Self::Dialect => "该类前置库只能用 SQL 文件交换".to_owned(),
            Self::Unreachable(reason) => format!("无法连接前置库：{reason}"),
            Self::Refused { message, state } => format!("前置库拒绝：{message}（SQLSTATE {state}）"),
            Self::File { path, source } => format!("文件 {} 无法使用：{source}", path.display()),
            Self::Answers { line, zh, .. } => format!("第 {line} 行：{zh}"),
        }
    }

    fn remedy(&self) -> (&'static str, &'static str) {
        match self {
            Self::Mapping { .. } => {
                ("compare it with config-examples/front-database.toml", "对照 config-examples/front-database.toml 修改")
            }
            Self::Address { .. } => (
                "write postgres://USER@HOST:PORT/DATABASE; the password comes from --password-file or TONGBAN_FRONT_PASSWORD",
                "写作 postgres://用户@主机:端口/库名；口令用 --password-file 或环境变量 TONGBAN_FRONT_PASSWORD 给出",
            ),
            Self::Dialect => ("write the file with --to-sql and run it there", "用 --to-sql 生成文件，在前置库执行"),
            Self::Unreachable(_) => (
                "check address, password and firewall, then repeat the command: nothing is sent twice",
                "检查地址、口令和防火墙后重复该命令，不会重复写入",
            ),
            // Undefined table or column; no unique index on row_guid.
            Self::Refused { state, .. } if matches!(state.as_str(), "42P01" | "42703" | "42P10") => (
                "compare tables, columns and the unique index on row_guid with `tongban item report --ddl` and `tongban case report --ddl`, or set their names in the mapping",
                "对照 tongban item report --ddl、tongban case report --ddl 核对表、列和 row_guid 的唯一索引，或在映射文件中设置名称",
            ),
            Self::Refused { .. } => (
                "nothing of this batch was written; mend it and repeat the command",
                "本批未写入任何内容；处理后重复该命令",
            ),
            Self::File { .. } => ("check path, permissions and free disk", "检查路径、权限和磁盘余量"),
            Self::Tables { .. } => (
                "take all files of all tables, as they were written; a table without rows is its head alone, and a batch of changes isn't the whole: item report --to-files DIR --since 0",
                "取得全部表的全部文件，内容与写出时一致；没有行的表只有表头；只含变动的批次不是全部：item report --to-files DIR --since 0",
            ),
            Self::Answers { .. } => (
                "the head names the columns of [answers] in the mapping, an answer follows on each further line",
                "首行为映射文件 [answers] 中的列名，其后每行一条答复",
            ),
        }
    }

    /// The error as a caller reads it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (remedy_en, remedy_zh) = self.remedy();
        let field = match self {
            Self::Mapping { .. } | Self::Dialect => "mapping",
            Self::Address { .. } | Self::Unreachable(_) | Self::Refused { .. } => "address",
            Self::File { .. } | Self::Tables { .. } | Self::Answers { .. } => "file",
        };
        Problem {
            code: self.code().to_owned(),
            field: field.to_owned(),
            en: self.to_string(),
            zh: self.zh(),
            remedy_en: remedy_en.to_owned(),
            remedy_zh: remedy_zh.to_owned(),
            ..Problem::default()
        }
    }

    pub(super) fn of_database(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => {
                // Where, and not what: the detail of a refused row is the row, with the applicant in it.
                let places = [said.table(), said.column(), said.constraint()];
                let place = places.into_iter().flatten().collect::<Vec<_>>().join(" ");
                let place = if place.is_empty() { place } else { format!(" ({place})") };
                Self::Refused { message: format!("{}{place}", said.message()), state: said.code().code().to_owned() }
            }
            None => {
                let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
                Self::Unreachable(format!("{error}{cause}"))
            }
        }
    }
}
