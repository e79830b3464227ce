//! The configuration: defaults, then the file, then the environment, then the flags.

mod credits;
mod limits;
mod sources;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use flow_script::ProcessPoolOptions;
use flow_steps::{Allow, LlmOptions};
use serde::{Deserialize, Serialize};

use crate::args::{JS_WORKER, LogFormat, Settings};

/// The workspace of the first start, of `FLOW_ADMIN_TOKEN`, and of commands that name none.
pub(crate) const DEFAULT_WORKSPACE: &str = "default";

/// Everything that can be set. Names are those of the config file; the environment has them in capitals, with
/// `FLOW_` before and `__` between a section and its setting.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The address to serve on.
    pub(crate) listen: SocketAddr,
    /// The folder of the SQLite file and the server's own files.
    pub(crate) data_dir: PathBuf,
    /// The database; the SQLite file in the data dir when empty.
    pub(crate) database: String,
    /// The folder of uploaded files, which all servers of a database share; `files` in the data dir when empty.
    pub(crate) files_dir: PathBuf,
    /// Don't load the sample flows at the first start.
    pub(crate) no_samples: bool,
    /// Refuse to start on tables that aren't up to date.
    pub(crate) no_migrate: bool,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
    /// An admin token of the default workspace that is made to exist at every start; none when empty.
    pub(crate) admin_token: String,
    /// How long a stop waits for requests and runs to come to an end, in seconds.
    pub(crate) shutdown_seconds: u64,
    /// The address that people reach the server at, which links begin with; `http://` and the address it serves on when
    /// empty.
    pub(crate) public_url: String,
    /// How many threads serve HTTP; as many as the machine has cores when 0.
    pub(crate) workers: usize,
    pub(crate) secrets: Secrets,
    pub(crate) limits: limits::Limits,
    pub(crate) scripts: Scripts,
    pub(crate) outbound: Outbound,
    /// The language model that flows ask.
    pub(crate) llm: LlmOptions,
    pub(crate) credits: credits::Credits,
    pub(crate) cluster: Cluster,
    pub(crate) http: flow_http::Options,
}

/// What is kept from others.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Secrets {
    /// 32 bytes in base64, the same for all servers of a database. Without it a server on SQLite makes a key file in
    /// its data dir, and one on PostgreSQL makes no links.
    pub(crate) key: String,
}

/// What runs the JavaScript of flows that isn't evaluated natively.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Scripts {
    /// How many processes run scripts, started when they are needed; as many as the machine has cores when 0.
    pub(crate) workers: usize,
    /// How many scripts may wait for a process; further ones fail.
    pub(crate) queue: usize,
    /// The longest that one script may take, in milliseconds.
    pub(crate) time_ms: u64,
    /// The most memory that one script may have, in MiB.
    pub(crate) memory_mib: usize,
}

/// What flows may reach.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Outbound {
    /// Networks and hosts that requests may reach although private, separated by commas.
    pub(crate) allow: String,
}

/// How servers share a database.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cluster {
    /// How long a server's runs stay its own after its last sign of life.
    pub(crate) lease_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: "flow-data".into(),
            database: String::new(),
            files_dir: PathBuf::new(),
            no_samples: false,
            no_migrate: false,
            log_format: LogFormat::Text,
            admin_token: String::new(),
            shutdown_seconds: 30,
            public_url: String::new(),
            workers: 0,
            secrets: Secrets::default(),
            limits: limits::Limits::default(),
            scripts: Scripts::default(),
            outbound: Outbound::default(),
            llm: LlmOptions::default(),
            credits: credits::Credits::default(),
            cluster: Cluster::default(),
            http: flow_http::Options::default(),
        }
    }
}

impl Default for Scripts {
    fn default() -> Self {
        Self { workers: 0, queue: 1_000, time_ms: 1_000, memory_mib: 64 }
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self { lease_seconds: 15 }
    }
}

