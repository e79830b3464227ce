//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand, ValueEnum};
use flow_engine::Scope;
use serde::{Deserialize, Serialize};

use crate::duration::parse_duration;

/// Executes flows over HTTP: durable, resumable, in one binary.
#[derive(Debug, Parser)]
#[command(name = "flow-server", version, after_help = EXAMPLES, propagate_version = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The command of the processes that run scripts.
pub(crate) const JS_WORKER: &str = "js-worker";

const EXAMPLES: &str = "\
Examples:
  flow-server                                        serve on 127.0.0.1:8080, data in ./flow-data
  flow-server --listen 0.0.0.0:80 --database postgres://flow@db/flow
  flow-server run docs/examples/discount-approval.json --inputs '{\"customer\":\"Ada\",\"amount\":120}'
  flow-server validate docs/examples/*.json
  flow-server token create --workspace default --user ci --email ci@example.com --scopes flows:run

Each setting can also be given in the environment (FLOW_LISTEN, FLOW_DATA_DIR, FLOW_DATABASE, …) or in the
file that --config names; a flag wins over the environment, and that over the file.";

/// Settings that hold for every command. Each has a default.
#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    /// Address to serve on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Folder of the SQLite file and the server's own files [default: ./flow-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// PostgreSQL URL, or the path of an SQLite file [default: flow.db in the data dir]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// TOML file with settings
    #[arg(long, global = true, value_name = "FILE", env = "FLOW_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Don't load the sample flows at the first start
    #[arg(long, global = true)]
    pub(crate) no_samples: bool,
    /// Refuse to start on a database whose tables aren't up to date, instead of migrating it
    #[arg(long, global = true)]
    pub(crate) no_migrate: bool,
    /// How log lines look [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the HTTP API (what happens without a command)
    Serve,
    /// Run a flow from a file, with no server, and print its output
    Run(RunArgs),
    /// Check flow documents as publishing would
    Validate(ValidateArgs),
    /// Make, list and revoke tokens; works beside a running server
    #[command(subcommand)]
    Token(TokenCommand),
    /// Bring the database's tables up to date, and stop
    Migrate,
    /// Run scripts for a server: started by servers, and of no use to anybody else
    #[command(name = JS_WORKER, hide = true)]
    JsWorker,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 completed, 1 failed, 2 the file can't be run, 3 it waits and nobody is there to answer."
)]
pub(crate) struct RunArgs {
    /// The flow document
    pub(crate) file: PathBuf,
    /// The inputs, as a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) inputs: String,
    /// Print one JSON object with status, output and error, and no progress
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 all can be published, 1 a document has faults, 2 a file can't be read.")]
pub(crate) struct ValidateArgs {
    /// The flow documents
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Print one JSON object a file
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it: it is shown this once
    Create {
        /// The workspace, made when it is missing
        #[arg(long, default_value = crate::config::DEFAULT_WORKSPACE, value_parser = NonEmptyStringValueParser::new())]
        workspace: String,
        /// The name of the person or service that will use it
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        user: String,
        /// Their email, which tells users of a workspace apart
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        email: String,
        /// What it allows, such as flows:run,runs:resume
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        /// When it ends by itself: a number with s, m, h or d
        #[arg(long, value_name = "TIME", value_parser = parse_duration)]
        expires_in: Option<Duration>,
    },
    /// List tokens; the tokens themselves can't be shown
    List {
        /// Print one JSON object a token
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token at once
    Revoke {
        /// Its id, or the token itself
        #[arg(value_name = "ID|TOKEN")]
        token: String,
    },
}
