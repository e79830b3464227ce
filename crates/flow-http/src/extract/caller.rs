//! Who calls, and that their token allows what the handler does.

use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use flow_engine::{Caller, Scope};
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::{Value, json};

use crate::{Api, ApiError, token};

/// A caller whose token has the scope that `S` stands for: the signature of a handler says what it needs.
pub(crate) struct Scoped<S> {
    caller: Caller,
    scope: PhantomData<S>,
}

/// A type that stands for a scope.
pub(crate) trait Needs: 'static {
    /// The scope.
    const SCOPE: Scope;
}

macro_rules! needs {
    ($($name:ident = $scope:ident;)*) => {$(
        #[doc = concat!("Needs `Scope::", stringify!($scope), "`.")]
        pub(crate) struct $name;

        impl Needs for $name {
            const SCOPE: Scope = Scope::$scope;
        }
    )*};
}

needs! {
    ReadFlows = FlowsRead;
    WriteFlows = FlowsWrite;
    RunFlows = FlowsRun;
    PublishFlows = FlowsPublish;
    ReadRuns = RunsRead;
    ResumeRuns = RunsResume;
    AdminWorkspace = WorkspaceAdmin;
}

impl<S> Scoped<S> {
    /// The caller as expressions see it: `currentUser`.
    pub(crate) fn current_user(&self) -> Value {
        let user = &self.caller.user;
        json!({"name": user.name, "surname": user.surname, "role": user.role, "email": user.email})
    }
}

impl<S> Deref for Scoped<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S: Needs> FromRequest for Scoped<S> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let api = request.app_data::<Data<Api>>().cloned();
        let bearer = bearer(request).map(token::hash);
        async move {
            let api = api.ok_or_else(|| ApiError::Internal("the routes have no data".to_owned()))?;
            let hash = bearer.ok_or(ApiError::TokenMissing)?;
            let caller = api.accounts.token_caller(hash, api.now()).await?.ok_or(ApiError::TokenUnknown)?;
            if !caller.scopes.contains(&S::SCOPE) {
                return Err(ApiError::ScopeMissing(S::SCOPE));
            }
            Ok(Self { caller, scope: PhantomData })
        }
        .boxed_local()
    }
}

/// The token of `Authorization: Bearer`; the scheme's case doesn't matter (RFC 9110 §11.1).
fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
