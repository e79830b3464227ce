//! What an event and a wait meet at.

use flow_model::WorkspaceId;
use sha2::{Digest, Sha256};

use crate::latch::Latch;

/// A name and a key, bare of the workspace that they are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) key: Option<String>,
}

impl Topic {
    /// What the rows of a workspace's waits and events are found by.
    pub(crate) fn hash(&self, workspace: &[u8]) -> [u8; 32] {
        let (name, key) = (self.name.as_bytes(), self.key.as_deref());
        let hash = Sha256::new().chain_update(workspace).chain_update((name.len() as u64).to_be_bytes());
        let hash = hash.chain_update(name).chain_update([u8::from(key.is_some())]);
        hash.chain_update(key.unwrap_or_default()).finalize().into()
    }

    /// The latch to lock. Known before the run is, and so the same in all workspaces.
    pub(crate) fn latch(&self) -> Latch {
        Latch::of(&self.hash(&[]))
    }
}

/// The hash of a topic in its workspace.
pub(crate) fn hash(workspace: WorkspaceId, topic: &Topic) -> [u8; 32] {
    topic.hash(workspace.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::Topic;

    #[test]
    fn no_two_topics_have_one_hash() {
        let topic =
            |name: &str, key: Option<&str>| Topic { name: name.to_owned(), key: key.map(str::to_owned) };
        let topics = [
            topic("a", None),
            topic("a", Some("")),
            topic("a", Some("b")),
            topic("ab", None),
            topic("", Some("ab")),
        ];
        for (at, one) in topics.iter().enumerate() {
            assert!(topics[..at].iter().all(|other| other.hash(&[1]) != one.hash(&[1])), "{one:?}");
            assert_ne!(one.hash(&[1]), one.hash(&[2]));
            assert!((0..1024).contains(&one.latch().0));
        }
    }
}
