//! Flows and their versions in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use flow_model::{DefinitionHash, FlowId, Timestamp, UserId, VersionNumber, WebhookId, WorkspaceId};
use semver::Version as Label;

use crate::memory::accounts::People;
use crate::memory::rejected;
use crate::{
    FlowRecord, HookRecord, NewDraft, NewFlow, NewHook, PublishDraft, StoreError, TokenHash, VersionRecord,
    VersionStatus,
};

/// The tables about flows.
#[derive(Default)]
pub(in crate::memory) struct Flows {
    rows: HashMap<FlowId, Row>,
    /// Names aren't unique; the oldest flow of a name answers to it.
    names: HashMap<(WorkspaceId, String), BTreeSet<(Timestamp, FlowId)>>,
}

struct Row {
    record: FlowRecord,
    /// Tokens of webhooks.
    hooks: BTreeMap<WebhookId, TokenHash>,
    /// By number, from 1 without gaps: no version is ever deleted.
    versions: Vec<Version>,
}

/// A version's row. Users are joined when it is read.
pub(in crate::memory) struct Version {
    pub(in crate::memory) number: VersionNumber,
    pub(in crate::memory) is_latest: bool,
    label: Option<Label>,
    definition: DefinitionHash,
    summary: Option<String>,
    created_by: Option<UserId>,
    created_at: Timestamp,
    published: Option<(Option<UserId>, Timestamp)>,
}

impl Version {
    fn draft(
        number: VersionNumber,
        definition: DefinitionHash,
        created_by: Option<UserId>,
        created_at: Timestamp,
    ) -> Self {
        Self {
            number,
            is_latest: false,
            label: None,
            definition,
            summary: None,
            created_by,
            created_at,
            published: None,
        }
    }

    pub(in crate::memory) fn record(&self, flow: FlowId, people: &People) -> VersionRecord {
        let user = |user: Option<UserId>| user.and_then(|user| people.user(user));
        VersionRecord {
            flow,
            number: self.number,
            label: self.label.clone(),
            status: match self.published {
                Some(_) => VersionStatus::Published,
                None => VersionStatus::Draft,
            },
            is_latest: self.is_latest,
            definition: self.definition,
            summary: self.summary.clone(),
            created_by: user(self.created_by),
            published_by: user(self.published.and_then(|(by, _)| by)),
            created_at: self.created_at,
            published_at: self.published.map(|(_, at)| at),
        }
    }
}

impl Flows {
    /// A repeat finds the flow stored and changes nothing.
    pub(super) fn create(&mut self, new: NewFlow) -> Result<FlowRecord, StoreError> {
        if let Some(row) = self.rows.get(&new.id) {
            let same = row.record.workspace == new.workspace;
            return if same { Ok(row.record.clone()) } else { Err(rejected("the flow's id is taken")) };
        }
        let record = FlowRecord {
            id: new.id,
            workspace: new.workspace,
            name: new.name,
            description: new.description,
            tags: new.tags,
            visibility: new.visibility,
            draft: Some(1),
            definition: new.hash,
            latest: None,
            revision: 1,
            created_by: new.created_by,
            created_at: new.now,
            updated_at: new.now,
        };
        let versions = vec![Version::draft(1, new.hash, new.created_by, new.now)];
        self.names.entry(name_of(&record)).or_default().insert((record.created_at, record.id));
        self.rows.insert(new.id, Row { record: record.clone(), hooks: BTreeMap::new(), versions });
        Ok(record)
    }

    pub(super) fn get(&self, workspace: WorkspaceId, flow: FlowId) -> Option<FlowRecord> {
        let record = &self.rows.get(&flow)?.record;
        (record.workspace == workspace).then(|| record.clone())
    }

    pub(super) fn named(&self, workspace: WorkspaceId, name: &str) -> Option<FlowRecord> {
        let (_, flow) = self.names.get(&(workspace, name.to_owned()))?.first()?;
        self.get(workspace, *flow)
    }

    pub(super) fn draft_store(&mut self, new: NewDraft) -> Option<FlowRecord> {
        let row = self.rows.get_mut(&new.flow).filter(|row| row.record.workspace == new.workspace)?;
        match row.record.draft.and_then(|number| version(&mut row.versions, number)) {
            Some(draft) => draft.definition = new.hash,
            None => {
                let number = row.versions.last().map_or(1, |last| last.number + 1);
                row.versions.push(Version::draft(number, new.hash, new.changed_by, new.now));
                row.record.draft = Some(number);
            }
        }
        let before = name_of(&row.record);
        row.record.name = new.name;
        row.record.definition = new.hash;
        row.record.revision += 1;
        row.record.updated_at = new.now;
        let record = row.record.clone();
        self.renamed(before, &record);
        Some(record)
    }

    fn renamed(&mut self, before: (WorkspaceId, String), record: &FlowRecord) {
        let after = name_of(record);
        if before == after {
            return;
        }
        let place = (record.created_at, record.id);
        if let Some(places) = self.names.get_mut(&before) {
            places.remove(&place);
            if places.is_empty() {
                self.names.remove(&before);
            }
        }
        self.names.entry(after).or_default().insert(place);
    }

    pub(super) fn publish(&mut self, publish: PublishDraft, people: &People) -> Option<VersionRecord> {
        let PublishDraft { flow, draft, hash, label, hooks: wanted, summary, published_by, now } = publish;
        let Row { record, hooks, versions } = self.rows.get_mut(&flow)?;
        let is_taken = versions.iter().any(|version| version.label.as_ref() == Some(&label));
        if record.draft != Some(draft) || record.definition != hash || is_taken {
            return None;
        }
        for version in versions.iter_mut() {
            version.is_latest = version.number == draft;
        }
        let version = version(versions, draft)?;
        version.label = Some(label);
        version.summary = summary;
        version.published = Some((published_by, now));
        hooks.retain(|known, _| wanted.iter().any(|hook| hook.webhook == *known));
        for NewHook { webhook, token } in wanted {
            hooks.entry(webhook).or_insert(token);
        }
        record.draft = None;
        record.latest = Some(draft);
        record.revision += 1;
        record.updated_at = now;
        Some(version.record(flow, people))
    }

    /// The webhooks of a flow that have an address.
    pub(super) fn hooks(&self, flow: FlowId) -> Vec<WebhookId> {
        self.rows.get(&flow).into_iter().flat_map(|row| row.hooks.keys().cloned()).collect()
    }

    /// Whose hook a token opens.
    pub(super) fn hook(&self, token: TokenHash) -> Option<HookRecord> {
        self.rows.iter().find_map(|(flow, row)| {
            let (webhook, _) = row.hooks.iter().find(|(_, known)| **known == token)?;
            Some(HookRecord { workspace: row.record.workspace, flow: *flow, webhook: webhook.clone() })
        })
    }

    pub(super) fn rotate(&mut self, flow: FlowId, new: NewHook) -> bool {
        let known = self.rows.get_mut(&flow).and_then(|row| row.hooks.get_mut(&new.webhook));
        known.map(|token| *token = new.token).is_some()
    }

    /// The versions of a flow by number; none when there is no such flow.
    pub(super) fn versions(&self, flow: FlowId) -> impl DoubleEndedIterator<Item = &Version> {
        self.rows.get(&flow).into_iter().flat_map(|row| row.versions.iter())
    }
}

fn version(versions: &mut [Version], number: VersionNumber) -> Option<&mut Version> {
    versions.iter_mut().rev().find(|version| version.number == number)
}

fn name_of(record: &FlowRecord) -> (WorkspaceId, String) {
    (record.workspace, record.name.clone())
}
