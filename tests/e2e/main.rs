//! The whole program from outside: the real binary on both databases, started, killed and started again.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop where it is")]

mod bad_input;
mod client;
mod command_line;
mod database;
mod examples;
mod families;
mod files;
mod hooks;
mod kill;
mod links;
mod llm;
mod logs;
mod main_job;
mod races;
mod retry;
mod scripts;
mod secrets;
mod server;
mod stop;
mod world;
