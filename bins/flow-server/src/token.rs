//! `token`: makes, lists and revokes tokens, beside a running server if there is one.

use std::process::ExitCode;

use flow_engine::{Accounts, Clock, NewToken, NewUser, OsEntropy, Scope, SystemClock, TokenRecord};
use flow_model::{Timestamp, TokenId, UserId, WorkspaceId};
use serde_json::json;

use crate::args::TokenCommand;
use crate::config::Config;
use crate::parts::{block_on, open_store, random};
use crate::{complain, exit, say};

pub(crate) fn token(config: &Config, command: TokenCommand) -> anyhow::Result<ExitCode> {
    let missing = config.missing_file();
    if let (Some(file), TokenCommand::List { .. } | TokenCommand::Revoke { .. }) = (&missing, &command) {
        anyhow::bail!("there is no database {}; name the server's folder by --data-dir", file.display());
    }
    block_on(async {
        let store = open_store(config, false).await?;
        match command {
            TokenCommand::Create { workspace, user, email, scopes, expires_in } => {
                let now = SystemClock.now();
                let expires_at = expires_in.map(|time| now.after(time));
                let wanted = Wanted { workspace: &workspace, user: &user, email: &email, scopes, expires_at };
                say(&create(&store, wanted).await?)?;
                if let Some(file) = missing {
                    // Legitimate before a first start, and a mistake beside a server.
                    let file = file.display();
                    complain(&format!("{file} was made for this token; a server elsewhere doesn't know it"));
                }
                Ok(ExitCode::SUCCESS)
            }
            TokenCommand::List { json } => {
                for token in store.token_list(None).await? {
                    say(&if json { as_json(&token) } else { as_line(&token) })?;
                }
                Ok(ExitCode::SUCCESS)
            }
            TokenCommand::Revoke { token } => revoke(&store, &token).await,
        }
    })
}

/// A token to be made.
pub(crate) struct Wanted<'a> {
    pub(crate) workspace: &'a str,
    pub(crate) user: &'a str,
    pub(crate) email: &'a str,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Makes a token, and its workspace and user when they are missing.
pub(crate) async fn create(accounts: &dyn Accounts, wanted: Wanted<'_>) -> anyhow::Result<String> {
    let token = flow_http::token::generate(&OsEntropy);
    ensure(accounts, wanted, &token).await?;
    Ok(token)
}

/// Makes a given token exist.
pub(crate) async fn ensure(accounts: &dyn Accounts, wanted: Wanted<'_>, token: &str) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let workspace = accounts.workspace_ensure(wanted.workspace, WorkspaceId::new(now, random()), now).await?;
    let user = accounts.user_ensure(NewUser {
        id: UserId::new(now, random()),
        workspace,
        name: wanted.user.to_owned(),
        email: wanted.email.to_owned(),
        now,
    });
    let user = user.await?.id;
    let created = accounts.token_create(NewToken {
        id: TokenId::new(now, random()),
        workspace,
        user,
        hash: flow_http::token::hash(token),
        prefix: flow_http::token::prefix(token).to_owned(),
        scopes: wanted.scopes,
        expires_at: wanted.expires_at,
        now,
    });
    Ok(created.await?)
}

async fn revoke(accounts: &dyn Accounts, token: &str) -> anyhow::Result<ExitCode> {
    let now = SystemClock.now();
    let revoked = match token.parse::<TokenId>() {
        Ok(id) => accounts.token_revoke(id, now).await?,
        Err(_) => accounts.token_revoke_hash(flow_http::token::hash(token), now).await?,
    };
    if revoked {
        say("revoked")?;
        Ok(ExitCode::SUCCESS)
    } else {
        complain("there is no such token; `flow-server token list` shows the ids");
        Ok(ExitCode::from(exit::FAILED))
    }
}

fn state(token: &TokenRecord) -> &'static str {
    match (token.revoked_at, token.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(at)) if at <= SystemClock.now() => "expired",
        (None, _) => "active",
    }
}

fn scopes(token: &TokenRecord) -> Vec<&'static str> {
    token.scopes.iter().map(|scope| scope.as_str()).collect()
}

fn as_line(token: &TokenRecord) -> String {
    let TokenRecord { id, workspace, user, prefix, .. } = token;
    let scopes = scopes(token).join(",");
    format!("{id}  {}  {workspace}  {} <{}>  {prefix}…  {scopes}", state(token), user.name, user.email)
}

fn as_json(token: &TokenRecord) -> String {
    let shown = json!({
        "_id": token.id.to_string(),
        "state": state(token),
        "workspace": token.workspace,
        "user": { "name": token.user.name, "email": token.user.email },
        "prefix": token.prefix,
        "scopes": scopes(token),
        "createdAt": token.created_at.to_string(),
        "expiresAt": token.expires_at.map(|at| at.to_string()),
        "revokedAt": token.revoked_at.map(|at| at.to_string()),
    });
    shown.to_string()
}
