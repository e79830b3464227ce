//! Everything that a request can be refused with. What it looks like on the wire is in `problem`, the
//! statuses and titles in `table`.

mod problem;
mod table;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use flow_engine::{EngineError, FilesError, Scope, StoreError};
use flow_model::{Fault, RunError, RunId, SecretName};

pub(crate) use problem::{Problem, log};
pub use table::Code;

/// Why a request was refused. Every text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nothing is served there.
    #[error("there is no route {0}; look at the path")]
    RouteNotFound(String),
    /// Something is served there, by other methods.
    #[error("{method} isn't allowed here; use {allowed}")]
    MethodNotAllowed {
        /// The request's method.
        method: String,
        /// Those that are.
        allowed: String,
    },
    /// There is no token.
    #[error("the request has no token; send `Authorization: Bearer <token>`")]
    TokenMissing,
    /// The token opens nothing.
    #[error("the token is unknown, revoked or expired; use another")]
    TokenUnknown,
    /// The token doesn't allow this.
    #[error("the token lacks the scope `{}`; use one that has it", .0.as_str())]
    ScopeMissing(Scope),
    /// The call of a webhook isn't signed rightly.
    #[error("this webhook takes signed calls alone: {0}")]
    SignatureInvalid(&'static str),
    /// A page that only a link shows.
    #[error("this page is shown to whoever has the link of a wait; the link has a token and an executionId")]
    LinkMissing,
    /// The path names no flow.
    #[error("there is no flow `{0}`; list the flows to find its id")]
    FlowNotFound(String),
    /// The path names no run.
    #[error("there is no run `{0}`")]
    RunNotFound(String),
    /// The path names no secret.
    #[error("the workspace has no secret `{0}`; list the secrets to find its name")]
    SecretNotFound(SecretName),
    /// The server keeps no secrets.
    #[error(
        "this server keeps no secrets: give it a key with `FLOW_SECRETS__KEY` (32 bytes in base64, the same for all \
         servers of the database; make one with: openssl rand -base64 32)"
    )]
    NoVault,
    /// The path names no file.
    #[error("there is no file `{0}`")]
    FileNotFound(String),
    /// The body stopped coming.
    #[error("the body didn't arrive whole; send it again")]
    BodyIncomplete(#[source] actix_web::error::PayloadError),
    /// The body took too long.
    #[error("the body didn't arrive within {seconds} seconds; send it again, faster")]
    BodyTimeout {
        /// The longest time.
        seconds: u64,
    },
    /// The body is too long.
    #[error("the body is longer than {limit} bytes; send less")]
    BodyTooLarge {
        /// The longest body.
        limit: usize,
    },
    /// The file is too large.
    #[error("the file is larger than {limit} bytes; send a smaller one")]
    FileTooLarge {
        /// The size of the largest file.
        limit: usize,
    },
    /// A file comes in a body of another type.
    #[error(
        "a body of {0} isn't read here; send the file as the field `file` of a `multipart/form-data` body"
    )]
    NotMultipart(String),
    /// The body isn't made as its type says.
    #[error("the body is no valid `multipart/form-data`: {0}")]
    MalformedMultipart(String),
    /// The body is of a type that isn't read.
    #[error("a body of {0} isn't read here; send `Content-Type: application/json`, not compressed")]
    UnsupportedMediaType(String),
    /// The body is no JSON. The parser's message tells line and column.
    #[error("the body is no valid JSON: {0}")]
    MalformedJson(serde_json::Error),
    /// The body is nested too deep.
    #[error("the body is nested deeper than {limit} levels at line {line} column {column}; flatten it")]
    JsonTooDeep {
        /// The greatest depth.
        limit: usize,
        /// Where it is exceeded, from 1.
        line: usize,
        /// Where in that line, in bytes from 1.
        column: usize,
    },
    /// What was sent has faults.
    #[error("the request has {} faults; mend each and try again", .0.len())]
    Invalid(Vec<Fault>),
    /// The body fits no wait of the run.
    #[error("{0}")]
    AnswerMismatch(String),
    /// The run failed.
    #[error("{}", .error.message)]
    RunFailed {
        /// The run.
        run: RunId,
        /// Why.
        error: Box<RunError>,
    },
    /// The run was cancelled while the caller waited for its output.
    #[error("run {0} was cancelled before it had an output")]
    RunCancelled(RunId),
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file can't be kept or read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A token couldn't be looked up.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The web framework refused the request before a handler saw it.
    #[error("{text}")]
    Framework {
        /// What it said.
        text: String,
        /// The status that it chose.
        status: StatusCode,
    },
    /// A fault of ours; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

/// What requests are answered with when it isn't a reply.
pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

impl ApiError {
    /// One fault of the request.
    pub(crate) fn fault(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let faults = flow_model::Faults::new();
        faults.error(pointer, code, message);
        Self::Invalid(faults.into_vec())
    }

