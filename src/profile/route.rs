//! The way to a server beside its address: a proxy, and the header by which a proxy says for whom it connects.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::SecretSource;
use super::read::{ReadHost, host_port};

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// SOCKS version 5 (RFC 1928); the host's name is resolved here.
    Socks5,
    /// SOCKS version 5; the proxy resolves the host's name.
    Socks5Names,
    /// CONNECT of HTTP/1.1 (RFC 9110 9.3.6); the proxy resolves the host's name.
    Http,
}

impl ProxyKind {
    /// The schemes as they are written, curl's names.
    const SCHEMES: [(&'static str, Self); 3] =
        [("socks5", Self::Socks5), ("socks5h", Self::Socks5Names), ("http", Self::Http)];

    /// Its scheme.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        Self::SCHEMES.iter().find(|(_, kind)| *kind == self).map_or("", |(scheme, _)| scheme)
    }
}

/// A proxy to connect through.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who logs in there, if anybody.
    pub user: Option<String>,
    /// Where that user's password comes from.
    pub password: Option<SecretSource>,
}

impl fmt::Display for Proxy {
    /// `socks5://host:port`, without the user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, port) = (self.kind.scheme(), self.port);
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{port}", self.host)
        } else {
            write!(f, "{scheme}://{}:{port}", self.host)
        }
    }
}

/// Why a text does not name a proxy. Never holds the text: it may have a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// No scheme, or another.
    #[error(
        "a proxy is written socks5://host:1080 (names resolved here), socks5h://host:1080 (names resolved by the proxy) or http://host:3128"
    )]
    Scheme,
    /// What follows the scheme is no host.
    #[error("what follows `://` is not a host and a port, such as proxy.example:1080")]
    Place,
    /// An HTTP proxy has no usual port.
    #[error("an http:// proxy needs its port; 3128 and 8080 are usual")]
    Port,
    /// A password where others can read it.
    #[error(
        "a proxy's password does not belong here in plain text; keep the user, and write where the password comes from: \
         `proxy_password = {{ env = \"NAME\" }}` or `{{ command = \"pass show proxy\" }}`"
    )]
    Password,
}

impl Proxy {
    /// Reads `socks5://[user@]host[:port]`, `socks5h://…` or `http://[user@]host:port`; SOCKS is at 1080 where no port is
    /// named. What is no letter of the user's name may be percent-encoded. The password's source is not in it.
    ///
    /// # Errors
    /// Another scheme, no host, a password in plain text.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(ProxyError::Scheme)?;
        let known = ProxyKind::SCHEMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme));
        let kind = known.map(|(_, kind)| *kind).ok_or(ProxyError::Scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => return Err(ProxyError::Password),
            Some((user, place)) if !user.is_empty() => {
                // A colon or an at sign of the user's own stands there as %3A and %40 (RFC 3986 3.2.1).
                (Some(percent_encoding::percent_decode_str(user).decode_utf8_lossy().into_owned()), place)
            }
            Some((_, place)) => (None, place),
            None => (None, rest),
        };
        let ReadHost { host, port } = host_port(place).map_err(|_| ProxyError::Place)?;
        let port = match (port, kind) {
            (Some(port), _) => port,
            (None, ProxyKind::Http) => return Err(ProxyError::Port),
            (None, _) => 1080,
        };
        Ok(Self { kind, host, port, user, password: None })
    }
}

/// Which version of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// A line of text.
    One,
    /// Octets.
    Two,
}

/// The header of the PROXY protocol that goes out before everything else: a server behind a proxy takes from it for
/// whom the connection is (`HAProxy`, `proxy-protocol.txt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// Its version.
    pub version: Version,
    /// Whose connection it is said to be; the connection's own address where none is given.
    pub source: Option<SocketAddr>,
    /// Where it is said to lead; the connection's own address where none is given.
    pub destination: Option<SocketAddr>,
}

/// Reads an address with or without a port (`192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:25`); the port is `otherwise`
/// where none is given.
#[must_use]
pub(super) fn address(text: &str, otherwise: u16) -> Option<SocketAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let alone = || Some(SocketAddr::new(bare.parse::<IpAddr>().ok()?, otherwise));
    text.parse().ok().or_else(alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_and_shown_without_its_user() {
        for (text, shown, user) in [
            ("socks5://127.0.0.1", "socks5://127.0.0.1:1080", None),
            ("SOCKS5H://dude@proxy.noddy.com:9050/", "socks5h://proxy.noddy.com:9050", Some("dude")),
            ("http://[::1]:3128", "http://[::1]:3128", None),
            ("http://a@b@proxy:3128", "http://proxy:3128", Some("a@b")),
            ("socks5://us%3Aer%40noddy@proxy", "socks5://proxy:1080", Some("us:er@noddy")),
        ] {
            let proxy = Proxy::parse(text).expect(text);
            assert_eq!((proxy.to_string().as_str(), proxy.user.as_deref()), (shown, user), "{text}");
        }
        for (text, error) in [
            ("proxy:1080", ProxyError::Scheme),
            ("socks4://proxy", ProxyError::Scheme),
            ("https://proxy:443", ProxyError::Scheme),
            ("socks5://", ProxyError::Place),
            ("http://proxy", ProxyError::Port),
            ("socks5://dude:noddy@proxy", ProxyError::Password),
        ] {
            assert_eq!(Proxy::parse(text).expect_err(text), error, "{text}");
            assert!(!error.to_string().contains("noddy"));
        }
    }

    #[test]
    fn an_address_may_have_a_port() {
        for (text, want) in [
            ("192.0.2.1", "192.0.2.1:25"),
            ("192.0.2.1:4711", "192.0.2.1:4711"),
            ("2001:db8::1", "[2001:db8::1]:25"),
            ("[2001:db8::1]", "[2001:db8::1]:25"),
            ("[2001:db8::1]:7", "[2001:db8::1]:7"),
        ] {
            assert_eq!(address(text, 25).map(|address| address.to_string()).as_deref(), Some(want), "{text}");
        }
        assert_eq!(address("mx.target.local", 25), None);
    }
}