impl Config {
    /// Reads and checks the configuration.
    pub(crate) fn load(flags: &Settings) -> anyhow::Result<Self> {
        let config = sources::read(flags)?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> anyhow::Result<()> {
        self.http.validate().context("section [http]")?;
        self.limits.validate()?;
        self.allow()?;
        self.credits.prices()?;
        self.llm.validate().context("section [llm] (FLOW_LLM__BASE_URL, FLOW_LLM__API_KEY)")?;
        if !(3..=3600).contains(&self.cluster.lease_seconds) {
            anyhow::bail!("`cluster.lease_seconds` is {}; use 3 to 3600", self.cluster.lease_seconds);
        }
        let is_web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        if !self.public_url.is_empty() && !is_web(&self.public_url) {
            anyhow::bail!("`public_url` is `{}`; it must begin with http:// or https://", self.public_url);
        }
        const SHORTEST_TOKEN: usize = 24;
        if !self.admin_token.is_empty() && self.admin_token.len() < SHORTEST_TOKEN {
            anyhow::bail!(
                "`FLOW_ADMIN_TOKEN` is too short to be safe; use {SHORTEST_TOKEN} characters or more"
            );
        }
        // A header can't carry anything else, and spaces at its ends are lost on the way.
        if !self.admin_token.bytes().all(|byte| byte.is_ascii_graphic()) {
            anyhow::bail!(
                "`FLOW_ADMIN_TOKEN` must be visible ASCII characters without spaces or line breaks"
            );
        }
        // Actix panics above it.
        const MOST_WORKERS: usize = 512;
        if self.workers > MOST_WORKERS {
            anyhow::bail!("`workers` is {}; use {MOST_WORKERS} at most, or 0 for one a core", self.workers);
        }
        Ok(())
    }

    /// What flows may reach although private.
    pub(crate) fn allow(&self) -> anyhow::Result<Allow> {
        self.outbound.allow.parse().context("`outbound.allow` (FLOW_OUTBOUND__ALLOW)")
    }

    /// The store's settings.
    pub(crate) fn store(&self, exclusive: bool) -> flow_store::Options {
        let url = match self.database.as_str() {
            "" => self.data_dir.join("flow.db").to_string_lossy().into_owned(),
            named => named.to_owned(),
        };
        flow_store::Options { migrate: !self.no_migrate, exclusive, ..flow_store::Options::at(url) }
    }

    /// The folder of uploaded files.
    pub(crate) fn files_dir(&self) -> PathBuf {
        if self.files_dir.as_os_str().is_empty() {
            self.data_dir.join("files")
        } else {
            self.files_dir.clone()
        }
    }

    /// Whether the database is a file of this machine.
    pub(crate) fn is_sqlite(&self) -> bool {
        !["postgres://", "postgresql://"].iter().any(|scheme| self.database.starts_with(scheme))
    }

    /// The file in the data dir, if that is the database and isn't there yet.
    pub(crate) fn missing_file(&self) -> Option<PathBuf> {
        let file = self.data_dir.join("flow.db");
        (self.database.is_empty() && !file.exists()).then_some(file)
    }

    /// The settings of the processes that run scripts: this very program.
    pub(crate) fn scripts(&self) -> anyhow::Result<ProcessPoolOptions> {
        // Also when the file was replaced by another version meanwhile.
        const MYSELF: &str = "/proc/self/exe";
        let program = match Path::new(MYSELF).exists() {
            true => MYSELF.into(),
            false => std::env::current_exe().context("asking for this program's own path")?,
        };
        let Scripts { workers, queue, time_ms, memory_mib } = self.scripts;
        let defaults = ProcessPoolOptions::new(program, [JS_WORKER]);
        let memory_bytes = memory_mib.saturating_mul(1 << 20);
        let address_space_bytes = defaults.address_space_bytes.max((memory_bytes as u64).saturating_mul(8));
        Ok(ProcessPoolOptions {
            workers: if workers == 0 { defaults.workers } else { workers },
            queue,
            address_space_bytes,
            limits: flow_script::Limits { time_ms, memory_bytes, ..defaults.limits },
            ..defaults
        })
    }

    /// The models that steps are offered; none when there is no endpoint to ask.
    pub(crate) fn models(&self) -> Option<Vec<String>> {
        let named = Some(self.llm.default_model.clone()).filter(|model| !model.is_empty());
        (!self.llm.base_url.is_empty()).then(|| named.into_iter().collect())
    }

    /// What bounds the engine.
    pub(crate) fn limits(&self) -> flow_engine::Limits {
        let lease = Duration::from_secs(self.cluster.lease_seconds);
        flow_engine::Limits { lease, ..self.limits.of_engine() }
    }
}
