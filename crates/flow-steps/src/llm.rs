//! Asks a language model, at any endpoint that speaks OpenAI's chat completions.
//!
//! The endpoint is the operator's choice and trusted with the key, so the guard of private addresses isn't asked. What
//! the steps want of an answer is theirs to say; `format` checks it.

mod answer;
mod events;
mod failure;
mod format;
mod options;
mod request;
mod schema;
mod send;
mod written;

use std::sync::Arc;
use std::time::Duration;

use flow_engine::StepError;
use reqwest::Client;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use url::Url;

pub(crate) use answer::{Answer, Usage};
use failure::Failures;
pub(crate) use format::{Format, Question};
pub use options::{InvalidLlmOptions, LlmOptions};
pub(crate) use request::{Message, Request};
pub(crate) use written::{Written, resolved};

/// A way to ask a model, shared by the steps that do.
#[derive(Debug, Clone)]
pub struct Llm {
    endpoint: Option<Arc<Endpoint>>,
    default_model: String,
    limits: LlmLimits,
}

/// How long a model may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LlmLimits {
    /// For everything that a step asks.
    pub total: Duration,
    /// Until it sends the next piece of its answer.
    pub idle: Duration,
}

impl Default for LlmLimits {
    fn default() -> Self {
        Self { total: Duration::from_secs(10 * 60), idle: Duration::from_secs(2 * 60) }
    }
}

/// Why there is no way to ask a model.
#[derive(Debug, thiserror::Error)]
pub enum LlmError {
    /// The options can't be used.
    #[error(transparent)]
    Options(#[from] InvalidLlmOptions),
    /// The HTTP client can't be made.
    #[error("the HTTP client can't be made")]
    Client(#[source] reqwest::Error),
}

struct Endpoint {
    client: Client,
    url: Url,
    host: String,
    authorization: Option<HeaderValue>,
    /// What no message may hold.
    api_key: String,
}

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Llm {
    /// The way that the operator chose.
    ///
    /// # Errors
    /// The options can't be used, or the machine's certificates can't be read.
    pub fn new(options: LlmOptions) -> Result<Self, LlmError> {
        let endpoint = Endpoint::new(&options)?.map(Arc::new);
        Ok(Self { endpoint, default_model: options.default_model, limits: LlmLimits::default() })
    }

    /// With other limits of time.
    #[must_use]
    pub fn with_limits(self, limits: LlmLimits) -> Self {
        Self { limits, ..self }
    }

    /// The model of a step: the one that it names, else the operator's.
    pub(crate) fn model(&self, named: Option<String>) -> Result<String, StepError> {
        let found = named.or_else(|| Some(self.default_model.clone())).filter(|model| !model.is_empty());
        found.ok_or_else(|| {
            let message = "the step names no `model`, and there is no default; name one, or let the operator \
                           set FLOW_LLM__DEFAULT_MODEL (`[llm] default_model` in the config file)";
            StepError::new("llm_model_missing", message)
        })
    }

    /// Whether there is a model to ask.
    pub(crate) fn configured(&self) -> Result<(), StepError> {
        self.endpoint().map(drop)
    }

    fn endpoint(&self) -> Result<&Endpoint, StepError> {
        self.endpoint.as_deref().ok_or_else(|| {
            let message = "no language model is set up on this server; an operator can set FLOW_LLM__BASE_URL and \
                           FLOW_LLM__API_KEY (`[llm] base_url` and `api_key` in the config file)";
            StepError::new("llm_not_configured", message)
        })
    }

    /// Asks once.
    async fn ask(&self, request: &Request, key: &str) -> Result<Answer, StepError> {
        let endpoint = self.endpoint()?;
        let answer = send::ask(endpoint, self.limits, request, key).await?;
        if !answer.refusal.is_empty() {
            return Err(endpoint.failures().declined(&answer.refusal));
        }
        if answer.finish.as_deref() == Some("content_filter") {
            return Err(endpoint.failures().declined("the endpoint's content filter stopped it"));
        }
        Ok(answer)
    }
}

impl Endpoint {
    fn new(options: &LlmOptions) -> Result<Option<Self>, LlmError> {
        options.validate()?;
        let Some(url) = options.completions()? else { return Ok(None) };
        // Another part of the process may have chosen a provider already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            // The key is for this address and no other.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("flow-server/", env!("CARGO_PKG_VERSION")))
            .build();
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Some(Self {
            client: client.map_err(LlmError::Client)?,
            url,
            host,
            authorization: options.authorization()?,
            api_key: options.api_key.clone(),
        }))
    }

    fn failures(&self) -> Failures<'_> {
        Failures { host: &self.host, key: &self.api_key }
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("host", &self.host).finish_non_exhaustive()
    }
}
