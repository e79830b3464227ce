//! What a `webhook.<id>` trigger says of the calls that it takes.

use serde_json::Value;

use crate::{Fields, InvalidName, Schema, SecretName, WebhookId, excerpt};

/// What the type of such a trigger begins with.
const PREFIX: &str = "webhook.";

/// The settings of a webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// The methods that it takes, `POST` alone by default; never none.
    pub methods: Vec<Method>,
    /// What a caller is answered with.
    pub respond: Respond,
    /// What calls are signed with; nobody has to sign when none.
    pub signed: Option<Signed>,
    /// What a body must be.
    pub schema: Option<Schema>,
}

/// A method of HTTP that can start a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

/// What a caller is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respond {
    /// That the run is stored.
    Accepted,
    /// The run's output, once it is there.
    Output,
}

/// How calls are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// By which scheme.
    pub by: Signature,
    /// With which secret of the workspace.
    pub secret: SecretName,
}

/// A scheme of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// Standard Webhooks (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Standard,
    /// `X-Hub-Signature-256`, as GitHub sends it.
    HubSha256,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The method as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Webhook {
    /// The webhook that a type of trigger stands for; none when it is another trigger.
    ///
    /// # Errors
    /// The type has no id, or one that can't be one.
    pub fn id_of(kind: &str) -> Option<Result<WebhookId, InvalidName>> {
        kind.strip_prefix(PREFIX).map(str::parse)
    }

    /// The type of the trigger of a webhook.
    pub fn kind_of(id: &WebhookId) -> String {
        format!("{PREFIX}{id}")
    }

    /// Reads the settings. What is wrong with them becomes a fault.
    pub fn read(data: &Fields<'_>) -> Self {
        let secret = data.parsed("secret");
        let signature = choice(
            data,
            "signature",
            [("standard", Signature::Standard), ("hub-sha256", Signature::HubSha256)],
        );
        if signature.is_some() && data.value("secret").is_none() {
            let message =
                "a signature needs a `secret`, the name of the workspace's secret that calls are signed with";
            data.faults().error(data.at("secret"), "required", message);
        }
        let respond = choice(data, "respond", [("accepted", Respond::Accepted), ("output", Respond::Output)]);
        Self {
            methods: methods(data),
            respond: respond.unwrap_or(Respond::Accepted),
            signed: secret.map(|secret| Signed { by: signature.unwrap_or(Signature::Standard), secret }),
            schema: Schema::setting(data, "schema"),
        }
    }
}

fn methods(data: &Fields<'_>) -> Vec<Method> {
    let rows = data.list("methods");
    if rows.is_some_and(<[Value]>::is_empty) {
        let message = "no method is listed, so that nobody could call; list one, or leave it out for POST";
        data.faults().error(data.at("methods"), "required", message);
    }
    let mut methods = Vec::new();
    for (index, row) in rows.unwrap_or_default().iter().enumerate() {
        let named =
            |name: &str| Method::ALL.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name));
        match row.as_str().and_then(named) {
            Some(method) if methods.contains(&method) => {}
            Some(method) => methods.push(method),
            None => {
                let message = "this is no method that can be used; use GET, POST, PUT, PATCH or DELETE";
                data.faults().error(format!("{}/{index}", data.at("methods")), "value_unknown", message);
            }
        }
    }
    if methods.is_empty() { vec![Method::Post] } else { methods }
}

fn choice<T: Copy, const N: usize>(data: &Fields<'_>, key: &'static str, known: [(&str, T); N]) -> Option<T> {
    let given = data.string(key)?;
    let found = known.iter().find(|(name, _)| *name == given).map(|(_, value)| *value);
    if found.is_none() {
        let names = known.map(|(name, _)| format!("`{name}`"));
        let message = format!("`{}` can't be used here; use {}", excerpt(given), names.join(" or "));
        data.faults().error(data.at(key), "value_unknown", message);
    }
    found
}
