-- Ids are UUIDs of 16 bytes, times are milliseconds since the Unix epoch, JSON is text. Tables that are
-- always read by their whole key have no row id, so that a row costs one b-tree and not two.

CREATE TABLE workspaces (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    surname TEXT,
    role TEXT,
    email TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (workspace_id, email)
) STRICT;

CREATE TABLE tokens (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    prefix TEXT NOT NULL,
    -- Separated by spaces.
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE TABLE secrets (
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    ciphertext BLOB NOT NULL,
    nonce BLOB NOT NULL,
    -- Which key it is encrypted with, so that keys can be changed one secret at a time.
    key_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE definitions (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    document TEXT NOT NULL
) STRICT;

CREATE TABLE flows (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    name TEXT NOT NULL,
    description TEXT,
    -- A JSON list of strings.
    tags TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('private', 'shared', 'workspace')),
    draft_number INTEGER,
    latest_number INTEGER,
    -- The highest number that was ever given, also to a version that is gone.
    last_number INTEGER NOT NULL CHECK (last_number >= 1),
    definition_hash BLOB NOT NULL REFERENCES definitions (hash),
    revision INTEGER NOT NULL CHECK (revision >= 1),
    -- Who did it is history, and outlives the user: no reference.
    created_by BLOB CHECK (length(created_by) = 16),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    paused_at INTEGER,
    CHECK (draft_number IS NULL OR draft_number BETWEEN 1 AND last_number),
    CHECK (latest_number IS NULL OR latest_number BETWEEN 1 AND last_number)
) STRICT;

CREATE INDEX flows_by_name ON flows (workspace_id, name, created_at, id);

CREATE TABLE versions (
    flow_id BLOB NOT NULL REFERENCES flows (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    label TEXT,
    status TEXT NOT NULL CHECK (status IN ('draft', 'published')),
    is_latest INTEGER NOT NULL CHECK (is_latest IN (0, 1)),
    definition_hash BLOB NOT NULL REFERENCES definitions (hash),
    summary TEXT,
    created_by BLOB CHECK (length(created_by) = 16),
    published_by BLOB CHECK (length(published_by) = 16),
    created_at INTEGER NOT NULL,
    published_at INTEGER,
    PRIMARY KEY (flow_id, number),
    UNIQUE (flow_id, label),
    CHECK (status = 'draft' OR (label IS NOT NULL AND published_at IS NOT NULL)),
    CHECK (status = 'published' OR NOT is_latest)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX versions_latest ON versions (flow_id) WHERE is_latest;

-- The addresses that the webhooks of a flow are called at, by the hashes of their tokens.
CREATE TABLE hooks (
    flow_id BLOB NOT NULL REFERENCES flows (id),
    webhook_id TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (flow_id, webhook_id)
) STRICT, WITHOUT ROWID;

-- A run refers to its definition alone: workspaces and flows may go before it, and its key is all that a
-- distributed database would need to place it.
CREATE TABLE runs (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    flow_id BLOB CHECK (length(flow_id) = 16),
    version_number INTEGER CHECK (version_number >= 1),
    definition_hash BLOB NOT NULL REFERENCES definitions (hash),
    trigger_type TEXT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    -- The newest schema among its events: a server never claims a run that it couldn't read.
    event_schema INTEGER NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    lease_node BLOB CHECK (length(lease_node) = 16),
    -- The claim that gave the run to that node, so that a repeat of it finds what it took.
    claim BLOB CHECK (length(claim) = 16),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    -- Whether a driver has work in it.
    wake INTEGER NOT NULL CHECK (wake IN (0, 1)),
    -- Counts of its waits, so that a commit looks at them only when there is something to see.
    waits_open INTEGER NOT NULL CHECK (waits_open >= 0),
    answers_stored INTEGER NOT NULL,
    answers_taken INTEGER NOT NULL,
    cancel_requested_at INTEGER,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    error_code TEXT,
    -- The run that started it, the visit of the step that did, and whether that waits for its end.
    parent_run_id BLOB CHECK (length(parent_run_id) = 16),
    parent_visit TEXT,
    parent_waits INTEGER CHECK (parent_waits IN (0, 1)),
    -- How many runs stand above it.
    depth INTEGER NOT NULL CHECK (depth >= 0),
    -- How many runs it started, so that its end looks for them only when there are any.
    children INTEGER NOT NULL CHECK (children >= 0),
    retry_of BLOB CHECK (length(retry_of) = 16),
    -- Runs of one slot share a limit on how many of them have an owner at a time. Each has that of its own definition.
    slot TEXT,
    slot_limit INTEGER CHECK (slot_limit >= 1),
    CHECK (answers_taken BETWEEN 0 AND answers_stored),
    CHECK ((finished_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled'))),
    CHECK (finished_at IS NULL OR (lease_node IS NULL AND NOT wake)),
    CHECK (error_code IS NULL OR status = 'failed'),
    CHECK ((slot IS NULL) = (slot_limit IS NULL)),
    CHECK ((parent_run_id IS NULL) = (depth = 0)),
    CHECK ((parent_run_id IS NULL) = (parent_visit IS NULL)),
    CHECK ((parent_run_id IS NULL) = (parent_waits IS NULL))
) STRICT, WITHOUT ROWID;

-- What can be claimed whatever others do. A run without an owner that needs a place in a slot stands in the next index
-- instead, so that long queues are in nobody's way. A cancel needs no place.
CREATE INDEX runs_awake ON runs (created_at, id)
    WHERE wake AND (slot IS NULL OR lease_node IS NOT NULL OR cancel_requested_at IS NOT NULL);
CREATE INDEX runs_for_slot ON runs (slot, created_at, id, slot_limit)
    WHERE wake AND slot IS NOT NULL AND lease_node IS NULL AND cancel_requested_at IS NULL;
CREATE INDEX runs_in_slot ON runs (slot) WHERE slot IS NOT NULL AND lease_node IS NOT NULL;
CREATE INDEX runs_by_parent ON runs (parent_run_id, created_at, id) WHERE parent_run_id IS NOT NULL;

-- The events of one commit. Keyed by its last number, since readers ask for what comes after one.
CREATE TABLE run_events (
    run_id BLOB NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    last_seq INTEGER NOT NULL,
    first_seq INTEGER NOT NULL CHECK (first_seq >= 1),
    batch_id BLOB NOT NULL CHECK (length(batch_id) = 16),
    schema INTEGER NOT NULL,
    -- 0: the JSON itself; 1: zstd of it.
    codec INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (run_id, last_seq),
    CHECK (last_seq >= first_seq)
) STRICT, WITHOUT ROWID;

-- A run's state after some of its events: a copy of what they come to, so that long runs needn't be read whole.
CREATE TABLE run_snapshots (
    run_id BLOB NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    schema INTEGER NOT NULL,
    -- As for events.
    codec INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What the events of a flow's runs say to whoever reads its log: made of them, in the commit that stores them. A row
-- holds the step and a text of a few KiB, and is found by the flow. It outlives no run: see the index.
CREATE TABLE flow_logs (
    flow_id BLOB NOT NULL CHECK (length(flow_id) = 16),
    logged_at INTEGER NOT NULL,
    run_id BLOB NOT NULL CHECK (length(run_id) = 16),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    line INTEGER NOT NULL CHECK (line >= 0),
    level TEXT NOT NULL CHECK (level IN ('debug', 'info', 'warn', 'error')),
    -- Empty for what is about the run as a whole.
    step TEXT NOT NULL,
    message TEXT NOT NULL,
    data TEXT,
    PRIMARY KEY (flow_id, logged_at, run_id, seq, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX flow_logs_by_run ON flow_logs (run_id);

CREATE TABLE waits (
    run_id BLOB NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    visit TEXT NOT NULL,
    -- The number of the event that opened it.
    opened_seq INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('user-approval', 'client-tool', 'show-form', 'wait', 'run-flow')),
    request TEXT NOT NULL,
    expires_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('open', 'resolved', 'expired', 'closed')),
    resolution TEXT,
    resolved_at INTEGER,
    -- The order in which the run's answers were stored.
    answer_number INTEGER,
    taken INTEGER NOT NULL CHECK (taken IN (0, 1)),
    -- What a wait for an event waits for: SHA-256 of workspace, name and key.
    topic BLOB CHECK (length(topic) = 32),
    -- The event that answered it.
    event_id BLOB CHECK (length(event_id) = 16),
    PRIMARY KEY (run_id, visit),
    CHECK ((resolution IS NOT NULL) = (state = 'resolved')),
    CHECK ((resolved_at IS NOT NULL) = (state IN ('resolved', 'expired'))),
    CHECK ((answer_number IS NOT NULL) = (state IN ('resolved', 'expired'))),
    CHECK (NOT taken OR state IN ('resolved', 'expired')),
    CHECK (state <> 'expired' OR expires_at IS NOT NULL),
    CHECK (event_id IS NULL OR (topic IS NOT NULL AND state = 'resolved'))
) STRICT, WITHOUT ROWID;

CREATE INDEX waits_by_topic ON waits (topic, state) WHERE topic IS NOT NULL;

-- A run takes an event once.
CREATE UNIQUE INDEX waits_by_event ON waits (event_id, run_id) WHERE event_id IS NOT NULL;

CREATE TABLE events (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    name TEXT NOT NULL,
    key TEXT,
    -- As in waits. Names and keys themselves may be longer than an index can hold.
    topic BLOB NOT NULL CHECK (length(topic) = 32),
    data TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_topic ON events (topic, received_at, id);
CREATE INDEX events_expiry ON events (expires_at);

CREATE TABLE timers (
    run_id BLOB NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    visit TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('wait-expiry', 'retry')),
    due_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, visit, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX timers_due ON timers (due_at, run_id, visit);

CREATE TABLE idempotency_keys (
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    -- Sixteen zero bytes for a run of no flow: a null would be unlike every other null.
    flow_id BLOB NOT NULL CHECK (length(flow_id) = 16),
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    -- Stored before its run, in the same transaction: no reference.
    run_id BLOB NOT NULL CHECK (length(run_id) = 16),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, flow_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

CREATE TABLE nodes (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is known of an uploaded file. Its bytes are stored elsewhere, and before their row.
CREATE TABLE files (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    created_at INTEGER NOT NULL,
    -- Who did it is history, and outlives the user: no reference.
    created_by BLOB CHECK (length(created_by) = 16)
) STRICT;
