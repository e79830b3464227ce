//! A server without a port, and a client of it.

use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{App, web};
use async_trait::async_trait;
use flow_engine::{
    Accounts, Caller, Clock, Engine, FileContents, Files, MemoryStore, NewToken, NewUser, Registry,
    ResumeLinks, Scope, StoreError, TokenHash, TokenRecord, UserRecord,
};
use flow_http::{Api, Options, configure, token};
use flow_model::{Timestamp, TokenId, UserId, WorkspaceId};
use flow_testkit::{KnownSecrets, ManualClock, ScriptedStep, SeededEntropy};
use serde_json::{Value, json};

/// A server, its clock, and its scripted steps.
pub(crate) struct Server {
    pub(crate) api: Api,
    pub(crate) clock: ManualClock,
    /// The step type `work`, done at once.
    pub(crate) work: ScriptedStep,
    /// The step type `slow`, held until it is released.
    pub(crate) slow: ScriptedStep,
    pub(crate) store: MemoryStore,
    /// Those of the workspace `default`.
    pub(crate) secrets: KnownSecrets,
    /// A token with every scope.
    pub(crate) token: String,
}

/// A reply.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// A request under construction.
pub(crate) struct Ask<'s> {
    server: &'s Server,
    request: TestRequest,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let store = MemoryStore::new();
        Self::with_accounts(store.clone(), Arc::new(store)).await
    }

    /// A server whose files are kept there.
    pub(crate) async fn with_contents(contents: Arc<dyn FileContents>) -> Self {
        let store = MemoryStore::new();
        Self::with(store.clone(), Arc::new(store), contents).await
    }

    pub(crate) async fn with_accounts(store: MemoryStore, accounts: Arc<dyn Accounts>) -> Self {
        Self::with(store.clone(), accounts, Arc::new(store)).await
    }

    async fn with(store: MemoryStore, accounts: Arc<dyn Accounts>, contents: Arc<dyn FileContents>) -> Self {
        crate::logs::begin();
        let clock = ManualClock::default();
        let work = ScriptedStep::new("work").answers(|_| Ok(json!({"done": true})));
        let slow = ScriptedStep::new("slow").held().answers(|_| Ok(json!({"done": true})));
        let workspace = WorkspaceId::from_bytes([1; 16]);
        let workspace = store.workspace_ensure("default", workspace, clock.now()).await.unwrap();
        let secrets = KnownSecrets::new(workspace, []);
        let engine = Engine::builder()
            .store(Arc::new(store.clone()))
            .files(Files::new(Arc::new(store.clone()), contents))
            .secrets(Arc::new(secrets.clone()))
            .steps(Registry::new().with(work.clone()).with(slow.clone()))
            .clock(Arc::new(clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(7)))
            .resume_links(ResumeLinks::new("https://flows.test/", [7; 32]))
            .build()
            .await
            .unwrap();
        let api = Api {
            engine,
            accounts,
            vault: None,
            models: None,
            options: Options::default(),
            public_url: "https://flows.test/".to_owned(),
        };
        let mut server = Self { api, clock, work, slow, store, secrets, token: String::new() };
        server.token = server.token_of("default", &Scope::ALL, None).await;
        server
    }

    /// The workspace of that name.
    pub(crate) async fn workspace(&self, name: &str) -> WorkspaceId {
        let mut random = [0; 10];
        self.api.engine.entropy().fill(&mut random);
        let (id, now) = (WorkspaceId::new(self.clock.now(), random), self.clock.now());
        self.store.workspace_ensure(name, id, now).await.unwrap()
    }

    /// A new token of that workspace.
    pub(crate) async fn token_of(&self, workspace: &str, scopes: &[Scope], end: Option<Timestamp>) -> String {
        let (store, now) = (&self.store, self.clock.now());
        let mut random = [0; 10];
        self.api.engine.entropy().fill(&mut random);
        let workspace = self.workspace(workspace).await;
        let user = NewUser {
            id: UserId::new(now, random),
            workspace,
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            now,
        };
        let user = store.user_ensure(user).await.unwrap();
        let token = token::generate(self.api.engine.entropy());
        let new = NewToken {
            id: TokenId::new(now, random),
            workspace,
            user: user.id,
            hash: token::hash(&token),
            prefix: token::prefix(&token).to_owned(),
            scopes: scopes.to_vec(),
            expires_at: end,
            now,
        };
        store.token_create(new).await.unwrap();
        token
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let request = TestRequest::default().method(method).uri(path);
        Ask { server: self, request }.header("authorization", &format!("Bearer {}", self.token))
    }

    pub(crate) fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub(crate) fn put(&self, path: &str) -> Ask<'_> {
        self.ask(Method::PUT, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Ask<'_> {
        self.ask(Method::DELETE, path)
    }

    pub(crate) fn post(&self, path: &str) -> Ask<'_> {
        self.ask(Method::POST, path)
    }

    /// Makes a flow of a document; its id.
    pub(crate) async fn create(&self, document: Value) -> String {
        let answer = self.post("/v1/flow").json(document).send().await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["_id"].as_str().unwrap().to_owned()
    }

    /// Makes and publishes a flow; its id.
    pub(crate) async fn publish(&self, document: Value) -> String {
        let flow = self.create(document).await;
        let answer = self.post(&format!("/v1/flow/{flow}/publish")).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        flow
    }

    /// Publishes a flow and executes it as a client.
    pub(crate) async fn run(&self, document: Value, inputs: Value) -> Answer {
        let flow = self.publish(document).await;
        self.post(&format!("/v1/client/flow/{flow}/execute")).json(inputs).send().await
    }
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.insert_header((name, value));
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<web::Bytes>) -> Self {
        self.request = self.request.set_payload(body);
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let app = init_service(App::new().configure(configure(self.server.api.clone()))).await;
        let reply = match try_call_service(&app, self.request.to_request()).await {
            Ok(reply) => reply.into_parts().1,
            Err(error) => error.error_response(),
        };
        let (status, headers) = (reply.status(), reply.headers().clone());
        let body = to_bytes(reply.into_body()).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer { status, headers, text }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of an error, once all that holds for any error is checked.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{body:#}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(body["type"], format!("/problems/{}", code.replace('_', "-")));
        assert_eq!(body["status"], status);
        assert_eq!(body["statusCode"], status);
        assert_eq!(body["detail"], body["message"]);
        assert_eq!(
            body["error"],
            json!({"code": code, "message": body["message"], "status": status}),
            "{body:#}"
        );
        assert!(body["title"].is_string() && body["errors"].is_array(), "{body:#}");
        assert_eq!(body["requestId"], self.header("x-request-id"));
        body
    }

    /// The places and codes of an error's rows.
    #[track_caller]
    pub(crate) fn faults(&self, status: u16, code: &str) -> Vec<(String, String)> {
        let body = self.problem(status, code);
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let rows = body["errors"].as_array().unwrap().iter();
        rows.map(|row| (text(row, "pointer"), text(row, "code"))).collect()
    }

    /// The run that an answer is about, by its header and its body alike.
    #[track_caller]
    pub(crate) fn run(&self) -> String {
        let run = self.header("x-app-run-id").to_owned();
        assert!(!run.is_empty(), "no X-App-Run-Id: {}", self.text);
        run
    }
}

