//! Logs, on standard error: standard output is for results.

use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;

/// What is logged unless `RUST_LOG` chooses. Actix calls each malformed request an error of its own, which it
/// isn't: whoever sent it is told.
const DEFAULT: &str = "info,actix_server=warn,actix_http=off";

/// Begins to log. `RUST_LOG` chooses what; `info` by default.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log line that can't be written is lost. To complain of it on standard error, which is where it couldn't
    // be written, would panic in whatever was logging: a request, or the renewal of the lease.
    let subscriber = subscriber.log_internal_errors(false);
    match format {
        LogFormat::Text => subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => subscriber.json().init(),
    }
}
