//! Databases for one test each.
//!
//! PostgreSQL comes from `FLOW_TEST_POSTGRES`, the URL of a superuser of a cluster that may be thrown away.
//! Without it the tests on PostgreSQL fail, so that nobody takes half a run for a whole one; only
//! `FLOW_TEST_WITHOUT_POSTGRES=1` leaves them out, and then each says so.

use std::env;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use flow_engine::{Entropy as _, OsEntropy};
use flow_store::{Options, SqlStore};
use tempfile::TempDir;

/// An SQLite file that goes with this value.
pub(crate) struct File {
    folder: TempDir,
}

impl File {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self) -> String {
        self.folder.path().join("data").join("flow.db").to_str().unwrap().to_owned()
    }

    pub(crate) fn options(&self) -> Options {
        Options::at(self.path())
    }

    pub(crate) async fn open(&self) -> SqlStore {
        SqlStore::open(self.options()).await.unwrap()
    }
}

/// A PostgreSQL database that goes with this value.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// None, and a loud word, when the tests are to do without.
    #[expect(clippy::print_stderr, reason = "nobody may overlook that a test was left out")]
    pub(crate) fn new() -> Option<Self> {
        let Ok(server) = env::var("FLOW_TEST_POSTGRES") else {
            assert!(
                env::var("FLOW_TEST_WITHOUT_POSTGRES").is_ok_and(|value| value == "1"),
                "this test needs PostgreSQL: run tests/run.sh, or set FLOW_TEST_POSTGRES to a superuser's \
                 URL of a cluster that may be thrown away (FLOW_TEST_WITHOUT_POSTGRES=1 leaves it out)"
            );
            eprintln!("SKIPPED: not run on PostgreSQL, as FLOW_TEST_WITHOUT_POSTGRES=1 asks");
            return None;
        };
        let mut random = [0; 8];
        OsEntropy.fill(&mut random);
        let name = format!("flow_test_{:016x}", u64::from_le_bytes(random));
        let database = Self { server, name };
        database.on_server(&format!("CREATE DATABASE {} TEMPLATE template0", database.name));
        Some(database)
    }

    pub(crate) fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    pub(crate) fn options(&self) -> Options {
        Options::at(self.url())
    }

    pub(crate) async fn open(&self) -> SqlStore {
        SqlStore::open(self.options()).await.unwrap()
    }

    pub(crate) fn on_server(&self, statement: &str) {
        PgConnection::establish(&self.server).unwrap().batch_execute(statement).unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.on_server(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Either, for tests that hold on both.
pub(crate) enum Backend {
    Sqlite(File),
    Postgres(Database),
}

impl Backend {
    pub(crate) fn options(&self) -> Options {
        match self {
            Self::Sqlite(file) => file.options(),
            Self::Postgres(database) => database.options(),
        }
    }

    pub(crate) async fn open(&self) -> SqlStore {
        SqlStore::open(self.options()).await.unwrap()
    }

    /// A connection that goes round the store.
    pub(crate) fn connect(&self) -> Box<dyn SimpleConnection> {
        match self {
            Self::Sqlite(file) => Box::new(SqliteConnection::establish(&file.path()).unwrap()),
            Self::Postgres(database) => Box::new(PgConnection::establish(&database.url()).unwrap()),
        }
    }

    /// Holds every write to `runs` up until the connection commits.
    pub(crate) fn hold(&self) -> Box<dyn SimpleConnection> {
        let mut blocker = self.connect();
        let hold = match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN; LOCK TABLE runs IN EXCLUSIVE MODE",
        };
        blocker.batch_execute(hold).unwrap();
        blocker
    }
}

/// Makes each case a test on SQLite and one on PostgreSQL.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case($crate::backend::Backend::Sqlite($crate::backend::File::new())).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(database) = $crate::backend::Database::new() {
                        super::$case($crate::backend::Backend::Postgres(database)).await;
                    }
                }
            )+
        }
    };
}
pub(crate) use on_both;