    /// The code.
    pub fn code(&self) -> Code {
        match self {
            Self::RouteNotFound(_) => Code::RouteNotFound,
            Self::MethodNotAllowed { .. } => Code::MethodNotAllowed,
            Self::TokenMissing | Self::TokenUnknown => Code::Unauthorized,
            Self::ScopeMissing(_) => Code::ScopeMissing,
            Self::FlowNotFound(_) => Code::FlowNotFound,
            Self::RunNotFound(_) => Code::RunNotFound,
            Self::SecretNotFound(_) => Code::SecretNotFound,
            Self::NoVault => Code::SecretsUnavailable,
            Self::LinkMissing => Code::LinkInvalid,
            Self::FileNotFound(_) => Code::FileNotFound,
            Self::SignatureInvalid(_) => Code::SignatureInvalid,
            Self::BodyIncomplete(_) => Code::BodyIncomplete,
            Self::BodyTimeout { .. } => Code::BodyTimeout,
            Self::BodyTooLarge { .. } | Self::FileTooLarge { .. } => Code::BodyTooLarge,
            Self::UnsupportedMediaType(_) | Self::NotMultipart(_) => Code::UnsupportedMediaType,
            Self::MalformedMultipart(_) => Code::MalformedMultipart,
            Self::MalformedJson(_) => Code::MalformedJson,
            Self::JsonTooDeep { .. } => Code::JsonTooDeep,
            Self::Invalid(_) => Code::InvalidRequest,
            Self::AnswerMismatch(_) => Code::AnswerMismatch,
            Self::RunFailed { .. } => Code::RunFailed,
            Self::RunCancelled(_) => Code::RunCancelled,
            Self::Engine(error) => engine_code(error),
            Self::Files(error) => files_code(error),
            Self::Store(error) => store_code(error),
            Self::Framework { status, .. } if status.is_client_error() => Code::BadRequest,
            Self::Framework { .. } | Self::Internal(_) => Code::Internal,
        }
    }

    /// The status: the code's, but for a failed run whose `fail` step chose one.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::RunFailed { error, .. } => chosen_status(error).unwrap_or(Code::RunFailed.status()),
            _ => self.code().status(),
        }
    }

    /// The faults to be listed, which are those that refused the request: not the warnings among them.
    fn faults(&self) -> &[Fault] {
        match self {
            Self::Invalid(faults)
            | Self::Engine(
                EngineError::InvalidDefinition(faults)
                | EngineError::InvalidInputs(faults)
                | EngineError::InvalidPayload(faults),
            ) => faults,
            _ => &[],
        }
    }
}

/// Only a status that says "failed" can stand for a failed run.
fn chosen_status(error: &RunError) -> Option<StatusCode> {
    let status = StatusCode::from_u16(error.http_status?).ok()?;
    (status.is_client_error() || status.is_server_error()).then_some(status)
}

const fn store_code(error: &StoreError) -> Code {
    match error {
        StoreError::Unavailable { .. } => Code::DatabaseUnavailable,
        StoreError::Corrupt { .. } | StoreError::Rejected { .. } => Code::Internal,
    }
}

const fn files_code(error: &FilesError) -> Code {
    match error {
        FilesError::NotKept | FilesError::Unavailable { .. } => Code::FilesUnavailable,
        FilesError::Full => Code::StorageFull,
        FilesError::Lost(_) => Code::FileNotFound,
        FilesError::Store(error) => store_code(error),
    }
}

fn engine_code(error: &EngineError) -> Code {
    match error {
        EngineError::FlowNotFound(_) => Code::FlowNotFound,
        EngineError::VersionNotFound { .. } => Code::VersionNotFound,
        EngineError::NoPublishedVersion(_) => Code::NoPublishedVersion,
        EngineError::NoTrigger(kind) if kind == "api" => Code::NoApiTrigger,
        EngineError::NoTrigger(_) => Code::NoTrigger,
        EngineError::NothingToPublish(_) => Code::NothingToPublish,
        EngineError::BumpTooSmall { .. } => Code::BumpTooSmall,
        EngineError::DraftChanged(_) => Code::DraftChanged,
        EngineError::InvalidDefinition(_) => Code::InvalidDefinition,
        EngineError::InvalidInputs(_) | EngineError::InvalidPayload(_) => Code::InvalidInputs,
        EngineError::RunNotFound(_) => Code::RunNotFound,
        EngineError::LinkInvalid => Code::LinkInvalid,
        EngineError::HookNotFound => Code::HookNotFound,
        EngineError::HookSecretUnavailable => Code::HookSecretUnavailable,
        EngineError::RunNotWaiting { .. } => Code::RunNotWaiting,
        EngineError::ExecutionMismatch { .. } => Code::ExecutionMismatch,
        EngineError::WaitAmbiguous(_) => Code::WaitAmbiguous,
        EngineError::WaitExpired(_) => Code::WaitExpired,
        EngineError::AnswerMismatch { .. } => Code::AnswerMismatch,
        EngineError::RevisionStale { .. } => Code::RevisionStale,
        EngineError::AnswerTooLarge(_) => Code::AnswerTooLarge,
        EngineError::RunFinished { .. } => Code::RunFinished,
        EngineError::RunUnfinished { .. } => Code::RunUnfinished,
        EngineError::RunOfNoFlow(_) => Code::RunOfNoFlow,
        EngineError::StepNotReached { .. } => Code::StepNotReached,
        EngineError::StepDiffers { .. } => Code::StepDiffers,
        EngineError::ConcurrencyKey(_) => Code::ConcurrencyKeyInvalid,
        EngineError::QueueFull { .. } => Code::QueueFull,
        EngineError::IdempotencyKeyReused => Code::IdempotencyKeyReused,
        EngineError::LabelTaken(_) => Code::LabelTaken,
        EngineError::Stopping => Code::Stopping,
        EngineError::Files(error) => files_code(error),
        EngineError::Store(error) => store_code(error),
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The reply without a request id; `observe` makes it anew with one.
    fn error_response(&self) -> HttpResponse {
        Problem::of(self).response(None, None)
    }
}
