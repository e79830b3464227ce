//! Name look-ups that leave out what may not be reached.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Allow, OutboundError, is_public};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn look_up(name: &str) -> Result<Vec<SocketAddr>, BoxError> {
    // The client puts the URL's port in the place of this one.
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

/// Every address of a name.
pub(super) struct Everything;

impl Resolve for Everything {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = look_up(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name that are public or allowed; an error that says so when there are others only.
pub(super) struct PublicOrAllowed {
    allow: Arc<Allow>,
}

impl PublicOrAllowed {
    pub(super) fn new(allow: Arc<Allow>) -> Self {
        Self { allow }
    }
}

impl Resolve for PublicOrAllowed {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = self.allow.clone();
        Box::pin(async move {
            let addresses = look_up(name.as_str()).await?;
            let reachable = |address: IpAddr| is_public(address) || allow.contains(address);
            let (reachable, others): (Vec<_>, Vec<_>) =
                addresses.into_iter().partition(|address| reachable(address.ip()));
            match (reachable.is_empty(), others.first()) {
                (true, Some(private)) => {
                    let host = name.as_str().to_owned();
                    Err(Box::new(OutboundError::Denied { host, address: private.ip() }) as BoxError)
                }
                _ => Ok(Box::new(reachable.into_iter()) as Addrs),
            }
        })
    }
}
