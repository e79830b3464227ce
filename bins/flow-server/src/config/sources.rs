//! Merges the sources of the configuration.

use std::collections::HashMap;

use anyhow::Context;
use config::builder::DefaultState;
use config::{ConfigBuilder, Environment, File, FileFormat};
use serde_json::Value;

use super::Config;
use crate::args::Settings;

const PREFIX: &str = "FLOW_";
/// Variables that begin like settings and belong to others: the flag's own, and the tests'.
const NO_SETTINGS: [&str; 2] = ["FLOW_CONFIG", "FLOW_TEST_"];

pub(super) fn read(flags: &Settings) -> anyhow::Result<Config> {
    let mut builder = config::Config::builder();
    if let Some(path) = &flags.config {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    let environment = Environment::default().separator("__").source(Some(environment()));
    builder = flag_overrides(builder.add_source(environment), flags)?;
    let merged = builder.build().and_then(config::Config::try_deserialize::<Config>);
    merged.context("the configuration can't be used")
}

/// The `FLOW_` variables that name a setting, without the prefix. Others are told of and left alone: the
/// environment is shared with programs that we know nothing of.
fn environment() -> HashMap<String, String> {
    let known = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut found = HashMap::new();
    for (name, value) in std::env::vars() {
        let Some(setting) = name.strip_prefix(PREFIX) else { continue };
        if NO_SETTINGS.iter().any(|other| name.starts_with(other)) {
            continue;
        }
        if is_setting(&known, setting) {
            found.insert(setting.to_owned(), value);
        } else {
            crate::complain(&format!("the environment has {name}, which is no setting; it is ignored"));
        }
    }
    found
}

fn is_setting(known: &Value, name: &str) -> bool {
    let mut path = name.split("__").map(str::to_ascii_lowercase);
    path.try_fold(known, |section, key| section.get(key)).is_some_and(|setting| !setting.is_object())
}

fn flag_overrides(
    builder: ConfigBuilder<DefaultState>,
    flags: &Settings,
) -> anyhow::Result<ConfigBuilder<DefaultState>> {
    let log_format = flags.log_format.map(|format| serde_json::to_value(format).unwrap_or_default());
    let log_format = log_format.and_then(|format| format.as_str().map(str::to_owned));
    let builder = builder
        .set_override_option("listen", flags.listen.map(|listen| listen.to_string()))?
        .set_override_option(
            "data_dir",
            flags.data_dir.as_ref().map(|dir| dir.to_string_lossy().into_owned()),
        )?
        .set_override_option("database", flags.database.clone())?
        .set_override_option("log_format", log_format)?
        .set_override_option("no_samples", flags.no_samples.then_some(true))?
        .set_override_option("no_migrate", flags.no_migrate.then_some(true))?;
    Ok(builder)
}
