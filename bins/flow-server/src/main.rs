//! The server binary: arguments, configuration, telemetry and shutdown. Everything else is in the libraries.

mod args;
mod config;
mod duration;
mod migrate;
mod parts;
mod run;
mod serve;
mod telemetry;
mod token;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use config::Config;

fn main() -> ExitCode {
    let args = Args::parse();
    match start(args) {
        Ok(code) => code,
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
    let config = Config::load(&args.settings)?;
    match args.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(config),
        Command::Run(args) => run::run(&config, &args),
        Command::Validate(args) => validate::validate(&args),
        Command::Token(command) => token::token(&config, command),
        Command::Migrate => migrate::migrate(&config),
    }
}

/// Tells the person at the terminal. Logs go through `tracing`; results go to standard output.
#[expect(clippy::print_stderr, reason = "the command line speaks to a person here")]
fn complain(message: &str) {
    eprintln!("flow-server: {message}");
}

/// A line of a command's result, on standard output.
#[expect(clippy::print_stdout, reason = "the command's result")]
fn say(line: &str) {
    println!("{line}");
}

/// A line of progress or advice, on standard error.
#[expect(clippy::print_stderr, reason = "the command line speaks to a person here")]
fn tell(line: &str) {
    eprintln!("{line}");
}
