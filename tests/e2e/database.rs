//! A fresh database for each test.

use diesel::prelude::*;
use tempfile::TempDir;

/// A database of one test, gone with it.
pub(crate) enum Database {
    Sqlite,
    Postgres { admin_url: String, name: String },
}

impl Database {
    /// Both kinds, for a test that is to hold on each.
    pub(crate) fn each() -> Vec<Self> {
        [Some(Self::Sqlite), Self::postgres()].into_iter().flatten().collect()
    }

    /// None when the tests were told to do without PostgreSQL.
    fn postgres() -> Option<Self> {
        if std::env::var_os("FLOW_TEST_WITHOUT_POSTGRES").is_some() {
            return None;
        }
        let admin_url = std::env::var("FLOW_TEST_POSTGRES").expect(
            "no PostgreSQL to test on: use tests/run.sh, which starts one, or set FLOW_TEST_POSTGRES to the URL \
             of a superuser, or FLOW_TEST_WITHOUT_POSTGRES=1 to do without",
        );
        let unique = TempDir::new().unwrap();
        let unique = unique.path().file_name().unwrap().to_string_lossy().replace('.', "").to_lowercase();
        let name = format!("e2e_{}_{unique}", std::process::id());
        execute(&admin_url, &format!("CREATE DATABASE \"{name}\""));
        Some(Self::Postgres { admin_url, name })
    }

    /// What `--database` is given; none for the default.
    pub(crate) fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { admin_url, name } => {
                let (server, _) = admin_url.rsplit_once('/').unwrap();
                Some(format!("{server}/{name}"))
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { admin_url, name } = self {
            execute(admin_url, &format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
        }
    }
}

fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    diesel::sql_query(sql).execute(&mut connection).unwrap();
}
