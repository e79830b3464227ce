//! `migrate`: brings the database's tables up to date.

use std::process::ExitCode;

use crate::config::Config;
use crate::parts::{block_on, open_store};
use crate::say;

pub(crate) fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    let config = Config { no_migrate: false, ..config.clone() };
    block_on(open_store(&config, true))?;
    say("the tables are up to date")?;
    Ok(ExitCode::SUCCESS)
}
