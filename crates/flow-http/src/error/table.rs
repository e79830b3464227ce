//! The one table of errors: every code that a client can be told, its status and its title.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// A stable code that programs can match on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as clients see it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The status that it is answered with.
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            /// What kind of mishap it is, the same for each occurrence.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

codes! {
    /// The request can't be understood at all.
    BadRequest = "bad_request", BAD_REQUEST, "Bad request";
    /// The body didn't arrive whole.
    BodyIncomplete = "body_incomplete", BAD_REQUEST, "Body incomplete";
    /// The body is no JSON.
    MalformedJson = "malformed_json", BAD_REQUEST, "Malformed JSON";
    /// The body isn't made of parts as its type says.
    MalformedMultipart = "malformed_multipart", BAD_REQUEST, "Malformed multipart body";
    /// The body is nested too deep.
    JsonTooDeep = "json_too_deep", BAD_REQUEST, "JSON nested too deep";
    /// No token, or one that is unknown, revoked or expired.
    Unauthorized = "unauthorized", UNAUTHORIZED, "Unauthorized";
    /// The call of a webhook isn't signed, or not rightly.
    SignatureInvalid = "signature_invalid", UNAUTHORIZED, "Signature invalid";
    /// The token doesn't allow this.
    ScopeMissing = "scope_missing", FORBIDDEN, "Scope missing";
    /// No such path.
    RouteNotFound = "route_not_found", NOT_FOUND, "Route not found";
    /// No such flow.
    FlowNotFound = "flow_not_found", NOT_FOUND, "Flow not found";
    /// No such published version.
    VersionNotFound = "version_not_found", NOT_FOUND, "Version not found";
    /// No such run.
    RunNotFound = "run_not_found", NOT_FOUND, "Run not found";
    /// No such secret.
    SecretNotFound = "secret_not_found", NOT_FOUND, "Secret not found";
    /// No such file.
    FileNotFound = "file_not_found", NOT_FOUND, "File not found";
    /// No such link, or its run is gone.
    LinkInvalid = "link_invalid", NOT_FOUND, "Link invalid";
    /// No webhook is called at that address.
    HookNotFound = "hook_not_found", NOT_FOUND, "Webhook not found";
    /// The body took too long to arrive.
    BodyTimeout = "body_timeout", REQUEST_TIMEOUT, "Body timeout";
    /// The path takes other methods.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// Nothing of the flow is published.
    NoPublishedVersion = "no_published_version", CONFLICT, "No published version";
    /// The flow can't be started by a client.
    NoApiTrigger = "no_api_trigger", CONFLICT, "No api trigger";
    /// The flow can't be started that way.
    NoTrigger = "no_trigger", CONFLICT, "No such trigger";
    /// There is no draft.
    NothingToPublish = "nothing_to_publish", CONFLICT, "Nothing to publish";
    /// The draft was changed by somebody else.
    DraftChanged = "draft_changed", CONFLICT, "Draft changed";
    /// The label was given before.
    LabelTaken = "label_taken", CONFLICT, "Label taken";
    /// The run has no open wait.
    RunNotWaiting = "run_not_waiting", CONFLICT, "Run not waiting";
    /// The `executionId` is none of the run's waits.
    ExecutionMismatch = "execution_mismatch", CONFLICT, "Execution mismatch";
    /// Several waits are open.
    WaitAmbiguous = "wait_ambiguous", CONFLICT, "Wait ambiguous";
    /// The run has ended.
    RunFinished = "run_finished", CONFLICT, "Run finished";
    /// The run goes on.
    RunUnfinished = "run_unfinished", CONFLICT, "Run unfinished";
    /// The run is of no flow, and so of no version.
    RunOfNoFlow = "run_of_no_flow", CONFLICT, "Run of no flow";
    /// The run was cancelled while its caller waited for it.
    RunCancelled = "run_cancelled", CONFLICT, "Run cancelled";
    /// The wait's time is over.
    WaitExpired = "wait_expired", GONE, "Wait expired";
    /// The flow isn't at the revision that the caller saw.
    RevisionStale = "revision_stale", PRECONDITION_FAILED, "Revision stale";
    /// The answer is more than a run can record.
    AnswerTooLarge = "answer_too_large", PAYLOAD_TOO_LARGE, "Answer too large";
    /// The body is too long.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "Body too large";
    /// The body is of a type that isn't read here.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
    /// The request is well-formed and invalid.
    InvalidRequest = "invalid_request", UNPROCESSABLE_ENTITY, "Invalid request";
    /// The definition has faults.
    InvalidDefinition = "invalid_definition", UNPROCESSABLE_ENTITY, "Invalid definition";
    /// The inputs don't fit the trigger's fields.
    InvalidInputs = "invalid_inputs", UNPROCESSABLE_ENTITY, "Invalid inputs";
    /// The label would rise too little.
    BumpTooSmall = "bump_too_small", UNPROCESSABLE_ENTITY, "Bump too small";
    /// The run wasn't at the step to begin at.
    StepNotReached = "step_not_reached", UNPROCESSABLE_ENTITY, "Step not reached";
    /// A step whose result would be copied is another one in that version.
    StepDiffers = "step_differs", UNPROCESSABLE_ENTITY, "Step differs";
    /// The answer doesn't fit the wait.
    AnswerMismatch = "answer_mismatch", UNPROCESSABLE_ENTITY, "Answer mismatch";
    /// The inputs make no concurrency key.
    ConcurrencyKeyInvalid = "concurrency_key_invalid", UNPROCESSABLE_ENTITY, "Concurrency key invalid";
    /// The key belongs to another call.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "Idempotency key reused";
    /// Too many runs wait for their turn.
    QueueFull = "queue_full", TOO_MANY_REQUESTS, "Queue full";
    /// The run failed; a `fail` step may have chosen another status.
    RunFailed = "run_failed", INTERNAL_SERVER_ERROR, "Run failed";
    /// A fault of the server.
    Internal = "internal_error", INTERNAL_SERVER_ERROR, "Internal error";
    /// The database is away.
    DatabaseUnavailable = "database_unavailable", SERVICE_UNAVAILABLE, "Database unavailable";
    /// The server has no key to keep secrets under.
    SecretsUnavailable = "secrets_unavailable", SERVICE_UNAVAILABLE, "Secrets unavailable";
    /// The place of files is away.
    FilesUnavailable = "files_unavailable", SERVICE_UNAVAILABLE, "Files unavailable";
    /// The secret that calls of a webhook are signed with can't be read.
    HookSecretUnavailable = "hook_secret_unavailable", SERVICE_UNAVAILABLE, "Webhook secret unavailable";
    /// The server is on its way out.
    Stopping = "stopping", SERVICE_UNAVAILABLE, "Server stopping";
    /// There is no room for the file.
    StorageFull = "storage_full", INSUFFICIENT_STORAGE, "Storage full";
}
