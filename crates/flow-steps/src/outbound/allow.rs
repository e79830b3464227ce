//! What an operator allows although it is private.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use url::Host;

/// Networks and hosts that may be reached although private: `10.1.0.0/16`, `127.0.0.1`, `crm.internal`,
/// `crm.internal:8443`. Several are separated by commas. None by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allow {
    networks: Vec<IpNet>,
    hosts: Vec<(Host<String>, Option<u16>)>,
}

/// A text that allows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` allows nothing; write a network (10.1.0.0/16), an address, a host or host:port")]
pub struct InvalidAllow(String);

impl Allow {
    /// Whether the address lies in an allowed network.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Whether the host itself is allowed, whatever its address.
    pub(super) fn names(&self, host: &Host<&str>, port: Option<u16>) -> bool {
        let same = |allowed: &Host<String>| match (allowed, host) {
            (Host::Domain(allowed), Host::Domain(host)) => {
                allowed.eq_ignore_ascii_case(host.trim_end_matches('.'))
            }
            (Host::Ipv4(allowed), Host::Ipv4(host)) => allowed == host,
            (Host::Ipv6(allowed), Host::Ipv6(host)) => allowed == host,
            _ => false,
        };
        self.hosts.iter().any(|(allowed, at)| same(allowed) && at.is_none_or(|at| Some(at) == port))
    }

    fn add(&mut self, text: &str) -> Result<(), InvalidAllow> {
        if let Ok(network) = text.parse::<IpNet>() {
            self.networks.push(network);
        } else if let Ok(address) = text.parse::<IpAddr>() {
            self.networks.push(address.into());
        } else {
            self.hosts.push(host(text).ok_or_else(|| InvalidAllow(text.to_owned()))?);
        }
        Ok(())
    }
}

fn host(text: &str) -> Option<(Host<String>, Option<u16>)> {
    let bracketed = text.starts_with('[');
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !bracketed || name.ends_with(']') => (name, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let host = Host::parse(name).ok()?;
    (!name.is_empty() && !name.contains('/')).then_some((host, port))
}

impl FromStr for Allow {
    type Err = InvalidAllow;

    fn from_str(text: &str) -> Result<Self, InvalidAllow> {
        let mut allow = Self::default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.into_iter().try_for_each(|entry| allow.add(entry))?;
        Ok(allow)
    }
}

#[cfg(test)]
mod tests {
    use super::Allow;
    use url::Url;

    fn names(allow: &str, url: &str) -> bool {
        let allow: Allow = allow.parse().unwrap();
        let url = Url::parse(url).unwrap();
        allow.names(&url.host().unwrap(), url.port_or_known_default())
    }

    #[test]
    fn networks_addresses_and_hosts_are_told_apart() {
        let allow: Allow = "10.1.0.0/16, 127.0.0.1, ::1 ,fd00::/8".parse().unwrap();
        for inside in ["10.1.2.3", "127.0.0.1", "::1", "fd00::5", "::ffff:10.1.2.3"] {
            assert!(allow.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["10.2.0.1", "127.0.0.2", "::2", "fe80::1"] {
            assert!(!allow.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn a_port_narrows_a_host() {
        assert!(names("crm.internal", "http://CRM.internal:81/"));
        assert!(names("crm.internal:443", "https://crm.internal/"));
        assert!(!names("crm.internal:443", "http://crm.internal/"));
        assert!(!names("crm.internal", "http://other.crm.internal/"));
        assert!(names("127.0.0.1:8080", "http://127.0.0.1:8080/"));
        assert!(!names("127.0.0.1:8080", "http://127.0.0.1:8081/"));
        assert!(names("[::1]:8080", "http://[::1]:8080/"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["a b", "host:port", "10.0.0.0/99", "http://host/", "host:99999", ":80"] {
            assert!(text.parse::<Allow>().is_err(), "{text}");
        }
        assert_eq!("".parse::<Allow>().unwrap(), Allow::default());
    }
}