/// Accounts whose database is away, or damaged.
pub(crate) struct BrokenAccounts(pub(crate) fn() -> StoreError);

#[async_trait]
impl Accounts for BrokenAccounts {
    async fn workspace_ensure(
        &self,
        _: &str,
        _: WorkspaceId,
        _: Timestamp,
    ) -> Result<WorkspaceId, StoreError> {
        Err(self.0())
    }

    async fn user_ensure(&self, _: NewUser) -> Result<UserRecord, StoreError> {
        Err(self.0())
    }

    async fn token_create(&self, _: NewToken) -> Result<(), StoreError> {
        Err(self.0())
    }

    async fn token_caller(&self, _: TokenHash, _: Timestamp) -> Result<Option<Caller>, StoreError> {
        Err(self.0())
    }

    async fn token_list(&self, _: Option<WorkspaceId>) -> Result<Vec<TokenRecord>, StoreError> {
        Err(self.0())
    }

    async fn token_revoke(&self, _: TokenId, _: Timestamp) -> Result<bool, StoreError> {
        Err(self.0())
    }

    async fn token_revoke_hash(&self, _: TokenHash, _: Timestamp) -> Result<bool, StoreError> {
        Err(self.0())
    }
}

/// An id that nothing has.
pub(crate) const NOBODY: &str = "0198c5a4-7c1e-7bb2-a4f0-3d1f6c2b9e10";
