//! Logs, on standard error: standard output is for results.

use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;

/// Begins to log. `RUST_LOG` chooses what; `info` by default.
pub(crate) fn start(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => subscriber.json().init(),
    }
}
