//! Definitions by their hash.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_model::DefinitionHash;
use serde_json::{Value, json};

use super::Backend;
use super::world::{ODD, at_once, document};

async fn kept(store: &Arc<dyn Backend>, definition: Value) {
    let hash = DefinitionHash::of(&definition);
    store.definition_store(hash, Arc::new(definition.clone())).await.unwrap();
    let loaded = store.definition_load(hash).await.unwrap().unwrap();
    // As text: equality of values doesn't see the order of members.
    assert_eq!(loaded.to_string(), definition.to_string());
    assert_eq!(DefinitionHash::of(&loaded), hash);
}

/// A definition that was never stored is none.
pub async fn unknown_is_none(store: Arc<dyn Backend>) {
    let hash = DefinitionHash::of(&document("never"));
    assert_eq!(store.definition_load(hash).await.unwrap(), None);
}

/// A definition comes back to the letter, so that its hash stays its own.
pub async fn comes_back_to_the_letter(store: Arc<dyn Backend>) {
    kept(&store, document("plain")).await;
    kept(&store, json!({ "z": 1, "a": { "y": [], "b": null }, "1": ODD, (ODD): true })).await;
    kept(&store, json!([u64::MAX, i64::MIN, 0.1, 1e300, -0.0])).await;
    kept(&store, json!({})).await;
}

/// Numbers keep every bit. A JSON reader that rounds carelessly changes one in ten of such doubles, and with
/// it the definition's hash.
pub async fn doubles_keep_every_bit(store: Arc<dyn Backend>) {
    kept(&store, json!([428.65791698099133, 1.1115858842685695e-302, f64::MAX, f64::MIN_POSITIVE])).await;
}

/// Storing it again changes nothing.
pub async fn again_changes_nothing(store: Arc<dyn Backend>) {
    let definition = document("twice");
    kept(&store, definition.clone()).await;
    kept(&store, definition).await;
}

/// Many at once may store the same one.
pub async fn stored_by_many_at_once(store: Arc<dyn Backend>) {
    let definition = Arc::new(document("shared"));
    let hash = DefinitionHash::of(&definition);
    let stored = at_once(20, |_| {
        let (store, definition) = (store.clone(), definition.clone());
        async move { store.definition_store(hash, definition).await.is_ok() }
    });
    assert!(stored.await.into_iter().all(|stored| stored));
    assert_eq!(store.definition_load(hash).await.unwrap(), Some(definition));
}

/// A megabyte of text survives.
pub async fn a_megabyte_survives(store: Arc<dyn Backend>) {
    kept(&store, json!({ "text": "é".repeat(512 * 1024) })).await;
}

/// A NUL is kept or refused, never cut off at.
pub async fn nul_is_kept_or_refused(store: Arc<dyn Backend>) {
    let definition = json!({ "text": "before\0after", "more": 1 });
    let hash = DefinitionHash::of(&definition);
    let loaded = match store.definition_store(hash, Arc::new(definition.clone())).await {
        Ok(()) => Some(Arc::new(definition)),
        Err(_) => None,
    };
    assert_eq!(store.definition_load(hash).await.unwrap(), loaded);
}
