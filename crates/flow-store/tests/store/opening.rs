//! Who may open what, and what that does to the file.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use flow_engine::Store as _;
use flow_store::{OpenError, Options, SqlStore};

use crate::backend::File;
use crate::runs::{World, node, stored};

#[tokio::test]
async fn a_second_server_is_refused() {
    let file = File::new();
    let first = file.open().await;
    let refused = SqlStore::open(file.options()).await.unwrap_err();
    assert!(matches!(refused, OpenError::AlreadyInUse(_)), "{refused:?}");
    assert!(refused.to_string().starts_with(&format!("{} is in use", file.path())), "{refused}");
    drop(first);
    file.open().await.ping().await.unwrap();
}

#[tokio::test]
async fn a_command_works_beside_a_server() {
    let file = File::new();
    let server = file.open().await;
    let world = World::new(&server).await;
    let beside = Options { exclusive: false, ..file.options() };
    let command = SqlStore::open(beside).await.unwrap();
    let run = stored(&command, world.whole()).await;
    assert!(server.run_record(run).await.unwrap().is_some());
    let run = stored(&server, world.create()).await;
    assert_eq!(world.claim(&command, Some(run), 1).await, [], "the server's lease is still good");
}

/// The last owner of a file is gone, whatever its lease says: its runs can be taken at once.
#[tokio::test]
async fn leases_end_with_their_process() {
    let file = File::new();
    let store = file.open().await;
    let mut world = World::new(&store).await;
    let run = stored(&store, world.create()).await;
    drop(store);
    let store = file.open().await;
    world.node = node();
    assert_eq!(world.claim(&store, None, 10).await[0].run, run);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = File::new();
    let _store = file.open().await;
    let path = file.path();
    let folder = Path::new(&path).parent().unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    for suffix in ["", "-wal", ".lock"] {
        assert_eq!(mode(Path::new(&format!("{path}{suffix}"))), 0o600, "{suffix}");
    }
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = BigInt)]
    vacuum: i64,
    #[diesel(sql_type = Text)]
    journal: String,
}

#[tokio::test]
async fn the_file_can_give_space_back() {
    let file = File::new();
    drop(file.open().await);
    let mut connection = SqliteConnection::establish(&file.path()).unwrap();
    let query =
        "SELECT auto_vacuum AS vacuum, journal_mode AS journal FROM pragma_auto_vacuum, pragma_journal_mode";
    let setting: Setting = diesel::sql_query(query).get_result(&mut connection).unwrap();
    assert_eq!((setting.vacuum, setting.journal.as_str()), (2, "wal"));
}

#[tokio::test]
async fn what_cannot_be_opened_is_named() {
    for url in ["", ":memory:", "mysql://localhost/flow"] {
        let refused = SqlStore::open(Options::at(url)).await.unwrap_err();
        assert!(matches!(refused, OpenError::Url(_)), "{refused:?}");
    }
    // Port 1 on this host: nobody listens there.
    let refused = SqlStore::open(Options::at("postgres://nobody@127.0.0.1:1/nothing")).await.unwrap_err();
    assert!(matches!(refused, OpenError::Connect(_)), "{refused:?}");
    let file = File::new();
    let below_a_file = format!("{}/below/flow.db", file.path());
    drop(file.open().await);
    let refused = SqlStore::open(Options::at(below_a_file)).await.unwrap_err();
    assert!(matches!(refused, OpenError::File { .. }), "{refused:?}");
}
