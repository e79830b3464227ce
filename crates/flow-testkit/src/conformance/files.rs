//! What is known of files.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::FileRecord;
use flow_model::{FileId, Timestamp, UserId};

use super::Backend;
use super::world::{ODD, World, at};

fn file(world: &World) -> FileRecord {
    FileRecord {
        id: FileId::new(at(1), world.random()),
        workspace: world.workspace,
        name: ODD.to_owned(),
        content_type: "text/plain; charset=utf-8".to_owned(),
        size: 3,
        sha256: [7; 32],
        created_at: at(1),
        created_by: Some(UserId::new(at(0), world.random())),
    }
}

/// A file comes back as it was stored; an unknown one is none.
pub async fn a_file_is_stored_whole(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let (one, other) = (file(&world), FileRecord { created_by: None, ..file(&world) });
    for stored in [&one, &other] {
        assert_eq!(world.store.file_get(world.workspace, stored.id).await.unwrap(), None);
        world.store.file_store(stored.clone()).await.unwrap();
    }
    for stored in [one, other] {
        assert_eq!(world.store.file_get(world.workspace, stored.id).await.unwrap(), Some(stored));
    }
}

/// Another workspace's file isn't there.
pub async fn a_foreign_file_is_missing(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let stored = file(&world);
    world.store.file_store(stored.clone()).await.unwrap();
    let other = world.workspace("other").await;
    assert_eq!(world.store.file_get(other, stored.id).await.unwrap(), None);
}

/// A file never changes: who stores it again, after a lost reply, is told that all is well.
pub async fn a_repeat_changes_nothing(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let stored = file(&world);
    world.store.file_store(stored.clone()).await.unwrap();
    world.store.file_store(FileRecord { name: "another".to_owned(), ..stored.clone() }).await.unwrap();
    assert_eq!(world.store.file_get(world.workspace, stored.id).await.unwrap(), Some(stored));
}

/// The longest file, the earliest moment and the longest name are kept to the bit.
pub async fn extremes_are_kept(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let large = FileRecord {
        name: "漢".repeat(85),
        content_type: "a/".repeat(127),
        size: i64::MAX as u64,
        sha256: [255; 32],
        created_at: Timestamp::from_millis(i64::MIN),
        ..file(&world)
    };
    let empty = FileRecord { name: String::new(), content_type: String::new(), size: 0, ..file(&world) };
    for stored in [large, empty] {
        world.store.file_store(stored.clone()).await.unwrap();
        assert_eq!(world.store.file_get(world.workspace, stored.id).await.unwrap(), Some(stored));
    }
}
