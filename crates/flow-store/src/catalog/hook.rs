//! The addresses that webhooks are called at. Only the hashes of their tokens are ever stored.

use diesel::prelude::*;
use flow_engine::{HookRecord, NewHook, TokenHash};
use flow_model::{FlowId, Timestamp, WebhookId, WorkspaceId};

use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::rows::{bytes, read};
use crate::schema::{flows, hooks};
use crate::statement::update;

/// Makes the hooks that a flow lacks and deletes those that it has no more. The flow's row is locked.
pub(super) fn store(
    connection: &mut AnyConnection,
    flow: FlowId,
    wanted: &[NewHook],
    now: Timestamp,
) -> Outcome<()> {
    for known in list(connection, flow)? {
        if !wanted.iter().any(|hook| hook.webhook == known) {
            let row = hooks::table
                .filter(hooks::flow_id.eq(flow.as_bytes().as_slice()))
                .filter(hooks::webhook_id.eq(known.as_str()));
            diesel::delete(row).execute(connection)?;
        }
    }
    for hook in wanted {
        let row = (
            hooks::flow_id.eq(flow.as_bytes().as_slice()),
            hooks::webhook_id.eq(hook.webhook.as_str()),
            hooks::token_hash.eq(hook.token.as_slice()),
            hooks::created_at.eq(now.millis()),
        );
        on_each!(connection, |each| {
            let insert = diesel::insert_into(hooks::table).values(row);
            insert.on_conflict((hooks::flow_id, hooks::webhook_id)).do_nothing().execute(each)
        })?;
    }
    Ok(())
}

/// The webhooks of a flow that have an address, by their ids.
pub(crate) fn list(connection: &mut AnyConnection, flow: FlowId) -> Outcome<Vec<WebhookId>> {
    let rows: Vec<String> = hooks::table
        .filter(hooks::flow_id.eq(flow.as_bytes().as_slice()))
        .order(hooks::webhook_id)
        .select(hooks::webhook_id)
        .load(connection)?;
    rows.into_iter().map(|id| webhook(flow.as_bytes(), &id)).collect()
}

/// Asked at every call of a hook: one query.
pub(crate) fn get(connection: &mut AnyConnection, token: TokenHash) -> Outcome<Option<HookRecord>> {
    let row: Option<(Vec<u8>, Vec<u8>, String)> = hooks::table
        .inner_join(flows::table)
        .filter(hooks::token_hash.eq(token.as_slice()))
        .filter(flows::deleted_at.is_null())
        .select((flows::workspace_id, flows::id, hooks::webhook_id))
        .get_result(connection)
        .optional()?;
    let Some((workspace, flow, id)) = row else { return Ok(None) };
    let webhook = webhook(&flow, &id)?;
    Ok(Some(read("hook of flow", &flow, || {
        Ok(HookRecord {
            workspace: WorkspaceId::from_bytes(bytes("workspace_id", &workspace)?),
            flow: FlowId::from_bytes(bytes("flow_id", &flow)?),
            webhook,
        })
    })?))
}

/// Gives a hook another token. False when there is no such hook.
pub(crate) fn rotate(connection: &mut AnyConnection, flow: FlowId, hook: &NewHook) -> Outcome<bool> {
    let row = hooks::table
        .filter(hooks::flow_id.eq(flow.as_bytes().as_slice()))
        .filter(hooks::webhook_id.eq(hook.webhook.as_str()));
    Ok(update(row, hooks::token_hash.eq(hook.token.as_slice())).execute(connection)? == 1)
}

fn webhook(flow: &[u8], id: &str) -> Outcome<WebhookId> {
    Ok(read("hook of flow", flow, || id.parse().map_err(|error| format!("`webhook_id`: {error}")))?)
}
