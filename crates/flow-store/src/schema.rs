//! The tables as diesel sees them: the same on both databases. What only one has stands with it.

diesel::table! {
    workspaces (id) {
        id -> Binary,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Binary,
        workspace_id -> Binary,
        name -> Text,
        surname -> Nullable<Text>,
        role -> Nullable<Text>,
        email -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    tokens (id) {
        id -> Binary,
        workspace_id -> Binary,
        user_id -> Binary,
        hash -> Binary,
        prefix -> Text,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    secrets (workspace_id, name) {
        workspace_id -> Binary,
        name -> Text,
        ciphertext -> Binary,
        nonce -> Binary,
        key_id -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    definitions (hash) {
        hash -> Binary,
        document -> Text,
    }
}

diesel::table! {
    flows (id) {
        id -> Binary,
        workspace_id -> Binary,
        name -> Text,
        description -> Nullable<Text>,
        tags -> Text,
        visibility -> Text,
        draft_number -> Nullable<Integer>,
        latest_number -> Nullable<Integer>,
        last_number -> Integer,
        definition_hash -> Binary,
        revision -> BigInt,
        created_by -> Nullable<Binary>,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        paused_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    versions (flow_id, number) {
        flow_id -> Binary,
        number -> Integer,
        label -> Nullable<Text>,
        status -> Text,
        is_latest -> Bool,
        definition_hash -> Binary,
        summary -> Nullable<Text>,
        created_by -> Nullable<Binary>,
        published_by -> Nullable<Binary>,
        created_at -> BigInt,
        published_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    hooks (flow_id, webhook_id) {
        flow_id -> Binary,
        webhook_id -> Text,
        token_hash -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    runs (id) {
        id -> Binary,
        workspace_id -> Binary,
        flow_id -> Nullable<Binary>,
        version_number -> Nullable<Integer>,
        definition_hash -> Binary,
        trigger_type -> Text,
        status -> Text,
        seq -> BigInt,
        event_schema -> Integer,
        epoch -> BigInt,
        lease_node -> Nullable<Binary>,
        claim -> Nullable<Binary>,
        attempts -> Integer,
        wake -> Bool,
        waits_open -> Integer,
        answers_stored -> Integer,
        answers_taken -> Integer,
        cancel_requested_at -> Nullable<BigInt>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        error_code -> Nullable<Text>,
        parent_run_id -> Nullable<Binary>,
        parent_visit -> Nullable<Text>,
        parent_waits -> Nullable<Bool>,
        depth -> Integer,
        children -> Integer,
        retry_of -> Nullable<Binary>,
        slot -> Nullable<Text>,
        slot_limit -> Nullable<Integer>,
    }
}

diesel::table! {
    run_events (run_id, last_seq) {
        run_id -> Binary,
        last_seq -> BigInt,
        first_seq -> BigInt,
        batch_id -> Binary,
        schema -> Integer,
        codec -> Integer,
        payload -> Binary,
    }
}

diesel::table! {
    run_snapshots (run_id) {
        run_id -> Binary,
        seq -> BigInt,
        schema -> Integer,
        codec -> Integer,
        payload -> Binary,
    }
}

diesel::table! {
    waits (run_id, visit) {
        run_id -> Binary,
        visit -> Text,
        opened_seq -> BigInt,
        opened_at -> BigInt,
        kind -> Text,
        request -> Text,
        expires_at -> Nullable<BigInt>,
        state -> Text,
        resolution -> Nullable<Text>,
        resolved_at -> Nullable<BigInt>,
        answer_number -> Nullable<Integer>,
        taken -> Bool,
        topic -> Nullable<Binary>,
        event_id -> Nullable<Binary>,
    }
}

diesel::table! {
    flow_logs (flow_id, logged_at, run_id, seq, line) {
        flow_id -> Binary,
        logged_at -> BigInt,
        run_id -> Binary,
        seq -> BigInt,
        line -> Integer,
        level -> Text,
        step -> Text,
        message -> Text,
        data -> Nullable<Text>,
    }
}

diesel::table! {
    events (id) {
        id -> Binary,
        workspace_id -> Binary,
        name -> Text,
        key -> Nullable<Text>,
        topic -> Binary,
        data -> Text,
        received_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    timers (run_id, visit, kind) {
        run_id -> Binary,
        visit -> Text,
        kind -> Text,
        due_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (workspace_id, flow_id, key) {
        workspace_id -> Binary,
        flow_id -> Binary,
        key -> Text,
        body_hash -> Binary,
        run_id -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    nodes (id) {
        id -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    files (id) {
        id -> Binary,
        workspace_id -> Binary,
        name -> Text,
        content_type -> Text,
        size -> BigInt,
        sha256 -> Binary,
        created_at -> BigInt,
        created_by -> Nullable<Binary>,
    }
}

diesel::joinable!(tokens -> users (user_id));
diesel::joinable!(tokens -> workspaces (workspace_id));
diesel::allow_tables_to_appear_in_same_query!(events, waits);
diesel::allow_tables_to_appear_in_same_query!(runs, nodes);
diesel::allow_tables_to_appear_in_same_query!(tokens, users, workspaces);
diesel::allow_tables_to_appear_in_same_query!(flows, versions);
diesel::allow_tables_to_appear_in_same_query!(flows, hooks);
diesel::joinable!(hooks -> flows (flow_id));
