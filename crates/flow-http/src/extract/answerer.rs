//! Who answers a wait: a caller whose token may, or whoever has the wait's link.

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use flow_engine::{EngineError, LinkAllows};
use flow_model::{ExecutionId, WorkspaceId};
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::caller::{ResumeRuns, Scoped};
use super::query::Query;
use crate::{Api, ApiError};

/// Who answers a wait.
pub(crate) struct Answerer {
    pub(crate) workspace: WorkspaceId,
    /// Whom the answer is said to be from.
    pub(crate) name: String,
    /// The one wait that its link lets it answer, and how; none for a caller with a token.
    pub(crate) link: Option<(ExecutionId, LinkAllows)>,
}

impl FromRequest for Answerer {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        match Link::of(request) {
            Some(link) => {
                let api = request.app_data::<Data<Api>>().cloned();
                async move { link?.answerer(api).await }.boxed_local()
            }
            None => {
                let caller = Scoped::<ResumeRuns>::from_request(request, payload);
                async move {
                    let caller = caller.await?;
                    Ok(Self { workspace: caller.workspace, name: caller.user.name.clone(), link: None })
                }
                .boxed_local()
            }
        }
    }
}

/// What a link says.
struct Link {
    execution: ExecutionId,
    token: String,
}

impl Link {
    /// The link that was followed; none when the request has no token of one.
    fn of(request: &HttpRequest) -> Option<Result<Self, EngineError>> {
        let query = Query::of(request);
        let token = query.get("token")?.to_owned();
        let execution = query.get("executionId").and_then(|id| id.parse::<ExecutionId>().ok());
        let run = request.match_info().get("id").unwrap_or_default();
        let execution = execution.filter(|execution| execution.run.to_string() == run);
        Some(execution.map(|execution| Self { execution, token }).ok_or(EngineError::LinkInvalid))
    }

    async fn answerer(self, api: Option<Data<Api>>) -> Result<Answerer, ApiError> {
        let api = api.ok_or_else(|| ApiError::Internal("the routes have no data".to_owned()))?;
        let (workspace, allows) = api.engine.link_owner(&self.execution, &self.token).await?;
        Ok(Answerer { workspace, name: "link".to_owned(), link: Some((self.execution, allows)) })
    }
}
