//! Secrets: encrypted in the database, and given to their own workspace alone.

use flow_engine::{Accounts as _, ExposeSecret, SecretString, Secrets as _, StoreError, Vault as _};
use flow_model::{SecretName, WorkspaceId};
use flow_store::{SqlStore, SqlVault};

use crate::backend::{Backend, on_both};
use crate::runs::{at, random};

const KEY: [u8; 32] = [7; 32];

on_both!(
    are_given_to_their_workspace,
    are_changed_listed_and_deleted,
    odd_values_come_back,
    another_key_is_told_from_damage,
);

async fn workspace(store: &SqlStore, name: &str) -> WorkspaceId {
    store.workspace_ensure(name, WorkspaceId::new(at(0), random()), at(0)).await.unwrap()
}

fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

async fn put(vault: &SqlVault, workspace: WorkspaceId, key: &str, value: &str, millis: i64) -> bool {
    vault.secret_put(workspace, name(key), SecretString::from(value), at(millis)).await.unwrap()
}

async fn values(vault: &SqlVault, workspace: WorkspaceId, names: &[&str]) -> Vec<(String, String)> {
    let names: Vec<_> = names.iter().map(|text| name(text)).collect();
    let found = vault.secrets_of(workspace, &names).await.unwrap();
    found.into_iter().map(|(name, value)| (name.to_string(), value.expose_secret().to_owned())).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn are_given_to_their_workspace(backend: Backend) {
    let store = backend.open().await;
    let (ours, theirs) = (workspace(&store, "ours").await, workspace(&store, "theirs").await);
    let vault = SqlVault::new(store, KEY);
    assert!(put(&vault, ours, "ONE", "first", 1).await);
    assert!(put(&vault, ours, "TWO", "second", 1).await);
    assert!(put(&vault, theirs, "ONE", "other", 1).await);
    assert_eq!(values(&vault, ours, &["ONE", "NONE"]).await, pairs(&[("ONE", "first")]));
    assert_eq!(values(&vault, ours, &["TWO", "ONE"]).await, pairs(&[("ONE", "first"), ("TWO", "second")]));
    assert_eq!(values(&vault, theirs, &["ONE", "TWO"]).await, pairs(&[("ONE", "other")]));
    assert_eq!(values(&vault, ours, &[]).await, []);
}

async fn are_changed_listed_and_deleted(backend: Backend) {
    let store = backend.open().await;
    let ours = workspace(&store, "ours").await;
    let vault = SqlVault::new(store, KEY);
    assert!(put(&vault, ours, "B", "old", 1).await);
    assert!(!put(&vault, ours, "B", "new", 2).await);
    assert!(put(&vault, ours, "A", "value", 3).await);
    assert_eq!(values(&vault, ours, &["B"]).await, pairs(&[("B", "new")]));
    let listed = vault.secret_list(ours).await.unwrap();
    let listed: Vec<_> =
        listed.iter().map(|row| (row.name.as_str(), row.created_at, row.updated_at)).collect();
    assert_eq!(listed, [("A", at(3), at(3)), ("B", at(1), at(2))]);
    assert!(vault.secret_delete(ours, name("B")).await.unwrap());
    assert!(!vault.secret_delete(ours, name("B")).await.unwrap());
    assert_eq!(values(&vault, ours, &["A", "B"]).await, pairs(&[("A", "value")]));
}

async fn odd_values_come_back(backend: Backend) {
    let store = backend.open().await;
    let ours = workspace(&store, "ours").await;
    let vault = SqlVault::new(store, KEY);
    for value in ["", "a\0b", "\u{feff}ß漢🧑", "{{secrets.X}}", &"x".repeat(100_000)] {
        put(&vault, ours, "ODD", value, 1).await;
        assert_eq!(values(&vault, ours, &["ODD"]).await, pairs(&[("ODD", value)]));
    }
}

/// Nothing of a value is in the database, and a value that was moved, changed or stored under another key is not given.
async fn another_key_is_told_from_damage(backend: Backend) {
    let store = backend.open().await;
    let ours = workspace(&store, "ours").await;
    let vault = SqlVault::new(store.clone(), KEY);
    put(&vault, ours, "ONE", "correct horse", 1).await;
    put(&vault, ours, "TWO", "battery staple", 1).await;
    let other = SqlVault::new(store, [8; 32]);
    let refused = |vault: SqlVault, key: &'static str| async move {
        vault.secrets_of(ours, &[name(key)]).await.unwrap_err().reason
    };
    assert!(refused(other.clone(), "ONE").await.contains("under another key"));
    assert_eq!(other.secret_list(ours).await.unwrap().len(), 2);
    put(&other, ours, "ONE", "stored again", 2).await;
    assert_eq!(values(&other, ours, &["ONE"]).await, pairs(&[("ONE", "stored again")]));
    // The value of one under the name of the other.
    backend
        .connect()
        .batch_execute(
            "UPDATE secrets SET name = 'THREE' WHERE name = 'TWO'; \
             UPDATE secrets SET ciphertext = nonce WHERE name = 'ONE'",
        )
        .unwrap();
    assert!(refused(vault, "THREE").await.contains("damaged"));
    assert!(refused(other, "ONE").await.contains("damaged"));
}

/// The file holds a value nowhere, not in its log either.
#[tokio::test]
async fn the_file_holds_no_value() -> Result<(), StoreError> {
    let file = crate::backend::File::new();
    let store = file.open().await;
    let ours = workspace(&store, "ours").await;
    SqlVault::new(store, KEY).secret_put(ours, name("ONE"), "correct horse".into(), at(1)).await?;
    let folder = std::path::PathBuf::from(file.path());
    let mut read = 0;
    for entry in std::fs::read_dir(folder.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        read += bytes.len();
        assert!(!bytes.windows(13).any(|window| window == b"correct horse"));
    }
    assert!(read > 0);
    Ok(())
}
