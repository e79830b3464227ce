//! The way out: which addresses a flow's requests may reach.
//!
//! Flows are written by people who needn't be trusted with the network that the server stands in. So an
//! address that isn't public is refused unless the operator allows it. What is judged is the address that is
//! connected to, after the name was looked up, and again on every redirect: a name that answers with another
//! address the second time gains nothing.

mod address;
mod allow;
mod resolver;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use url::{Host, Url};

use address::is_public;
pub use allow::{Allow, InvalidAllow};
use resolver::{Everything, PublicOrAllowed};

/// Sends requests where they may go.
#[derive(Clone)]
pub struct Outbound {
    allow: Arc<Allow>,
    /// Connects to public addresses and allowed networks only.
    guarded: Client,
    /// Connects anywhere: for hosts that the operator named.
    open: Client,
}

/// Why a request may not or can't leave.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL can't be read.
    #[error("{url} is no URL: {reason}; write it like https://host/path")]
    UrlInvalid {
        /// The URL in quotes, or how long it is: the beginning of a long one may end in the middle of a secret, which
        /// nobody would find then.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The URL isn't of HTTP.
    #[error("`{0}` URLs can't be requested; use http or https")]
    SchemeUnsupported(String),
    /// The address is private, and nobody allowed it.
    #[error(
        "`{host}` is at {address}, which isn't a public address; an operator can allow it by the setting \
         FLOW_OUTBOUND__ALLOW (`[outbound] allow` in the config file)"
    )]
    Denied {
        /// The host, as the URL has it.
        host: String,
        /// Its address.
        address: IpAddr,
    },
    /// The HTTP client can't be made.
    #[error("the HTTP client can't be made")]
    Client(#[source] reqwest::Error),
}

/// The bytes of a URL that an error shows.
const LONGEST_SHOWN: usize = 256;
/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Outbound {
    /// The way out with what the operator allows.
    ///
    /// # Errors
    /// The HTTP client can't be made: the machine's certificates can't be read.
    pub fn new(allow: Allow) -> Result<Self, OutboundError> {
        // Another part of the process may have chosen a provider already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let allow = Arc::new(allow);
        let client = || {
            Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .user_agent(concat!("flow-server/", env!("CARGO_PKG_VERSION")))
        };
        let guarded = client().dns_resolver(Arc::new(PublicOrAllowed::new(allow.clone()))).build();
        let open = client().dns_resolver(Arc::new(Everything)).build();
        Ok(Self {
            allow,
            guarded: guarded.map_err(OutboundError::Client)?,
            open: open.map_err(OutboundError::Client)?,
        })
    }

    /// Reads a URL that a flow gives.
    ///
    /// # Errors
    /// It is no URL, or not one of HTTP.
    pub fn parse(url: &str) -> Result<Url, OutboundError> {
        let parsed = Url::parse(url.trim()).map_err(|error| {
            let shown = if url.len() <= LONGEST_SHOWN {
                format!("`{url}`")
            } else {
                format!("a text of {} bytes", url.len())
            };
            OutboundError::UrlInvalid { url: shown, reason: error.to_string() }
        })?;
        match parsed.scheme() {
            "http" | "https" => Ok(parsed),
            other => Err(OutboundError::SchemeUnsupported(other.to_owned())),
        }
    }

    /// The client to request that URL with. A literal address is judged here, a name when it is looked up.
    ///
    /// # Errors
    /// The URL names an address that may not be reached.
    pub fn client(&self, url: &Url) -> Result<&Client, OutboundError> {
        let host = url.host().ok_or_else(|| OutboundError::UrlInvalid {
            url: format!("`{url}`"),
            reason: "it has no host".to_owned(),
        })?;
        if self.allow.names(&host, url.port_or_known_default()) {
            return Ok(&self.open);
        }
        let address = match host {
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
            Host::Domain(_) => return Ok(&self.guarded),
        };
        if is_public(address) || self.allow.contains(address) {
            Ok(&self.guarded)
        } else {
            Err(OutboundError::Denied { host: host.to_string(), address })
        }
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("allow", &self.allow).finish_non_exhaustive()
    }
}
