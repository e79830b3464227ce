//! The engine's suite on both databases.

mod sqlite {
    use std::sync::Arc;

    use crate::backend::File;

    flow_testkit::conformance_tests!({
        let file = File::new();
        (Arc::new(file.open().await), file)
    });
}

mod postgres {
    use std::sync::Arc;

    use flow_engine::MemoryStore;

    use crate::backend::Database;

    flow_testkit::conformance_tests!(
        {
            let database = Database::new();
            let store: Arc<dyn flow_testkit::conformance::Backend> = match &database {
                Some(database) => Arc::new(database.open().await),
                // Stands in where PostgreSQL is left out.
                None => Arc::new(MemoryStore::new()),
            };
            (store, database)
        },
        leases: database
    );
}
