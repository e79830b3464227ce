//! The server binary: arguments, configuration, telemetry and shutdown. Everything else is in the libraries.

mod args;
mod config;
mod duration;
mod key;
mod migrate;
mod parts;
mod run;
mod serve;
mod telemetry;
mod token;
mod validate;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use args::{Args, Command};
use config::Config;

fn main() -> ExitCode {
    let args = Args::parse();
    match start(args) {
        Ok(code) => code,
        Err(error) if has_no_reader(&error) => ExitCode::from(exit::CANNOT),
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(exit::CANNOT)
        }
    }
}

/// What the process's exit tells a script.
mod exit {
    /// The flow's run failed, or a document has faults.
    pub(crate) const FAILED: u8 = 1;
    /// The command couldn't do its work; also what wrong arguments end with.
    pub(crate) const CANNOT: u8 = 2;
    /// The run waits for someone, and there is nobody to ask.
    pub(crate) const WAITING: u8 = 3;
}

fn start(args: Args) -> anyhow::Result<ExitCode> {
    let command = args.command.unwrap_or(Command::Serve);
    if matches!(command, Command::JsWorker) {
        // It has no environment, no folder and no files, so nothing to configure.
        flow_script::worker::run()?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::load(&args.settings)?;
    match command {
        Command::Serve => serve::serve(config),
        Command::Run(args) => run::run(&config, &args),
        Command::Validate(args) => validate::validate(&config, &args),
        Command::Token(command) => token::token(&config, command),
        Command::Migrate => migrate::migrate(&config),
        Command::JsWorker => Ok(ExitCode::SUCCESS),
    }
}

/// Tells the person at the terminal. Logs go through `tracing`; results go to standard output.
fn complain(message: &str) {
    tell(&format!("flow-server: {message}"));
}

/// A line of a command's result, on standard output.
///
/// # Errors
/// Nobody can read it: the disk is full, or the reader of a pipe has gone.
fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").context("standard output can't be written to")
}

/// A line of progress or advice, on standard error. When that is gone, there is nobody to tell.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Whether the reader of our output has gone, as `head` does when it has enough.
fn has_no_reader(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
