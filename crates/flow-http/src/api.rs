//! What the routes work on, and how they are mounted.

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use flow_engine::{Accounts, Clock, Engine, Vault};
use flow_model::Timestamp;

use crate::error::Result;
use crate::{ApiError, Options, observe, routes};

/// What the routes work on. Cheap to clone: one for each worker thread.
#[derive(Clone)]
pub struct Api {
    /// Executes flows and holds their catalog.
    pub engine: Engine,
    /// Where tokens are looked up.
    pub accounts: Arc<dyn Accounts>,
    /// Where secrets are managed; none on a server that has no key for them.
    pub vault: Option<Arc<dyn Vault>>,
    /// Limits and bounds.
    pub options: Options,
    /// The language models that steps are offered; none when no endpoint of one is set up.
    pub models: Option<Vec<String>>,
    /// The address that others reach the server at, for the URLs of webhooks.
    pub public_url: String,
}

impl Api {
    /// The present moment, by the engine's clock.
    pub(crate) fn now(&self) -> Timestamp {
        Clock::now(self.engine.clock())
    }

    /// Where secrets are managed.
    pub(crate) fn vault(&self) -> Result<&dyn Vault> {
        self.vault.as_deref().ok_or(ApiError::NoVault)
    }

    /// The URL of a path below the public address.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.trim_end_matches('/'))
    }
}

/// Mounts every route, with request ids, access logs and the error shape. Give it to `App::configure`, as
/// the last service of its scope: it answers every path that nobody else took.
pub fn configure(api: Api) -> impl Fn(&mut ServiceConfig) + Clone + Send {
    move |config| {
        let scope = web::scope("")
            .app_data(Data::new(api.clone()))
            .configure(routes::mount)
            .default_service(web::to(routes::not_found))
            .wrap(from_fn(observe::observe));
        config.service(scope);
    }
}
