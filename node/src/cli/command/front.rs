//! Front databases: what is reported there, of items and of cases, and what they answer.

mod case_reconcile;
mod case_report;
pub(in crate::cli) mod names;
pub(super) mod reconcile;
pub(super) mod report;

use std::path::PathBuf;

use tongban_domain::tables::Subject;

use crate::cli::failure::Failure;
use crate::cli::text::{FILE_UNREADABLE, SYSTEM};
use crate::front::{FrontError, Mapping};

/// What is said about a front database.
#[derive(Debug, clap::Args)]
pub(crate) struct Front {
    /// 映射文件 / mapping of tables and columns, see config-examples/front-database.toml
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// 口令文件；也可用环境变量 TONGBAN_FRONT_PASSWORD / file of the password, or TONGBAN_FRONT_PASSWORD in the environment
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Front {
    /// The mapping, which fits what is reported.
    fn mapping(&self, subject: Subject) -> Result<Mapping, Failure> {
        let mapping = match &self.mapping {
            Some(path) => Mapping::load(path)?,
            None => Mapping::default(),
        };
        mapping.fits(subject)?;
        Ok(mapping)
    }

    fn password(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.password_file else {
            return Ok(std::env::var("TONGBAN_FRONT_PASSWORD").ok().filter(|password| !password.is_empty()));
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::of(&FILE_UNREADABLE, path.display().to_string(), &[&error.to_string()]))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

impl From<FrontError> for Failure {
    fn from(error: FrontError) -> Self {
        error.problem().into()
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
    made.map_err(|error| Failure::of(&SYSTEM, "", &[&error.to_string()]))
}
