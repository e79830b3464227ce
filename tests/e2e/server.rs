//! The server as a process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::client::Client;
use crate::database::Database;

pub(crate) const TOKEN: &str = "pat_an_admin_token_that_only_tests_know_of";
const PROGRAM: &str = env!("CARGO_BIN_EXE_flow-server");

/// A data directory and a database, which outlive the processes that serve them.
pub(crate) struct Home {
    pub(crate) dir: TempDir,
    database: Database,
    variables: Vec<(String, String)>,
}

/// A running server, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Home {
    pub(crate) fn new(database: Database) -> Self {
        Self { dir: TempDir::new().unwrap(), database, variables: Vec::new() }
    }

    /// A home on SQLite.
    pub(crate) fn sqlite() -> Self {
        Self::new(Database::Sqlite)
    }

    /// A home on each kind of database.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        Database::each().into_iter().map(Self::new)
    }

    /// Whether several servers can use its database at once.
    pub(crate) fn is_shared(&self) -> bool {
        self.database.url().is_some()
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program with this home's settings, and no others from the environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FLOW_")) {
            command.env_remove(name);
        }
        command.current_dir(self.dir.path()).env("RUST_LOG", "warn").envs(self.variables.iter().cloned());
        if let Some(url) = self.database.url() {
            command.env("FLOW_DATABASE", url);
        }
        command
    }

    /// Starts the server on a free port and waits until it serves.
    pub(crate) fn start(&self) -> Server {
        let mut command = self.command();
        command.env("FLOW_ADMIN_TOKEN", TOKEN).env("FLOW_CLUSTER__LEASE_SECONDS", "3");
        command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        Server::wait_for(command.spawn().unwrap())
    }
}

impl Server {
    /// Waits for the line that says the server is ready.
    pub(crate) fn wait_for(mut child: Child) -> Self {
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .find_map(|line| line.unwrap().strip_prefix("listening on http://").map(str::to_owned));
        let address = address.unwrap_or_else(|| panic!("the server stopped: {:?}", child.wait()));
        Self { child, address }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address, TOKEN)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: the process gets no chance to do anything more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: the process is asked to stop.
    pub(crate) fn terminate(&self) {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
    }

    /// Waits for the process's own end and says whether it was a good one.
    pub(crate) fn ended_well(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, most often.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
