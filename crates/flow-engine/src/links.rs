//! Links that answer a wait without an account: whoever has one may answer that wait, once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flow_expr::functions::{decision_token, sha256};
use flow_model::{Decision, ExecutionId, RunId, VisitPath};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Makes and checks the links that `resumeUrl(…)` returns.
///
/// A link's token is HMAC-SHA256 over the run's id and the visit's path, so links work before their wait opens, need no
/// row of their own, and can't be guessed. For one decision it is a hash of that, which can't be turned back. That a wait is answered once is the wait's own doing.
#[derive(Clone)]
pub struct ResumeLinks {
    base_url: String,
    key: [u8; 32],
}

impl ResumeLinks {
    /// Links below `base_url`, the address that people reach the server at. All servers of one database need the same
    /// key; who knows it can answer every wait.
    pub fn new(base_url: impl Into<String>, key: [u8; 32]) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Self { base_url, key }
    }

    /// The link that answers the wait of that visit.
    pub(crate) fn url(&self, run: RunId, visit: &VisitPath) -> String {
        let execution = ExecutionId { run, visit: visit.clone() }.to_string();
        let execution: String = form_urlencoded::byte_serialize(execution.as_bytes()).collect();
        let token = self.token(run, visit);
        format!("{}/v1/flowrun/resume/{run}?executionId={execution}&token={token}", self.base_url)
    }

    fn token(&self, run: RunId, visit: &VisitPath) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(run, visit).finalize().into_bytes())
    }

    /// What a token lets its holder answer to the visit's wait; none when it isn't one of it.
    pub(crate) fn accept(&self, run: RunId, visit: &VisitPath, token: &str) -> Option<LinkAllows> {
        let decoded = URL_SAFE_NO_PAD.decode(token);
        if decoded.is_ok_and(|token| self.mac(run, visit).verify_slice(&token).is_ok()) {
            return Some(LinkAllows::AnyAnswer);
        }
        let whole = self.token(run, visit);
        // Hashes are compared, so how long that takes tells nothing of the token.
        let is_for =
            |decision: &Decision| sha256(&decision_token(&whole, decision.as_str())) == sha256(token);
        [Decision::Approve, Decision::Reject].into_iter().find(is_for).map(LinkAllows::Only)
    }

    fn mac(&self, run: RunId, visit: &VisitPath) -> Hmac<Sha256> {
        let key = Hmac::<Sha256>::new_from_slice(&self.key);
        let mut mac = key.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(b"flow resume link\0");
        mac.update(run.as_bytes());
        mac.update(visit.as_str().as_bytes());
        mac
    }
}

/// What a link lets its holder answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkAllows {
    /// Whatever the wait takes.
    AnyAnswer,
    /// That decision alone.
    Only(Decision),
}

impl std::fmt::Debug for ResumeLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResumeLinks").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}
